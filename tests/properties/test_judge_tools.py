"""What the judge says of a line is what real tools then do: files, and programs, under strace."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bastion.core.conditions import _within
from bastion.core.shell.facts import Access, Command, Unit
from bastion.core.shell.understand import understand
from bastion.syntax.shfmt import Shfmt
from tests.harness.tool_lab import Seen, ToolLab, vanished
from tests.harness.tool_lines import lines

NEEDED = (
    "strace",
    "dash",
    "busybox",
    "mawk",
    "gawk",
    "original-awk",
    "sed",
    "find",
    "sort",
    "tar",
    "xargs",
    "env",
)
INSTALLED = {path.name for path in Path("/usr/bin").iterdir()}
# Programs of its own that a tool starts to do what it is there for.
_HELPERS = {"tar": {"gzip", "bzip2", "xz", "zstd", "sh"}, "install": {"strip"}, "original-awk": {"sh"}}
_SHELLS = {"sh", "dash", "busybox"}
_READ_BELOW = ("/app/", "/data/", "/root/", "/srv/", "/tmp/")
LINES_EACH = 45


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    missing = [tool for tool in NEEDED if tool not in INSTALLED]
    assert not missing, f"install {missing}: tests/gate/tools.sh does"
    with asyncio.Runner() as runner:
        made = ToolLab(tmp_path_factory.mktemp("lab") / "box", runner)
        yield made
        made.close()


def understood(texts: list[str]) -> list[Unit]:
    """The one unit of each text that the judge understands; the others are held, and not run."""

    async def parse():
        async with Shfmt(ready=("posix",), spare=2) as syntax:
            return [await syntax.parse(text.encode(), "posix") for text in texts]

    units = []
    for parsed in asyncio.run(parse()):
        if parsed.tree is not None:
            line = understand(parsed.tree, parsed.text, cwds=("/app",), dialect="posix", stdin="null")
            if len(line.units) == 1 and line.units[0].understood:
                units.append(line.units[0])
    return units


def covered(path: str, accesses: list[Access]) -> bool:
    """Whether an access says that this file may be touched."""
    return any(
        access.unknown
        or any(
            path == each or (access.tree and path.startswith(each.rstrip("/") + "/")) for each in access.paths
        )
        or (access.glob and _within(Access("read", (path,)), access.paths[0])[0])
        # A directory as an operand stands for a file of the same name in it.
        or any(path.startswith(each.rstrip("/") + "/") for each in access.paths if access.use == "write")
        for access in accesses
    )


def surprises(unit: Unit, seen: Seen, root: Path) -> list[str]:
    """What a line did that the judge had not said."""
    accesses = [access for command in unit.commands for access in command.accesses]
    writes = [access for access in accesses if access.use == "write"]
    found = [
        f"wrote {path}"
        for path in seen.written
        if not covered(path, writes) and not temporary(path, writes, root)
    ]
    found += [
        f"read {path}" for path in seen.read if path.startswith(_READ_BELOW) and not covered(path, accesses) and not covered(path, writes)
        and not temporary(path, writes, root)
    ]  # fmt: skip
    return found + [f"ran {name}" for name in seen.programs if not expected(name, unit.commands)]


def temporary(path: str, writes: list[Access], root: Path) -> bool:
    """A tool's own file, gone at the end, beside one that it writes or where such files live."""
    folder = path.rsplit("/", 1)[0]
    beside = any(
        each.rsplit("/", 1)[0] == folder or access.unknown
        for access in writes
        for each in (*access.paths, "")
    )
    return vanished(root, path) and (beside or folder == "/tmp")


def expected(name: str, commands: tuple[Command, ...]) -> bool:
    """Whether the judge named this program."""
    names = {command.program for command in commands}
    helpers = {helper for own in names for helper in _HELPERS.get(own, ())}
    runs = any("runs-code" in command.capabilities for command in commands)
    return (
        name in names | helpers
        or (runs and name in _SHELLS)
        or (name == "mawk" and "awk" in names)
        or name == "exe"
    )


EXAMPLES = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@EXAMPLES
@given(batch=st.lists(lines(INSTALLED), min_size=LINES_EACH, max_size=LINES_EACH, unique=True))
def test_real_tools_do_only_what_the_judge_said(lab, batch):
    units = understood(batch)
    assert units, "the generator makes no line that is understood"
    wrong = [
        (unit.text, unit.emitted, found, seen.output[:200])
        for unit, seen in zip(units, lab.observe([unit.emitted for unit in units]), strict=True)
        if (found := surprises(unit, seen, lab.root))
    ]
    assert wrong == []


def test_the_lab_sees_what_tools_do(lab):
    seen = lab.observe(
        [b"sed -i.bak s/a/b/ a.txt", b"awk 'BEGIN{system(\"touch made\")}'", b"cat names /data/s.txt"]
    )
    assert {"/app/a.txt", "/app/a.txt.bak"} <= seen[0].written
    assert "touch" in seen[1].programs
    assert "/app/made" in seen[1].written
    assert seen[2].read >= {"/app/names", "/data/s.txt"}
    assert shutil.which("strace")
