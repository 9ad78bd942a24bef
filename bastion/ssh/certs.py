"""OpenSSH user certificates: the bastion's own CA, and the login check that uses it.

A certificate carries the whole Principal, so identity never comes from the SSH user name, which
is the target here. asyncssh compares a certificate's principals with the user name and drops
extensions that it does not know; `CertifiedConnection` therefore takes certificates out of its
hands, and leaves it the proof of possession.

    blob -> parse -> our CA? -> signature -> type -> window -> options -> serial -> identity

Nothing that a certificate says is believed before its signature was verified. The format is
OpenSSH's PROTOCOL.certkeys.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

import asyncssh
from asyncssh.packet import String
from asyncssh.public_key import decode_ssh_public_key
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateBuilder,
    SSHCertificateType,
)

from bastion.model.principal import Principal
from bastion.model.refusal import Refusal
from bastion.ssh import ca_key, cert_identity, key_blobs

SOURCE_ADDRESS = b"source-address"
LEEWAY = 30
_ASYNCSSH = re.compile(r"2\.24\.[1-9][0-9]*")
_RENEW = "get a new one: ssh -i KEY cert@host < token > KEY-cert.pub"


class Authority:
    """The certificate authority: one Ed25519 key that signs, and retired ones still honoured."""

    def __init__(self, key: Ed25519PrivateKey, retired: Sequence[bytes] = ()) -> None:
        """`retired` holds public key lines of former CA keys; ValueError for one that is no Ed25519 key."""
        self._key = key
        self._honoured = frozenset(ca_key.raw_public_key(line) for line in (self.public_line(), *retired))

    def __repr__(self) -> str:
        return f"Authority({self.public_line().decode()})"

    @classmethod
    def generate(cls) -> Authority:
        """A new CA that lives in memory only."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load_or_create(cls, path: Path, retired: Sequence[bytes] = ()) -> Authority:
        """The CA whose key is in `path`; raises what `ca_key.load_or_create` raises."""
        return cls(ca_key.load_or_create(path), retired)

    def public_line(self) -> bytes:
        """The CA's public key, OpenSSH form, no newline."""
        return self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)

    def issue(
        self,
        principal: Principal,
        public_key: bytes,
        *,
        now: int,
        lifetime: int,
        source_address: str | None,
        serial: int,
    ) -> bytes | Refusal:
        """A user certificate line for `public_key` (a key blob or line), newline at the end.

        `now` is in Unix seconds, `lifetime` in seconds; the certificate ends no later than the
        principal. `source_address` is a comma-separated list of addresses and networks, `serial`
        0..2^64-1. Refusal codes: key-unfit (see `key_blobs.certifiable`), token-expired,
        identity-too-large. Raises ValueError for a bad `source_address` or `serial`.
        """
        key = key_blobs.certifiable(public_key)
        if key is None:
            hint = "use an Ed25519 key: ssh-keygen -t ed25519 -f KEY"
            return Refusal("key-unfit", "this kind of SSH key cannot be certified", hint)
        before = min(now + lifetime, principal.expires)
        if before <= now:
            return Refusal("token-expired", "the token has expired", "fetch a new token and try again")
        identity = cert_identity.pack(principal)
        if len(identity) > cert_identity.MAX_IDENTITY:
            hint = "let the token carry fewer groups"
            return Refusal("identity-too-large", "this identity does not fit into a certificate", hint)
        name = principal.name or principal.subject
        builder = (
            SSHCertificateBuilder()
            .public_key(key)
            .type(SSHCertificateType.USER)
            .serial(serial)
            .key_id(principal.key.encode())
            .valid_principals([name.encode()])
            .valid_after(now - LEEWAY)
            .valid_before(before)
            .add_extension(b"permit-pty", b"")
            .add_extension(cert_identity.EXTENSION, identity)
        )
        if source_address is not None:
            networks = ",".join(str(ipaddress.ip_network(each)) for each in source_address.split(","))
            builder = builder.add_critical_option(SOURCE_ADDRESS, networks.encode())
        comment = re.sub(r"[^A-Za-z0-9._@-]", "_", name).encode()
        return builder.sign(self._key).public_bytes() + b" " + comment + b"\n"

    def admit(
        self, blob: bytes, *, now: int, source_ip: str, revoked: Callable[[int], bool]
    ) -> Principal | Refusal:
        """The Principal of a certificate blob (RFC 4253 §6.6) presented from `source_ip` at `now`.

        `revoked` is asked with the serial. The Principal's `expires` is the certificate's end, and
        its factors gain `certificate`. Never raises for bad input; every Refusal's code starts
        with `certificate-`. Possession of the key is not checked here.
        """
        parsed = key_blobs.certificate(blob)
        if parsed is None:
            return _no("malformed", "the certificate cannot be read")
        if not self._signed(parsed):
            return _no("authority", "the certificate is not signed by this bastion")
        refusal = _outside_window(parsed, now) or _outside_options(parsed, source_ip)
        if refusal is not None:
            return refusal
        if revoked(parsed.serial):
            return _no("revoked", "the certificate was revoked")
        if not parsed.valid_principals or not all(parsed.valid_principals):
            return _no("principals", "the certificate names nobody")
        principal = cert_identity.unpack(parsed.extensions.get(cert_identity.EXTENSION, b""))
        if principal is None or principal.key.encode() != parsed.key_id:
            return _no("identity", "the certificate carries no identity")
        end = min(parsed.valid_before, principal.expires)
        factors = principal.factors | {"certificate"}
        return replace(principal, expires=end, factors=factors, serial=str(parsed.serial))

    def _signed(self, parsed: SSHCertificate) -> bool:
        try:
            signer = parsed.signature_key()
            if not isinstance(signer, Ed25519PublicKey) or signer.public_bytes_raw() not in self._honoured:
                return False
            parsed.verify_cert_signature()
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


