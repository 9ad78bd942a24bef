"""A PTY's masker: pass-through, masks in place, screens, holds and placeholders."""

from __future__ import annotations

import avt
import pytest

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.terminal import HOLD, TerminalMasker
from bastion.model.masks import KnownValue

VALUE = b"Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])


def _masker(cols: int = 80, rows: int = 24) -> TerminalMasker:
    return TerminalMasker(PATTERNS, cols, rows)


def test_typed_characters_leave_at_once() -> None:
    masker = _masker()
    for letter in b"ls -la /var/log":
        assert masker.feed(bytes([letter]), 0.0).data == bytes([letter])
        assert masker.deadline is None


def test_a_line_editors_redraw_leaves_at_once_and_unchanged() -> None:
    masker = _masker()
    masker.feed(b"$ ", 0.0)
    for column in range(3, 40):
        redraw = b"\x1b[?25l\x1b[?7l\x1b[0mx\x1b[0m\x1b[K\r\x1b[%dC\x1b[?7h\x1b[0m\x1b[?25h" % column
        assert masker.feed(redraw, 0.0).data == redraw


def test_a_mask_in_appended_text_keeps_columns_and_escapes() -> None:
    out = _masker().feed(b"a \x1b[31m" + VALUE + b"\x1b[0m b\r\n", 0.0)
    assert out.data == b"a \x1b[31mTz5" + b"*" * (len(VALUE) - 3) + b"\x1b[0m b\r\n"
    assert [event.source for event in out.events] == ["k"]


def test_what_may_become_a_secret_is_held_then_drawn_as_placeholders_then_repainted() -> None:
    masker = _masker()
    assert masker.feed(b"Code Tz5-wa", 5.0).data == b"Code Tz5"
    assert masker.deadline == pytest.approx(5.0 + HOLD)
    assert masker.tick(5.05).data == b""
    shown = masker.tick(masker.deadline).data
    assert "•••".encode() in shown
    assert b"-wa" not in shown
    assert b"-wa" in masker.feed(b"s ist das\r\n", 9.0).data
    assert masker.deadline is None


def test_no_time_that_passes_releases_a_dripping_secret() -> None:
    masker = _masker()
    sent = b""
    for second, byte in enumerate(VALUE):
        sent += masker.feed(bytes([byte]), float(second)).data
        if masker.deadline is not None:
            sent += masker.tick(second + 0.5).data
    sent += masker.close(99.0).data
    assert b"wallet" not in sent
    assert b"Rk8q" not in sent


def test_a_held_beginning_that_comes_to_nothing_leaves_as_it_came() -> None:
    masker = _masker()
    first = masker.feed(b"Tz5-wa", 0.0).data
    assert first + masker.feed(b"ter\r\n", 0.01).data == b"Tz5-water\r\n"


def test_a_chunk_whose_end_is_held_builds_no_screens() -> None:
    masker = _masker()
    for at, piece in enumerate((b"Code Tz5-wa", VALUE[6:], b"\r\nCode Tz5-wa", b"\x1b[31ms ist das\r\n")):
        masker.feed(piece, at / 100)
        assert masker._ring
    assert masker.deadline is None


def test_a_held_end_that_came_after_another_waits_as_long() -> None:
    masker = _masker()
    assert masker.feed(b"Tz5-wa", 1.0).data == b"Tz5"
    assert masker.feed(b"s\r\nTz5", 1.06).data == b"-was\r\nTz5"
    assert masker.deadline is None
    assert masker.feed(b"-w", 1.07).data == b""
    assert masker.feed(b"a", 1.09).data == b""
    assert masker.deadline == pytest.approx(1.07 + HOLD)
    assert "•••".encode() in masker.feed(b"l", 1.2).data


@pytest.mark.parametrize("last", [b"", b"\x1b[2", b"\r", b"\xc3"])
def test_what_is_held_leaves_at_the_end_of_output_and_before_other_sequences(last) -> None:
    masker = _masker()
    sent = masker.feed(b"Tz5-wa", 0.0).data + masker.feed(last, 0.0).data + masker.close(0.0).data
    assert sent.startswith(b"Tz5-wa")
    masker = _masker()
    sent = masker.feed(b"Tz5-wa", 0.0).data + masker.feed(last + b"\x1b[3;3Hend", 0.0).data
    assert sent.startswith(b"Tz5-wa")


