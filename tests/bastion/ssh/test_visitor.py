"""Signing in: what counts as an identity, and what never does."""

import asyncio
import time

import asyncssh
import pytest
from asyncssh.packet import String, UInt32

from bastion.ssh.certs import Authority

INFO_RESPONSE = 61


class Answering(asyncssh.SSHClient):
    """Answers the keyboard-interactive question."""

    def __init__(self, answer):
        self.answer, self.prompts, self.banners = answer, [], []

    def kbdint_auth_requested(self):
        return ""

    def kbdint_challenge_received(self, name, instructions, lang, prompts):
        self.prompts += prompts
        return [self.answer] * len(prompts)

    def auth_banner_received(self, msg, lang):
        self.banners.append(msg)


def certified(house, who, key, *, authority=None, lifetime=600, now=None):
    """The client key pair of `key` with a certificate for `who`."""
    line = (authority or house.authority).issue(
        who,
        key.export_public_key(),
        now=now or int(time.time()),
        lifetime=lifetime,
        source_address=None,
        serial=1,
    )
    return [(key, asyncssh.import_certificate(line))]


@pytest.fixture(name="key", scope="module")
def _key():
    return asyncssh.generate_private_key("ssh-ed25519")


async def test_a_token_is_asked_for_as_one_question(door):
    async with door() as (server, _house):
        options = {"known_hosts": None, "client_keys": None, "config": None, "username": "a/b"}
        options |= {"preferred_auth": "keyboard-interactive"}
        talker = Answering("token-carol")
        async with asyncssh.connect(
            "127.0.0.1", server.port, client_factory=lambda: talker, **options
        ) as conn:
            assert (await conn.run("whoami")).stdout.startswith("carol a/b")
        assert [echo for _, echo in talker.prompts] == [False]
        liar = Answering("forged")
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect("127.0.0.1", server.port, client_factory=lambda: liar, **options)
    assert "bastion: the token is not valid (fetch a new token)\r\n" in liar.banners


@pytest.mark.parametrize(
    ("login", "told"), [("token/AKIADL6X5MXUOOF2PTBB", "AKIADL6X************"), ("a" * 513, "?")]
)
async def test_a_login_that_holds_a_secret_or_is_no_target_is_told_of_without_it(door, login, told):
    async with door() as (server, _house):
        options = {"known_hosts": None, "client_keys": None, "config": None, "username": login}
        options |= {"preferred_auth": "keyboard-interactive"}
        async with asyncssh.connect(
            "127.0.0.1", server.port, client_factory=lambda: Answering("token-carol"), **options
        ) as conn:
            done = await conn.run("whoami")
        assert done.exit_status == 77
        assert done.stderr.startswith(f"bastion: '{told}' ")


async def test_answers_that_nobody_asked_for_are_not_looked_at(door):
    class Flooding(Answering):
        def kbdint_challenge_received(self, name, instructions, lang, prompts):
            for _ in range(50):
                self.conn.send_packet(INFO_RESPONSE, UInt32(1), String("forged"))
            return ["forged"]

        def connection_made(self, conn):
            self.conn = conn

    async with door(auth_requests=2) as (server, house):
        with pytest.raises(asyncssh.Error):
            await asyncssh.connect(
                "127.0.0.1",
                server.port,
                client_factory=lambda: Flooding(""),
                username="a/b",
                known_hosts=None,
                client_keys=None,
                config=None,
                preferred_auth="keyboard-interactive",
            )
        await asyncio.sleep(0.1)
    assert house.identified == 1


async def test_a_bare_key_opens_nothing_but_the_exchange(door, client, key):
    async with door() as (server, house):
        for login in ("shop/web-0", "approvals", "certs", ""):
            with pytest.raises(asyncssh.PermissionDenied):
                await client(server, username=login, password=None, client_keys=[key])
        async with client(server, username="cert", password=None, client_keys=[key]) as conn:
            assert (await conn.run(input="token-bob")).stdout.startswith("ssh-ed25519-cert")
    assert not house.channels


async def test_a_password_opens_no_exchange(door, client):
    async with door() as (server, house):
        with pytest.raises(asyncssh.PermissionDenied):
            await client(server, username="cert")
    assert house.identified == 0


async def test_two_certificates_on_one_target_are_told_apart(door, client, key, people):
    async with door() as (server, house):
        for name in ("alice", "bob"):
            pair = certified(house, people(name), key)
            async with client(server, password=None, client_keys=pair) as conn:
                assert (await conn.run("whoami")).stdout.startswith(f"{name} shop/web-0")


async def test_certificates_that_the_house_refuses_open_nothing_and_are_noted(door, client, key, people):
    async with door() as (server, house):
        past = int(time.time()) - 4000
        bad = {
            "certificate-authority": certified(house, people("alice"), key, authority=Authority.generate()),
            "certificate-expired": certified(house, people("alice"), key, lifetime=60, now=past),
        }
        for code, pair in bad.items():
            with pytest.raises(asyncssh.PermissionDenied):
                await client(server, password=None, client_keys=pair)
            assert house.notes[-1][0] == "auth.failed"
            assert house.notes[-1][1]["code"] == code
            assert house.notes[-1][1]["method"] == "certificate"


async def test_a_certificate_without_its_private_key_opens_nothing(door, client, key, people):
    """The thief signs with another key; the query with alice's certificate alone proves nothing."""
    thief = asyncssh.generate_private_key("ssh-ed25519")
    async with door() as (server, house):
        [(_, certificate)] = certified(house, people("alice"), key)
        pair = asyncssh.load_keypairs([(key, certificate)])[0]
        stolen = asyncssh.load_keypairs([thief])[0]
        pair.sign = stolen.sign
        with pytest.raises(asyncssh.PermissionDenied):
            await client(server, password=None, client_keys=[pair])
        pair.sign = lambda data: b""
        with pytest.raises(asyncssh.Error):
            await client(server, username="cert", password=None, client_keys=[pair])
    assert not house.channels


async def test_a_failure_that_cannot_be_noted_severs_the_connection(door, client):
    async with door() as (server, house):
        house.durable = False
        with pytest.raises((asyncssh.ConnectionLost, asyncssh.DisconnectError)) as caught:
            await client(server, password="forged")
        assert not isinstance(caught.value, asyncssh.PermissionDenied)


async def test_one_principal_holds_a_bounded_number_of_connections(door, client):
    async with door(connections_principal=2) as (server, _house):
        async with client(server), client(server) as second:
            with pytest.raises(asyncssh.Error):
                async with client(server) as third:
                    await third.run("exit 0")
            async with client(server, password="token-bob") as other:
                assert (await other.run("exit 1")).exit_status == 1
            assert (await second.run("exit 2")).exit_status == 2
        async with client(server) as again:
            assert (await again.run("exit 3")).exit_status == 3
        assert server.caps.strangers == 0


async def test_the_house_gets_the_bare_address_and_the_channel_address_and_port(door, client):
    seen = []
    async with door() as (server, house):
        identify = house.identify

        async def remember(token, source):
            seen.append(source)
            return await identify(token, source)

        house.identify = remember
        async with client(server) as conn:
            await conn.run("exit 0")
    assert seen == ["127.0.0.1"]
    assert house.channels[0].source.startswith("127.0.0.1:")


async def test_a_huge_password_never_reaches_the_house(door, client):
    async with door() as (server, house):
        with pytest.raises(asyncssh.PermissionDenied):
            await client(server, password="t" * 20_000)
    assert house.identified == 0
    assert house.notes[0][1]["code"] == "token-too-long"
