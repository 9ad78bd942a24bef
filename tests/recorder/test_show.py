"""Rules of recorder.show."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.findings import Report
from recorder.leaf import Leaf
from recorder.show import Paint, escape, leaf_json, leaf_line, microseconds, moment, report_lines

PLAIN, COLOUR = Paint(wanted=False), Paint(wanted=True)
BODY = {
    "v": 1,
    "seq": 3,
    "t": 1_000_001,
    "type": "verdict",
    "rule": "r",
    "session": "s",
    "line": "rm -rf \x1b[31m",
}


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_unprintable_gets_through_and_nothing_is_lost(text):
    shown = escape(text)
    assert shown.isprintable()
    assert escape(shown) == shown.replace("\\", "\\\\")
    assert text.isprintable() is False or shown.replace("\\\\", "\\") == text


@pytest.mark.parametrize(
    "char", ["\x1b", "\x9b", "\x00", "\n", "\x7f", "\u202e", "\u2066", "\u200b", "\ue000"]
)
def test_controls_and_format_characters_are_escaped(char):
    assert char not in escape(f"a{char}b")
    assert char not in leaf_line(Leaf(1, 2, "x", {"type": "x", "y": f"a{char}b", "z": [char]}), PLAIN)
    assert char not in leaf_json({"y": char})


def test_a_leaf_is_one_line_session_first():
    line = leaf_line(Leaf(3, 1_000_001, "verdict", BODY), PLAIN)
    assert line == ('1970-01-01T00:00:01.000001Z  #3  verdict  session=s  rule=r  line="rm -rf \\x1b[31m"')
    assert "\x1b[1mverdict\x1b[0m" in leaf_line(Leaf(3, 1_000_001, "verdict", BODY), COLOUR)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("1780000000", 1_780_000_000_000_000),
        ("1.5", 1_500_000),
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01.000001", 1_000_001),
        ("1970-01-01T02:00:01+02:00", 1_000_000),
        ("1970-01-01T00:00:01Z", 1_000_000),
    ],
)
def test_times_are_read(text, expected):
    assert microseconds(text) == expected
    assert microseconds(moment(expected)) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "1.2.3", "-1"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        microseconds(text)


def test_a_time_out_of_range_is_still_shown():
    assert moment(10**30) == f"{10**30}us"


def test_the_outcome_stands_in_words_and_findings_are_escaped():
    report = Report("ledger")
    report.altered("changed \x1b[2J", "file\n", seq=4, offset=9)
    lines = report_lines(report, PLAIN)
    assert lines[-1] == "ALTERED (exit 1)"
    assert "  ALTERED: leaf 4, file\\n at byte 9: changed \\x1b[2J" in lines
    assert report_lines(report, COLOUR)[-1] == "\x1b[31mALTERED (exit 1)\x1b[0m"
