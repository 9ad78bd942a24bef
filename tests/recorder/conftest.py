"""A ledger to play with: its folder, key and clock, and an open that tests can make fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recorder.checkpoint import SigningKey
from recorder.disk import Disk
from recorder.ledger import Ledger

ORIGIN = "bastion/prod/node-1/2026"
START = 1_780_000_000_000_000
LAX = Disk(fsync=lambda _descriptor: None, fdatasync=lambda _descriptor: None)
"""Does not wait for the hardware; the order of the calls has tests of its own."""


@dataclass
class Lab:
    """`now` is the wall clock in microseconds; each reading moves both clocks on by `tick`."""

    home: Path
    key: SigningKey = field(default_factory=SigningKey.generate)
    origin: str = ORIGIN
    now: int = START
    mono: int = 0
    tick: int = 1000

    @property
    def folder(self) -> Path:
        return self.home / "ledger"

    @property
    def recordings(self) -> Path:
        return self.home / "recordings"

    def clock(self) -> tuple[int, int]:
        self.now += self.tick
        self.mono += abs(self.tick)
        return self.now, self.mono

    def open(self, folder: Path | None = None, **options: Any) -> Ledger:
        settings = {
            "origin": self.origin,
            "key": self.key,
            "clock": self.clock,
            "boot": "boot-1",
            "disk": LAX,
        }
        return Ledger.open(folder or self.folder, **{**settings, **options})

    def crash(self, ledger: Ledger) -> None:
        """What a kill leaves behind: files closed, nothing else done."""
        ledger._appender.close()
        ledger._signer.close()
        ledger._lock.release()

    def write(self, count: int, **options: Any) -> None:
        """A ledger of `count` leaves, opening and closing ones included; one checkpoint a leaf, up to ten."""
        ledger = self.open(**options)
        while ledger.size < count - 1:
            ledger.append([{"type": "test.event", "session": f"s{ledger.size % 2}", "n": ledger.size}])
            if count <= 10:
                ledger.checkpoint()
        ledger.close()

    def record(self, name: str, data: bytes) -> Path:
        path = self.recordings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A fresh place for one ledger."""
    return Lab(tmp_path)
