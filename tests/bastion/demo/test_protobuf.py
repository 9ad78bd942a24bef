"""Reading what kubectl posts as protobuf."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.demo import protobuf
from bastion.demo.status import ApiError


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def posted(kind: str, spec: bytes) -> bytes:
    meta = field(1, b"authorization.k8s.io/v1") + field(2, kind.encode())
    return protobuf.MAGIC + field(1, meta) + field(2, field(1, b"") + field(2, spec)) + field(3, b"")


NAMES = [protobuf._RESOURCE[number][0] for number in sorted(protobuf._RESOURCE)]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.text(min_size=1, max_size=200), max_size=7))
def test_resource_attributes_are_read_back(values):
    numbers = {name: number for number, (name, _) in protobuf._RESOURCE.items()}
    attributes = b"".join(field(numbers[name], text.encode()) for name, text in values.items())
    found = protobuf.decode(posted("SelfSubjectAccessReview", field(1, attributes)))
    assert found["kind"] == "SelfSubjectAccessReview"
    assert found["spec"] == {"resourceAttributes": values}


def test_numbers_lists_and_unknown_fields():
    spec = field(1, b"vault") + field(1, b"api") + field(4, 600) + field(9, b"unknown") + field(8, 1)
    found = protobuf.decode(posted("TokenRequest", spec))
    assert found["spec"] == {"audiences": ["vault", "api"], "expirationSeconds": 600}


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60))
def test_rubbish_is_400_and_nothing_else(content):
    try:
        found = protobuf.decode(protobuf.MAGIC + content)
    except ApiError as error:
        found = error.body()
    assert found.get("code", 400) == 400


@pytest.mark.parametrize("content", [b"", b"{}", b"k8s\0\x0a\xff", b"k8s\0" + b"\xff" * 12])
def test_what_is_cut_short_is_400(content):
    with pytest.raises(ApiError) as refused:
        protobuf.decode(content)
    assert refused.value.code == 400
