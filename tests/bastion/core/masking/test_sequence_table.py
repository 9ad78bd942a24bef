"""The table of sequences: every row is walked; what is in none does not pass."""

from __future__ import annotations

import re

import pytest

from bastion.core.masking.mode_table import MODES
from bastion.core.masking.modes import ANSI, PRIVATE
from bastion.core.masking.operations import CONTROLS, CSI, ESCAPES
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.screen import Fate, Screen
from bastion.core.masking.sequence_table import TABLE
from bastion.core.masking.sequences import Cut, Kind, Mode, Sequence, Use
from bastion.core.masking.terminal import TerminalMasker
from bastion.core.masking.vt import LIMIT, Parser
from bastion.model.masks import KnownValue

VALUE = b"Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])
# One text for each expression of a row that is not its own example.
EXAMPLES = {
    "5|6": "5", r"14|18|2[23](?:;[012](?:;0)?)?": "22;0;0", r"\+q[0-9A-Fa-f;]{2,128}": "+q544e", r"\d*": "2",
    r'\$q(?:m|r|s|"p|"q| q|t|\*x|\$\|)': "$qm", r"tmux;.*": "tmux;\x7f", r"[\d;]*q.*": "0;1q#0", "1000p.*": "1000p",
    r"\+p.*": "+p54", r"[\d;]*\|.*": "0;1|17/41", r"[\d;]*\{.*": "1;1{ @", "G.*": "Gf=24", "zz": "zz", "0": "0", "": "",
}  # fmt: skip
ROWS = [row for row in TABLE.rows if (row.kind, row.name) != (Kind.CSI, "m")]  # SGR is read as a pen


def written(row: Sequence) -> bytes:
    """The row as bytes."""
    text = EXAMPLES[row.only]
    match row.kind:
        case Kind.CSI:
            prefix, rest = re.fullmatch(r"([<=>?]?)(.*)", row.name).groups()
            return f"\x1b[{prefix}{text or '1;2;3;4;5' * (row.use is Use.STRIPPED)}{rest}".encode()
        case Kind.ESCAPE:
            return f"\x1b{row.name}".encode()
        case Kind.CONTROL:
            return row.name.encode()
        case Kind.OSC:
            return f"\x1b]{row.name};x\x1b\\".encode()
        case _:
            return f"\x1b{row.name}{text or 'x'}\x1b\\".encode()


def fate(data: bytes) -> tuple[Use, Fate]:
    (token,) = Parser().feed(data)
    screen = Screen(80, 24)
    screen.grid.draw("a")
    screen.last = "a"
    return token.use, screen.apply(token)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.form} {row.use.value}")
def test_every_row_has_the_fate_that_it_names(row):
    fates = {
        Use.MODELLED: Fate.DREW,
        Use.HARMLESS: Fate.HARMLESS,
        Use.SCANNED: Fate.HARMLESS,
        Use.STRIPPED: Fate.STRIPPED,
    }
    assert fate(written(row)) == (row.use, fates[row.use])


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: f"{'?' * mode.private}{mode.number}")
@pytest.mark.parametrize("final", "hl")
def test_every_mode_has_the_fate_that_it_names(mode: Mode, final):
    use = mode.on if final == "h" else mode.off
    assert fate(f"\x1b[{'?' * mode.private}{mode.number}{final}".encode())[0] is use
    with_unknown = f"\x1b[{'?' * mode.private}{mode.number};31337{final}".encode()
    assert fate(with_unknown)[0] is Use.STRIPPED


def test_the_screen_has_an_action_for_every_modelled_row_and_no_other():
    names = {
        kind: {row.name for row in TABLE.rows if row.kind is kind and row.use is Use.MODELLED}
        for kind in Kind
    }
    assert names[Kind.CONTROL] == CONTROLS.keys()
    assert names[Kind.ESCAPE] == ESCAPES.keys()
    assert names[Kind.CSI] == CSI.keys()
    assert {m.number for m in MODES if m.private and Use.MODELLED in {m.on, m.off}} == PRIVATE.keys()
    assert {m.number for m in MODES if not m.private and Use.MODELLED in {m.on, m.off}} == ANSI.keys()


def test_whatever_is_in_no_row_is_stripped():
    known = {(row.kind, row.name) for row in TABLE.rows}
    finals = [chr(n) for n in range(0x40, 0x7F)]
    between = ["", *(chr(n) for n in range(0x20, 0x30))]
    for name in (f"{a}{b}{c}" for a in ("", *"<=>?") for b in between for c in finals):
        if (Kind.CSI, name) not in known and name not in {"h", "l", "?h", "?l", "?s", "?r"}:
            prefix = name[0] if name[0] in "<=>?" and len(name) > 1 else ""
            data = f"\x1b[{prefix}1{name[len(prefix) :]}".encode()
            (token,) = Parser().feed(data)
            assert token.use is Use.STRIPPED, data
    for name in (f"{b}{chr(c)}" for b in between for c in range(0x30, 0x7F)):
        if (Kind.ESCAPE, name) not in known and name not in {"[", "]", "P", "X", "^", "_"}:
            assert fate(f"\x1b{name}".encode())[0] is Use.STRIPPED, name
    for code in range(0x20):
        if (Kind.CONTROL, chr(code)) not in known and code != 0x1B:
            assert fate(bytes([code]))[0] is Use.STRIPPED
    for number in [*range(200), 633, 777, 1337, 5522, 9999]:
        if (Kind.OSC, str(number)) not in known:
            assert fate(b"\x1b]%d;x\x07" % number)[0] is Use.STRIPPED


