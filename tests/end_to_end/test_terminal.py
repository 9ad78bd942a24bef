"""Terminals and other clients: -tt, the line editor, resize, ControlMaster, Paramiko."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import paramiko
import pytest


class Terminal:
    """Stock ssh on a pseudo-terminal of ours."""

    def __init__(self, command, cols=80, rows=24):
        self.parent, child = pty.openpty()
        self.size(cols, rows)
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, start_new_session=True
        )
        os.close(child)
        self.seen = b""

    def size(self, cols, rows):
        fcntl.ioctl(self.parent, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, data):
        os.write(self.parent, data)

    def until(self, pattern, seconds=30):
        """Read until the text since the last match holds `pattern`; what was read."""
        limit = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.parent], [], [], max(0, limit - time.monotonic()))
            if not ready:
                raise AssertionError(f"{pattern!r} did not come: {self.seen!r}")
            try:
                piece = os.read(self.parent, 65536)
            except OSError:
                piece = b""
            if not piece:
                raise AssertionError(f"it ended before {pattern!r}: {self.seen!r}")
            self.seen += piece
        text, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return text

    def wait(self, seconds=30):
        limit = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < limit:
            ready, _, _ = select.select([self.parent], [], [], 0.1)
            if ready:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.parent, 65536)
        return self.process.poll()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        os.close(self.parent)


@pytest.fixture
def terminal(demo):
    opened = []

    def start(user="alice", line=None, cols=80, rows=24, **more):
        one = Terminal(demo.command(user, line, options=("-tt",), **more), cols, rows)
        opened.append(one)
        return one

    yield start
    for one in opened:
        one.close()


# A prompt of a fresh editor; the redraw of a line that was just entered lacks the mode before it.
PROMPT = rb"\x1b\[\?2004h[^$]*shop/web-0:[^$]*\$ "


def test_an_interactive_shell_runs_lines_and_keeps_its_directory(terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"cd /data\r")
    assert b"web-0:/data$" in shell.until(PROMPT)
    shell.type(b"pwd\r")
    shell.until(rb"2004l/data\r\n")
    shell.until(PROMPT)
    shell.type(b"exit\r")
    assert shell.wait() == 0


def test_a_denied_line_does_not_end_an_interactive_shell(terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"touch /etc/x\r")
    shell.until(rb"bastion: denied")
    shell.until(PROMPT)
    shell.type(b"echo still here\r")
    shell.until(rb"2004lstill here\r\n")
    shell.type(b"\x04")


def test_control_c_ends_the_program_and_not_the_session(terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"sleep 1000\r")
    time.sleep(1.5)
    shell.type(b"\x03")
    shell.until(PROMPT)
    shell.type(b"exit\r")
    assert shell.wait() is not None


def test_keys_that_a_program_did_not_read_are_told_and_never_run(terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"sleep 3\r")
    time.sleep(1.5)
    shell.type(b"touch /tmp/never\r")
    shell.until(rb"17 typed bytes were dropped")
    shell.until(PROMPT)
    shell.type(b"ls /tmp/never\r")
    shell.until(rb"No such file|cannot access")
    shell.type(b"\x04")


def test_control_d_ends_the_session(terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"\x04")
    assert shell.wait() == 0


def test_a_statement_over_several_lines_is_one_unit(terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"for x in a b; do\r")
    shell.until(rb"> ")
    shell.type(b"echo item $x; done\r")
    shell.until(rb"item a\r\n")
    shell.until(rb"item b\r\n")
    shell.type(b"\x04")


def test_the_size_reaches_the_program_and_follows_a_resize(terminal):
    run = (
        terminal(line="stty size; read -r x; stty size", cols=132, rows=43)
        if False
        else terminal(cols=132, rows=43)
    )
    run.until(PROMPT)
    run.type(b"stty size\r")
    run.until(rb"43 132")
    run.until(PROMPT)
    run.size(90, 30)
    run.process.send_signal(28)
    time.sleep(0.5)
    run.type(b"stty size\r")
    run.until(rb"30 90")


def test_a_command_with_a_terminal_gets_one(terminal):
    run = terminal(line="tty")
    run.until(rb"/dev/(pts/\d+|console)")
    assert run.wait() == 0


def test_term_is_the_clients(demo):
    done = demo.ssh("alice", "echo $TERM", options=("-tt",), env={"TERM": "vt220"})
    assert b"vt220" in done.out


def test_a_secret_is_masked_on_a_terminal_too(demo, terminal):
    shell = terminal()
    shell.until(PROMPT)
    shell.type(b"cat /app/.env\r")
    text = shell.until(rb"SMTP_PASSWORD=[^\r]*\*{4}")
    plain = demo.ssh("alice", "cat /app/.env").out
    assert plain.count(b"*") > 100
    assert text.count(b"*") > 100
    for value in (b"correct horse", b"wJalrXUtnFEMI"):
        assert value not in text + plain


def test_sessions_share_one_connection(demo, tmp_path):
    control = ("-o", "ControlMaster=auto", "-o", f"ControlPath={tmp_path}/c", "-o", "ControlPersist=20")
    try:
        done = [demo.ssh("alice", f"echo {number}", options=control) for number in range(3)]
        assert [one.out for one in done] == [b"0\n", b"1\n", b"2\n"]
    finally:
        demo.raw(["ssh", *demo.options("alice"), *control, "-O", "exit", f"{demo.target}@127.0.0.1"])
    leaves = [leaf for leaf in demo.leaves() if leaf["type"] == "session.started"][-3:]
    assert len({leaf["connection"] for leaf in leaves}) == 1
    assert len({leaf["session"] for leaf in leaves}) == 3


@pytest.fixture
def client(demo):
    client = paramiko.SSHClient()
    client.load_host_keys(demo.data["ssh"]["known_hosts"])
    client.connect(
        "127.0.0.1", demo.data["ssh"]["port"], demo.target, demo.data["users"]["alice"]["token"],
        allow_agent=False, look_for_keys=False, timeout=20,
    )  # fmt: skip
    yield client
    client.close()


def test_paramiko_signs_in_with_the_token_as_password(client):
    _, out, err = client.exec_command("echo hello; ls /none", timeout=30)
    assert out.read() == b"hello\n"
    assert b"/none" in err.read()
    assert out.channel.recv_exit_status() == 2


def test_paramiko_half_closes_and_reads_on(client):
    stdin, out, _ = client.exec_command("sort", timeout=30)
    stdin.write(b"b\na\n")
    stdin.channel.shutdown_write()
    assert out.read() == b"a\nb\n"


def test_paramiko_gets_an_interactive_shell(client):
    channel = client.invoke_shell(width=100, height=30)
    channel.settimeout(30)

    def until(text):
        seen = b""
        while text not in seen:
            piece = channel.recv(4096)
            assert piece, seen
            seen += piece
        return seen

    until(b"$ ")
    channel.send(b"stty size\r")
    until(b"30 100")
    channel.send(b"\x04")


def test_file_transfers_and_forwards_are_refused_with_a_line(demo, client, tmp_path):
    demo.sign_in("alice")
    (tmp_path / "f").write_text("x")
    scp = demo.raw(["scp", "-P", str(demo.data["ssh"]["port"]), *[o for o in demo.options("alice") if o != "-p" and o != str(demo.data["ssh"]["port"])], str(tmp_path / "f"), "shop+web-0@127.0.0.1:/tmp/f"])  # fmt: skip
    assert scp.code != 0
    assert b"not offered" in scp.err
    with pytest.raises(paramiko.ChannelException):
        client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 2))
    refused = [leaf for leaf in demo.leaves() if leaf["type"] == "ssh.refused"]
    assert len(refused) >= 2
