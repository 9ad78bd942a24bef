"""The compact form of a signed token (RFC 7515 §7.1), read strictly, then verified by joserfc.

Whatever `read` returns is unverified: it only says which issuer and key to ask.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bastion.idp.refusals import Code

MAX_TOKEN = 16 * 1024
CUT_LENGTH = 1023  # OpenSSH's readpass.c reads a password into 1,024 bytes
SIGNATURE_BYTES = {"EdDSA": 64, "Ed25519": 64, "ES256": 64, "RS256": 256}  # the least, for RS256
_TYPES = frozenset({"JWT"})
_SEGMENT = re.compile(r"[A-Za-z0-9_-]*")

Key = OKPKey | ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class Unverified:
    """A well-formed token. `compact` is kept out of reprs, because it opens a login."""

    alg: str
    kid: str
    claims: Mapping[str, Any]
    compact: bytes

    def __repr__(self) -> str:
        return f"Unverified(alg={self.alg!r}, {len(self.compact)} bytes)"


class _Registry(jws.JWSRegistry):
    """joserfc's algorithms, without its warning at the name EdDSA.

    RFC 9864 deprecates that name in favour of Ed25519; most issuers still send it, both are taken.
    """

    max_header_length = MAX_TOKEN

    def __init__(self, algorithms: list[str]) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


def read(token: str) -> Unverified | Code:
    """Parse a token without verifying it; `Code` says what is wrong with its form."""
    text = token.strip()
    if len(text) > MAX_TOKEN:
        return Code.TOO_LARGE
    segments = text.split(".")
    if len(segments) > 3 or not all(_SEGMENT.fullmatch(each) for each in segments):
        return Code.MALFORMED
    header = _json_object(segments[0])
    if header is None:
        return Code.MALFORMED
    problem = _header_problem(header)
    if problem is not None:
        return problem
    if len(segments) < 3 or len(segments[2]) * 6 // 8 < SIGNATURE_BYTES[header["alg"]]:
        return Code.LOOKS_CUT
    claims = _json_object(segments[1])
    if claims is None:
        return Code.MALFORMED
    return Unverified(header["alg"], header["kid"], claims, text.encode("ascii"))


def signed(token: Unverified, key: Key) -> Code | None:
    """None when `key` made the token's signature with its algorithm, else what to answer."""
    try:
        jws.deserialize_compact(token.compact, key, registry=_Registry(algorithms=[token.alg]))
    except (JoseError, ValueError):
        return Code.LOOKS_CUT if len(token.compact) == CUT_LENGTH else Code.SIGNATURE
    return None


def _header_problem(header: Mapping[str, Any]) -> Code | None:
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in _TYPES:
        return Code.TYPE
    if "crit" in header:  # RFC 7515 §4.1.11: we understand no extension, so none may be critical
        return Code.MALFORMED
    if not isinstance(header.get("alg"), str) or header["alg"] not in SIGNATURE_BYTES:
        return Code.ALG
    if not isinstance(header.get("kid"), str) or not 0 < len(header["kid"]) <= 255:
        return Code.KID
    return None


def _json_object(segment: str) -> dict[str, Any] | None:
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        return strict_object(raw)
    except ValueError:
        return None


def strict_object(raw: bytes) -> dict[str, Any]:
    """A JSON object of UTF-8 text; ValueError for anything else, and for a name that occurs twice."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - callers refuse any bad text the same way
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):  # RFC 7519 §4: two readers could see two different claims
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
