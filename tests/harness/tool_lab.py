"""A sandbox in which real tools run under strace, and what they were seen to do."""

from __future__ import annotations

import asyncio
import os
import posixpath
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bastion.demo import image, ways
from bastion.demo.sandbox import Box, Container

FILES = {
    "app/a.txt": "alpha 1\nbeta 2\n", "app/b.txt": "beta 2\ngamma 3\n", "app/d/c.txt": "x\n", "data/s.txt": "s\n",
    "app/names": "/data/s.txt\n", "app/prog": "p\n", "root/k.txt": "k\n",
}  # fmt: skip
WATCHED = ("/app", "/data", "/root", "/tmp", "/etc", "/srv")
_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
_CALLS = (
    "execve,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
    "mkdir,mkdirat,mknod,mknodat,rmdir,truncate,chmod,fchmodat,chown,lchown,fchownat"
)
# Each line starts from the same files; a line that hangs is ended.
_DRIVER = f"""
for n in "$@"; do
  rm -rf /app /data /root /srv; mkdir /srv; cp -a /template/app /template/data /template/root /
  cd /app; strace -f -qq -y -s 4096 -o /lab/$n.trace -e trace={_CALLS} -e signal=none \
    timeout -k 1 3 dash /lab/$n.sh </dev/null >/lab/$n.out 2>&1; cd /
done
"""
_CALL = re.compile(r"^\d+\s+(?P<name>\w+)\((?P<args>.*)\)\s+= (?P<result>-?\d+|\?)", re.DOTALL)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
_AT = re.compile(r"(?:AT_FDCWD|\d+)<([^>]*)>, ")
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a line did: programs started, files written (made, changed, removed) and files read."""

    programs: frozenset[str]
    written: frozenset[str]
    read: frozenset[str]
    output: str = ""


class ToolLab:
    """A container like the demo's pods; `observe` runs lines in it, one after the other."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        if shutil.which("strace") is None:
            raise AssertionError("this test watches real tools: install strace (tests/gate/tools.sh does)")
        self._runner = runner
        self.root = folder / "root"
        mode = ways.modes()[0]
        self._owner = ways.host_id() if mode == "unshare" else None
        files = {f"template/{path}": text for path, text in FILES.items()}
        files["lab/driver"] = _DRIVER
        mounts = image.build(self.root, image.Image(files), "lab", [], self._owner)
        box = Box(self.root, tuple(mounts), "lab", ("/usr/bin/sleep", "infinity"), _ENV, mode, self._owner)
        self._container = runner.run(Container.start(box, (1, 2)))

    def close(self) -> None:
        """End the container and every process in it."""
        self._runner.run(self._container.end())

    def observe(self, texts: list[bytes]) -> list[Seen]:
        """Run each text as a script of dash, standard input empty, in fresh files."""
        lab = self.root / "lab"
        for number, text in enumerate(texts):
            (lab / f"{number}.sh").write_bytes(text + b"\n")
        if self._owner is not None:
            image.give(lab, self._owner)
        self._runner.run(self._drive(len(texts)))
        return [self._seen(lab, number) for number in range(len(texts))]

    async def _drive(self, count: int) -> None:
        argv = ["dash", "/lab/driver", *map(str, range(count))]
        process = await self._container.run(argv, tty=False, wanted=(False, False, False))
        async with asyncio.timeout(20 + 5 * count):
            await process.exited
        process.close()

    def _seen(self, lab: Path, number: int) -> Seen:
        trace = (lab / f"{number}.trace").read_text("utf-8", "replace")
        output = (lab / f"{number}.out").read_text("utf-8", "replace")[:2000]
        assert "execve(" in trace, f"strace saw nothing: {output}"
        return _summary(trace, output)


def _summary(trace: str, output: str) -> Seen:
    programs: list[str] = []
    written: set[str] = set()
    read: set[str] = set()
    for line in trace.splitlines():
        found = _CALL.match(line)
        if not found or found["result"].startswith("-") or found["result"] == "?":
            continue
        name, args = found["name"], found["args"]
        paths = _paths(args)
        if name == "execve":
            programs.append(posixpath.basename(paths[0]))
        elif name.startswith("open") or name == "creat":
            if name == "creat" or _WRITES.search(_TEXT.sub("", args)):
                written.update(paths[:1])
            elif "O_DIRECTORY" not in args and "O_PATH" not in args:
                read.update(paths[:1])
        elif name in ("link", "linkat", "symlink", "symlinkat"):
            written.update(paths[-1:])
        else:
            written.update(paths)
    # The first three are timeout, dash and nothing else: the lab's own.
    return Seen(frozenset(programs[2:]), _watched(written), _watched(read), output)


def _paths(args: str) -> list[str]:
    """The absolute paths of a call's arguments, in order."""
    paths = []
    for found in _TEXT.finditer(args):
        before = args[: found.start()]
        base = _AT.search(
            before[before.rfind("AT_FDCWD") :] if before.endswith(">, ") and "AT_FDCWD" in before else before
        )
        text = (
            found[1].encode().decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")
        )
        paths.append(posixpath.normpath(posixpath.join(base[1] if base else "/app", text)))
    return paths


def _watched(paths: set[str]) -> frozenset[str]:
    return frozenset(path for path in paths if path.startswith(tuple(f"{top}/" for top in WATCHED)))


def vanished(root: Path, path: str) -> bool:
    """Whether a file that a tool made is gone again at the end (its own temporary one)."""
    return not os.path.lexists(root / path.lstrip("/"))
