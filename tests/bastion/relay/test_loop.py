"""The relay's promises: ledger first, nothing lost, a fault severs, Ctrl-C passes a slow reader."""

import asyncio
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

sys.path.insert(0, str(Path(__file__).parent))

from stage import (
    SECRET,
    Approvals,
    Channel,
    Cluster,
    Writer,
    exec_request,
    person,
    play,
    recorded,
    sent,
)

from bastion.core.session import Session
from bastion.model.events import (
    ClientEnded,
    ClientGone,
    ClientSent,
    ClientSignalled,
    PodExited,
    PodFailed,
    PodSent,
)
from bastion.model.principal import Kind
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Request
from bastion.relay import loop
from bastion.relay.unrecorded import UNRECORDED
from bastion.syntax.shfmt import Shfmt


@pytest.fixture
async def syntax():
    async with Shfmt() as door:
        yield door


async def test_an_allowed_line_runs_and_its_output_and_status_arrive(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"echo hi"))
    cluster = Cluster([sent(b"hi\n"), sent(b"oops\n", "err"), PodExited(0.0, 3)])
    writer = await play(channel, cluster, syntax, tmp_path)
    assert (channel.out, channel.err, channel.status) == (b"hi\n", b"oops\n", 3)
    assert channel.log[-1] == ("exit", 3)
    assert "'echo' 'hi'" in cluster.grants[1].argv[-1]
    assert writer.types()[-1] == "recording.sealed"


async def test_a_denied_line_never_reaches_the_pod(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"touch /etc/x"))
    cluster = Cluster()
    await play(channel, cluster, syntax, tmp_path)
    assert [grant.rule for grant in cluster.grants] == ["bastion:probe"]
    assert channel.status == 77
    assert channel.err.startswith(b"bastion: denied")


async def test_a_secret_that_arrives_in_pieces_is_masked(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"cat x"))
    pieces = [sent(bytes([byte])) for byte in b"a " + SECRET + b" b\n"]
    await play(channel, Cluster([*pieces, PodExited(0.0, 0)]), syntax, tmp_path)
    assert len(channel.out) == len(SECRET) + 5
    assert channel.out.endswith(b"*" * (len(SECRET) - 4) + b" b\n")
    assert SECRET.decode() not in recorded(tmp_path)


@pytest.mark.parametrize("line", [b"echo hi", b"rm -r /data/x", b"touch /etc/x"])
async def test_nothing_happens_that_the_ledger_does_not_hold(syntax, tmp_path, line):
    """The ledger fails after every possible number of leaves; what happened is always in it."""
    whole = await play(Channel(person(), exec_request(line)), Cluster(), syntax, tmp_path / "whole")
    for number in range(len(whole.leaves) + 1):
        folder = tmp_path / str(number)
        writer, channel = Writer(fails_at=number), Channel(person(), exec_request(line))
        cluster = Cluster([sent(b"out\n"), PodExited(0.0, 0)])
        await play(channel, cluster, syntax, folder, writer=writer)
        for grant, leaves in zip(cluster.grants, cluster.leaves_at_open, strict=True):
            assert [leaf["type"] for leaf in leaves] == ["exec.opened"], (number, grant.rule)
        delivered = b"".join(entry[1] for entry in channel.log if entry[0] in ("out", "err"))
        delivered = delivered.replace(UNRECORDED.line().encode() + b"\n", b"")
        assert delivered.decode() in recorded(folder).replace("\r\n", "\n"), number
        if number < len(whole.leaves):
            assert channel.status == 255, number
            assert any("session.severed" in word["type"] for word in writer.words)


async def test_a_recording_that_cannot_be_made_opens_no_pod(syntax, tmp_path):
    (tmp_path / "file").write_text("")
    channel, cluster = Channel(person(), exec_request(b"echo hi")), Cluster()
    await play(channel, cluster, syntax, tmp_path / "file")
    assert not cluster.grants
    assert channel.status == 255
    assert b"cannot be recorded" in channel.err


