"""Rules of the certificate authority, without a network."""

from __future__ import annotations

import base64
import inspect
import subprocess
from dataclasses import replace

import asyncssh
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_public_identity,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.ssh import cert_identity, certs

NOW = 1_800_000_000
ALICE = Principal(
    issuer="https://idp.example",
    subject="u-17",
    kind=Kind.HUMAN,
    name="alice",
    expires=NOW + 3600,
    groups=frozenset({"dev", "ops"}),
    person="p-1",
    email="alice@example.org",
    factors=frozenset({"token"}),
)
CA_KEY = Ed25519PrivateKey.generate()
CA = certs.Authority(CA_KEY)
ALICE_KEY = Ed25519PrivateKey.generate()
LINE = ALICE_KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def blob_of(line):
    return base64.b64decode(line.split(b" ")[1])


def issue(principal=ALICE, *, authority=CA, key=LINE, now=NOW, lifetime=600, source=None, serial=7):
    return authority.issue(principal, key, now=now, lifetime=lifetime, source_address=source, serial=serial)


def admit(blob, *, authority=CA, now=NOW, source_ip="192.0.2.9", revoked=()):
    return authority.admit(blob, now=now, source_ip=source_ip, revoked=lambda serial: serial in revoked)


def forge(
    kind=SSHCertificateType.USER, *, principals=(b"alice",), options=(), identity=None, key_id=ALICE.key
):
    """A certificate that our own key signed, with one thing that `issue` would never write."""
    builder = (
        SSHCertificateBuilder()
        .public_key(ALICE_KEY.public_key())
        .type(kind)
        .serial(7)
        .key_id(key_id.encode())
    )
    builder = builder.valid_after(NOW - 30).valid_before(NOW + 600)
    builder = builder.valid_principals(list(principals)) if principals else builder.valid_for_all_principals()
    for name, value in options:
        builder = builder.add_critical_option(name, value)
    identity = cert_identity.pack(ALICE) if identity is None else identity
    if identity:
        builder = builder.add_extension(cert_identity.EXTENSION, identity)
    return blob_of(builder.sign(CA_KEY).public_bytes())


def code(answer):
    return answer.code if isinstance(answer, Refusal) else "admitted"


def test_a_certificate_brings_back_the_whole_principal_and_says_how_it_was_proved():
    expected = replace(ALICE, expires=NOW + 600, factors=frozenset({"token", "certificate"}))
    admitted = admit(blob_of(issue()))
    assert admitted.serial.isdecimal()
    assert replace(admitted, serial="") == expected


def test_a_certificate_never_outlives_the_token_that_bought_it():
    admitted = admit(blob_of(issue(lifetime=10**6)))
    assert admitted.expires == ALICE.expires
    assert code(admit(blob_of(issue(lifetime=10**6)), now=ALICE.expires)) == "certificate-expired"


def test_an_expired_principal_gets_no_certificate():
    assert code(issue(now=ALICE.expires)) == "token-expired"


def test_the_certificate_of_another_authority_is_refused():
    other = certs.Authority.generate()
    assert code(admit(blob_of(issue(authority=other)))) == "certificate-authority"
    assert code(admit(blob_of(issue(authority=other)), authority=other)) == "admitted"


def test_a_retired_authority_is_honoured_and_does_not_sign():
    new = certs.Authority(Ed25519PrivateKey.generate(), retired=[CA.public_line()])
    assert code(admit(blob_of(issue()), authority=new)) == "admitted"
    assert code(admit(blob_of(issue(authority=new)))) == "certificate-authority"


def test_a_host_certificate_opens_no_login():
    assert code(admit(forge(kind=SSHCertificateType.HOST))) == "certificate-type"


@pytest.mark.parametrize("principals", [(), (b"",), (b"alice", b"")])
def test_a_certificate_without_principals_is_refused(principals):
    assert code(admit(forge(principals=principals))) == "certificate-principals"


def test_a_certificate_counts_only_inside_its_window():
    blob = blob_of(issue())
    edges = {NOW - 31: "certificate-not-yet-valid", NOW - 30: "admitted", NOW + 599: "admitted"}
    assert {at: code(admit(blob, now=at)) for at in edges} == edges
    assert code(admit(blob, now=NOW + 600)) == "certificate-expired"


def test_a_revoked_serial_is_refused():
    assert code(admit(blob_of(issue(serial=41)), revoked={41})) == "certificate-revoked"
    assert code(admit(blob_of(issue(serial=42)), revoked={41})) == "admitted"


@pytest.mark.parametrize("option", [b"force-command", b"verify-required", b"zz@example.org"])
def test_an_unknown_critical_option_is_refused(option):
    assert code(admit(forge(options=[(option, b"x")]))) == "certificate-option"


