"""Logins by certificate: a real asyncssh server on loopback, and the stock OpenSSH client."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from contextlib import asynccontextmanager

import asyncssh
import pytest
from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder as Builder
from cryptography.hazmat.primitives.serialization import SSHCertificateType, load_ssh_private_key

from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.ssh import cert_identity
from bastion.ssh.certs import Authority, CertifiedConnection

TARGET = "shop/web-0"


def principal(name, **changes):
    fields = {"issuer": "https://idp.example", "kind": Kind.HUMAN, "expires": int(time.time()) + 3600}
    return Principal(**(fields | {"subject": f"u-{name}", "name": name} | changes))


class Door(asyncssh.SSHServer):
    """Says on the channel who is logged in; at `cert` it signs the key that was proved."""

    def __init__(self, authority, revoked, seen):
        self.authority, self.revoked, self.seen, self.who, self.key = authority, revoked, seen, None, b""

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        return username == "cert"

    async def admit_certificate(self, blob, source_ip):
        answer = self.authority.admit(
            blob, now=int(time.time()), source_ip=source_ip, revoked=self.revoked.__contains__
        )
        self.seen.append(answer.code if isinstance(answer, Refusal) else answer.name)
        return answer

    def proved(self, username, key, principal):
        self.who, self.key = principal, key

    def connection_requested(self, *_):
        return True


async def answer(process):
    door = process.get_extra_info("connection").get_owner()
    if door.who is None:
        name = (await process.stdin.read()).strip()
        line = door.authority.issue(
            principal(name), door.key, now=int(time.time()), lifetime=600, source_address=None, serial=9
        )
        if isinstance(line, Refusal):
            process.stderr.write(line.line())
            return process.exit(line.status)
        process.stdout.write(line.decode())
    else:
        login = process.get_extra_info("username")
        process.stdout.write(f"{door.who.issuer} {door.who.subject} at {login}\n")
    return process.exit(0)


class House:
    def __init__(self, tmp_path):
        self.tmp, self.authority = tmp_path, Authority.generate()
        self.revoked, self.seen, self.doors, self.port = set(), [], [], 0

    @asynccontextmanager
    async def open(self):
        host_key = asyncssh.generate_private_key("ssh-ed25519")
        options = await asyncssh.SSHServerConnectionOptions.construct(
            None, config=None, server_factory=self.door, server_host_keys=[host_key], process_factory=answer
        )
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: CertifiedConnection(loop, options), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        known = f"[127.0.0.1]:{self.port} {host_key.export_public_key().decode()}"
        (self.tmp / "known_hosts").write_text(known)
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    def door(self):
        self.doors.append(Door(self.authority, self.revoked, self.seen))
        return self.doors[-1]

    async def key(self, name, *kind):
        made = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-q", "-N", "", "-C", "", "-f", self.tmp / name, *(kind or ("-t", "ed25519"))
        )
        assert await made.wait() == 0
        return self.tmp / name

    def certify(self, path, who, *, authority=None, now=None, source=None, serial=1):
        now = int(time.time()) if now is None else now
        line = (authority or self.authority).issue(
            who, path.with_suffix(".pub").read_bytes(), now=now, lifetime=600,
            source_address=source, serial=serial,
        )  # fmt: skip
        self.attach(path, line)

    def attach(self, path, line):
        (self.tmp / f"{path.name}-cert.pub").write_bytes(line)

    async def ssh(self, key, login=TARGET, *, stdin=b"", options=(), shell=""):
        words = ["ssh", "-F", "none", "-T", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-p"]
        words += [str(self.port), "-i", str(key), "-o", f"UserKnownHostsFile={self.tmp / 'known_hosts'}"]
        words += [*options, f"{login}@127.0.0.1"]
        if shell:
            words = ["sh", "-c", f'"$@" {shell}', "sh", *words]
        env = {k: v for k, v in os.environ.items() if k != "SSH_AUTH_SOCK"}
        client = await asyncio.create_subprocess_exec(*words, stdin=-1, stdout=-1, stderr=-1, env=env)
        out, err = await asyncio.wait_for(client.communicate(stdin), 20)
        return client.returncode, out.decode(), err.decode()


@pytest.fixture
async def house(tmp_path):
    async with House(tmp_path).open() as running:
        yield running


async def test_stock_ssh_logs_in_and_the_identity_is_the_certificates_and_not_the_user_name(house):
    key = await house.key("k")
    house.certify(key, principal("alice"))
    for login in (TARGET, "root", "bob", "shop+web-0"):
        assert await house.ssh(key, login) == (0, f"https://idp.example u-alice at {login}\n", "")


async def test_two_users_on_one_target_are_told_apart(house):
    alice, bob = await house.key("a"), await house.key("b")
    house.certify(alice, principal("alice"))
    house.certify(bob, principal("bob"))
    answers = await asyncio.gather(*(house.ssh(key) for key in (alice, bob) * 3))
    assert [out.split()[1] for _, out, _ in answers] == ["u-alice", "u-bob"] * 3


@pytest.mark.parametrize(
    "kind", [("-t", "ecdsa", "-b", "384"), ("-t", "rsa", "-b", "2048"), ("-t", "ed25519")]
)
async def test_every_accepted_kind_of_key_logs_in(house, kind):
    key = await house.key("k", *kind)
    house.certify(key, principal("alice"))
    assert (await house.ssh(key))[0] == 0


async def test_a_large_identity_still_logs_in(house):
    key = await house.key("k")
    house.certify(key, principal("alice", groups=frozenset(f"{n:03}" + "g" * 105 for n in range(200))))
    assert (await house.ssh(key))[0] == 0
    assert len(house.doors[-1].who.groups) == 200


def forged(house, key, *, kind=SSHCertificateType.USER, named=True, option=None):
    private = load_ssh_private_key(key.read_bytes(), None)
    now = int(time.time())
    builder = Builder().public_key(private.public_key()).type(kind).serial(1)
    builder = builder.key_id(principal("alice").key.encode()).valid_after(now - 60).valid_before(now + 600)
    builder = builder.valid_principals([b"alice"]) if named else builder.valid_for_all_principals()
    builder = builder.add_critical_option(option, b"true") if option else builder
    builder = builder.add_extension(cert_identity.EXTENSION, cert_identity.pack(principal("alice")))
    return builder.sign(house.authority._key).public_bytes() + b"\n"


def altered(house, key):
    """The same certificate with one group more and the old signature."""
    line = forged(house, key)
    blob = base64.b64decode(line.split()[1]).replace(b'"name":"alice"', b'"name":"admin"')
    return line.split()[0] + b" " + base64.b64encode(blob) + b"\n"


BAD = {
    "certificate-authority": lambda h, k: h.certify(k, principal("alice"), authority=Authority.generate()),
    "certificate-expired": lambda h, k: h.certify(k, principal("alice"), now=int(time.time()) - 601),
    "certificate-not-yet-valid": lambda h, k: h.certify(k, principal("alice"), now=int(time.time()) + 300),
    "certificate-revoked": lambda h, k: (h.revoked.add(5), h.certify(k, principal("alice"), serial=5)),
    "certificate-source": lambda h, k: h.certify(k, principal("alice"), source="192.0.2.1"),
    "certificate-option": lambda h, k: h.attach(k, forged(h, k, option=b"force-command")),
    "certificate-principals": lambda h, k: h.attach(k, forged(h, k, named=False)),
}


@pytest.mark.parametrize("code", BAD)
async def test_a_bad_certificate_opens_nothing(house, code):
    key = await house.key("k")
    BAD[code](house, key)
    status, out, err = await house.ssh(key)
    assert (status, out) == (255, "")
    assert "Permission denied" in err
    assert set(house.seen) == {code}
    assert house.doors[-1].who is None


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda h, k: forged(h, k, kind=SSHCertificateType.HOST), "certificate-type"),
        (altered, "certificate-authority"),
    ],
)
async def test_what_stock_ssh_would_not_even_offer_opens_nothing_either(house, make, code):
    key = await house.key("k")
    pair = with_blob(key, base64.b64decode(make(house, key).split()[1]))
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(house, [pair])
    assert set(house.seen) == {code}


def blob_of(path):
    return base64.b64decode(path.read_bytes().split()[1])


def with_blob(key, blob):
    """A client key pair that shows `blob` and signs with `key`, whether or not they belong together."""
    pair = asyncssh.load_keypairs([str(key)])[0]
    pair.public_data = blob
    pair.algorithm = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
    return pair


async def connect(house, pairs, username=TARGET, **options):
    return await asyncssh.connect(
        "127.0.0.1", house.port, username=username, client_keys=pairs, agent_path=None, config=None,
        known_hosts=str(house.tmp / "known_hosts"), **options,
    )  # fmt: skip


async def test_a_certificate_without_its_private_key_opens_nothing(house):
    alice, mallory = await house.key("a"), await house.key("m")
    house.certify(alice, principal("alice"))
    stolen = blob_of(house.tmp / "a-cert.pub")
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(house, [with_blob(mallory, stolen)])
    assert "alice" in house.seen
    assert house.doors[-1].who is None


async def test_offering_anothers_certificate_first_lends_nothing_of_it(house):
    alice, mallory = await house.key("a"), await house.key("m")
    house.certify(alice, principal("alice"))
    house.certify(mallory, principal("mallory"))
    shown = [blob_of(house.tmp / f"{n}-cert.pub") for n in "am"]
    async with await connect(house, [with_blob(mallory, blob) for blob in shown]) as client:
        assert (await client.run("")).stdout.split()[1] == "u-mallory"
    assert house.seen[0] == "alice"


async def test_a_bare_key_opens_only_the_exchange_and_only_the_key_that_signed_is_proved(house):
    own, other = await house.key("o"), await house.key("p")
    assert (await house.ssh(own))[0] == 255
    other_blob = blob_of(other.with_suffix(".pub"))
    own_blob = blob_of(own.with_suffix(".pub"))
    pairs = [with_blob(own, other_blob), with_blob(own, own_blob)]
    async with await connect(house, pairs, "cert"):
        assert house.doors[-1].key == own_blob
    assert house.doors[-1].who is None


async def test_the_exchange_in_one_shell_line_and_then_plain_ssh(house):
    key = await house.key("k")
    redirect = f"> {house.tmp}/k-cert.pub"
    assert (await house.ssh(key, "cert", stdin=b"alice\n", shell=redirect))[0] == 0
    assert (await house.ssh(key))[1] == f"https://idp.example u-alice at {TARGET}\n"


async def test_a_key_that_cannot_be_certified_is_told_so_at_the_exchange(house):
    key = await house.key("k", "-t", "rsa", "-b", "1024")
    status, out, err = await house.ssh(key, "cert", stdin=b"alice\n", options=["-o", "RequiredRSASize=1024"])
    assert (status, out) == (77, "")
    assert "this kind of SSH key cannot be certified" in err


async def test_a_sha1_signature_proves_nothing(house):
    key = await house.key("k", "-t", "rsa", "-b", "2048")
    pair = asyncssh.load_keypairs([str(key)])[0]
    pair.sig_algorithm = pair.algorithm = b"ssh-rsa"
    pair.set_sig_algorithm = lambda _: None
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(house, [pair], "cert")
    assert house.doors[-1].key == b""


async def test_a_certificate_permits_a_terminal_and_no_forwarding(house):
    key = await house.key("k")
    house.certify(key, principal("alice"))
    async with await connect(house, [str(key)]) as client:
        with pytest.raises(asyncssh.ChannelOpenError, match="not permitted"):
            await client.open_connection("127.0.0.1", house.port)
        assert (await client.run("", term_type="xterm")).exit_status == 0