async def test_a_fault_severs_and_says_so_without_a_traceback(syntax, tmp_path):
    class Broken(Cluster):
        async def resolve(self, target):
            raise RuntimeError("secret detail")

    channel = Channel(person(), exec_request(b"echo hi"))
    writer = await play(channel, Broken(), syntax, tmp_path)
    assert channel.status == 255
    assert channel.err == loop.FAULT.encode() + b"\n"
    assert writer.types()[-1] == "session.severed"


async def test_an_exec_that_breaks_off_is_never_a_success(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"cat x"))
    lost = PodFailed(0.0, Refusal("exec-lost", "the connection to the cluster broke off", "", 255))
    await play(channel, Cluster([sent(b"part\n"), lost]), syntax, tmp_path)
    assert channel.out == b"part\n"
    assert channel.status == 255
    assert b"broke off" in channel.err


async def test_unreadable_secrets_mean_no_session(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"echo hi"))
    cluster = Cluster(secrets=Refusal("secrets-unreadable", "the pod's Secrets cannot be read", "", 77))
    await play(channel, cluster, syntax, tmp_path)
    assert not cluster.grants
    assert channel.status == 77


async def test_an_agents_risky_line_is_stored_and_comes_back_at_once(syntax, tmp_path):
    approvals = Approvals("never")
    channel = Channel(person("bot", "agents", kind=Kind.AGENT), exec_request(b"rm -r /data/x"))
    cluster = Cluster()
    await play(channel, cluster, syntax, tmp_path, approvals=approvals)
    assert channel.status == 75
    assert approvals.asked[0].text == b"rm -r /data/x"
    assert len(cluster.grants) == 1
    assert not approvals.withdrawn


async def test_a_person_waits_and_the_exact_bytes_run_without_input(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"rm   -r  '/data/x'"))
    cluster = Cluster([PodExited(0.0, 0)])
    await play(channel, cluster, syntax, tmp_path)
    assert channel.status == 0
    assert "rm   -r  '/data/x'" in cluster.grants[1].argv[-1]
    assert cluster.grants[1].approval
    assert not cluster.grants[1].stdin


@pytest.mark.parametrize(("outcome", "status"), [("denied", 77), ("expired", 75), ("withdrawn", 77)])
async def test_without_approval_nothing_runs(syntax, tmp_path, outcome, status):
    channel, cluster = Channel(person(), exec_request(b"rm -r /data/x")), Cluster()
    await play(channel, cluster, syntax, tmp_path, approvals=Approvals(outcome))
    assert (channel.status, len(cluster.grants)) == (status, 1)


async def test_an_approval_that_was_used_runs_nothing(syntax, tmp_path):
    channel, cluster = Channel(person(), exec_request(b"rm -r /data/x")), Cluster()
    await play(channel, cluster, syntax, tmp_path, approvals=Approvals(ok=False))
    assert (channel.status, len(cluster.grants)) == (77, 1)


async def test_a_client_that_leaves_withdraws_its_request(syntax, tmp_path):
    approvals = Approvals("never")
    channel = Channel(person(), exec_request(b"rm -r /data/x"), controls=[(1.0, ClientGone(0.0, "gone"))])
    await play(channel, Cluster(), syntax, tmp_path, approvals=approvals)
    assert approvals.withdrawn == [approvals.asked[0].id]


async def test_a_client_that_leaves_ends_what_runs(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"sleep 1000"), controls=[(1.0, ClientGone(0.0, "gone"))])
    cluster = Cluster([sent(b"x")])
    await play(channel, cluster, syntax, tmp_path)
    assert cluster.execs[-1].killed


async def test_a_signal_ends_the_command_and_is_told(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"sleep 1000"), controls=[(1.0, ClientSignalled(0.0, "TERM"))])
    cluster = Cluster([sent(b"x")])
    await play(channel, cluster, syntax, tmp_path)
    assert cluster.execs[-1].killed
    assert channel.status == "TERM"


