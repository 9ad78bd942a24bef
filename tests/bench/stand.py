"""What is measured: a demo with its cluster, reached by stock ssh and by stock kubectl."""

from __future__ import annotations

import os
from pathlib import Path

from tests.end_to_end.conftest import Demo

USER = "alice"
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024


class Stand:
    """Both ways to one container: `direct` and `through` give the argv of a client.

    The demo's cluster runs inside the bastion's process, so both ways burn its CPU: the cluster's
    share is what the direct way costs, the bastion's own what the other one costs beyond that.
    """

    def __init__(self, folder: Path, module: str = "bastion") -> None:
        self.demo = Demo(folder, module)
        try:
            self.demo.sign_in(USER)
        except BaseException:
            self.demo.close()
            raise
        self.namespace, self.pod = self.demo.target.split("/")[:2]

    def direct(self, line: str | None, *, tty: bool = False) -> list[str]:
        """Kubectl's argv; `line` None is a shell."""
        flags = ["-it"] if tty else []
        where = ["--kubeconfig", self.demo.data["kubeconfig"], "-n", self.namespace]
        return ["kubectl", "exec", *flags, *where, self.pod, "--", "sh", *(["-c", line] if line else ["-i"])]

    def through(self, line: str | None, *, tty: bool = False, options: tuple[str, ...] = ()) -> list[str]:
        """The argv of ssh; `line` None is a shell."""
        return self.demo.command(USER, line, options=(*(("-tt",) if tty else ()), *options))

    def cpu(self) -> float:
        """Seconds of CPU that the process of bastion and cluster has used, all threads."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Its resident memory in bytes."""
        lines = dict(line.split(":", 1) for line in self._proc("status").splitlines())
        return int(lines["VmRSS"].split()[0]) * 1024

    def close(self) -> None:
        """End the demo."""
        self.demo.close()

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.demo.process.pid}/{name}").read_text()
