"""Record what real programs write to a terminal, in a sandboxed pod of the demo; never on the host.

python -m tests.harness.record_terminal [--out tests/golden/terminal] [NAME …]

Each recording is JSON: name, argv, cols, rows and chunks as [milliseconds, base64]. The programs must
be installed (Debian: vim less htop procps tmux mc nano vttest); the pod sees them read-only.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import avt

from bastion.demo import image, ways
from bastion.demo.sandbox import Box, Container, Process

MOST = 72 * 1024
ENV = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "SHELL": "/bin/sh",
    "PS1": "$ ",
}
IDLE = ("/usr/bin/sleep", "infinity")
ASKED = re.compile(rb"\x1b\[(>?)0?c|\x1b\[([56])n")
CODE = "\n".join(
    f"def step_{n}(value: int) -> int:\n    '''Step {n}.'''\n    return value * {n} + {n * 7 % 13}\n"
    for n in range(60)
)
NOTES = "".join(f"{n:4d}  é漢 line of notes, tab\there, number {n * n}\n" for n in range(300))
LOG = "".join(
    f"2026-01-12T08:{n // 60:02d}:{n % 60:02d}Z INFO request id={n:06d} method=GET path=/items/{n % 7} ms={n * 37 % 400}\n"
    for n in range(200)
)
FILES = {
    "data/steps.py": CODE,
    "data/notes.txt": NOTES,
    "data/app.log": LOG,
    "root/.config/mc/ini": "[Midnight-Commander]\nuse_internal_edit=true\n",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A program and what is typed: `keys` are sent one after the other once the screen is quiet."""

    name: str
    argv: tuple[str, ...]
    keys: tuple[str, ...]
    cols: int = 80
    rows: int = 24
    term: str = "xterm-256color"
    wait: float = 0.25


SCENES = (
    Scene("vim", ("vim", "-n", "/data/steps.py"), (
        "\x06", "\x06", "\x06", "\x02", "\x04", "\x04", "\x05", "\x05", "\x19", "gg", "/step_9\r", "n", "ohello, world\x1b", "dd", "u", "5j", "vjj", "y", "p", "\x15", "G",
        ":set nu\r", ":syntax off\r", ":vsplit\r", "\x04", ":only\r", "3iabc \x1b", ":q!\r")),
    Scene("vim_insert", ("vim", "-n", "/tmp/new.txt"), ("i", *"The quick brown fox\r", *"\tjumps", "\x7f\x7f", "\x1b", ":q!\r"), wait=0.06),
    Scene("less", ("less", "/data/notes.txt"), (" ", " ", "b", "j", "j", "k", "G", "g", "/number 81\r", "n", "-N\r", "\x1b(", "q")),
    Scene("less_xterm", ("less", "-S", "/data/app.log"), (" ", "\x1b[B", "\x1b[A", "\x1b)", "y", "G", "q"), term="xterm", cols=100, rows=30),
    Scene("htop", ("htop", "-d", "5"), ("", "", "\x1b[B", "\x1b[B", "t", "\x1bOS", "sleep", "\x1b", "h", "q", "", "q"), wait=0.6),
    Scene("top", ("top", "-d", "0.5"), ("", "", "1", "c", "z", "x", "M", "", "h", "q", "q"), wait=0.6),
    Scene("tmux", ("tmux", "-f", "/dev/null", "new-session", "cat /data/steps.py; exec sh"), (
        "ls /data\r", "\x02%", "head -40 /data/notes.txt\r", '\x02"', "echo two panes\r", "\x02o", "head -60 /data/app.log\r",
        "\x02z", "\x02z", "\x02[", "\x1b[5~", "q", "\x02c", "exit\r", "clear\r", "\x02:kill-server\r"), wait=0.4),
    Scene("mc", ("mc", "-b", "/data", "/usr/share"), ("\x1b[B", "\x1b[B", "\t", "\x1b[6~", "\x1b[6~", "\t", "\x1bOR", "\x1b[6~", "\x1b[6~", "\x1b[21~", "\x1b[20~", "\x1b", "\x1b[21~", "\r"), wait=0.4),
    Scene("mc_colour", ("mc", "/usr", "/data"), ("\x1b[B", "\x0f", "ls\r", "\x0f", "\t", "\x1b[6~", "\x1b[21~", "\r"), wait=0.4, cols=100, rows=30),
    Scene("nano", ("nano", "/data/notes.txt"), ("\x16", "\x16", "\x17number 99\r", "some typed words ", "\x0b", "\x15", "\x1b\x2f", "\x07", "\x18", "\x18", "n")),
    Scene("vttest_cursor", ("vttest",), ("1\r", *["\r"] * 6, "0\r"), term="xterm"),
    Scene("vttest_screen", ("vttest",), ("2\r", *["\r"] * 15, "0\r"), term="xterm"),
    Scene("vttest_charset", ("vttest",), ("3\r", "8\r", "\r", "0\r", "0\r"), term="xterm"),
    Scene("vttest_insert", ("vttest",), ("8\r", *["\r"] * 12, "0\r"), term="xterm"),
    Scene("shell", ("bash", "--norc"), (*"ls /data", "\r", *"echo hello", "\x1b[D\x1b[D", "X", "\x01", "\x0b", "\x12ech", "\x03", "ls /usr/sha\t", "\x15", "seq 1 60 | column\r", "exit\r"), wait=0.08),
    Scene("watch", ("watch", "-n", "0.5", "-d", "date; head -5 /data/notes.txt"), ("", "", "", "\x03"), wait=0.7),
)  # fmt: skip


