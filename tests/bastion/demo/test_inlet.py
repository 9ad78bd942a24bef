"""Stdin's way into a command: whole, bounded, and closed at the right time."""

from __future__ import annotations

import asyncio
import os

import pytest

from bastion.demo.inlet import Inlet
from bastion.demo.sandbox import Process


@pytest.fixture
async def pipe():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    process = Process(1, writing, -1, -1, asyncio.get_running_loop().create_future(), lambda _: None)
    yield reading, process
    process.close()
    os.close(reading)


async def test_what_comes_before_the_command_waits_and_the_end_closes(pipe):
    reading, process = pipe
    inlet = Inlet(lambda _: None)
    inlet.write(b"early ")
    inlet.attach(process, tty=False)
    inlet.write(b"late")
    inlet.end()
    assert (os.read(reading, 100), os.read(reading, 100), process.stdin) == (b"early late", b"", -1)


async def test_a_tty_is_never_closed_by_an_end(pipe):
    _, process = pipe
    inlet = Inlet(lambda _: None)
    inlet.attach(process, tty=True)
    inlet.end()
    assert process.stdin >= 0


async def test_a_slow_command_holds_the_client_and_loses_nothing(pipe):
    reading, process = pipe
    asked: list[bool] = []
    inlet = Inlet(asked.append)
    inlet.attach(process, tty=False)
    data = os.urandom(3 << 20)
    inlet.write(data)
    assert asked == [True]
    inlet.end()
    got = b""
    while len(got) < len(data):
        await asyncio.sleep(0)
        try:
            got += os.read(reading, 1 << 20)
        except BlockingIOError:
            continue
    assert got == data
    assert asked == [True, False]


async def test_a_closed_stdin_drops_what_comes(pipe):
    reading, process = pipe
    inlet = Inlet(lambda _: None)
    inlet.attach(process, tty=False)
    inlet.end()
    inlet.write(b"more")
    assert os.read(reading, 10) == b""


async def test_a_jam_holds_for_good(pipe):
    _, process = pipe
    asked: list[bool] = []
    inlet = Inlet(asked.append)
    inlet.attach(process, tty=True)
    inlet.jam()
    inlet.write(b"x")
    assert (asked, inlet.jammed) == ([True], True)
