"""Engines: Hyperscan and plain Python give the same answers."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.engine import HyperscanSeeker, PlainSeeker, presence, seeker
from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue

TEXT = st.lists(st.sampled_from(b"abAB01-"), max_size=80).map(bytes)


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=6, unique=True), TEXT, st.booleans())
@settings(max_examples=150, deadline=None)
def test_literals_are_found_alike(literals, text, caseless) -> None:
    fast = seeker(literals, caseless=caseless)
    assert fast.seek(text) == PlainSeeker(literals, caseless=caseless).seek(text)


def test_expressions_are_found_alike() -> None:
    fast = seeker([b"abc"], [b"[0-9]{3}-[0-9]{2}"], caseless=True)
    slow = PlainSeeker([b"abc"], [b"[0-9]{3}-[0-9]{2}"], caseless=True)
    text = b"xABC 123-45 and 9123-456 abcabc"
    assert fast.seek(text) == slow.seek(text) != []


def test_a_second_search_starts_afresh() -> None:
    fast = seeker([b"abc"])
    assert fast.seek(b"abc") == [(3, 0)]
    assert fast.seek(b"xyz") == []


@pytest.mark.parametrize("text", [b"", b"abc", b"ab\x00c", b"\x7f", b"\xc2\x9b", b"\xc2\xa9"])
def test_presence_is_found_alike(text) -> None:
    rows = [rb"[\x00-\x08\x7f]", rb"\xc2[\x80-\x9f]"]
    assert presence(rows).found(text) == presence(rows, plain=True).found(text)


def test_threads_may_scan_at_once() -> None:
    fast = seeker([b"needle%d" % i for i in range(50)])
    texts = [b"hay " * 5000 + b"needle%d" % (i % 50) for i in range(64)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fast.seek, texts))
    assert found == [fast.seek(text) for text in texts]
    assert all(len({number for _, number in hits}) >= 1 for hits in found)


def test_a_database_never_leaves_memory() -> None:
    patterns = compile_patterns([KnownValue("k", b"Kx7-vault_Qp2mR9zT4w")])
    for thing in (HyperscanSeeker([b"secret-1"]), patterns, presence([b"[a]"])):
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_a_machine_without_hyperscan_masks_alike() -> None:
    program = """
import sys
sys.modules["hyperscan"] = None
from bastion.core.masking import engine
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import StreamMasker
from bastion.model.masks import KnownValue
assert isinstance(engine.seeker([b"abc"]), engine.PlainSeeker)
masker = StreamMasker(compile_patterns([KnownValue("k", b"Kx7-vault_Qp2mR9zT4w")]))
text = b"a Kx7-vault_Qp2mR9zT4w b password=hunter2-xy c\\x00 4242424242424242 \\xc2\\xad\\n"
sys.stdout.buffer.write(masker.feed(text, 0.0).data + masker.close(0.0).data)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (b"a Kx7" + b"*" * 17 + b" b password=********** c\x00 424242******4242 \xc2\xad\n")
