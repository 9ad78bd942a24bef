"""Reading the few posted objects that kubectl sends as protobuf (wire format, by field numbers).

The numbers are those of k8s.io/api's generated.proto files; everything else in a message is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bastion.demo.status import ApiError

MAGIC = b"k8s\0"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

Schema = Mapping[int, tuple[str, Any]]
"""Field number to (JSON name, "text" | "texts" | "number" | another schema)."""

_RESOURCE: Schema = {
    1: ("namespace", "text"),
    2: ("verb", "text"),
    3: ("group", "text"),
    4: ("version", "text"),
    5: ("resource", "text"),
    6: ("subresource", "text"),
    7: ("name", "text"),
}
_ACCESS: Schema = {
    1: ("resourceAttributes", _RESOURCE),
    2: ("nonResourceAttributes", {1: ("path", "text"), 2: ("verb", "text")}),
    3: ("user", "text"),
    4: ("groups", "texts"),
}
_SPECS: Mapping[str, Schema] = {
    "SelfSubjectAccessReview": {key: _ACCESS[key] for key in (1, 2)},
    "SubjectAccessReview": _ACCESS,
    "LocalSubjectAccessReview": _ACCESS,
    "SelfSubjectRulesReview": {1: ("namespace", "text")},
    "TokenReview": {1: ("token", "text"), 2: ("audiences", "texts")},
    "TokenRequest": {1: ("audiences", "texts"), 4: ("expirationSeconds", "number")},
}


def decode(content: bytes) -> dict[str, Any]:
    """A posted object as its JSON form: apiVersion, kind and spec. Raises ApiError 400."""
    if not content.startswith(MAGIC):
        raise ApiError(400, "the body of the request does not begin as protobuf objects do")
    try:
        envelope = _read(
            content[len(MAGIC) :], {1: ("type", {1: ("apiVersion", "text"), 2: ("kind", "text")})}
        )
        raw = next((value for number, value in _fields(content[len(MAGIC) :]) if number == 2), b"")
        found: dict[str, Any] = dict(envelope.get("type", {}))
        spec = _SPECS.get(found.get("kind", ""))
        if spec is not None and isinstance(raw, bytes):
            found |= _read(raw, {2: ("spec", spec)})
    except (ValueError, IndexError) as error:
        raise ApiError(400, "the body of the request is no protobuf") from error
    return found


def _read(data: bytes, schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        name, kind = schema.get(number, ("", ""))
        match kind, value:
            case "text", bytes():
                if value:
                    found[name] = value.decode()
            case "texts", bytes():
                found.setdefault(name, []).append(value.decode())
            case "number", int():
                found[name] = value
            case dict(), bytes():
                found[name] = _read(value, kind)
            case _:
                pass  # a field that the cluster does not ask for
    return found


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """(number, value) of each field: an int for a varint, else its bytes. Raises IndexError, ValueError."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
                yield tag >> 3, value
                continue
            case 1:
                size = 8
            case 2:
                size, at = _varint(data, at)
            case 5:
                size = 4
            case wire:
                raise ValueError(f"wire type {wire}")
        if at + size > len(data):
            raise IndexError
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("varint")
