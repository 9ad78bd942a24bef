"""What of a Secret's value is to be masked: every secret part, and nothing public."""

from __future__ import annotations

import base64
import json
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.atoms import PLAIN, atoms, is_common

BODY = base64.b64encode(bytes(range(96)))
LINES = b"\n".join(BODY[at : at + 64] for at in range(0, len(BODY), 64))


def pem(label):
    return b"-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, LINES, label)


def found(value):
    return set(atoms(value))


PARTS = {
    "json": lambda s: json.dumps({"a": {"b": [1, {"c": s.decode()}]}}).encode(),
    "yaml": lambda s: yaml.safe_dump({"a": [{"b": s.decode()}], "z": "y"}).encode(),
    "yaml block": lambda s: b"a: x\nb: |\n  first line\n  " + s + b"\n",
    "yaml with a comment": lambda s: b"a: x\nb: " + s + b" # note\n",
    "env": lambda s: b"# c\nUSER=app\nexport DB_PASSWORD=" + s + b"\nX=1\n",
    "quoted env": lambda s: b'A=1\nDB_PASSWORD="' + s + b'"\n',
    "env with a comment": lambda s: b"A=1\nDB_PASSWORD=" + s + b" # from the vault\n",
    "properties": lambda s: b"a.b=c\nspring.password = " + s + b"\n",
    "ini": lambda s: b"; c\n[client]\nuser = root\npassword = " + s + b"\n",
    "json in yaml": lambda s: yaml.safe_dump({"a": json.dumps({"b": s.decode()}), "z": "y"}).encode(),
    "env in json": lambda s: json.dumps({".env": f"A=1\nB={s.decode()}\n"}).encode(),
    "dsn": lambda s: b"postgres://app:" + s + b"@db:5432/shop?sslmode=require",
    "dsn in env": lambda s: b"URL=mysql://root:" + s + b"@h/d\nB=2",
    "dsn in json": lambda s: json.dumps({"url": f"redis://:{s.decode()}@h:1"}).encode(),
    "docker auth": lambda s: json.dumps(
        {"auths": {"r.example": {"auth": base64.b64encode(b"user:" + s).decode()}}}
    ).encode(),
    "docker password": lambda s: json.dumps({"auths": {"r.example": {"password": s.decode()}}}).encode(),
    "deep json": lambda s: b'{"a":' * 500 + json.dumps(s.decode()).encode() + b"}" * 500,
}
WHOLES = {
    "plain": lambda s: s,
    "trailing newline": lambda s: s + b"\n",
    "crlf": lambda s: s + b"\r\n",
    "single env": lambda s: b"DB_PASSWORD=" + s,
    "libpq": lambda s: b"host=db user=app password=" + s + b" dbname=shop",
    "odbc": lambda s: b"Server=db;User Id=app;Password=" + s + b";Encrypt=true",
    "storage key": lambda s: b"AccountName=x;AccountKey=" + s + b";EndpointSuffix=y",
    "lines": lambda s: b"one line\n" + s + b"\nanother line",
    "npmrc": lambda s: b"//registry.example/:_authToken=" + s + b"\nalways-auth=true",
    "netrc": lambda s: b"machine h.example login ada password " + s + b"\nmachine i login b password c",
    "pgpass": lambda s: b"db.example:5432:shop:app:" + s,
    "git credentials": lambda s: b"https://ada:" + s + b"@h.example\nsome other line here",
    "xml": lambda s: b"<settings>\n<password>" + s + b"</password>\n</settings>",
    "quoted": lambda s: b'"' + s + b'"',
    "like a mapping": lambda s: s + b": " + s,
}
FORMS = PARTS | WHOLES
SECRETS = st.text("abcdefghjkmnpqrstuvwxyzABCDEFGH23456789_-", min_size=8, max_size=40).filter(
    lambda text: text[0].isalpha() and text[-1].isalnum() and text.lower().encode() not in PLAIN
)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(secret=SECRETS.map(str.encode))
def test_the_secret_part_of_every_form_is_found(form, secret):
    assert secret in found(FORMS[form](secret))


@pytest.mark.parametrize("form", WHOLES)
def test_what_is_no_document_is_found_as_a_whole_without_its_line_end(form):
    value = WHOLES[form](b"s3cretValue99")
    assert value.rstrip(b"\r\n") in found(value)


@pytest.mark.parametrize("form", PARTS)
def test_of_what_has_a_structure_the_words_around_the_secret_are_left_out(form):
    value = PARTS[form](b"s3cretValue99")
    assert value.strip() not in found(value)
    assert not [atom for atom in found(value) if b"s3cretValue99" in atom and len(atom) > 60]


