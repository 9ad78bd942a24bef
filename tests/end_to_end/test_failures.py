"""When things break: kill -9, a full disk, bad tokens, a slow reader, many sessions, a reload."""

import base64
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest


def memory(pid):
    """Resident bytes of a process."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024


def children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def segment(token, number):
    part = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encode(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def altered(token, **claims):
    head, _, signature = token.split(".")
    return f"{head}.{encode({**segment(token, 1), **claims})}.{signature}"


def test_bad_tokens_get_a_clear_line_and_no_certificate(demo):
    good = demo.data["users"]["alice"]["token"]
    none = f"{encode({'alg': 'none', 'typ': 'JWT'})}.{good.split('.')[1]}."
    kid = f"{encode({**segment(good, 0), 'kid': 'other'})}.{'.'.join(good.split('.')[1:])}"
    bad = {
        "nothing": "", "words": "not a token", "none": none, "kid": kid, "cut": good[:-20], "huge": "A" * 20_000,
        "audience": altered(good, aud="else"), "expired": altered(good, exp=1), "issuer": altered(good, iss="https://x"),
    }  # fmt: skip
    for name, token in bad.items():
        done = demo.raw(["ssh", *demo.options("alice"), "cert@127.0.0.1"], token.encode())
        assert done.code != 0, name
        assert done.out == b"", name
        assert done.err.startswith(b"bastion: "), (name, done.err)
        assert b"Traceback" not in done.err, name


def test_a_certificate_opens_nothing_for_another_key(demo, tmp_path):
    demo.sign_in("alice")
    stolen = Path(demo.data["users"]["alice"]["key"] + "-cert.pub").read_bytes()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    (tmp_path / "k-cert.pub").write_bytes(stolen)
    options = [
        o if o != demo.data["users"]["alice"]["key"] else str(tmp_path / "k") for o in demo.options("alice")
    ]
    done = demo.raw(["ssh", *options, f"{demo.target}@127.0.0.1", "true"])
    assert done.code == 255
    assert b"Permission denied" in done.err


def test_two_users_on_one_target_are_told_apart(demo):
    demo.ssh("alice", "echo told-apart")
    demo.ssh("carol", "echo told-apart")
    actors = {
        leaf["actor"]
        for leaf in demo.leaves()
        if leaf["type"] == "verdict" and "told-apart" in leaf.get("text", "")
    }
    assert {actor.rpartition("|")[2] for actor in actors} == {"alice", "carol"}


def test_the_demos_keys_are_not_served(demo):
    done = demo.raw([sys.executable, "-m", "bastion", "serve", "--config", demo.data["config"]])
    assert done.code == 78
    assert b"demo" in done.err


def test_private_files_are_private(demo):
    folder = demo.folder
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "demo.json").stat().st_mode & 0o077 == 0
    users = json.loads((folder / "demo.json").read_text())["users"]
    assert all(user["owner"] in users for user in users.values())
    assert all(user["owner"] == name for name, user in users.items() if user["kind"] == "human")
    for name in ("ssh_host_ed25519_key", "user_ca", "ledger.key", "store.key"):
        assert (folder / "state" / name).stat().st_mode & 0o077 == 0, name


def test_fifty_sessions_at_once(demo):
    demo.sign_in("alice")
    demo.sign_in("carol")
    with ThreadPoolExecutor(50) as pool:
        users = ["alice", "carol"] * 25
        done = list(
            pool.map(
                lambda pair: demo.ssh(pair[1], f"sleep 2; echo {pair[0]}", timeout=110), enumerate(users)
            )
        )
    assert [one.out for one in done] == [f"{number}\n".encode() for number in range(50)]


def test_a_slow_reader_grows_no_memory_and_control_c_still_works(demo):
    demo.ssh("alice", "true")
    before = memory(demo.process.pid)
    slow = demo.start("alice", "yes", stdout=subprocess.PIPE)
    try:
        slow.stdout.read(1)
        time.sleep(5)
        grown = memory(demo.process.pid) - before
        assert grown < 64 * 1024 * 1024, grown
        assert demo.ssh("carol", "echo alive").out == b"alive\n"
    finally:
        slow.terminate()
        slow.stdout.close()
        slow.wait(20)
    for _ in range(100):
        if b"yes" not in demo.ssh("alice", "ps -e -o comm=").out.split():
            return
        time.sleep(0.2)
    raise AssertionError("what the client started still runs")


def test_the_policy_is_reloaded_and_a_bad_one_is_refused(own_demo):
    policy = Path(own_demo.data["policy"])
    good = policy.read_text()
    assert own_demo.ssh("alice", "rm -r /tmp/none").code != 0
    policy.write_text(good.replace("rules:", "rulez:"))
    own_demo.process.send_signal(signal.SIGHUP)
    time.sleep(1.5)
    assert own_demo.ssh("alice", "echo still").out == b"still\n"
    policy.write_text(good.replace("id: no-writes-under-etc", "id: renamed"))
    own_demo.process.send_signal(signal.SIGHUP)
    for _ in range(50):
        if b"renamed" in own_demo.ssh("alice", "touch /etc/x").err:
            break
        time.sleep(0.2)
    assert b"renamed" in own_demo.ssh("alice", "touch /etc/x").err
    types = [leaf["type"] for leaf in own_demo.leaves()]
    assert "policy.refused" in types
    assert "policy.loaded" in types


def test_kill_9_loses_nothing_that_was_delivered(own_demo):
    process = own_demo.start("alice", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do seq 1 2000; sleep 0.1; done")
    seen = b""
    while seen.count(b"\n") < 6000:
        seen += process.stdout.read1(65536)
    below = children(own_demo.process.pid)
    own_demo.process.kill()
    own_demo.process.wait(10)
    seen += process.stdout.read()
    process.wait(20)
    for pid in below:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    recorded = ""
    for text in own_demo.casts().values():
        for line in text.splitlines()[1:]:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            recorded += event[2] if event[1] == "o" else ""
    assert seen.decode() in recorded.replace("\r\n", "\n")
    assert own_demo.verify().code == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_ends_everything_that_it_started(own_demo, stop):
    assert own_demo.ssh("alice", "echo hi").out == b"hi\n"
    below = children(own_demo.process.pid)
    assert below
    own_demo.process.send_signal(stop)
    assert own_demo.process.wait(30) == 0
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists() and "Z" not in _state(pid)]


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_without_a_folder_the_demo_removes_its_own(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "bastion", "demo", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    try:
        for line in process.stdout:
            if b"verify it" in line:
                break
        assert list(tmp_path.iterdir())
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(30) == 0
        assert not list(tmp_path.iterdir())
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def test_a_full_disk_ends_live_sessions_and_refuses_new_ones(own_demo):
    """The bastion's files may not grow past a limit: from its own point of view, its disk is full."""
    live = own_demo.start("alice", "while true; do seq 1 1000; sleep 0.2; done")
    live.stdout.read(1000)
    limit = max(path.stat().st_size for path in Path(own_demo.data["ledger"]).glob("entries/*")) + 4096
    resource.prlimit(own_demo.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    live.stdout.read()
    assert live.wait(60) == 255
    assert b"cannot be recorded" in live.stderr.read()
    for _ in range(20):
        refused = own_demo.ssh("alice", "echo hi")
        if refused.code == 255:
            break
    assert refused.out == b""
    assert b"recorded" in refused.err