def _no(code: str, text: str) -> Refusal:
    return Refusal(f"certificate-{code}", text, _RENEW)


def _outside_window(parsed: SSHCertificate, now: int) -> Refusal | None:
    if parsed.type is not SSHCertificateType.USER:
        return _no("type", "this is a host certificate, which opens no login")
    if now < parsed.valid_after:
        return _no("not-yet-valid", "the certificate is not valid yet")
    if now >= parsed.valid_before:
        return _no("expired", "the certificate has expired")
    return None


def _outside_options(parsed: SSHCertificate, source_ip: str) -> Refusal | None:
    if parsed.critical_options.keys() - {SOURCE_ADDRESS}:
        return _no("option", "the certificate has a critical option that this bastion does not know")
    networks = parsed.critical_options.get(SOURCE_ADDRESS)
    if networks is None:
        return None
    elsewhere = _no("source", "the certificate may not be used from this address")
    try:
        address = ipaddress.ip_address(source_ip)
        allowed = [ipaddress.ip_network(each) for each in networks.decode("ascii").split(",")]
    except ValueError:
        return elsewhere
    plain = getattr(address, "ipv4_mapped", None) or address  # ::ffff:192.0.2.1 on a dual-stack socket
    return None if any(plain in network for network in allowed) else elsewhere


class Owner(Protocol):
    """What `CertifiedConnection` asks of the asyncssh.SSHServer that its server factory returned."""

    async def admit_certificate(self, blob: bytes, source_ip: str) -> Principal | Refusal:
        """Judge a certificate; asked for the unsigned query and again for the signed request."""

    def proved(self, username: str, key: bytes, principal: Principal | None) -> None:
        """The client holds the private key of `key`, a plain public key blob.

        `principal` is the certificate's, or None where the bare key was offered. The only source
        of an identity: asyncssh's own hooks also run for queries, which prove nothing.
        """


class CertifiedConnection(asyncssh.SSHServerConnection):
    """asyncssh's server connection, with certificates judged by the owner and not by user name.

    Everything is kept in one call's frame, so a query with one key and a signature with another
    cannot be mixed up, however a client pipelines them.
    """

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        """Whether the key or certificate may open this login (RFC 4252 §7); `msg` is empty in a query."""
        owner, name = cast("Owner", self._owner), key_blobs.algorithm(key_data)
        if msg and key_blobs.algorithm(signature) not in key_blobs.SIGNATURES:
            return False
        if name in key_blobs.KEYS or name in key_blobs.HARDWARE_KEYS:
            allowed = await super().validate_public_key(username, key_data, msg, signature)
            if allowed and msg:
                owner.proved(username, key_data, None)
            return allowed
        parsed = key_blobs.certificate(key_data)
        if parsed is None:
            return False
        principal = await owner.admit_certificate(key_data, self.get_extra_info("peername")[0])
        if isinstance(principal, Refusal):
            return False
        if msg:
            subject = key_blobs.subject(parsed)
            if not decode_ssh_public_key(subject).verify(String(self._session_id) + msg, signature):
                return False
            self._cert_options = {"permit-pty": True}  # asyncssh itself then denies every forwarding
            owner.proved(username, subject, principal)
        return True


def require_asyncssh(version: str) -> None:
    """Raise RuntimeError for an asyncssh whose login path the override above was not read against."""
    if not _ASYNCSSH.fullmatch(version):
        raise RuntimeError(f"asyncssh {version} is not supported: install asyncssh>=2.24.1,<2.25")


require_asyncssh(asyncssh.__version__)