@pytest.mark.parametrize(
    "data",
    [
        "\x1b[1:2H",
        "\x1b[5:1A",
        "\x1b[?25:1h",
        "\x1b[?3;25h",
        "\x1b[1?h",
        "\x1b[2048;5t",
        "\x1b[21t",
        "\x1b[5i",
        "\x1b[?1049;31337h",
    ],
)
def test_parameters_that_no_row_allows_are_stripped(data):
    tokens = Parser().feed(data.encode())
    assert all(token.use is Use.STRIPPED for token in tokens)


@pytest.mark.parametrize("row", [row for row in ROWS if row.use is Use.STRIPPED], ids=lambda row: row.form)
def test_nothing_of_a_stripped_sequence_reaches_the_client(row):
    masker = TerminalMasker(PATTERNS, 80, 24)
    assert masker.feed(b"a" + written(row) + b"b\r\n", 0.0).data == b"ab\r\n"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.use in {Use.HARMLESS, Use.SCANNED}], ids=lambda row: row.form
)
def test_a_harmless_sequence_passes_untouched_and_changes_no_cell(row):
    data = b"a" + written(row) + b"b\x1b[2;3Hc"
    masker = TerminalMasker(PATTERNS, 80, 24)
    assert masker.feed(data, 0.0).data == data
    screen, bare = Screen(80, 24), Screen(80, 24)
    for target, bytes_ in ((screen, data), (bare, b"ab\x1b[2;3Hc")):
        for token in Parser().feed(bytes_):
            target.apply(token)
    assert screen.same(bare)


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE.rows if row.kind is Kind.OSC and row.use is Use.SCANNED],
    ids=lambda row: row.form,
)
@pytest.mark.parametrize("screens", [False, True], ids=["linear", "screens"])
def test_a_scanned_string_that_holds_a_secret_does_not_pass(row, screens):
    masker = TerminalMasker(PATTERNS, 80, 24)
    start = b"\x1b[5;5Hx" if screens else b"x"
    out = masker.feed(start + f"\x1b]{row.name};".encode() + VALUE + b"\x07y\r\n", 0.0).data
    assert VALUE not in out
    assert b"y" in out


@pytest.mark.parametrize("name", ["]0;", "P", "_", "^", "X", "[", "[?", "(", "#"])
@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_a_sequence_is_bounded_however_it_arrives(name, size):
    parser = Parser()
    filler = {"[": b"1", "[?": b"1", "(": b"(", "#": b"#"}.get(name, b"A")
    data = b"\x1b" + name.encode() + filler * (3 * LIMIT)
    tokens = [token for at in range(0, len(data), size) for token in parser.feed(data[at : at + size])]
    assert tokens == []
    assert len(parser._rest) <= LIMIT
    ends = b"\x1b\\" if name[0] in "]P_^X" else b"m"
    assert [token.text for token in parser.feed(ends + b"ok") if token.kind is Kind.TEXT] == ["ok"]
    assert parser.idle


def test_a_string_without_end_stops_the_output_in_the_end_and_says_why():
    masker = TerminalMasker(PATTERNS, 80, 24)
    masker.feed(b"\x1b]0;", 0.0)
    for _ in range(5 * 1024):
        masker.feed(b"A" * 1024, 0.0)
    assert "without end" in masker.failed
    assert masker.feed(b"\x07more", 0.0).data == b""


def test_only_rows_that_depend_on_cells_or_cursor_cut_a_piece():
    cut = {row.name for row in TABLE.rows if row.cut is Cut.STATE}
    assert cut == {"7", "c", "#8", "s"}


@pytest.mark.parametrize("cut", range(1, 4))
def test_utf8_may_be_split_anywhere(cut):
    data = "é漢🙂".encode()
    parser = Parser()
    tokens = [token for at in range(0, len(data), cut) for token in parser.feed(data[at : at + cut])]
    assert "".join(token.text for token in tokens) == "é漢🙂"


@pytest.mark.parametrize(
    "data",
    [
        b"\x9b2J",
        b"\xc0\x9b",
        b"\xe0\x82\x9b2J",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
    ],
)
def test_an_eight_bit_control_in_any_disguise_becomes_replacement_characters(data):
    masker = TerminalMasker(PATTERNS, 80, 24)
    out = masker.feed(b"a" + data + b"b\r\n", 0.0).data
    assert b"\x1b" not in out
    assert out.decode().replace("\ufffd", "") in {"ab\r\n", "a2Jb\r\n"}


def test_a_c1_control_in_utf8_is_its_seven_bit_form():
    for byte, form in ((0x84, b"\x1bD"), (0x85, b"\x1bE"), (0x88, b"\x1bH"), (0x8D, b"\x1bM")):
        assert [token.raw for token in Parser().feed(bytes([0xC2, byte]))] == [form]
