"""Rules of a token's form, its header and its signature."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bastion.idp import tokens
from bastion.idp.refusals import Code

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by the tests' own signing
KEYS = {
    "EdDSA": OKPKey.generate_key("Ed25519"),
    "ES256": ECKey.generate_key("P-256"),
    "RS256": RSAKey.generate_key(2048),
}
KEYS["Ed25519"] = KEYS["EdDSA"]
CLAIMS = {"iss": "https://idp.example", "sub": "u-17"}


def sign(body=CLAIMS, alg="EdDSA", *, key=None, **header):
    header = {name: value for name, value in ({"alg": alg, "kid": "k"} | header).items() if value is not ...}
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact(header, payload, key or KEYS[alg], registry=registry)


def encode(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


TWO_ALGS = b'{"alg":"EdDSA","alg":"EdDSA","kid":"k"}'


def outcome(token, key):
    """None for a token that `key` signed, else the code."""
    found = tokens.read(token)
    return found if isinstance(found, Code) else tokens.signed(found, key)


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519", "ES256", "RS256"])
def test_a_signed_token_is_read_and_its_signature_holds(alg):
    found = tokens.read(sign(alg=alg))
    assert (found.alg, found.kid, found.claims) == (alg, "k", CLAIMS)
    assert tokens.signed(found, KEYS[alg]) is None


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519", "ES256", "RS256"])
def test_another_key_of_the_same_kind_did_not_sign_it(alg):
    other = {"ES256": ECKey.generate_key("P-256"), "RS256": RSAKey.generate_key(2048)}
    key = other.get(alg, OKPKey.generate_key("Ed25519"))
    assert outcome(sign(alg=alg), key) is Code.SIGNATURE


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "RS256"])
@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256"])
def test_a_key_of_another_kind_did_not_sign_it(alg, kind):
    assert outcome(sign(alg=alg), KEYS[kind]) is (None if alg == kind else Code.SIGNATURE)


HEADERS = {
    Code.TYPE: [
        {"typ": each} for each in ("at+jwt", "logout+jwt", "refresh+jwt", "dpop+jwt", "JOSE", 7, None)
    ],
    Code.KID: [{"kid": each} for each in (..., None, "", 7, "k" * 256)],
    Code.MALFORMED: [{"crit": ["b64"], "b64": False}, {"crit": []}],
    Code.ALG: [
        {"alg": each} for each in (..., None, "none", "NONE", "HS256", "PS256", "ES384", "eddsa", 7, [])
    ],
}


@pytest.mark.parametrize(
    ("expected", "changes"), [(word, each) for word, defects in HEADERS.items() for each in defects]
)
def test_each_defect_of_the_header_has_its_own_code(expected, changes):
    """The signature is over the changed header, so nothing but the header is wrong."""
    header = {"alg": "EdDSA", "kid": "k", "typ": "JWT"} | changes
    header = {name: value for name, value in header.items() if value is not ...}
    signed = f"{encode(header)}.{encode(CLAIMS)}"
    signature = KEYS["EdDSA"].private_key.sign(signed.encode())
    assert outcome(f"{signed}.{encode(signature)}", KEYS["EdDSA"]) is expected


@pytest.mark.parametrize("typ", [..., "JWT", "jwt"])
def test_the_type_jwt_or_none_is_read(typ):
    assert outcome(sign(typ=typ), KEYS["EdDSA"]) is None


def test_a_header_that_is_large_or_names_keys_of_its_own_changes_nothing():
    evil = OKPKey.generate_key("Ed25519")
    extra = {"x5c": ["A" * 2000], "jku": "https://evil.example", "jwk": evil.as_dict(private=False)}
    assert outcome(sign(**extra), KEYS["EdDSA"]) is None
    assert outcome(sign(key=evil, **extra), KEYS["EdDSA"]) is Code.SIGNATURE


def test_a_public_key_is_no_hmac_secret():
    pem = KEYS["RS256"].public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encode({'alg': 'HS256', 'kid': 'k'})}.{encode(CLAIMS)}"
    mac = hmac.HMAC(pem, hashes.SHA256())
    mac.update(signed.encode())
    assert outcome(f"{signed}.{encode(mac.finalize())}", KEYS["RS256"]) is Code.ALG


def test_a_token_without_signature_is_refused_for_its_algorithm():
    assert tokens.read(f"{encode({'alg': 'none'})}.{encode(CLAIMS)}.") is Code.ALG


@pytest.mark.parametrize(
    "body",
    [
        b'{"sub":"a","sub":"b"}',
        b'{"x":{"a":1,"a":1}}',
        b"[]",
        b"null",
        b"",
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"\xff",
        b'{"a":' + b"[" * 5000,
        b'{"a":1}{}',
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_claims_that_two_readers_could_read_differently_are_malformed(body):
    assert tokens.read(sign(body)) is Code.MALFORMED


@pytest.mark.parametrize(
    "token",
    [
        *("", " ", "x", "..", "a.b.c", "hunter2", "é.é.é", "W10.e30.AA", "e+/.a.a", "e30=.e30.AA"),
        f"{sign(alg='ES256')}.AA",
        f"{sign(alg='ES256')}.AA.AA",
        f"Bearer {sign(alg='ES256')}",
        sign(alg="ES256").replace(".", ".\n", 1),
        f"{encode(TWO_ALGS)}.{encode(CLAIMS)}.{'A' * 86}",
    ],
)
def test_what_is_no_signed_token_is_malformed(token):
    assert tokens.read(token) is Code.MALFORMED


def test_a_token_may_stand_on_a_line_of_its_own():
    assert outcome(f"{sign()}\r\n", KEYS["EdDSA"]) is None


def test_a_token_beyond_16_kib_is_not_parsed():
    assert tokens.read("A" * 16_385) is Code.TOO_LARGE
    assert tokens.read("A" * 16_384) is Code.MALFORMED
    assert tokens.read(sign({"pad": "p" * 12_500})) is Code.TOO_LARGE
    assert outcome(sign({"pad": "p" * 12_000}), KEYS["EdDSA"]) is None


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "RS256"])
@pytest.mark.parametrize("pad", [600, 700, 720, 1000])
def test_a_token_cut_at_1023_bytes_is_recognised(alg, pad):
    token = sign({"pad": "p" * pad}, alg)
    assert len(token) > 1023 or pad < 720
    assert outcome(token[: min(1023, len(token) - 1)], KEYS[alg]) is Code.LOOKS_CUT


def test_a_cut_inside_a_long_signature_is_recognised_by_the_length_of_the_token():
    key = RSAKey.generate_key(4096)
    token = next(t for n in range(400) if len(t := sign({"pad": "p" * n}, "RS256", key=key)) > 1090)
    assert outcome(token, key) is None
    assert outcome(token[:1023], key) is Code.LOOKS_CUT
    assert outcome(token[:1022], key) is Code.SIGNATURE


def test_a_whole_token_of_exactly_1023_bytes_is_accepted():
    sizes = ((n, m) for n in range(500, 700) for m in (1, 2, 3))
    whole = next(t for n, m in sizes if len(t := sign({"pad": "p" * n}, kid="k" * m)) == 1023)
    assert outcome(whole, KEYS["EdDSA"]) is None


def test_the_token_does_not_stand_in_a_repr():
    token = sign()
    assert not any(part in repr(tokens.read(token)) for part in token.split("."))
