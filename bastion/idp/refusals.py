"""Why a token is refused: a closed list of codes, each with its line and what to do next."""

from __future__ import annotations

from enum import StrEnum

from bastion.model.refusal import Refusal


class Code(StrEnum):
    """Stable words for machines; the texts in `REFUSALS` are for people."""

    TOO_LARGE = "token-too-large"
    MALFORMED = "token-malformed"
    LOOKS_CUT = "token-looks-cut"
    TYPE = "token-type"
    ALG = "token-alg"
    KID = "token-kid"
    SIGNATURE = "token-signature"
    ISSUER = "token-issuer"
    AUDIENCE = "token-audience"
    EXPIRED = "token-expired"
    NOT_YET_VALID = "token-not-yet-valid"
    LIFETIME = "token-lifetime"
    CLAIMS = "token-claims"
    CLIENT_UNKNOWN = "client-unknown"
    AGENT_WITHOUT_OWNER = "agent-without-owner"
    ISSUER_UNREACHABLE = "issuer-unreachable"


EXCHANGE = "ssh -i KEY cert@host < token > KEY-cert.pub"
_ADMIN = "ask the bastion's administrator"
REFUSALS: dict[Code, tuple[str, str]] = {
    Code.TOO_LARGE: ("the token is larger than 16 KiB", "let the issuer leave out claims"),
    Code.MALFORMED: (
        "this is not a signed OIDC ID token",
        "send the ID token itself: three base64url parts joined by dots",
    ),
    Code.LOOKS_CUT: (
        "the token looks cut: its end is missing",
        "OpenSSH's client cuts a typed password at 1,023 bytes; exchange the token instead: " + EXCHANGE,
    ),
    Code.TYPE: (
        "this kind of token does not open a login",
        "send an ID token; access, refresh and logout tokens are refused",
    ),
    Code.ALG: (
        "the token is signed with an algorithm that is not allowed for its issuer",
        "EdDSA (Ed25519), ES256 and RS256 can be allowed",
    ),
    Code.KID: (
        "the token names no key that its issuer publishes",
        "fetch a new token; after a key rotation wait half a minute",
    ),
    Code.SIGNATURE: ("the token's signature is not valid", "fetch a new token and send it unchanged"),
    Code.ISSUER: ("the token comes from an issuer that is not configured", _ADMIN),
    Code.AUDIENCE: ("the token is not meant for this bastion", "request it for the bastion's audience"),
    Code.EXPIRED: ("the token has expired", "fetch a new token and try again"),
    Code.NOT_YET_VALID: ("the token is not valid yet", "check that the clocks agree"),
    Code.LIFETIME: (
        "the token lives longer than is allowed for its issuer",
        "let the issuer give shorter tokens",
    ),
    Code.CLAIMS: ("the token's claims are missing or malformed", _ADMIN),
    Code.CLIENT_UNKNOWN: ("the token was given to a client that is not configured", _ADMIN),
    Code.AGENT_WITHOUT_OWNER: (
        "the agent's token names no accountable owner",
        "let the issuer put the owner's subject into the owner claim",
    ),
    Code.ISSUER_UNREACHABLE: (
        "the issuer's keys cannot be fetched, so the token cannot be verified",
        "try again soon",
    ),
}


def refuse(code: Code) -> Refusal:
    """The Refusal of a code; it never holds anything of the token."""
    text, hint = REFUSALS[code]
    return Refusal(code.value, text, hint)
