"""Units really run: what one carries out, the next one sees, in dash, bash and busybox."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core import argv

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
NONCE = "n" * 32


def run(shell, words, env=None):
    assert words is not None
    script = words[words.index("sh") + 2]
    command = [*words[: words.index("sh")], *SHELLS[shell], "-c", script]
    base = {"PATH": os.environ["PATH"], "HOME": "/root", **(env or {})}
    return subprocess.run(
        command, capture_output=True, stdin=subprocess.DEVNULL, env=base, check=False, timeout=20
    )


def unit(shell, text, carried=None, **more):
    carried = carried or argv.Carried("/")
    done = run(shell, argv.build("u", text, carried, nonce=NONCE, **more))
    trailer = argv.Trailer(NONCE)
    out = trailer.feed(done.stdout) + trailer.rest()
    return out, done.returncode, trailer.read(carried)


@pytest.mark.parametrize("shell", SHELLS)
def test_cwd_and_exports_are_carried_to_the_next_unit(shell):
    out, code, state = unit(shell, b"cd /usr && export A='a b'\\''c'")
    assert (out, code) == (b"", 0)
    assert (state.cwd, state.previous, state.exports["A"]) == ("/usr", "/", "a b'c")
    out, _, _ = unit(shell, b'printf %s "$A:$PWD:$OLDPWD"', state)
    assert out == b"a b'c:/usr:/"


@pytest.mark.parametrize("shell", SHELLS)
def test_plain_assignments_are_carried_so_that_a_script_does_not_lose_them(shell):
    _, _, state = unit(shell, b"x=/tmp/some; y=2", assigns=True)
    assert (state.exports["x"], state.exports["y"]) == ("/tmp/some", "2")
    assert "bastion_rc" not in state.exports


@pytest.mark.parametrize("shell", SHELLS)
def test_an_unset_variable_stays_unset(shell):
    _, _, state = unit(shell, b"unset HOME")
    assert "HOME" in state.removed
    out, _, _ = unit(shell, b'printf %s "${HOME-none}"', state)
    assert out == b"none"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_exit_status_is_the_units(shell):
    _, code, state = unit(shell, b"(exit 3)")
    assert code == 3
    assert state.cwd == "/"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", [b"exit 7", b"exec sh -c 'exit 7'", b"set -e\n(exit 7)"])
def test_a_unit_that_ends_its_shell_is_told_apart(shell, text):
    _, code, state = unit(shell, text)
    assert (code, state) == (7, "ended")


def test_a_directory_that_is_gone_stops_the_unit(tmp_path):
    done = run("dash", argv.build("u", b"echo ran", argv.Carried(str(tmp_path / "gone"))))
    assert done.returncode == 126
    assert b"ran" not in done.stdout


def test_output_that_looks_like_a_trailer_is_output():
    trailer = argv.Trailer(NONCE)
    data = b"\x1e" + b"m" * 32 + b":0\x1e tail \x1e"
    assert trailer.feed(data) + trailer.rest() == data
    assert trailer.read(argv.Carried()) == "ended"


@given(st.binary(max_size=200), st.lists(st.integers(1, 7), max_size=40))
@settings(max_examples=150)
def test_a_trailer_is_cut_out_however_it_is_chunked(output, sizes):
    state = b"\x1e%s:0\x1e/usr\n\x1eA=1\0\x1eA=2\0\x1e%s\x1e" % (NONCE.encode(), NONCE.encode())
    whole, trailer, got = output + state, argv.Trailer(NONCE), b""
    for size in [*sizes, len(whole)]:
        got += trailer.feed(whole[:size])
        whole = whole[size:]
    assert got + trailer.rest() == output
    assert trailer.read(argv.Carried()) == argv.Carried("/usr", "/", {"A": "2"})


def test_a_torn_state_is_not_read_as_no_state():
    trailer = argv.Trailer(NONCE)
    trailer.feed(b"\x1e%s:0\x1e/usr\n\x1eA" % NONCE.encode())
    assert trailer.read(argv.Carried()) == "torn"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_quoted_word_stands_for_exactly_its_text(text):
    done = subprocess.run(["dash", "-c", f"printf %s {argv.quote(text)}"], capture_output=True, check=True)
    assert done.stdout == text.encode()


def test_what_is_too_long_or_not_text_is_refused():
    assert argv.build("u", b"x" * argv.MAX_SCRIPT, argv.Carried()) is None
    assert argv.build("u", b"echo \xff", argv.Carried()) is None
    assert argv.build("u", b"echo \0", argv.Carried()) is None


@pytest.mark.parametrize(("shell", "dialect"), [("dash", "posix"), ("bash", "bash"), ("busybox", "posix")])
def test_the_probe_tells_dialect_and_directory(shell, dialect):
    done = run(shell, ("env", "sh", "-c", argv.PROBE))
    assert argv.read_probe(done.stdout) == (dialect, os.getcwd())


@pytest.mark.parametrize(
    "output", [b"", b"\x1e\x1e\x1e", b"\x1e\x1e\x1e\x1erelative\n", b"\x1e\x1e\x1e\x1e/a\nb\n"]
)
def test_a_probe_that_says_something_else_is_no_shell(output):
    assert argv.read_probe(output) is None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_the_count_of_unread_keys_is_taken_out_however_it_is_cut(size):
    leftover = argv.Leftover("n" * 32)
    data = b"before\x1eother\x1e" + b"\x1e" + b"n" * 32 + b"+17\x1e" + b"after\x1e"
    out = b"".join(leftover.feed(data[i : i + size]) for i in range(0, len(data), size)) + leftover.rest()
    assert (out, leftover.count) == (b"before\x1eother\x1eafter\x1e", 17)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("nonce", ["", NONCE])
def test_the_status_outlives_the_count_of_unread_keys(shell, nonce):
    text = b"cd /usr; sh -c 'exit 3'"
    done = run(shell, argv.build("u", text, argv.Carried("/"), keys="k" * 32, nonce=nonce))
    assert done.returncode == 3
    if nonce:
        trailer = argv.Trailer(nonce)
        assert trailer.feed(done.stdout) + trailer.rest() == b""
        state = trailer.read(argv.Carried("/"))
        assert state.cwd == "/usr"
        assert not state.exports.keys() & {"bastion_st", "bastion_rc"}
