"""What happens on an exec connection after its 101, row by row, for v5 and v4."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
BOTH = pytest.mark.parametrize("protocol", [V5, V4])
TTY = "stdin,stdout,tty"
NORMAL = b"\x03\xe8"


@BOTH
async def test_success_is_one_status_then_close_1000_then_the_end(wire, protocol):
    done = await wire.run("echo", "hello", protocols=(protocol,))
    assert done.channel(1) == b"hello\n"
    assert done.status == {"metadata": {}, "status": "Success"}
    assert done.closes == [NORMAL]
    kinds = [(code, data[:1]) for code, data in done.frames]
    assert kinds[-2:] == [(2, b"\x03"), (8, b"\x03")]


@pytest.mark.parametrize(
    ("streams", "channel"),
    [("stdout,stderr", 1), ("stderr", 2), ("stdin", 3), (TTY, 1), ("stdin,stderr,tty", 3)],
)
async def test_the_first_frame_is_empty_on_the_lowest_writable_channel(wire, streams, channel):
    session = await wire.open("true", streams=streams)
    assert await session.frame() == (2, bytes([channel]))
    await session.end()


async def test_exit_3_names_the_code_in_both_and_the_command_line_before_v5(wire):
    done = await wire.run("sh", "-c", "exit 3", protocols=(V5,))
    prefix = "command terminated with non-zero exit code: "
    assert done.status == {
        "metadata": {},
        "status": "Failure",
        "message": prefix + "command terminated with exit code 3",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
    }
    done = await wire.run("sh", "-c", "exit 3", protocols=(V4,))
    assert done.code == 3
    assert done.status["message"] == prefix + "error executing command [sh -c exit 3], exit code 3"


@BOTH
@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143), ("kill -9 1; sleep 0.1", 0)],
)
async def test_signals_are_128_plus_n_and_pid_1_is_not_killed_from_within(wire, script, code, protocol):
    done = await wire.run("sh", "-c", script, protocols=(protocol,))
    assert done.code == code


@pytest.mark.parametrize(("protocol", "times"), [(V5, 2), (V4, 1)])
@pytest.mark.parametrize(
    ("command", "words", "target"),
    [
        ("nope", 'exec: "nope": executable file not found in $PATH', "shop/web-0"),
        ("/no/such/cmd", 'exec: "/no/such/cmd": stat /no/such/cmd: no such file or directory', "shop/web-0"),
        ("/etc/passwd", 'exec: "/etc/passwd": permission denied', "shop/web-0"),
        ("sh", 'exec: "sh": executable file not found in $PATH', "shop/pause-0"),
    ],
)
async def test_what_cannot_be_executed_is_an_internal_error(wire, *, command, words, target, protocol, times):
    done = await wire.run(command, target=target, protocols=(protocol,))
    status = done.status
    assert (status["reason"], status["code"]) == ("InternalError", 500)
    assert status["message"].count("Internal error occurred: ") == times
    assert status["message"].endswith("unable to start container process: " + words)
    assert not [cause for cause in status["details"]["causes"] if cause.get("reason") == "ExitCode"]


async def test_no_command_is_a_101_and_then_a_500(wire):
    done = await wire.run()
    assert done.status["code"] == 500
    assert done.status["message"].endswith("args must not be empty")


async def test_the_oldest_forms_say_nothing_on_success_and_plain_text_on_failure(wire):
    done = await wire.run("echo", "hi", protocols=())
    assert (done.channel(1), done.channel(3), done.closes) == (b"hi\n", b"", [NORMAL])
    done = await wire.run("false", protocols=("channel.k8s.io",))
    assert b"exit code 1" in done.channel(3)
    done = await wire.run("echo", "hi", protocols=("base64.channel.k8s.io",))
    assert (1, b"1aGkK") in done.frames


@BOTH
async def test_without_a_tty_stdout_and_stderr_are_apart(wire, protocol):
    done = await wire.run("sh", "-c", "echo out; echo err >&2", protocols=(protocol,))
    assert (done.channel(1), done.channel(2)) == (b"out\n", b"err\n")


@BOTH
async def test_a_tty_merges_stderr_with_crlf_and_sets_term(wire, protocol):
    script = "echo err >&2; tty; stty size; echo $TERM"
    done = await wire.run("sh", "-c", script, streams=TTY + ",stderr", protocols=(protocol,))
    assert done.channel(1) == b"err\r\n/dev/pts/0\r\n0 0\r\nxterm\r\n"
    assert done.channel(2) == b""


async def test_v4_with_a_tty_and_no_stdin_loses_output_and_of_a_lot_the_status(wire):
    done = await wire.run("echo", "lost", streams="stdout,tty", protocols=(V4,))
    assert (done.channel(1), done.code) == (b"", 0)
    session = await wire.open("head", "-c", "300000", "/dev/zero", streams="stdout,tty", protocols=(V4,))
    await session.settle()
    assert session.status is None
    session.cut()
    done = await wire.run("echo", "kept", streams="stdout,tty", protocols=(V5,))
    assert (done.channel(1), done.code) == (b"kept\r\n", 0)


@BOTH
async def test_output_is_cut_to_32_kib_and_arrives_whole(wire, protocol):
    done = await wire.run("sh", "-c", "seq 1 400000", protocols=(protocol,))
    assert done.channel(1) == b"".join(b"%d\n" % number for number in range(1, 400001))
    assert max(len(data) - 1 for code, data in done.frames if code == 2) == 32768


@BOTH
async def test_a_resize_right_after_the_101_is_in_force_at_the_start(wire, protocol):
    session = await wire.open("stty", "size", streams=TTY, protocols=(protocol,))
    session.resize(132, 43)
    assert (await session.end()).channel(1) == b"43 132\r\n"


@BOTH
async def test_resizes_reach_the_program_in_any_case_split_and_zero_is_ignored(wire, protocol):
    script = 'trap "echo winch" WINCH; echo up; for i in $(seq 600); do stty size; sleep 0.05; done'
    session = await wire.open("bash", "-c", script, streams=TTY, protocols=(protocol,))
    await session.until(b"up\r\n")
    session.resize(132, 43)
    await session.until(b"43 132\r\n")
    await session.until(b"winch\r\n")
    session.resize(0, 0)
    session.send(4, b'{"width":90,')
    session.send(4, b'"height":31}')
    sizes = (await session.until(b"31 90\r\n")).split(b"43 132\r\n", 1)[1]
    assert b"0 0" not in sizes


@BOTH
@pytest.mark.parametrize("bad", [b'{"Width":70000,"Height":24}', b"nonsense"])
async def test_after_a_bad_resize_the_next_one_jams_all_input(wire, protocol, bad):
    session = await wire.open("cat", streams=TTY, protocols=(protocol,))
    session.send(4, bad)
    session.send(0, b"alive\n")
    await session.until(b"alive\r\nalive\r\n")
    session.resize(80, 24)
    session.send(0, b"dead\n\x03")
    session.raw(9, b"ping")
    await session.settle()
    assert b"dead" not in session.channel(1)
    assert session.status is None
    assert (10, b"ping") not in session.frames
    session.cut()


async def test_resizes_without_a_tty_jam_v5_and_not_v4(wire):
    for protocol, answered in ((V5, False), (V4, True)):
        session = await wire.open("cat", streams="stdin,stdout", protocols=(protocol,))
        for _ in range(4):
            session.resize(80, 24)
        session.send(0, b"after\n")
        await session.settle()
        assert (session.channel(1) == b"after\n") is answered
        session.cut()


async def test_v5_closes_stdin_and_drops_what_comes_after_it(wire):
    session = await wire.open("cat", streams="stdin,stdout")
    session.send(0, b"before")
    session.send(255, b"\x01")
    session.send(255, b"\x00")
    session.send(0, b"after")
    done = await session.end()
    assert (done.channel(1), done.code) == (b"before", 0)


@pytest.mark.parametrize("message", [b"\xff\x09", b"\xff"])
async def test_closing_an_unknown_channel_ends_the_connection_without_a_status(wire, message):
    session = await wire.open("cat", streams="stdin,stdout")
    session.raw(2, message)
    done = await session.end()
    assert (done.status, done.closes) == (None, [NORMAL])


async def test_v4_ignores_the_close_signal_and_an_empty_stdin_frame(wire):
    session = await wire.open("cat", streams="stdin,stdout", protocols=(V4,))
    session.send(255, b"\x00")
    session.send(0, b"")
    session.send(0, b"still\n")
    await session.until(b"still\n")
    assert session.status is None
    session.cut()


async def test_v5_with_a_tty_close_of_stdin_ends_nothing_and_kills_stdin(wire):
    session = await wire.open("cat", streams=TTY)
    session.send(0, b"one\n")
    await session.until(b"one\r\none\r\n")
    session.send(255, b"\x00")
    session.send(0, b"two\n\x04")
    await session.settle()
    assert (b"two" in session.channel(1), session.status) == (False, None)
    session.cut()


@BOTH
async def test_control_d_ends_a_cooked_tty(wire, protocol):
    session = await wire.open("cat", streams=TTY, protocols=(protocol,))
    session.send(0, b"x\n\x04")
    assert (await session.end()).code == 0


@BOTH
async def test_odd_frames_are_read_as_the_server_reads_them(wire, protocol):
    session = await wire.open("cat", streams="stdin,stdout", protocols=(protocol,))
    session.raw(1, b"\x00text ")
    session.raw(2, b"")
    session.send(7, b"unknown")
    session.send(1, b"the server's")
    session.raw(2, b"\x00fra", final=False)
    session.raw(0, b"gmented", final=True)
    session.raw(10, b"unasked pong")
    session.raw(9, b"payload")
    session.send(0, b"\n")
    await session.until(b"\n")
    await session.settle(0.1)
    assert session.channel(1) == b"text fra\n"
    assert (10, b"payload") in session.frames
    session.cut()


async def test_stdin_that_was_not_asked_for_is_ignored(wire):
    session = await wire.open("sh", "-c", "cat; echo end")
    session.send(0, b"ignored")
    assert (await session.end()).channel(1) == b"end\n"


async def test_a_frame_of_5_mib_is_taken_and_an_unmasked_one_ends_the_connection(wire):
    session = await wire.open("wc", "-c", streams="stdin,stdout")
    session.send(0, b"x" * (5 * 1024 * 1024))
    session.send(255, b"\x00")
    assert (await session.end()).channel(1).strip() == b"5242880"
    session = await wire.open("cat", streams="stdin,stdout")
    session.raw(2, b"\x00x", masked=False)
    assert (await session.end()).status is None


@BOTH
async def test_a_clients_close_is_answered_at_once_without_a_status(wire, protocol):
    session = await wire.open("cat", streams="stdin,stdout", protocols=(protocol,))
    session.raw(8, NORMAL)
    done = await session.end()
    assert (done.status, done.closes) == (None, [NORMAL])


async def test_a_client_that_reads_nothing_stalls_the_writer_and_loses_nothing(wire):
    script = (
        "i=0; while [ $i -lt 200 ]; do head -c 300000 /dev/zero; i=$((i+1)); echo $i > /root/progress; done"
    )
    session = await wire.open("sh", "-c", script)
    session.reader._limit = 1 << 16
    progress = -1
    for _ in range(100):
        await asyncio.sleep(0.1)
        now = int((await wire.run("cat", "/root/progress")).channel(1) or b"0")
        if now == progress:
            break
        progress = now
    assert 0 < progress < 200
    assert len((await session.end()).channel(1)) == 200 * 300000


async def test_a_command_that_does_not_read_stalls_the_client(wire):
    session = await wire.open("sh", "-c", "echo up; sleep 60", streams="stdin,stdout")
    await session.until(b"up\n")
    sent = 0
    try:
        for _ in range(2000):
            session.send(0, b"x" * 65536)
            async with asyncio.timeout(1):
                await session.writer.drain()
            sent += 65536
    except TimeoutError:
        pass
    assert sent < 2000 * 65536
    session.cut()
