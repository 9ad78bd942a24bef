"""`python -m tui`: the screens as commands. Exit 0 done, 2 a wrong call or a file that cannot be played."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from recorder.asciicast import CastError
from tui.player.lines import notices
from tui.player.loaded import Loaded, load
from tui.player.plain import dump, marker_json, marker_lines

USAGE: Final = 2

_PLAY = """\
Play a session recording (asciicast v3) in this terminal.

The recording is drawn from a model of its terminal: nothing in it can reach or change yours.
A torn file plays up to the tear."""

_EXAMPLES = """\
examples:
  python -m tui play SESSION.cast --speed 2 --idle-limit 1
  python -m tui play SESSION.cast --at 90              start 1:30 into the recording
  python -m tui play SESSION.cast --dump               the last picture as text
  python -m tui play SESSION.cast --markers --json     commands, verdicts, masks, approvals

In the player: space plays and pauses, ? shows every key, q quits. NO_COLOR is respected."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    given = _parser().parse_args(argv)
    path: Path = given.path
    try:
        loaded = load(path)
    except IsADirectoryError:
        return _fail(f"{path} is a folder, not a recording")
    except FileNotFoundError:
        return _fail(f"{path}: no such file")
    except OSError as problem:
        return _fail(f"{path}: {problem.strerror or problem}")
    except CastError as problem:
        return _fail(f"{path}: {problem}")
    try:
        return _play(given, loaded)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _play(given: argparse.Namespace, loaded: Loaded) -> int:
    if given.dump:
        return _print(dump(loaded, given.at), loaded)
    if given.markers:
        return _print([marker_json(loaded)] if given.json else marker_lines(loaded), loaded)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _fail("the player needs a terminal; use --dump or --markers without one")
    from tui.player.app import Player  # noqa: PLC0415 - Textual takes a while to import; --dump needs none

    limit = given.idle_limit if given.idle_limit is not None else loaded.reader.header.idle_time_limit
    Player(loaded, at=given.at or 0.0, speed=given.speed, idle_limit=limit, paused=given.paused).run()
    return 0


def _print(lines: Iterable[str], loaded: Loaded) -> int:
    for notice in notices(loaded.outline):
        sys.stderr.write(f"{notice}\n")
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tui", description="Screens for auditors and approvers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    play = commands.add_parser(
        "play",
        help="play a session recording",
        description=_PLAY,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    play.add_argument("path", type=Path, metavar="PATH", help="the recording, a .cast file")
    play.add_argument("--at", type=_seconds, metavar="SECONDS", help="where to start (or what to dump)")
    play.add_argument(
        "--speed", type=_speed, default=1.0, metavar="X", help="0.1 to 100; 1 is as it happened"
    )
    play.add_argument("--idle-limit", type=_limit, metavar="SECONDS", help="shorten longer waits to this")
    play.add_argument("--paused", action="store_true", help="do not start playing at once")
    plain = play.add_mutually_exclusive_group()
    plain.add_argument("--dump", action="store_true", help="print the last picture as plain text and end")
    plain.add_argument("--markers", action="store_true", help="print the markers and end")
    play.add_argument("--json", action="store_true", help="with --markers: as JSON")
    return parser


def _number(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(value) or not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text} is not within {least:g} to {most:g}")
    return value


def _seconds(text: str) -> float:
    return _number(text, 0, 1e9)


def _speed(text: str) -> float:
    return _number(text, 0.1, 100)


def _limit(text: str) -> float:
    return _number(text, 0.1, 86400)


if __name__ == "__main__":
    sys.exit(main())
