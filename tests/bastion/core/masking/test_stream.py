"""Streams without a terminal."""

from __future__ import annotations

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import HOLD_LIMIT, StreamMasker
from bastion.model.masks import KnownValue, MaskEvent

VALUE = b"Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])


def test_clean_bytes_are_the_same_object() -> None:
    data = b"clean text\n" * 100
    assert StreamMasker(PATTERNS).feed(data, 0.0).data is data


def test_masks_keep_the_length_and_are_reported_once() -> None:
    masker = StreamMasker(PATTERNS)
    parts = [masker.feed(bytes([b]), 0.0) for b in b"x " + VALUE + b" y"] + [masker.close(0.0)]
    assert b"".join(p.data for p in parts) == b"x Tz5" + b"*" * 16 + b" y"
    assert [e for p in parts for e in p.events] == [MaskEvent("k", 16, 5)]


def test_what_is_undecided_waits_without_a_limit_in_time() -> None:
    masker = StreamMasker(PATTERNS)
    assert masker.feed(b"Tz5-wall", 0.0).data == b"Tz5"
    assert masker.feed(b"", 1e6).data == b""
    assert masker.feed(b"!", 2e6).data == b"-wall!"


def test_the_end_decides_what_waits() -> None:
    masker = StreamMasker(PATTERNS)
    masker.feed(b"Tz5-wall", 0.0)
    assert masker.close(0.0).data == b"-wall"


def test_a_secret_hidden_in_a_title_is_masked_too() -> None:
    masker = StreamMasker(PATTERNS)
    out = masker.feed(b"\x1b]0;" + VALUE + b"\x07 done\n", 0.0).data
    assert VALUE not in out
    assert out.endswith(b"\x07 done\n")


def test_a_hold_that_grows_without_end_is_masked_not_kept() -> None:
    masker = StreamMasker(PATTERNS)
    masker.feed(b"Tz5-wall", 0.0)
    sent = b""
    for _ in range(2 * HOLD_LIMIT // 1000):
        sent += masker.feed(b"\x1b[0m" * 250, 0.0).data
    assert len(sent) > HOLD_LIMIT
    assert b"wall" not in sent


def test_new_values_apply_to_what_is_held() -> None:
    masker = StreamMasker(PATTERNS)
    held = masker.feed(b"Tz5-wall", 0.0).data
    masker.replace(PATTERNS.extended([KnownValue("new", b"-wallaby-1234")]))
    out = held + masker.feed(b"aby-1234\n", 0.0).data
    assert b"wallaby" not in out


def test_binary_data_passes_unchanged() -> None:
    masker = StreamMasker(PATTERNS)
    data = bytes(range(256)) * 64
    assert masker.feed(data, 0.0).data + masker.close(0.0).data == data
