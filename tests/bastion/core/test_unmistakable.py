"""What is decided about reads as what runs: nothing looks like something else, turns or hides."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bastion.core.unmistakable import MAX_NAMED, escaped, warning

LETTER = "letters of CYRILLIC"
TURN, UNSEEN = "turn the direction", "not seen by themselves"
CASES = [
    ("rm -r /data/\u0430bc", "rm -r /data/\\u0430bc", LETTER),
    ("ls \u03bfld", "ls \\u03bfld", "letters of GREEK"),
    ("rm \uff52\uff4d", "rm \\uff52\\uff4d", "letters of FULLWIDTH"),
    ("rm /tmp/\u202egpj.exe", "rm /tmp/\\u202egpj.exe", TURN),
    ("rm a\u2066b\u2069", "rm a\\u2066b\\u2069", TURN),
    ("rm a\u200fb", "rm a\\u200fb", TURN),
    ("rm a\u200bb", "rm a\\u200bb", UNSEEN),
    ("rm a\u00a0b", "rm a\\xa0b", UNSEEN),
    ("rm a\U000e0041b", "rm a\\U000e0041b", UNSEEN),
    ("rm e\u0301", "rm e\\u0301", UNSEEN),
    ("rm \u00e9", "rm \\xe9", "letters of LATIN"),
    ("rm \u2044etc", "rm \\u2044etc", "signs outside ASCII"),
    ("rm \x1b[2J", "rm \\x1b[2J", "control"),
]


@pytest.mark.parametrize(("text", "shown", "why"), CASES)
def test_what_may_look_like_something_else_is_escaped_and_named(text, shown, why):
    assert escaped(text) == shown
    assert why in warning(text)


def test_the_warning_names_the_character_and_that_it_stands_among_others():
    found = warning("rm -r /data/\u0430bc")
    assert "CYRILLIC SMALL LETTER A" in found
    assert "in words with ASCII letters" in found
    assert "in words with ASCII letters" not in warning("ls /\u0434\u043e\u043c")


@pytest.mark.parametrize("text", ["", "rm -rf /data/x", "echo 'a\nb\tc'", "awk '{print $1}' <x >y"])
def test_plain_text_is_not_warned_of(text):
    assert warning(text) == ""


def test_text_cannot_be_pushed_out_of_sight():
    assert escaped("echo" + " " * 500 + "; rm x") == "echo [500 blanks] ; rm x"


@given(st.text(max_size=60))
def test_what_is_shown_is_printable_ascii_and_every_other_character_is_warned_of(text):
    shown, found = escaped(text), warning(text)
    assert all(" " <= char <= "~" for char in shown + found)
    strange = dict.fromkeys(c for c in text if not " " <= c <= "~" and c not in "\n\t")
    assert bool(found) == bool(strange)
    for char in list(strange)[:MAX_NAMED]:
        assert unicodedata.name(char, "unnamed") in found


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_texts_without_backslashes_or_long_blanks_are_shown_alike_only_if_they_are_alike(one, other):
    if not any("\\" in text or "    " in text for text in (one, other)):
        assert (escaped(one) == escaped(other)) == (one == other)
