"""The maskers of a channel together: what one showed counts for all, guesses are alerts, duplex."""

from __future__ import annotations

import pytest

from bastion.core.masking.guesses import FINAL_TRIES, TRIES
from bastion.core.masking.outlet import FISHED, Outlet
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import DUPLEX_BYTES, DUPLEX_WAIT
from bastion.model.masks import KnownValue
from bastion.model.request import Size

VALUE = b"vK8pQz3LmN7xRt5WyB2cD9fGhJ4sA6eU"
PATTERNS = compile_patterns([KnownValue("secret-1/1", VALUE)])
SYMBOLS = b"abcdefghijklmnorstuvwxy0123456789ABCDEFGHIJKLMNORSTUVWXY"


def data(pieces, name="out"):
    return b"".join(masked.data for stream, masked in pieces if stream == name)


def probe(outlet, symbols, gap=0.3, end=b"\r\x1b[K"):
    for number, symbol in enumerate(symbols):
        outlet.feed("out", VALUE[:4] + bytes([symbol]) + end, number * gap)


@pytest.mark.parametrize("size", [Size(), None])
def test_cutting_at_ever_other_places_is_an_alert_and_shows_nothing_more(size):
    outlet, left = Outlet(PATTERNS, size), b""
    for start in range(0, 20, 3):
        left += data(outlet.feed("out", b"= " + VALUE[start:] + b"\r\n", start * 0.01))
    assert [(alert.ref, alert.why) for alert in outlet.alerts] == [("secret-1/1", "pieces")]
    assert outlet.alerts[0].symbols > 0
    last = left + data(outlet.feed("out", b"= " + VALUE[15:] + b"\r\n$ \r\n", 9.0)) + data(outlet.close(9.9))
    assert VALUE[15:19] not in last


def test_a_value_that_is_strict_on_one_stream_is_so_on_the_other():
    outlet = Outlet(PATTERNS, None)
    for start in range(0, 20, 3):
        outlet.feed("out", b"=" + VALUE[start:] + b"\n", 0.0)
    shown = data(outlet.feed("err", b"a " + VALUE[20:25] + b" b\n", 0.0) + outlet.close(0.0), "err")
    assert shown == b"a ***** b\n"


def test_once_a_value_is_strict_only_whole_lines_leave():
    outlet = Outlet(PATTERNS, None)
    for start in range(0, 20, 3):
        outlet.feed("out", b"=" + VALUE[start:] + b"\n", 0.0)
    assert data(outlet.feed("out", b"one line\nhalf a li", 0.0)).endswith(b"one line\n")
    assert data(outlet.feed("out", b"ne.\n", 0.0)) == b"half a line.\n"


@pytest.mark.parametrize("size", [Size(), None])
def test_trying_symbol_after_symbol_at_rest_is_an_alert(size):
    outlet = Outlet(PATTERNS, size)
    probe(outlet, SYMBOLS[: TRIES - 1])
    assert outlet.alerts == []
    probe(outlet, SYMBOLS[: TRIES + 2])
    assert [(alert.ref, alert.why, alert.final) for alert in outlet.alerts] == [
        ("secret-1/1", "guesses", False)
    ]
    assert outlet.failed == ""


def test_going_on_after_the_alert_ends_the_output():
    outlet = Outlet(PATTERNS, Size())
    for prefix in range(3):
        for number, symbol in enumerate(SYMBOLS[:40]):
            outlet.feed(
                "out",
                VALUE[prefix : prefix + 4] + bytes([symbol]) + b"\r\x1b[K",
                (prefix * 99 + number) * 0.3,
            )
    assert outlet.failed == FISHED
    assert outlet.alerts[-1].final
    assert outlet.alerts[-1].count >= FINAL_TRIES
    assert outlet.feed("out", b"more", 999.0) == []


def test_what_does_not_rest_is_no_guess():
    outlet = Outlet(PATTERNS, Size())
    probe(outlet, SYMBOLS, gap=0.01)
    assert outlet.alerts == []


def test_typing_a_value_slowly_or_the_same_line_again_is_no_guess():
    outlet = Outlet(PATTERNS, Size())
    for number, byte in enumerate(VALUE):
        outlet.feed("out", bytes([byte]), number * 0.5)
    for number in range(50):
        outlet.feed("out", b"\r\n$ " + VALUE[:6], 100.0 + number)
    assert outlet.alerts == []


def test_a_duplex_programs_match_leaves_four_bytes_once_and_is_masked_when_it_goes_on():
    outlet = Outlet(PATTERNS, None)
    outlet.duplex(on=True)
    first = data(outlet.feed("out", b"x " + VALUE[:11], 5.0))
    assert (first, outlet.deadline) == (b"x " + VALUE[:4], 5.0 + DUPLEX_WAIT)
    assert outlet.tick(5.1)[0:0] == []
    assert data(outlet.tick(5.0 + DUPLEX_WAIT)) == VALUE[4 : 4 + DUPLEX_BYTES]
    assert (outlet.released, outlet.deadline) == (DUPLEX_BYTES, None)
    assert data(outlet.tick(99.0)) == b""
    rest = data(outlet.feed("out", VALUE[11:] + b" y\n", 9.0) + outlet.close(9.0))
    assert rest == b"*" * (len(VALUE) - 8) + b" y\n"


def test_a_program_that_is_not_duplex_waits_without_a_limit():
    outlet = Outlet(PATTERNS, None)
    outlet.feed("out", VALUE[:8], 0.0)
    assert outlet.deadline is None
    assert data(outlet.tick(99.0)) == b""
    outlet.duplex(on=True)
    outlet.feed("out", b"N", 0.0)
    outlet.duplex(on=False)
    assert data(outlet.tick(99.0)) == b""