LOGIN = base64.b64encode(b"bot:reg-Pw-4471").decode()


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"plain-Value-9", {b"plain-Value-9"}),
        (b"postgres://svc:Lk-pw%2F44@db:5432/app", {b"Lk-pw%2F44", b"Lk-pw/44"}),
        (b"https://host/path", {b"https://host/path", b"//host/path"}),
        (
            b"https://x0123456789012345678901234:x-oauth@git.example",
            {b"x0123456789012345678901234", b"x-oauth"},
        ),
        (b"# env\nA=first-value\nexport B='second one'\n", {b"first-value", b"second one"}),
        (b"[client]\nport=3306\nPIN=1234\nEMPTY=\n", {b"1234"}),
        (json.dumps({"a": ["x-leaf-1", {"b": "y-leaf-2"}], "n": 5}).encode(), {b"y-leaf-2", b"x-leaf-1"}),
        (json.dumps({"auths": {"r": {"auth": LOGIN}}}).encode(), {LOGIN.encode(), b"reg-Pw-4471"}),
        (b"{not json}", {b"{not json}"}),
        (b"a@b.example:$apr1$s$abcdef\nbob:{SHA}xyzabc=\n", {b"$apr1$s$abcdef", b"{SHA}xyzabc="}),
        (base64.b64encode(b"hunter2hunter2"), {base64.b64encode(b"hunter2hunter2"), b"hunter2hunter2"}),
    ],
)
def test_structured_values_yield_their_secret_parts_and_no_more(value, parts):
    assert found(value) == parts


def test_lines_of_padded_base64_are_no_names():
    lines = (b"aGVsbG8gd29ybGQ=", b"MTIzNDU2Nzg5MA==")
    assert set(lines) <= found(b"\n".join(lines))


@pytest.mark.parametrize("head", [b"\xfe\xed\xfe\xed\x00\x00\x00\x02", b"0\x82\x0a\x00\x02\x01\x03"])
def test_a_binary_key_store_is_one_value(head):
    value = head + b"PASSWORD=not-taken-apart\nB=2" + bytes(range(256))
    assert found(value) == {value}


def test_deeply_nested_json_does_not_recurse_without_end():
    assert found(b"[" * 5000 + b"]" * 5000)


def test_an_escaped_password_is_found_in_both_spellings():
    assert {b"p%40ss%2Fword", b"p@ss/word"} <= found(b"amqp://u:p%40ss%2Fword@h")


@pytest.mark.parametrize("label", [b"PRIVATE KEY", b"RSA PRIVATE KEY", b"OPENSSH PRIVATE KEY"])
def test_a_private_key_is_known_as_it_stands_and_in_one_piece(label):
    assert found(pem(label)) == {BODY, LINES}


def test_the_headers_of_an_old_key_are_no_secret_and_its_short_last_line_is():
    headers = b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
    value = pem(b"RSA PRIVATE KEY").replace(b"KEY-----\n", b"KEY-----\n" + headers, 1)
    value = value.replace(b"\n-----END", b"\nQk3f8A==\n-----END")
    assert found(value) == {BODY + b"Qk3f8A==", LINES + b"\nQk3f8A==", b"Qk3f8A=="}


def test_a_key_without_an_end_is_a_key():
    assert BODY in found(pem(b"EC PRIVATE KEY").partition(b"-----END")[0])


def test_a_key_in_one_line_of_an_env_file_is_known():
    line = b'A=1\nKEY="' + pem(b"PRIVATE KEY").strip().replace(b"\n", b"\\n") + b'"\n'
    assert BODY in found(line)


@pytest.mark.parametrize(
    "label",
    [
        b"CERTIFICATE",
        b"TRUSTED CERTIFICATE",
        b"PUBLIC KEY",
        b"CERTIFICATE REQUEST",
        b"X509 CRL",
        b"DH PARAMETERS",
        b"PKCS7",
    ],
)
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


def test_a_key_in_a_json_string_is_known():
    value = json.dumps({"type": "service_account", "private_key": pem(b"PRIVATE KEY").decode()}).encode()
    assert {BODY, LINES} <= found(value)


@pytest.mark.parametrize("word", sorted(PLAIN))
def test_words_of_any_configuration_are_left_out(word):
    assert found(word) == set()
    assert found(word.upper() + b"\n") == set()
    assert is_common(word.upper() + b"\n")


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