class Recorder:
    """One program on one terminal, its output with times."""

    def __init__(self, scene: Scene, process: Process) -> None:
        self.scene = scene
        self.process = process
        self.chunks: list[tuple[int, bytes]] = []
        self.screen = avt.Vt(scene.cols, scene.rows)
        self.begun = monotonic()

    async def run(self) -> None:
        """Type the keys, each after a quiet moment; stop when the program ends."""
        for key in self.scene.keys:
            await self.quiet()
            if self.process.exited.done():
                return
            for byte in key.encode():
                os.write(self.process.stdin, bytes((byte,)))
        for _ in range(20):
            if not self.process.exited.done():
                await self.quiet()
        await self.quiet()

    async def quiet(self) -> None:
        """Read until nothing came for a while, answering what a terminal is asked."""
        end = monotonic() + self.scene.wait
        most = monotonic() + 8 * self.scene.wait
        while monotonic() < min(end, most):
            try:
                data = os.read(self.process.stdout, 4096)
            except BlockingIOError:
                await asyncio.sleep(0.005)
                continue
            except OSError:
                return
            self.chunks.append((round((monotonic() - self.begun) * 1000), data))
            self.screen.feed_str(data.decode("utf-8", "replace"))
            self.answer(data)
            end = monotonic() + self.scene.wait

    def answer(self, data: bytes) -> None:
        """Device attributes, status and cursor position, as xterm says them."""
        for match in ASKED.finditer(data):
            x, y = self.screen.cursor.col, self.screen.cursor.row
            reply = b"\x1b[>41;370;0c" if match[1] else b"\x1b[?62;22c"
            if match[2]:
                reply = b"\x1b[0n" if match[2] == b"5" else b"\x1b[%d;%dR" % (y + 1, x + 1)
            os.write(self.process.stdin, reply)

    def document(self) -> str:
        """The recording as JSON, at most about 100 KB."""
        kept: list[list[object]] = []
        size = 0
        for at, data in self.chunks:
            size += len(data)
            if size > MOST:
                break
            kept.append([at, base64.b64encode(data).decode()])
        scene = self.scene
        rows = ",\n".join(json.dumps(row) for row in kept)
        head = json.dumps({"name": scene.name, "argv": scene.argv, "cols": scene.cols, "rows": scene.rows})
        return f'{head[:-1]}, "chunks": [\n{rows}\n]}}\n'


async def record(scene: Scene, out: Path) -> None:
    """Run the scene in a pod of its own and write its recording."""
    with tempfile.TemporaryDirectory(prefix="recording-") as folder:
        mode = ways.modes()[0]
        owner = ways.host_id() if mode == "unshare" else None
        Path(folder).chmod(0o755)
        root = Path(folder) / "pod"
        mounts = tuple(image.build(root, image.Image(FILES), "web-0", [], owner))
        container = await Container.start(Box(root, mounts, "web-0", IDLE, ENV, mode, owner), (1, 2))
        try:
            argv = ("/usr/bin/env", f"TERM={scene.term}", *scene.argv)
            process = await container.run(
                argv, tty=True, wanted=(True, True, False), size=(scene.rows, scene.cols)
            )
            recorder = Recorder(scene, process)
            await recorder.run()
            process.close()
        finally:
            await container.end()
            await asyncio.to_thread(image.remove, root)
    (out / f"{scene.name}.json").write_text(recorder.document(), encoding="utf-8")
    size = sum(len(data) for _, data in recorder.chunks)
    print(f"{scene.name}: {len(recorder.chunks)} chunks, {size} bytes, ended {process.exited.done()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Record the named scenes, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/golden/terminal"))
    parser.add_argument("names", nargs="*", metavar="NAME")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        if not chosen.names or scene.name in chosen.names:
            asyncio.run(record(scene, chosen.out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
