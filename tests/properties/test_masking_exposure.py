"""Fishing for a value by its pieces: little of it is ever shown, the same however output is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.exposure import budget
from bastion.core.masking.forms import fold, forms_of, least_of, window_of
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import StreamMasker
from bastion.model.masks import KnownValue

VALUES = (b"Kx7-vault_Qp2mR9zT4w", b"vK8pQz3LmN7xRt5WyB2cD9fGhJ4sA6eU", b"q7Zp9mW2xL4t", b"two words+9/Zz'q")
KNOWN = [KnownValue(f"k{i}", value) for i, value in enumerate(VALUES)]
PATTERNS = compile_patterns(KNOWN)

_cut = st.builds(
    lambda data, low, size: data[low : low + size],
    st.sampled_from([form.data for value in VALUES for form in forms_of("k", value).fragments] + list(VALUES) * 20),
    st.integers(0, 30), st.integers(3, 40),
)  # fmt: skip
_between = st.sampled_from([b"\n", b" | ", b"\n$ ", b"\x1b[31m;", b"password=x1y2z3;"])
TEXTS = st.lists(st.tuples(_cut, _between).map(b"".join), max_size=14).map(b"".join)


def _run(pieces: list[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    masker = StreamMasker(PATTERNS)
    parts = [masker.feed(piece, 0.0) for piece in pieces] + [masker.close(0.0)]
    return b"".join(part.data for part in parts), [
        (e.offset, e.length) for part in parts for e in part.events
    ]


@given(TEXTS, st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=250, deadline=None)
def test_a_value_becomes_strict_at_a_place_of_the_text_not_of_its_chunks(text, cuts) -> None:
    whole = _run([text])
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    assert _run([text[a:b] for a, b in pairwise(places)]) == whole
    assert _run([text[i : i + 1] for i in range(len(text))]) == whole


def _shown(value: bytes, out: bytes) -> set[int]:
    """The symbols of `value` that stand in `out` in runs that the masker counts."""
    data, text, least = fold(value), fold(out), window_of(len(fold(value))) // 3
    return {i + k for i in range(len(data) - least + 1) for k in range(least) if data[i : i + least] in text}


@given(st.sampled_from(VALUES[:3]), st.data())
@settings(max_examples=150, deadline=None)
def test_pieces_of_a_value_show_at_most_its_head_and_the_budget(value, data) -> None:
    size = len(fold(value))
    window = window_of(size)
    least = least_of(window)
    starts, sizes = st.integers(0, size - least), st.integers(least, size)
    places = data.draw(st.lists(st.tuples(starts, sizes), max_size=20))
    out, _ = _run([b"=\n" + value[start : start + length] + b"\n=" for start, length in places])
    head = min(4, window // 3)
    assert len(_shown(value, out)) <= head + budget(size) + head


def test_a_value_that_is_printed_whole_a_thousand_times_stays_as_it_was() -> None:
    line = b"DB_PASSWORD=" + VALUES[1] + b"\nplain " + VALUES[1] + b"\n"
    out, _ = _run([line * 500])
    assert out[: len(line)] == out[-len(line) :]
    assert out.endswith(b"plain vK8p" + b"*" * 28 + b"\n")


def test_words_of_a_value_and_learned_values_are_not_counted() -> None:
    words = compile_patterns([KnownValue("w", b"service-production-battery66")])
    masker = StreamMasker(words)
    text = b"a production line\nbatter up\nservices\n" * 20
    text += b"password=Zx81-Kq0-aa7-Wm5\n" + b"".join(
        b"= Zx81-Kq0-aa7-Wm5"[:2] + b"Zx81-Kq0-aa7-Wm5"[i:] + b"\n" for i in range(8)
    )
    masker.feed(text, 0.0)
    masker.close(0.0)
    assert masker.strict == ()
    masker = StreamMasker(words)
    masker.feed(b"".join(b"= " + b"service-production-battery66"[i:] + b"\n" for i in range(5, 20, 2)), 0.0)
    assert len(masker.strict) == 1