def test_an_endless_hold_does_not_grow() -> None:
    masker = _masker()
    masker.feed(b"eyJ" + b"a" * 100, 0.0)
    for _ in range(40):
        masker.feed(b"-----BEGIN PRIVATE KEY" + b"A" * 1000, 0.0)
    assert len(masker._carry) <= 4096


@pytest.mark.parametrize("text", ["Tz5-wa é", "plain é"])
def test_what_was_cut_when_a_value_became_known_keeps_its_place(text) -> None:
    masker, data = _masker(), f"{text}\r\nend".encode()
    sent = masker.feed(data[:-6], 0.0).data
    masker.replace(PATTERNS.extended([KnownValue("n", b"never-seen-here")]))
    sent += masker.feed(data[-6:], 0.01).data
    terminal = avt.Vt(80, 24)
    terminal.feed_str(sent.decode())
    assert [line.text.rstrip() for line in terminal.view()][:2] == [text, "end"]


def test_a_value_that_becomes_known_is_hidden_where_it_stands() -> None:
    masker = TerminalMasker(compile_patterns([]), 80, 24)
    assert masker.feed(VALUE + b"\r\n", 0.0).data == VALUE + b"\r\n"
    masker.replace(PATTERNS)
    assert masker.deadline is not None
    assert b"****" in masker.tick(masker.deadline).data


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b]52;c;aGVsbG8=\x07",
        b"\x1b[5i",
        b"\x1bPtmux;\x1b\x1b[5i\x1b\\",
        b"\x1b_Gq\x1b\\",
        b"\x1b[21t",
        b"\x1b[99z",
    ],
)
def test_sequences_aimed_at_the_client_are_stripped(sequence: bytes) -> None:
    masker = _masker()
    out = masker.feed(b"a" + sequence + b"b\r\n", 0.0).data
    assert b"a" in out
    assert b"b" in out
    assert b"52;" not in out
    assert sequence not in out


def test_a_string_without_end_is_bounded_and_masking_goes_on() -> None:
    masker = _masker()
    sent = masker.feed(b"\x1b]0;", 0.0).data
    for _ in range(300):
        sent += masker.feed(b"A" * 4096, 0.0).data
    sent += masker.feed(b"\x07" + VALUE + b"\r\n", 0.0).data
    assert len(sent) < 8192
    assert VALUE not in sent
    assert b"Tz5***" in sent


def test_a_resize_does_not_draw_what_was_masked() -> None:
    masker = _masker()
    sent = masker.feed(b"\x1b[2J\x1b[3;4H" + VALUE, 0.0).data
    sent += masker.resize(100, 30, 0.1).data
    sent += masker.feed(b"\x1b[1;1Hok", 0.2).data
    assert VALUE not in sent


def test_a_flood_of_plain_lines_leaves_as_it_came() -> None:
    masker = _masker()
    flood = b"".join(b"\x1b[32m%d\x1b[0m all is well here %d\r\n" % (i, i * 7) for i in range(20_000))
    sent = b"".join(masker.feed(flood[i : i + 32_768], 0.0).data for i in range(0, len(flood), 32_768))
    assert sent + masker.close(1.0).data == flood


def test_no_representation_shows_what_is_held() -> None:
    masker = _masker()
    masker.feed(b"Code Tz5-wa", 5.0)
    assert "Tz5" not in repr(masker)


def test_a_screen_that_cannot_be_masked_ends_the_output(monkeypatch) -> None:
    masker = _masker()
    monkeypatch.setattr("bastion.core.masking.screens.hide", lambda *_: None)
    out = masker.feed(b"\x1b[2J" + VALUE, 0.0)
    assert masker.failed
    assert out.data == b""
    assert masker.feed(b"more", 0.0).data == b""
    assert masker.close(0.0).data == b""
