"""`ssh target 'line'` and `ssh target < script` with the stock client: codes, streams, verdicts, masks."""

import hashlib
import json
import subprocess

import pytest


@pytest.mark.parametrize("code", [0, 1, 3, 137, 255])
def test_the_exit_status_is_the_commands(demo, code):
    assert demo.ssh("alice", f"sh -c 'exit {code}'").code == code


def test_an_allowed_command_runs_in_the_pod(demo):
    done = demo.ssh("alice", "hostname")
    assert (done.code, done.out) == (0, b"web-0\n")


def test_standard_output_and_error_stay_apart(demo):
    done = demo.ssh("alice", "echo out; ls /nowhere")
    assert done.out == b"out\n"
    assert b"nowhere" in done.err
    assert done.code == 2


def test_standard_input_reaches_the_program_and_ends(demo):
    assert demo.ssh("alice", "wc -c", data=b"x" * 100_000).out.strip() == b"100000"


def test_a_write_under_etc_is_denied_and_does_not_happen(demo):
    done = demo.ssh("alice", "touch /etc/owned")
    assert done.code == 77
    assert b"bastion: denied" in done.err
    assert demo.ssh("alice", "ls /etc").out.find(b"owned") < 0


def test_an_agent_is_denied_with_a_line_that_it_can_act_on(demo):
    done = demo.ssh("agent-refactor", "echo x > /etc/motd")
    assert done.code == 77
    assert done.answer["status"] == "denied"
    assert done.answer["rule"]


def test_what_is_not_understood_is_65_for_an_agent(demo):
    done = demo.ssh("agent-refactor", "$(echo ls) /")
    assert done.code == 65
    assert done.answer["status"] == "not_understood"


def test_a_parse_error_runs_nothing(demo):
    done = demo.ssh("alice", "echo one; echo 'two")
    assert (done.code, done.out) == (65, b"")


def test_a_secret_file_comes_out_masked(demo):
    done = demo.ssh("alice", "cat /app/.env")
    assert done.code == 0
    assert b"*" in done.out
    shown = json.dumps([done.out.decode(), *demo.casts().values()])
    for line in done.out.decode().splitlines():
        assert "=" not in line or shown


def test_mounted_secret_values_never_leave_in_clear(demo):
    secret = subprocess.run(
        ["kubectl", "--kubeconfig", demo.data["kubeconfig"], "-n", "shop", "get", "secret", "web-credentials", "-o", "json"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    import base64

    values = [base64.b64decode(value) for value in json.loads(secret)["data"].values()]
    done = demo.ssh("alice", "env; find /etc/secrets /var/run/secrets -type f -exec cat {} +")
    alone = demo.ssh("alice", "env")
    text = done.out + done.err + alone.out + "".join(demo.casts().values()).encode()
    assert alone.code == 0
    for value in values:
        assert value.strip() not in text


def test_a_secret_in_a_command_is_refused(demo):
    done = demo.ssh("alice", "echo AKIAQWERTYUIOPASDFGH ghp_0123456789abcdefghijABCDEFGHIJ012345")
    assert done.code == 65
    assert b"secret in command" in done.err


def test_a_script_runs_unit_by_unit_with_cwd_and_exports_carried(demo):
    script = b"cd /data\nexport A=1\nB='two words'\npwd\necho \"$A:$B\"\nsh -c 'exit 3'\n"
    done = demo.ssh("alice", data=script)
    assert done.out == b"/data\n1:two words\n"
    assert done.code == 3


def test_a_denied_unit_ends_the_script_with_77(demo):
    done = demo.ssh("alice", data=b"echo one\ntouch /etc/x\necho two\n")
    assert (done.code, done.out) == (77, b"one\n")


def test_nothing_after_a_parse_error_runs(demo):
    done = demo.ssh("alice", data=b"echo one\necho )\necho two\n")
    assert (done.code, done.out) == (65, b"one\n")


def test_units_of_a_script_read_dev_null_and_here_documents_work(demo):
    done = demo.ssh("alice", data=b"cat\ncat <<'E'\nhere\nE\necho after\n")
    assert (done.code, done.out) == (0, b"here\nafter\n")


def test_exit_ends_a_script_with_its_status(demo):
    done = demo.ssh("alice", data=b"echo one\nexit 4\necho two\n")
    assert (done.code, done.out) == (4, b"one\n")


def test_set_e_ends_a_script_at_the_first_failure(demo):
    done = demo.ssh("alice", data=b"set -e\nfalse || echo kept\nfalse\necho two\n")
    assert (done.code, done.out) == (1, b"kept\n")


def test_much_output_arrives_whole(demo):
    size = 200_000_000
    process = demo.start("alice", f"head -c {size} /dev/zero", stderr=subprocess.DEVNULL)
    digest, seen = hashlib.sha256(), 0
    while piece := process.stdout.read(1 << 20):
        digest.update(piece)
        seen += len(piece)
    assert process.wait(60) == 0
    assert seen == size
    assert digest.hexdigest() == hashlib.sha256(bytes(size)).hexdigest()


def test_the_environment_is_an_allow_list(demo):
    options = ("-o", "SetEnv=LANG=C LC_TIME=C EVIL=1 LD_PRELOAD=x TZ=Europe/Berlin")
    done = demo.ssh("alice", "env", options=options)
    assert b"LC_TIME=C\n" in done.out
    assert b"TZ=Europe/Berlin\n" in done.out
    assert b"EVIL" not in done.out
    assert b"LD_PRELOAD" not in done.out
    assert done.err.count(b"dropped") == 1


def test_dry_run_tells_and_does_nothing(demo):
    done = demo.ssh("agent-refactor", "rm -r /data/old", options=("-o", "SetEnv=BASTION_APPROVAL=dry-run"))
    assert done.code == 75
    assert done.answer["status"] == "approve-peer"


@pytest.mark.parametrize("login", ["shop/none", "bank/ledger-0", "nowhere/web-0"])
def test_unknown_and_forbidden_targets_get_the_same_answer(demo, login):
    done = demo.ssh("alice", "true", login=login)
    assert done.code == 77
    assert (
        done.err.decode().strip()
        == f"bastion: there is no {login} that you may reach (check the name and your groups)"
    )


def test_an_ambiguous_container_names_the_choices(demo):
    done = demo.ssh("alice", "true", login="shop/api-0")
    assert done.code != 0
    assert b"app" in done.err
    assert b"sidecar" in done.err


def test_plus_is_accepted_for_slash_and_a_workload_is_named(demo):
    assert demo.ssh("alice", "hostname", login="shop+web-0").out == b"web-0\n"
    done = demo.ssh("alice", "hostname", login="shop/deploy/web")
    assert done.out.startswith(b"web-")
    assert b"is shop/web-" in done.err


def test_the_evidence_holds_it_all_and_verifies(demo):
    demo.ssh("alice", "echo for-the-record")
    leaves = demo.leaves()
    verdicts = [
        leaf for leaf in leaves if leaf["type"] == "verdict" and "for-the-record" in leaf.get("text", "")
    ]
    assert verdicts
    session = verdicts[-1]["session"]
    types = [leaf["type"] for leaf in leaves if leaf.get("session") == session]
    assert types.index("verdict") < len(types) - 1 - types[::-1].index("exec.opened")
    assert types[-1] == "recording.sealed"
    assert "for-the-record" in demo.casts()[session]
    assert demo.verify().code == 0
