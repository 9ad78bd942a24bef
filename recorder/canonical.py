"""Canonical JSON: one value, one byte string (RFC 8785 on a restricted set of types).

Allowed are objects with ASCII keys, arrays, strings of Unicode scalar values, integers of a
magnitude below 2^53, booleans and null. Floats are refused: their text form is where canonical
forms of JSON go wrong, and evidence needs none. In this set RFC 8785 comes down to: keys in
ascending order, no white space, the shortest escapes, everything else as UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"

INTEGER_LIMIT = 2**53
MAX_DEPTH = 32
_MAX_DIGITS = 17


class CanonicalError(ValueError):
    """A value has no canonical form here, or bytes are not the canonical form of a value."""


def encode(value: JSON) -> bytes:
    """The canonical bytes of `value`, without a line end.

    Tuples are written as arrays. Raises CanonicalError, naming the place, for a float, a key
    that is no ASCII string, an integer of 2^53 or more, a lone surrogate or deep nesting.
    """
    plain = _plain(value, "$", 0)
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CanonicalError("a string holds a lone surrogate, which is no Unicode text") from None


def decode(data: bytes) -> JSON:
    """Read strict JSON of the restricted types, canonical or not.

    Raises CanonicalError for duplicate keys, floats, NaN, bad UTF-8, lone surrogates, deep nesting.
    """
    value = _read(data)
    encode(value)
    return value


def decode_exact(data: bytes) -> JSON:
    """Read bytes that must be the canonical form of their value; else raise CanonicalError."""
    value = _read(data)
    if encode(value) != data:
        raise CanonicalError("JSON, but not in its canonical form")
    return value


def _read(data: bytes) -> JSON:
    """The value, not yet checked for lone surrogates and depth: `encode` does that."""
    try:
        value: JSON = json.loads(
            data.decode(),
            object_pairs_hook=_members,
            parse_float=_no_float,
            parse_int=_integer,
            parse_constant=_no_float,
        )
    except UnicodeDecodeError:
        raise CanonicalError("the bytes are not UTF-8") from None
    except json.JSONDecodeError as error:
        raise CanonicalError(f"not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH}") from None
    return value


def _plain(value: JSON, place: str, depth: int) -> JSON:
    """`value` with plain dicts and lists, or CanonicalError with the place that is wrong."""
    if depth > MAX_DEPTH:
        raise CanonicalError(f"{place}: nested deeper than {MAX_DEPTH}")
    match value:
        case None | bool() | str():
            return value
        case int():
            if not -INTEGER_LIMIT < value < INTEGER_LIMIT:
                raise CanonicalError(f"{place}: an integer of 2^53 or more")
            return value
        case Mapping():
            return {
                _key(key, place): _plain(item, f"{place}.{key}", depth + 1) for key, item in value.items()
            }
        case list() | tuple():
            return [_plain(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(value)]
        case _:
            raise CanonicalError(f"{place}: {type(value).__name__} has no canonical form")


def _key(key: object, place: str) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise CanonicalError(f"{place}: a key is not an ASCII string")
    return key


def _members(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise CanonicalError("a key stands twice in one object")
    return members


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise CanonicalError("an integer of 2^53 or more")
    return int(text)


def _no_float(text: str) -> NoReturn:
    raise CanonicalError(f"{text[:32]} is not an integer")
