"""`python -m recorder`: verify a ledger and show its leaves, without the bastion."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from recorder.findings import Outcome, Report
from recorder.layout import ledgers
from recorder.lineage import named_by
from recorder.reader import Query, ReaderError, select
from recorder.show import Paint, escape, leaf_json, leaf_line, microseconds, report_lines
from recorder.verify import recordings_of, verify

USAGE = 64
_MAX_KEY = 4096
_MAX_ANCHOR = 64 * 1024
_ORDER = (Outcome.ALTERED, Outcome.INCOMPLETE, Outcome.UNANCHORED, Outcome.INTACT)

_VERIFY = """\
exit status: 0 intact, 1 altered, 2 incomplete, 3 unanchored (only with --require-anchor), 64 usage

examples:
  python -m recorder verify /var/lib/bastion
  python -m recorder verify /var/lib/bastion/ledger --json
  python -m recorder verify DIR --key bastion.vkey --anchor monday.checkpoint --require-anchor
"""
_SHOW = """\
exit status: 0, or 1 when a leaf cannot be read

examples:
  python -m recorder show /var/lib/bastion --type session.started --type session.ended
  python -m recorder show DIR --from 2026-03-01T08:00 --to 2026-03-01T09:00 --json
  python -m recorder show DIR --session 7f3a9c0e
"""


class _Parser(argparse.ArgumentParser):
    """argparse's own exit status for wrong usage, 2, would read as `incomplete`."""

    def error(self, message: str) -> NoReturn:
        """Print usage and leave with EX_USAGE."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough; what is left must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m recorder", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    plain = argparse.RawDescriptionHelpFormatter
    check = commands.add_parser("verify", help="check a ledger", epilog=_VERIFY, formatter_class=plain)
    check.add_argument(
        "dir", type=Path, metavar="DIR", help="a ledger, or a folder with ledger/ and recordings/"
    )
    check.add_argument("--json", action="store_true", help="print the report as JSON")
    check.add_argument(
        "--key", default="", metavar="VKEY", help="verifier key (or a file of it) from elsewhere"
    )
    check.add_argument(
        "--anchor",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a checkpoint that was kept elsewhere",
    )
    check.add_argument("--require-anchor", action="store_true", help="exit 3 where no anchor was matched")
    check.add_argument("--recordings", type=Path, metavar="DIR", help="where the recordings lie")
    check.add_argument("--no-recordings", action="store_true", help="do not check recordings")
    check.set_defaults(run=_verify)
    show = commands.add_parser("show", help="print leaves", epilog=_SHOW, formatter_class=plain)
    show.add_argument("dir", type=Path, metavar="DIR", help="a ledger, or a folder with ledger/")
    show.add_argument(
        "--from", dest="start", type=microseconds, metavar="TIME", help="ISO 8601 or Unix seconds"
    )
    show.add_argument("--to", dest="end", type=microseconds, metavar="TIME", help="first moment not shown")
    show.add_argument("--session", default="", metavar="ID")
    show.add_argument("--type", dest="types", action="append", default=[], metavar="TYPE")
    show.add_argument("--json", action="store_true", help="print leaves as JSON lines")
    show.set_defaults(run=_show)
    return parser


def _verify(options: argparse.Namespace) -> int:
    found = list(ledgers(options.dir))
    if not found:
        sys.stderr.write(f"{escape(str(options.dir))}: there is no ledger here\n")
        return Outcome.INCOMPLETE
    try:
        key = Path(options.key).read_text() if options.key and Path(options.key).is_file() else options.key
        anchors = {str(path): path.read_bytes()[:_MAX_ANCHOR] for path in options.anchor}
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"cannot be read: {error}\n")
        return USAGE
    reports = []
    origins = {layout.origin(): layout for layout in found}
    named = {f"{layout.folder.name}, leaf 0": pin for layout in found if (pin := named_by(layout))}
    for layout in found:
        mine = {
            name: note
            for name, note in anchors.items()
            if len(found) == 1 or note.startswith(f"{layout.origin()}\n".encode())
        }
        report = verify(
            layout.folder,
            key=key[:_MAX_KEY],
            anchors=mine,
            pins={name: pin for name, pin in named.items() if pin.origin == layout.origin()},
            require_anchor=options.require_anchor,
            recordings=options.recordings or recordings_of(layout.folder),
            check_recordings=not options.no_recordings,
        )
        anchors = {name: note for name, note in anchors.items() if name not in mine}
        reports.append(report)
    for name in anchors:
        reports[-1].incomplete("there is no ledger of this checkpoint's origin here", name)
    for name, pin in named.items():
        if pin.origin not in origins and found[0].folder != options.dir:
            reports[-1].incomplete(f"it names an earlier ledger, {pin.origin}, which is not here", name)
    _print(reports, as_json=options.json)
    return _worst(reports)


def _worst(reports: Sequence[Report]) -> Outcome:
    outcomes = {report.outcome for report in reports}
    return next(outcome for outcome in _ORDER if outcome in outcomes)


def _print(reports: Sequence[Report], *, as_json: bool) -> None:
    if as_json:
        worst = _worst(reports)
        whole = {
            "outcome": worst.name.lower(),
            "exit": int(worst),
            "ledgers": [report.as_json() for report in reports],
        }
        sys.stdout.write(json.dumps(whole, indent=2) + "\n")
        return
    paint = _paint()
    for report in reports:
        sys.stdout.writelines(f"{line}\n" for line in report_lines(report, paint))


def _show(options: argparse.Namespace) -> int:
    query = Query(options.start, options.end, options.session, frozenset(options.types))
    found = list(ledgers(options.dir))
    if not found:
        sys.stderr.write(f"{escape(str(options.dir))}: there is no ledger here\n")
        return 1
    paint = _paint()
    try:
        for layout in found:
            for entry in select(layout.folder, query):
                line = leaf_json(entry.leaf.body) if options.json else leaf_line(entry.leaf, paint)
                sys.stdout.write(line + "\n")
    except (ReaderError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        sys.stdout.flush()
        sys.stderr.write(f"{escape(str(error))}; run `python -m recorder verify` for the whole picture\n")
        return 1
    return 0


def _paint() -> Paint:
    return Paint(sys.stdout.isatty() and "NO_COLOR" not in os.environ)


if __name__ == "__main__":
    sys.exit(main())