@pytest.mark.parametrize(
    ("allowed", "source_ip", "expected"),
    [
        ("192.0.2.9", "192.0.2.9", "admitted"),
        ("192.0.2.9", "192.0.2.10", "certificate-source"),
        ("192.0.2.0/24,2001:db8::/32", "2001:db8::7", "admitted"),
        ("192.0.2.0/24", "::ffff:192.0.2.10", "admitted"),
        ("192.0.2.0/24", "2001:db8::7", "certificate-source"),
        ("fe80::/10", "fe80::1%eth0", "admitted"),
        ("192.0.2.0/24", "not an address", "certificate-source"),
    ],
)
def test_a_source_address_binds_the_certificate_to_it(allowed, source_ip, expected):
    assert code(admit(blob_of(issue(source=allowed)), source_ip=source_ip)) == expected


@pytest.mark.parametrize("option", [b"", b"192.0.2.0/24,", b"\xff", b"!192.0.2.9"])
def test_a_source_address_that_cannot_be_read_admits_nobody(option):
    assert code(admit(forge(options=[(b"source-address", option)]))) == "certificate-source"


def test_a_bad_source_address_is_not_issued():
    with pytest.raises(ValueError, match="host bits"):
        issue(source="192.0.2.9/24")


@pytest.mark.parametrize(
    "identity",
    [b"", b"{}", b"\xff", cert_identity.pack(ALICE).replace(b'"v":1', b'"v":2'), b"[" * 5000],
)
def test_a_certificate_without_a_wellformed_identity_is_refused(identity):
    assert code(admit(forge(identity=identity))) == "certificate-identity"


def test_a_key_id_that_names_another_principal_is_refused():
    assert code(admit(forge(key_id="https://idp.example|u-18"))) == "certificate-identity"


GOOD = blob_of(issue())


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(GOOD) * 8 - 1))
def test_no_altered_bit_is_admitted(bit):
    altered = bytearray(GOOD)
    altered[bit // 8] ^= 1 << bit % 8
    assert isinstance(admit(bytes(altered)), Refusal)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=40))
def test_no_cut_or_lengthened_certificate_is_admitted(cut, tail):
    assert isinstance(admit(GOOD[:cut]), Refusal)
    assert isinstance(admit(GOOD[:cut] + tail), Refusal) or GOOD[:cut] + tail == GOOD
    assert isinstance(admit(GOOD + tail), Refusal) or not tail
    assert isinstance(admit(tail), Refusal)


def test_an_identity_with_too_many_groups_is_refused_and_the_largest_allowed_fits():
    many = frozenset(f"{n:03}" + "g" * 125 for n in range(200))
    assert code(issue(replace(ALICE, groups=many))) == "identity-too-large"
    most = frozenset(f"{n:03}" + "g" * 105 for n in range(200))
    assert admit(blob_of(issue(replace(ALICE, groups=most)))).groups == most


def test_the_line_has_four_plain_fields_whatever_the_name_is():
    line = issue(replace(ALICE, name="Ali ce\nroot"))
    assert line.count(b"\n") == 1
    assert line.endswith(b" Ali_ce_root\n")
    assert line.startswith(b"ssh-ed25519-cert-v01@openssh.com AAAA")


def test_stock_ssh_keygen_reads_the_certificate(tmp_path):
    path = tmp_path / "key-cert.pub"
    path.write_bytes(issue(source="192.0.2.0/24", serial=12345))
    shown = subprocess.run(
        ["ssh-keygen", "-L", "-f", path], capture_output=True, text=True, check=True
    ).stdout
    for expected in (
        "user certificate",
        'Key ID: "https://idp.example|u-17"',
        "Serial: 12345",
        "alice",
        "source-address 192.0.2.0/24",
        "permit-pty",
        "identity@bastion UNKNOWN OPTION",
    ):
        assert expected in shown


def test_the_authority_never_shows_its_private_key():
    secret = CA_KEY.private_bytes_raw()
    for shown in (repr(CA), str(CA)):
        assert secret.hex() not in shown
        assert base64.b64encode(secret).decode()[:20] not in shown
    assert isinstance(load_ssh_public_identity(CA.public_line()), type(CA_KEY.public_key()))


@pytest.mark.parametrize("version", ["2.24.0", "2.25.0", "2.25", "3.0.0", "2.3", "2", "", "banana"])
def test_an_asyncssh_that_was_not_read_is_refused(version):
    with pytest.raises(RuntimeError, match="not supported"):
        certs.require_asyncssh(version)


@pytest.mark.parametrize("version", ["2.24.1", "2.24.2"])
def test_the_asyncssh_that_was_read_is_taken(version):
    certs.require_asyncssh(version)


def test_the_override_replaces_the_method_that_asyncssh_calls():
    theirs = inspect.signature(asyncssh.SSHServerConnection.validate_public_key)
    ours = inspect.signature(certs.CertifiedConnection.validate_public_key)
    assert list(theirs.parameters) == list(ours.parameters)
    source = inspect.getsource(asyncssh.auth._ServerPublicKeyAuth)
    assert "self._conn.validate_public_key(" in source
