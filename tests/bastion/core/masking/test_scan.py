"""Whole texts: spans, joined and sorted."""

from __future__ import annotations

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import Span, find, hidden
from bastion.model.masks import KnownValue

PATTERNS = compile_patterns([KnownValue("k", b"Tz5-wallet_Rk8qM3vX"), KnownValue("s", b"tr0mbone")])


def test_spans_are_sorted_and_leave_what_may_be_shown() -> None:
    text = b"a Tz5-wallet_Rk8qM3vX b tr0mbone"
    assert find(PATTERNS, text) == (Span(5, 21, "k"), Span(26, 32, "s"))


def test_a_command_with_a_password_is_found_by_its_context() -> None:
    (span,) = find(PATTERNS, b"PGPASSWORD=zzTop-99 psql")
    assert (span.source, span.start) == ("assignment", 11)


def test_clean_text_has_no_spans() -> None:
    assert find(PATTERNS, b"ls -la /var/log && echo done") == ()
    assert find(PATTERNS, b"") == ()


def test_a_short_text_of_a_user_leaves_without_what_detectors_find():
    assert hidden("ghp_A1b2C3d4E5A1b2C3d4E5A1b2C3d4E5f6G7h8") != "ghp_A1b2C3d4E5A1b2C3d4E5A1b2C3d4E5f6G7h8"
    assert "Harbour-77" not in hidden("no: password=Harbour-77-Qx")
    assert hidden("shop/web-0") == "shop/web-0"
    assert hidden("caf\udce9") == "caf\ufffd"
