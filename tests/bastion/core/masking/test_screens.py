"""The screen tier: two readings, margins in repaints, pieces that are not cut without need."""

from __future__ import annotations

import avt
import pytest

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.masks import KnownValue

VALUE = "Kx7vQp2mR9zT4wLs"
PATTERNS = compile_patterns([KnownValue("k", VALUE.encode())])


def _sent(*chunks: str, cols: int = 80, rows: int = 24) -> list[bytes]:
    masker = TerminalMasker(PATTERNS, cols, rows)
    return [masker.feed(chunk.encode(), 9.0 * n).data for n, chunk in enumerate(chunks)]


@pytest.mark.parametrize(
    "text",
    [
        "one\x1b[?3ltwo\x1b[5;5Hthree\x1b[2J\x1b[Hfour",
        "\x1b[5;5Hab\x1b[Lc\rd\x1b[2J",
        "\x1b[5;5Hab\x1b#8c\x1b[H",
        "\x1b[2;99rab\x1b[r\x1b[2J",
    ],
)
def test_a_disputed_sequence_passes_while_both_readings_are_clear(text) -> None:
    assert b"".join(_sent(text)) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        # Apart where DECCOLM is ignored, together at the top where it clears and goes home.
        f"\x1b[2;9H{VALUE[8:]}\x1b[9;1H\x1b[?3l{VALUE[:8]}\x1b[1;9H{VALUE[8:]}",
        # Together only where IL leaves the cursor where it was.
        f"\x1b[5;9H\x1b[L{VALUE[8:]}\x1b[5;1H{VALUE[:8]}",
        # Together only where margins beyond the screen are ignored, so that nothing scrolls.
        f"\x1b[2;99r\x1b[24;1H\n\x1b[24;1H{VALUE[:8]}\x1b[24;9H{VALUE[8:]}",
    ],
)
@pytest.mark.parametrize("second", [False, True])
def test_a_secret_that_only_one_reading_shows_does_not_pass(text, second) -> None:
    sent = b"".join(_sent(*text) if second else _sent(text))
    assert VALUE[8:].encode() not in sent
    terminal = avt.Vt(80, 24)
    terminal.feed_str(sent.decode())
    assert VALUE not in "".join(line.text.rstrip() for line in terminal.view())


def test_a_repaint_does_not_wrap_at_side_margins() -> None:
    out = b"".join(_sent(f"\x1b[2J\x1b[?69h\x1b[1;10s\x1b[3;1Habc\x1b[5;1H{VALUE}", cols=30, rows=6))
    assert VALUE.encode() not in out
    assert b"\x1b[?69l" in out
    assert out.rindex(b"\x1b[?69h\x1b[1;10s") > out.rindex(b"*")


def test_colours_and_margins_do_not_cut_a_piece(monkeypatch) -> None:
    looks = []
    from bastion.core.masking import screens

    def counted(*arguments, **named):
        looks.append(1)
        return screens_examine(*arguments, **named)

    screens_examine = screens.examine
    monkeypatch.setattr("bastion.core.masking.screens.examine", counted)
    rows = "".join(f"\x1b[{y};1H\x1b[3{y % 8}mrow {y}\x1b[0m\x1b[K\x1b[1;24r" for y in range(1, 24))
    assert b"".join(_sent(rows)) == rows.encode()
    assert len(looks) <= 3


def test_what_is_drawn_and_erased_in_one_piece_was_looked_at() -> None:
    (out,) = _sent(f"\x1b[3;3H{VALUE}\x1b[3;1H\x1b[2K\x1b[1;1Hdone")
    assert VALUE.encode() not in out
    assert b"****" in out
