"""SSH public keys and certificates as blobs (RFC 4253 §6.6): which kinds are read, and how."""

from __future__ import annotations

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    load_ssh_public_identity,
)

MAX_BLOB = 64 * 1024
RSA_BITS = range(2048, 8193)  # below is weak; above costs an unauthenticated client nothing and us much
KEYS = (
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
)
CERTIFICATES = frozenset(key + b"-cert-v01@openssh.com" for key in KEYS)
HARDWARE_KEYS = (b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com")
# Without b"ssh-rsa": as the name of a signature it means SHA-1 (RFC 8332), which asyncssh would take.
SIGNATURES = frozenset((*KEYS, *HARDWARE_KEYS, b"rsa-sha2-256", b"rsa-sha2-512")) - {b"ssh-rsa"}

Certifiable = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


def algorithm(blob: bytes) -> bytes:
    """The name that a key, certificate or signature blob starts with; empty when it is no blob."""
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length] if 0 < length <= 64 and len(blob) > 4 + length else b""


def certifiable(public_key: bytes) -> Certifiable | None:
    """The key of a blob or an OpenSSH line, if it may get a certificate, else None.

    Ed25519, ECDSA on P-256/384/521 and RSA of `RSA_BITS` may. DSA is refused as weak, and hardware
    keys (sk-) because their application string cannot be written by the certificate builder.
    """
    name = algorithm(public_key)
    line = name + b" " + base64.b64encode(public_key) if name else public_key
    if len(line) > MAX_BLOB or line.split(b" ")[0] not in KEYS:
        return None
    try:
        key = load_ssh_public_identity(line)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size not in RSA_BITS:
        return None
    return key if isinstance(key, Certifiable) else None


def certificate(blob: bytes) -> SSHCertificate | None:
    """The certificate of a blob, unverified; None for anything else or of a kind not in `CERTIFICATES`."""
    name = algorithm(blob)
    if len(blob) > MAX_BLOB or name not in CERTIFICATES:
        return None
    try:
        parsed = load_ssh_public_identity(name + b" " + base64.b64encode(blob))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return parsed if isinstance(parsed, SSHCertificate) else None


def subject(parsed: SSHCertificate) -> bytes:
    """The blob of the plain public key that a certificate is for."""
    line = parsed.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(line.split(b" ")[1])
