"""Rules of SSH key blobs."""

from __future__ import annotations

import base64
import struct
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder, SSHCertificateType
from hypothesis import given
from hypothesis import strategies as st

from bastion.ssh import key_blobs


def text(value):
    return struct.pack(">I", len(value)) + value


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Stock ssh-keygen's public key lines by kind."""
    folder, lines = tmp_path_factory.mktemp("keys"), {}
    for name in ("ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-1024", "rsa-2048"):
        kind, _, bits = name.partition("-")
        argv = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", folder / name] + (
            ["-b", bits] if bits else []
        )
        subprocess.run(argv, check=True)
        lines[name] = (folder / f"{name}.pub").read_bytes()
    return lines


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048"])
def test_a_strong_key_may_be_certified_as_a_line_and_as_a_blob(made, kind):
    line = made[kind]
    blob = base64.b64decode(line.split(b" ")[1])
    assert key_blobs.algorithm(blob) == line.split(b" ")[0]
    assert key_blobs.certifiable(line) == key_blobs.certifiable(blob) is not None


def test_a_weak_rsa_key_may_not(made):
    assert key_blobs.certifiable(made["rsa-1024"]) is None


def test_a_hardware_key_may_not_because_its_application_would_be_lost():
    point = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    name = b"sk-ssh-ed25519@openssh.com"
    blob = text(name) + text(point) + text(b"ssh:")
    assert key_blobs.algorithm(blob) in key_blobs.HARDWARE_KEYS
    assert key_blobs.certifiable(blob) is None
    assert key_blobs.certifiable(name + b" " + base64.b64encode(blob)) is None


def test_a_dsa_key_may_not():
    blob = text(b"ssh-dss") + b"".join(text(b"\x01" * 20) for _ in range(4))
    assert key_blobs.certifiable(blob) is None


def test_sha1_and_dsa_are_no_accepted_signatures():
    assert not {b"ssh-rsa", b"ssh-dss"} & key_blobs.SIGNATURES
    assert {b"ssh-ed25519", b"rsa-sha2-512", b"ecdsa-sha2-nistp256"} <= key_blobs.SIGNATURES


def certificate(filling=b""):
    """A well-formed certificate of an Ed25519 key, and the key's 32 bytes."""
    key = Ed25519PrivateKey.generate()
    builder = SSHCertificateBuilder().public_key(key.public_key()).type(SSHCertificateType.USER)
    builder = builder.valid_principals([b"a"]).valid_after(0).valid_before(1).add_extension(b"x@y", filling)
    line = builder.sign(key).public_bytes()
    return base64.b64decode(line.split(b" ")[1]), key.public_key().public_bytes_raw()


def test_the_subject_of_a_certificate_is_its_plain_key():
    blob, raw = certificate()
    assert key_blobs.subject(key_blobs.certificate(blob)) == text(b"ssh-ed25519") + text(raw)


def test_a_certificate_of_a_hardware_key_is_not_read():
    blob, raw = certificate()
    rest = blob[4 + len(key_blobs.algorithm(blob)) :].replace(raw, raw + text(b"ssh:"), 1)
    assert key_blobs.certificate(text(b"sk-ssh-ed25519-cert-v01@openssh.com") + rest) is None


def test_a_key_is_no_certificate(made):
    assert key_blobs.certificate(base64.b64decode(made["ed25519"].split(b" ")[1])) is None


def test_what_is_too_large_is_not_parsed(made):
    assert key_blobs.certificate(certificate(b"x" * (key_blobs.MAX_BLOB - 1000))[0]) is not None
    assert key_blobs.certificate(certificate(b"x" * key_blobs.MAX_BLOB)[0]) is None
    line = made["ed25519"].strip()
    assert key_blobs.certifiable(line + b" " * 100) is not None
    assert key_blobs.certifiable(line + b" " * key_blobs.MAX_BLOB) is None


@given(st.sampled_from(sorted(key_blobs.CERTIFICATES) + sorted(key_blobs.KEYS)), st.binary(max_size=300))
def test_garbage_behind_a_known_name_is_refused_and_never_raises(name, garbage):
    blob = text(name) + garbage
    assert key_blobs.certificate(blob) is None
    key_blobs.certifiable(blob)
    key_blobs.certifiable(name + b" " + base64.b64encode(blob))
    key_blobs.certifiable(garbage)
