"""Rules of the refusals' texts."""

from __future__ import annotations

from bastion.idp.refusals import REFUSALS, Code, refuse


def test_every_code_has_a_line_and_a_next_step():
    assert REFUSALS.keys() == set(Code)
    for text, hint in REFUSALS.values():
        assert text
        assert hint
        assert len(text) < 100
        assert "\n" not in text + hint


def test_a_refusal_carries_its_code_as_a_plain_word():
    for code in Code:
        assert type(refuse(code).code) is str
        assert refuse(code).code == code


def test_a_cut_token_is_told_why_and_the_other_way_in():
    line = refuse(Code.LOOKS_CUT).line()
    assert "1,023 bytes" in line
    assert "ssh -i KEY cert@host < token > KEY-cert.pub" in line
