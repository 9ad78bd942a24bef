"""A risky command waits for a colleague; people wait on the line, agents come back with a code."""

import json
import time


def pending(demo, user="bob"):
    done = demo.ssh(user, "list --json", login="approvals")
    assert done.code == 0, done.err
    return json.loads(done.out)


def wait_for_one(demo, text):
    for _ in range(100):
        for row in pending(demo):
            if text in row["text"]:
                return row["id"]
        time.sleep(0.1)
    raise AssertionError("nothing was asked for")


def make(demo, name):
    """A directory under /data, made where nobody judges, by the cluster's administrator."""
    kubectl = [
        "kubectl",
        "--kubeconfig",
        demo.data["kubeconfig"],
        "-n",
        "shop",
        "exec",
        "web-0",
        "-c",
        "app",
        "--",
    ]
    assert demo.raw([*kubectl, "mkdir", "-p", f"/data/{name}"]).code == 0


def exists(demo, name):
    return name.encode() in demo.ssh("alice", "ls /data").out.split()


def test_a_person_waits_and_a_peer_approves(demo):
    make(demo, "one")
    process = demo.start("alice", "rm -r /data/one")
    one = wait_for_one(demo, "/data/one")
    assert exists(demo, "one")
    assert demo.ssh("bob", f"approve {one}", login="approvals").code == 0
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert b"waiting until" in err
    assert one.encode() in err
    assert not exists(demo, "one")


def test_a_peer_denies_with_a_reason(demo):
    make(demo, "two")
    process = demo.start("alice", "rm -r /data/two")
    one = wait_for_one(demo, "/data/two")
    assert demo.ssh("bob", f"deny {one} 'not on a Friday'", login="approvals").code == 0
    _, err = process.communicate(timeout=30)
    assert process.returncode == 77
    assert b"not on a Friday" in err
    assert exists(demo, "two")


def test_nobody_approves_their_own_and_strangers_see_nothing(demo):
    make(demo, "three")
    process = demo.start("alice", "rm -r /data/three")
    one = wait_for_one(demo, "/data/three")
    own = demo.ssh("alice", f"approve {one}", login="approvals")
    assert own.code != 0
    stranger = demo.ssh("carol", f"approve {one}", login="approvals")
    assert stranger.code != 0
    assert b"unknown id" in stranger.err
    assert b"unknown id" in demo.ssh("erin", f"show {one}", login="approvals").err
    process.kill()
    process.communicate(timeout=30)
    for _ in range(50):
        if one not in [row["id"] for row in pending(demo)]:
            break
        time.sleep(0.1)
    assert one not in [row["id"] for row in pending(demo)]
    assert exists(demo, "three")


def test_an_agent_gets_its_answer_at_once_and_runs_the_stored_bytes_once(demo):
    make(demo, "four")
    began = time.monotonic()
    done = demo.ssh("agent-refactor", "rm -r /data/four && echo 'gone'")
    assert time.monotonic() - began < 20
    assert done.code == 75
    one = done.answer["id"]
    assert done.answer["status"] == "pending"
    assert done.answer["retry"].endswith(f"wait {one}")
    assert demo.ssh("agent-refactor", f"run {one}", login="approvals").code == 75
    refused = demo.ssh("alice", f"approve {one}", login="approvals")
    assert refused.code != 0
    assert demo.ssh("bob", f"approve {one}", login="approvals").code == 0
    assert demo.ssh("agent-refactor", f"wait {one}", login="approvals").code == 0
    assert b"unknown id" in demo.ssh("carol", f"run {one}", login="approvals").err
    ran = demo.ssh("agent-refactor", f"run {one}", login="approvals")
    assert (ran.code, ran.out) == (0, b"gone\n")
    assert not exists(demo, "four")
    assert demo.ssh("agent-refactor", f"run {one}", login="approvals").code == 77


def test_an_agent_can_ask_what_became_of_it(demo):
    make(demo, "five")
    one = demo.ssh("agent-refactor", "rm -r /data/five").answer["id"]
    shown = json.loads(demo.ssh("agent-refactor", f"show {one} --json", login="approvals").out)
    assert (shown["state"], shown["text"]) == ("requested", "rm -r /data/five")
    assert demo.ssh("bob", f"deny {one} no", login="approvals").code == 0
    assert demo.ssh("agent-refactor", f"wait {one}", login="approvals").code == 77


def test_the_desk_needs_no_terminal_and_tells_what_it_takes(demo):
    done = demo.ssh("bob", "aprove x", login="approvals")
    assert done.code == 64
    assert b"list | show ID" in done.err
    assert demo.ssh("bob", "show " + "0" * 32, login="approvals").code != 0


def test_a_code_is_asked_without_echo_and_counts_once(demo):
    import pyotp

    kubectl = [
        "kubectl",
        "--kubeconfig",
        demo.data["kubeconfig"],
        "-n",
        "shop",
        "exec",
        "web-0",
        "-c",
        "app",
        "--",
    ]
    policy = open(demo.data["policy"]).read()
    assert "totp: true" in policy
    demo.raw([*kubectl, "sh", "-c", "mkdir -p /data/cache; touch /data/cache/x"])
    code = pyotp.TOTP(demo.data["users"]["alice"]["totp_seed"]).now()
    process = demo.start("alice", "rm /data/cache/x", options=("-tt",))
    time.sleep(2)
    process.stdin.write(code.encode() + b"\r")
    process.stdin.flush()
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    assert code.encode() not in out
    assert code not in "".join(demo.casts().values())
