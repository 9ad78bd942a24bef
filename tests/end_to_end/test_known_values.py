"""Known values with stock ssh: what changes meanwhile is masked, and what cannot be known is told."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_faults import house

from bastion.app.demo import POLICY
from bastion.core.policy_text import load
from bastion.demo.access import BASTION
from bastion.kube import follow

OLD, NEW = b"Wint3r-Harbour-77", b"Quiet-Meadow-Lane-5812"
SHOW = "while true; do cat /etc/secrets/db-password; echo; sleep 0.2; done"
NAMES = (b"web-credentials", b"not-mounted", b"db-password", b"registry-pull")


def masked(value):
    """As it is shown: the first characters of any match pass at once."""
    return value[:3] + b"*" * (len(value) - 3)


class Ssh:
    """Stock ssh before a house."""

    def __init__(self, folder, there):
        self.folder, self.house, self.faults = folder, there, there.cluster.faults

    def command(self, login, *words, options=()):
        usual = (
            "StrictHostKeyChecking=no", "IdentitiesOnly=yes", "BatchMode=yes", "LogLevel=ERROR",
            f"UserKnownHostsFile={self.folder / 'known'}",
        )  # fmt: skip
        named = [each for option in usual for each in ("-o", option)]
        port = str(self.house.running.server.port)
        ssh = ["ssh", "-F", "none", "-p", port, "-i", str(self.folder / "key"), *named, *options]
        return [*ssh, f"{login}@127.0.0.1", *words]

    async def start(self, *words, login="shop/web-0", options=()):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
        return await asyncio.create_subprocess_exec(*self.command(login, *words, options=options), **pipes)

    async def run(self, *words, login="shop/web-0", data=b""):
        process = await self.start(*words, login=login)
        async with asyncio.timeout(60):
            out, err = await process.communicate(data)
        return process.returncode, out, err

    async def sign_in(self):
        made = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "key")
        )
        assert await made.wait() == 0
        code, out, err = await self.run(login="cert", data=self.house.issuer.mint("alice").encode())
        assert code == 0, err
        (self.folder / "key-cert.pub").write_bytes(out)

    def policy(self, before, after):
        """Put a policy in force that says another thing."""
        text = Path(POLICY).read_text()
        assert before in text
        self.house.running.house.reload(load(text.replace(before, after), name="other.yaml"))

    def without_secrets(self, *roles):
        """The bastion keeps its other rights."""
        self.faults.revoke(BASTION.name)
        for role in ("shell", *roles):
            self.faults.grant(BASTION.name, role)

    def leaves(self, kind):
        return [leaf for leaf in self.house.leaves() if leaf.get("type") == kind]

    async def leaf(self, kind):
        async with asyncio.timeout(30):
            while not (found := self.leaves(kind)):
                await asyncio.sleep(0.1)
        return found[-1]


@asynccontextmanager
async def client(folder, **kube):
    async with house(folder / "dir", **kube) as there:
        ssh = Ssh(folder, there)
        await ssh.sign_in()
        yield ssh


async def until(process, wanted, seen=b""):
    """Standard output until `wanted` (a number of bytes to come, or a text) stands in it."""
    async with asyncio.timeout(30):
        while wanted not in seen:
            piece = await process.stdout.read(4096)
            assert piece, (seen, await process.stderr.read())
            seen += piece
    return seen


async def end(process):
    process.terminate()
    await process.wait()


@pytest.mark.parametrize("terminal", [(), ("-tt",)], ids=["stream", "terminal"])
async def test_a_mounted_secret_that_changes_is_masked_in_the_same_session_and_so_is_the_old(
    tmp_path, terminal
):
    async with client(tmp_path) as ssh:
        process = await ssh.start(SHOW, options=terminal)
        seen = await until(process, masked(OLD))
        values = {**ssh.faults.secret("shop", "web-credentials"), "db-password": NEW}
        ssh.faults.set_secret("shop", "web-credentials", values, mounted=False)
        added = await ssh.leaf("secrets.added")
        assert added["known_values"] == 1 + ssh.leaves("pod.resolved")[-1]["known_values"]
        ssh.faults.mount_secret("shop", "web-credentials")
        seen = await until(process, masked(NEW), seen)
        assert NEW not in seen
        assert OLD not in seen
        code, out, _ = await ssh.run("cat /etc/secrets/..data/db-password")
        assert (code, out) == (0, masked(NEW))
        await end(process)
        assert not [leaf for leaf in ssh.house.leaves() for name in NAMES[:2] if name.decode() in str(leaf)]


async def test_where_watching_is_forbidden_a_change_is_read_soon(tmp_path):
    async with client(tmp_path, secrets_poll=0.2) as ssh:
        ssh.without_secrets("secrets-by-name")
        process = await ssh.start(SHOW)
        await until(process, b"****")
        ssh.faults.set_secret("shop", "web-credentials", {"db-password": NEW}, mounted=False)
        await ssh.leaf("secrets.added")
        ssh.faults.mount_secret("shop", "web-credentials")
        assert NEW not in await until(process, masked(NEW))
        await end(process)


async def test_required_values_that_may_not_be_read_mean_no_session(tmp_path):
    async with client(tmp_path) as ssh:
        ssh.without_secrets()
        code, out, err = await ssh.run("echo hi")
        assert (code, out) == (77, b"")
        assert b"the bastion may not read it" in err
        assert not any(name in err for name in NAMES)
        assert ssh.leaves("session.refused")[-1]["code"] == "secrets-unknown"
        assert not ssh.leaves("exec.opened")


async def test_preferred_values_that_may_not_be_read_are_told_in_one_line_and_a_leaf(tmp_path):
    async with client(tmp_path) as ssh:
        ssh.policy("  known_values: required", "  known_values: preferred")
        ssh.without_secrets()
        code, out, err = await ssh.run("cat /etc/secrets/db-password")
        assert (code, out) == (0, OLD)
        assert err == b"bastion: not masked by value in this pod: 2 of 2 Secrets (could not be read)\n"
        leaf = ssh.leaves("secrets.uncovered")[-1]
        assert (leaf["known_values"], leaf["unread"], leaf["why"]) == ("preferred", 2, "secrets-unknown")
        ssh.faults.grant(BASTION.name, "secrets-by-name")
        assert (await ssh.run("cat /etc/secrets/db-password")) == (0, masked(OLD), b"")


async def test_values_that_are_off_are_told_in_one_line_and_a_leaf(tmp_path):
    async with client(tmp_path) as ssh:
        ssh.policy("  known_values: required", "  known_values: off")
        code, out, err = await ssh.run("cat /etc/secrets/db-password")
        assert (code, out) == (0, OLD)
        assert err.count(b"\n") == 1
        assert b"not known here, so they are not masked (policy)" in err
        assert ssh.leaves("secrets.uncovered")[-1]["known_values"] == "off"
        assert ssh.leaves("target.resolving")[-1]["known_values"] == "off"


async def test_a_session_that_requires_its_values_ends_when_they_cannot_be_kept_up_to_date(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(follow, "WATCH_SECONDS", 1)
    async with client(tmp_path, secrets_grace=1.5, secrets_poll=0.2) as ssh:
        process = await ssh.start(SHOW)
        await until(process, b"****")
        ssh.without_secrets()
        _, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 77
        assert b"cannot be kept up to date any more" in err
        assert ssh.leaves("session.refused")[-1]["code"] == "secrets-lost"
        ssh.policy("  known_values: required", "  known_values: preferred")
        ssh.faults.grant(BASTION.name, "bastion")
        process = await ssh.start(SHOW)
        await until(process, b"****")
        ssh.without_secrets()
        assert (await ssh.leaf("secrets.lost"))["code"] == "secrets-lost"
        await until(process, b"****")
        await end(process)


async def test_the_scope_of_a_namespace_covers_what_no_pod_mounts_and_what_is_added(tmp_path):
    async with client(tmp_path) as ssh:
        assert (await ssh.run("echo Nobody-Reads-Me-9"))[1] == b"Nobody-Reads-Me-9\n"
        ssh.policy("  secrets_scope: pod", "  secrets_scope: namespace")
        assert (await ssh.run("echo Nobody-Reads-Me-9"))[0] == 65
        process = await ssh.start("while true; do echo Quiet-'Meadow-Lane-5812'; sleep 0.3; done")
        await until(process, NEW)
        ssh.faults.set_secret("shop", "another", {"key": NEW})
        await ssh.leaf("secrets.added")
        await until(process, masked(NEW))
        await end(process)
        ssh.without_secrets("secrets-by-name")
        code, _, err = await ssh.run("echo hi")
        assert code == 77
        assert b"the namespace's Secrets: the bastion may not read it" in err


async def test_the_projected_token_is_masked_by_its_form(tmp_path):
    async with client(tmp_path) as ssh:
        ssh.policy('["/var/run/secrets/kubernetes.io/**", "/run/secrets/kubernetes.io/**"]', "[/none]")
        code, out, _ = await ssh.run("cat /var/run/secrets/kubernetes.io/serviceaccount/token")
        assert code == 0
        assert out.count(b"*") > 100
        assert ssh.leaves("mask")[-1]["source"] == "jwt"


async def test_values_that_are_too_weak_are_counted_for_people_and_named_for_nobody(tmp_path):
    async with client(tmp_path) as ssh:
        ssh.faults.set_secret("shop", "web-credentials", {"pin": b"q1w2", "password": b"postgres"})
        assert (await ssh.run("echo hi"))[2] == b""
        leaf = ssh.leaves("secrets.uncovered")[-1]
        assert (leaf["weak_count"], leaf["known_values"]) == (2, "required")
        assert all(ref.startswith("secret-1/") for ref in leaf["weak"])
        process = await ssh.start("echo hi", options=("-tt",))
        out, _ = await process.communicate()
        assert b"2 of its Secrets' values (too short or too common)" in out
