"""Rules of `python -m recorder`."""

import json
import subprocess
import sys

import pytest

from recorder.__main__ import USAGE, main
from recorder.layout import Layout


@pytest.fixture
def state(lab):
    """A state folder with a closed ledger of six leaves."""
    lab.write(6)
    return lab


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "recorder", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_verify_exits_with_the_outcome_and_says_it(state):
    done = run("verify", state.home)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "INTACT (exit 0)")
    segment = Layout(state.folder).segment(0)
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b'"n":3', b'"n":4'))
    done = run("verify", state.folder)
    assert done.returncode == 1
    assert "leaf 3, 000000000000.log at byte" in done.stdout
    segment.write_bytes(whole[:-1])
    assert run("verify", state.folder).returncode == 2
    assert "\x1b" not in done.stdout


def test_the_recorder_runs_without_the_bastion(state, tmp_path):
    code = (
        "import sys; sys.modules['bastion'] = None; sys.modules['tui'] = None;"
        "from recorder.__main__ import main;"
        f"status = main(['verify', {str(state.home)!r}]);"
        "outside = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names);"
        "print(sorted(outside)); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    outside = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    assert not {
        name for name in outside if name in {"asyncssh", "aiohttp", "kubernetes", "sqlalchemy", "textual"}
    }
    assert "cryptography" in outside


def test_verify_prints_json(state, capsys):
    assert main(["verify", str(state.home), "--json", "--require-anchor"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert (report["outcome"], report["exit"]) == ("unanchored", 3)
    assert (report["ledgers"][0]["leaves"], report["ledgers"][0]["findings"]) == (6, [])


def test_verify_takes_an_anchor_and_a_key_from_files(state, tmp_path, capsys):
    anchor, key = tmp_path / "anchor", tmp_path / "key"
    anchor.write_bytes(Layout(state.folder).checkpoint.read_bytes())
    key.write_bytes(Layout(state.folder).verifier.read_bytes())
    given = ["verify", str(state.home), "--anchor", str(anchor), "--key", str(key), "--require-anchor"]
    assert main(given) == 0
    Layout(state.folder).verifier.unlink()
    assert main(given) == 0
    assert main(["verify", str(state.home)]) == 2
    anchor.write_text("not a note")
    assert main(given) == 1
    anchor.unlink()
    assert main(given) == USAGE


def test_recordings_are_found_beside_the_ledger_or_where_told(state, tmp_path, capsys):
    ledger = state.open()
    ledger.append([{"type": "recording.sealed", "recording": "a.cast", "bytes": 0, "sha256": "0" * 64}])
    ledger.close()
    assert main(["verify", str(state.home)]) == 2
    state.record("a.cast", b"")
    assert main(["verify", str(state.home)]) == 1
    assert main(["verify", str(state.home), "--recordings", str(tmp_path / "none")]) == 2
    assert main(["verify", str(state.home), "--no-recordings"]) == 0


def test_where_there_is_no_ledger_verify_is_incomplete_and_show_fails(tmp_path, capsys):
    assert main(["verify", str(tmp_path / "nothing")]) == 2
    assert main(["show", str(tmp_path)]) == 1
    assert "no ledger here" in capsys.readouterr().err


def test_wrong_usage_has_an_exit_status_of_its_own(capsys):
    for arguments in (["verify"], ["verify", "x", "--frobnicate"], ["show", "x", "--from", "soon"], []):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == USAGE


def test_show_prints_the_leaves_asked_for(state, capsys):
    assert main(["show", str(state.home), "--session", "s0", "--type", "test.event"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["#2", "#4"]
    assert main(["show", str(state.home), "--json"]) == 0
    leaves = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [leaf["seq"] for leaf in leaves] == list(range(6))
    since = str(leaves[4]["t"] / 1e6)
    assert main(["show", str(state.home), "--from", since, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["seq"] == 4
    assert main(["show", str(state.home), "--to", since]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_show_stops_at_an_altered_leaf_and_says_so(state, capsys):
    segment = Layout(state.folder).segment(0)
    segment.write_bytes(segment.read_bytes().replace(b'"n":3', b'"n":4'))
    assert main(["show", str(state.home)]) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 3
    assert "leaf 3" in captured.err


def test_a_reader_that_has_seen_enough_gets_no_traceback(lab):
    lab.write(3000)
    command = f"{sys.executable} -m recorder show {lab.home} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_help_has_examples(capsys):
    for command in ("verify", "show"):
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0
        assert "examples:" in capsys.readouterr().out
