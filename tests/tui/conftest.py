"""A recording on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.cast import Recording


@pytest.fixture
def record(tmp_path):
    """Write a recording: 60 lines in 60 s; markers at 10, 20, 20.5; nothing until the exit at 160 s."""

    def write(*, cols: int = 80, rows: int = 24, pty: bool = True) -> Path:
        path = tmp_path / "session.cast"
        recording = Recording.create(
            path, term=(cols, rows, "xterm"), wall=1_700_000_000, at=0.0, title="alice → shop/web-0", pty=pty
        )
        for second in range(60):
            recording.output(second, f"line {second}\r\n".encode())
            if second == 10:
                recording.marker(second, "allow: ls -l")
            if second == 20:
                recording.marker(second, "denied: rm -rf /etc")
                recording.marker(20.5, "masked: secret shop/db")
        recording.output(160.0, b"\x1b[1;32mdone\x1b[0m")
        recording.exit(160.0, 3)
        recording.close()
        return path

    return write