async def test_input_reaches_the_program_and_ends(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"cat"), [ClientSent(0.0, b"abc"), ClientEnded(0.0)])
    cluster = Cluster([sent(b"x")])
    task = asyncio.ensure_future(play(channel, cluster, syntax, tmp_path))
    for _ in range(200):
        await asyncio.sleep(0.02)
        if len(cluster.execs) > 1 and cluster.execs[-1].ended:
            break
    assert (cluster.execs[-1].stdin, cluster.execs[-1].ended) == (b"abc", True)
    await cluster.execs[-1].kill()
    await task


async def test_a_slow_reader_pauses_the_pod_and_not_the_signal(syntax, tmp_path):
    channel = Channel(person(), exec_request(b"cat x"), controls=[(1.5, ClientSignalled(0.0, "INT"))])
    channel.stuck = asyncio.Event()
    cluster = Cluster([sent(b"x" * 30_000) for _ in range(500)])
    task = asyncio.ensure_future(play(channel, cluster, syntax, tmp_path))
    await asyncio.sleep(1.2)
    assert len(channel.out) <= 60_000
    await asyncio.sleep(0.8)
    assert cluster.execs[-1].killed
    channel.stuck.set()
    cluster.execs[-1]._pieces.clear()
    await task


async def test_a_script_carries_nothing_past_a_denied_unit(syntax, tmp_path):
    text = b"echo one\ntouch /etc/x\necho two\n"
    channel = Channel(person(), Request(Mode.SCRIPT), [ClientSent(0.0, text), ClientEnded(0.0)])
    cluster = Cluster([sent(b"one\n"), PodExited(0.0, 0)], [sent(b"two\n"), PodExited(0.0, 0)])
    await play(channel, cluster, syntax, tmp_path)
    assert (channel.out, channel.status, len(cluster.grants)) == (b"one\n", 77, 2)
    assert not cluster.grants[1].stdin


async def test_a_screen_that_costs_much_comes_in_small_slices_with_rests(syntax, tmp_path, monkeypatch):
    """One user's slow output must leave the loop to the others."""
    real, sizes = Session.receive, []

    def slow(self, event):
        if isinstance(event, PodSent) and len(event.data) > 64:
            sizes.append(len(event.data))
            time.sleep(len(event.data) / 1_000_000)
        return real(self, event)

    monkeypatch.setattr(Session, "receive", slow)
    channel = Channel(person(), exec_request(b"cat x"))
    await play(
        channel, Cluster([sent(b"x" * 30_000), sent(b"y" * 30_000), PodExited(0.0, 0)]), syntax, tmp_path
    )
    assert channel.out == b"x" * 30_000 + b"y" * 30_000
    assert sizes[0] == 30_000
    assert sizes[-1] <= 8_192


async def test_fishing_for_a_value_is_in_the_ledger_the_recording_and_the_log(syntax, tmp_path):
    pieces = [sent(b"= " + SECRET[start:] + b"\n") for start in range(0, 10, 2)]
    with capture_logs() as log:
        writer = await play(
            Channel(person(), exec_request(b"cat x")), Cluster([*pieces, PodExited(0.0, 0)]), syntax, tmp_path
        )
    (leaf,) = [leaf for leaf in writer.leaves if leaf["type"] == "mask.oracle"]
    assert (leaf["why"], leaf["ended"]) == ("pieces", False)
    (line,) = [line for line in log if line["event"] == "mask.oracle"]
    assert (line["log_level"], line["source"], line["session"]) == (
        "warning",
        leaf["source"],
        leaf["session"],
    )
    assert any("is fished for" in path.read_text() for path in tmp_path.rglob("*.cast"))
    assert SECRET.decode()[4:8] not in repr(log)
