"""Bodies of the API: made-up documents with a secret in every place that a rule names."""

from __future__ import annotations

import json
import random
import string
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path[:0] = [str(Path(__file__).parent)]

from made import KNOWN, PATTERNS, PLACES, filler, same_shape, texts, written  # noqa: E402 - the folder is no package

from bastion.core.masking.fields.body import BodyMasker  # noqa: E402 - after it

SEEDS = st.integers(0, 2**48)
LIGHT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def masked(data: bytes, cuts: tuple[int, ...] = (), kind: str = "application/json"):
    """(what left, events, refused) of a body in pieces."""
    masker = BodyMasker(PATTERNS, kind)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [masker.feed(data[a:b], 0.0) for a, b in pairwise(places)] + [masker.close(1.0)]
    return b"".join(part.data for part in parts), [e for part in parts for e in part.events], masker.refused


def value_of(rng: random.Random) -> str:
    return (
        "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(rng.randrange(8, 30))) + "7aZ"
    )


@pytest.mark.parametrize("place", PLACES)
@LIGHT
@given(seed=SEEDS)
def test_no_place_shows_its_secret(place, seed) -> None:
    rng = random.Random(seed)
    value = value_of(rng)
    given_tree = {"m1": filler(rng, 2), "here": PLACES[place](value), "m2": filler(rng, 2)}
    text = written(rng, given_tree)
    data = text.encode()
    out, events, refused = masked(data)
    assert not refused
    assert len(out) == len(data)
    left = json.loads(out)
    assert same_shape(json.loads(data), left)
    for view in (out.decode(), *texts(left)):
        assert value not in view
        assert KNOWN not in view
    assert events
    assert {key: left[key] for key in ("m1", "m2")} == {key: given_tree[key] for key in ("m1", "m2")}
    cuts = tuple(rng.randrange(len(data)) for _ in range(rng.randrange(1, 9)))
    assert masked(data, cuts) == (out, events, refused)


@LIGHT
@given(seed=SEEDS)
def test_a_document_without_secrets_leaves_as_it_came(seed) -> None:
    rng = random.Random(seed)
    data = written(rng, {"kind": "ConfigMap", "data": filler(rng, 3), "x": filler(rng, 4)}).encode()
    cuts = tuple(rng.randrange(len(data)) for _ in range(5))
    assert masked(data, cuts) == (data, [], "")


@pytest.mark.parametrize("place", [place for place in PLACES if place != "bytes"])
@settings(LIGHT, max_examples=12)
@given(seed=SEEDS, style=st.sampled_from([None, '"', "'", "|", ">"]), flow=st.booleans())
def test_no_place_shows_its_secret_in_yaml(place, seed, style, flow) -> None:
    rng = random.Random(seed)
    value = value_of(rng)
    given_tree = {"m1": filler(rng, 2), "here": PLACES[place](value), "m2": filler(rng, 2)}
    text = yaml.safe_dump(
        given_tree, default_style=style, default_flow_style=flow, width=40, allow_unicode=rng.random() < 0.5
    )
    out, events, refused = masked(text.encode(), kind="application/yaml")
    assert not refused
    left = yaml.safe_load(out)
    assert same_shape(yaml.safe_load(text), left)
    for view in (out.decode(), *texts(left)):
        assert value not in view
        assert KNOWN not in view
    assert events
    assert {key: left[key] for key in ("m1", "m2")} == {key: given_tree[key] for key in ("m1", "m2")}


@settings(LIGHT, max_examples=40)
@given(seed=SEEDS, style=st.sampled_from([None, '"', "|"]))
def test_yaml_without_secrets_leaves_as_it_came(seed, style) -> None:
    rng = random.Random(seed)
    text = yaml.safe_dump({"kind": "Pod", "x": filler(rng, 4)}, default_style=style, allow_unicode=True)
    assert masked(text.encode(), kind="application/yaml") == (text.encode(), [], "")


@settings(LIGHT, max_examples=200)
@given(
    data=st.lists(st.sampled_from([*b'{}[]:,"\\u0019az\n -.e&*!|>#', 0xC3, 0xFF, 0]), max_size=60).map(bytes),
    kind=st.sampled_from(["application/json", "application/yaml"]),
    cut=st.integers(0, 60),
)
def test_no_bytes_do_more_than_refuse(data, kind, cut) -> None:
    whole = masked(data, (), kind)
    assert masked(data, (cut,), kind) == whole
    assert len(whole[0]) <= len(data) + 64
    if kind == "application/json" and not whole[2] and data.strip():
        json.JSONDecoder().raw_decode(data.decode().strip())


@settings(LIGHT, max_examples=100)
@given(seed=SEEDS)
def test_a_broken_document_leaves_alike_however_it_is_cut_and_shows_no_known_value(seed) -> None:
    rng = random.Random(seed)
    value = value_of(rng)
    data = bytearray(written(rng, PLACES[rng.choice(list(PLACES))](value)).encode())
    data[rng.randrange(len(data))] = rng.choice(b'{}[]:,"\\ ')
    if rng.random() < 0.3:
        del data[rng.randrange(len(data)) :]
    whole = masked(bytes(data))
    assert KNOWN.encode() not in whole[0]
    assert masked(bytes(data), tuple(range(len(data)))) == whole
    assert masked(bytes(data), tuple(rng.randrange(len(data) + 1) for _ in range(3))) == whole
