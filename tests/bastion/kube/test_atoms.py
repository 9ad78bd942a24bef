"""What of a Secret's value is to be masked: every secret part, and nothing public."""

from __future__ import annotations

import base64
import json
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.kube.atoms import PLAIN, atoms

BODY = base64.b64encode(bytes(range(96)))
LINES = b"\n".join(BODY[at : at + 64] for at in range(0, len(BODY), 64))


def pem(label):
    return b"-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, LINES, label)


def found(value):
    return set(atoms(value))


FORMS = {
    "plain": lambda s: s,
    "trailing newline": lambda s: s + b"\n",
    "crlf": lambda s: s + b"\r\n",
    "json": lambda s: json.dumps({"a": {"b": [1, {"c": s.decode()}]}}).encode(),
    "yaml": lambda s: yaml.safe_dump({"a": [{"b": s.decode()}]}).encode(),
    "env": lambda s: b"# c\nUSER=app\nexport DB_PASSWORD=" + s + b"\nX=1\n",
    "quoted env": lambda s: b'A=1\nDB_PASSWORD="' + s + b'"\n',
    "properties": lambda s: b"a.b=c\nspring.password = " + s + b"\n",
    "single env": lambda s: b"DB_PASSWORD=" + s,
    "dsn": lambda s: b"postgres://app:" + s + b"@db:5432/shop?sslmode=require",
    "dsn in env": lambda s: b"URL=mysql://root:" + s + b"@h/d\nB=2",
    "dsn in json": lambda s: json.dumps({"url": f"redis://:{s.decode()}@h:1"}).encode(),
    "libpq": lambda s: b"host=db user=app password=" + s + b" dbname=shop",
    "odbc": lambda s: b"Server=db;User Id=app;Password=" + s + b";Encrypt=true",
    "storage key": lambda s: b"AccountName=x;AccountKey=" + s + b";EndpointSuffix=y",
    "lines": lambda s: b"one line\n" + s + b"\nanother line",
    "docker auth": lambda s: json.dumps(
        {"auths": {"r.example": {"auth": base64.b64encode(b"user:" + s).decode()}}}
    ).encode(),
    "docker password": lambda s: json.dumps({"auths": {"r.example": {"password": s.decode()}}}).encode(),
    "deep json": lambda s: b'{"a":' * 500 + json.dumps(s.decode()).encode() + b"}" * 500,
}
SECRETS = st.text("abcdefghjkmnpqrstuvwxyzABCDEFGH23456789_-", min_size=8, max_size=40).filter(
    lambda text: text[0].isalpha() and text[-1].isalnum() and text.lower().encode() not in PLAIN
)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(secret=SECRETS.map(str.encode))
def test_the_secret_part_of_every_form_is_found(form, secret):
    assert secret in found(FORMS[form](secret))


@pytest.mark.parametrize("form", FORMS)
def test_the_whole_value_is_found_without_its_line_end(form):
    value = FORMS[form](b"s3cretValue99")
    assert value.rstrip(b"\r\n") in found(value)


def test_an_escaped_password_is_found_in_both_spellings():
    assert {b"p%40ss%2Fword", b"p@ss/word"} <= found(b"amqp://u:p%40ss%2Fword@h")


@pytest.mark.parametrize("label", [b"PRIVATE KEY", b"RSA PRIVATE KEY", b"OPENSSH PRIVATE KEY"])
def test_a_private_key_is_known_by_line_and_in_one_piece(label):
    assert {BODY, *LINES.split(b"\n")} <= found(pem(label))


@pytest.mark.parametrize("label", [b"CERTIFICATE", b"PUBLIC KEY", b"CERTIFICATE REQUEST", b"X509 CRL"])
def test_what_is_public_is_not_masked(label):
    assert found(pem(label)) == set()
    assert found(pem(label) * 2) == set()


def test_an_ssh_public_key_is_not_masked():
    assert found(b"ssh-ed25519 " + BODY + b" me@example\n") == set()


def test_a_key_between_certificates_is_found_and_they_are_not():
    other = b"-----BEGIN CERTIFICATE-----\nQUJDREVGR0g=\n-----END CERTIFICATE-----\n"
    values = found(other + pem(b"PRIVATE KEY") + other)
    assert BODY in values
    assert b"QUJDREVGR0g=" not in values


def test_a_key_in_a_json_string_is_known_by_line():
    value = json.dumps({"type": "service_account", "private_key": pem(b"PRIVATE KEY").decode()}).encode()
    assert set(LINES.split(b"\n")) <= found(value)


@pytest.mark.parametrize("word", sorted(PLAIN))
def test_words_of_any_configuration_are_left_out(word):
    assert found(word) == set()
    assert found(word.upper() + b"\n") == set()


@pytest.mark.parametrize("value", [b"", b"\n", b"   \n"])
def test_nothing_is_no_value(value):
    assert found(value) == set()


def test_a_short_value_is_passed_on_so_that_it_can_be_reported():
    assert found(b"abc") == {b"abc"}


def test_an_alias_bomb_is_taken_apart_in_bounded_steps():
    bomb = b"a: &a [x-secret-x]\n"
    for last, name in zip("abcdefghij", "bcdefghijk", strict=True):
        bomb += b"%c: &%c [%s]\n" % (name.encode(), name.encode(), b",".join([b"*" + last.encode()] * 9))
    assert b"x-secret-x" in found(bomb)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_value_raises_and_no_atom_is_empty_or_double(value):
    values = list(atoms(value))
    assert len(values) == len(set(values))
    assert all(value and value == value.strip() for value in values)


HOSTILE = {
    "letters": b"a" * 400_000,
    "schemes": b"a://" * 100_000,
    "begins": b"-----BEGIN PRIVATE KEY-----" * 15_000,
    "spaces": b"A=" + b" " * 400_000 + b"x",
    "access": b"access" * 70_000,
    "quotes": b'password="' * 40_000,
    "brackets": b"[" * 400_000,
    "users": b"x://" + b"u" * 400_000 + b"@",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_grows_with_the_length_and_not_with_its_square(name):
    def cost(value):
        start = time.process_time()
        sum(1 for _ in atoms(value))
        return time.process_time() - start

    whole, part = HOSTILE[name], HOSTILE[name][: len(HOSTILE[name]) // 8]
    cost(part)
    assert cost(whole) < 8 * 4 * max(cost(part), 0.005)
