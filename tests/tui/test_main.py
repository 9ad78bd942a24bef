"""The command: clear errors, plain output without a terminal, and the player in a real terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time

import pytest

from tui.__main__ import main


def run(*args, **more):
    return subprocess.run(
        [sys.executable, "-m", "tui", "play", *map(str, args)], capture_output=True, check=False, **more
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(b"hello\n"), "not an asciicast"),
        (lambda path: path.write_bytes(b'{"version":2,"width":80,"height":24}\n'), "version 3 is needed"),
    ],
)
def test_what_cannot_be_played_is_said_in_one_line(tmp_path, capsys, make, says):
    path = tmp_path / "x.cast"
    make(path)
    assert main(["play", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert says in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "option",
    [
        ["--speed", "0"],
        ["--speed", "fast"],
        ["--at", "-1"],
        ["--at", "nan"],
        ["--idle-limit", "0"],
        ["--dump", "--markers"],
    ],
)
def test_a_wrong_option_is_refused(record, capsys, option):
    with pytest.raises(SystemExit) as ended:
        main(["play", str(record()), *option])
    assert ended.value.code == 2
    assert option[0] in capsys.readouterr().err


def test_without_a_terminal_the_player_says_what_to_use_instead(record):
    done = run(record(), stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert b"--dump" in done.stderr


def test_dump_prints_the_last_picture_as_plain_text(record):
    done = run(record(rows=5), "--dump")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == ["line 56", "line 57", "line 58", "line 59", "done"]


def test_dump_prints_the_picture_at_a_time(record):
    assert run(record(), "--dump", "--at", 2.5).stdout.decode().splitlines() == ["line 0", "line 1", "line 2"]


def test_markers_are_printed_for_people_and_for_programs(record):
    path = record()
    lines = run(path, "--markers").stdout.decode().splitlines()
    assert lines[1].split() == ["00:20.0", "✗", "denied", "rm", "-rf", "/etc"]
    found = json.loads(run(path, "--markers", "--json").stdout)
    assert found[2] == {"at": 20.5, "kind": "masked", "label": "masked: secret shop/db"}


def test_a_torn_file_is_dumped_up_to_the_tear_and_said_on_stderr(record):
    path = record(rows=5)
    path.write_bytes(path.read_bytes()[:-40])
    done = run(path, "--dump")
    assert done.returncode == 0
    assert done.stderr.startswith(b"! Torn: the last ")
    assert done.stdout.decode().splitlines()[-1] == "line 59"


def test_a_reader_that_closes_early_is_no_error(record):
    path = record()
    child = subprocess.Popen(
        [sys.executable, "-m", "tui", "play", str(path), "--dump"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(20) == 0


def test_in_a_terminal_it_plays_and_q_quits_leaving_the_terminal_as_it_was(record):
    command = [sys.executable, "-m", "tui", "play", str(record()), "--at", "5", "--paused"]
    fd, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"}
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen, asked, stop = b"", False, time.monotonic() + 60
    while time.monotonic() < stop:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                seen += os.read(fd, 65536)
            except OSError:  # the other side is closed: the child is gone
                break
        if b"line 5" in seen and not asked:
            asked = os.write(fd, b"q") == 1
    os.close(fd)
    assert asked
    assert child.wait(30) == 0
    assert b"\x1b[?1049h" in seen
    assert seen.rindex(b"\x1b[?1049l") > seen.rindex(b"\x1b[?1049h")
