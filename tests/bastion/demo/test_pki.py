"""The CA is new at each start and signs this server only."""

from __future__ import annotations

import stat

from cryptography import x509

from bastion.demo import clock, pki


def test_the_server_is_signed_for_loopback_and_its_key_is_private(tmp_path):
    ca_file, context = pki.make(tmp_path, clock.now())
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    server.verify_directly_issued_by(ca)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert stat.S_IMODE((tmp_path / "server.pem").stat().st_mode) == 0o600
    assert context.minimum_version.name == "TLSv1_2"


def test_each_start_has_a_ca_of_its_own_whose_key_is_kept_nowhere(tmp_path):
    first = pki.make(tmp_path, clock.now())[0].read_bytes()
    assert pki.make(tmp_path, clock.now())[0].read_bytes() != first
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert text.count("PRIVATE KEY") == 2
