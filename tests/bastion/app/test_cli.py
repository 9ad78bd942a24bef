"""The command line: every command explains itself, a mistake is one line and a status, never a traceback."""

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from bastion.app import running
from bastion.app.cli import main
from bastion.app.config import ConfigError
from bastion.app.running import EXIT_CONFIG


def commands(group, path=()):
    for name, command in group.commands.items():
        yield [*path, name]
        if isinstance(command, click.Group):
            yield from commands(command, [*path, name])


def run(*words):
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
def test_every_command_has_help(path):
    done = run(*path, "--help")
    assert done.exit_code == 0
    assert "Usage:" in done.output
    assert len(done.output.splitlines()) > 3


def test_a_mistyped_command_is_answered_with_the_nearest_one():
    done = run("sesions")
    assert done.exit_code == 2
    assert "'sessions'" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--config", "missing.toml"),
        ("replay", "zz"),
        ("policy", "check", "missing.yaml"),
        ("help", "nothing-like-it"),
    ],
)
def test_a_mistake_in_what_was_configured_is_78_and_no_traceback(words):
    done = run(*words)
    assert done.exit_code == EXIT_CONFIG
    assert done.output.startswith("bastion: ")
    assert "Traceback" not in done.output


def test_the_offices_work_on_a_state_folder(tmp_path):
    state = ("--state", str(tmp_path))
    assert run("sessions", *state).exit_code == 0
    assert "is revoked" in run("revoke", "77", *state).output
    assert run("revoke", "77", *state).exit_code == 0
    assert run("revoke", "-5", *state).exit_code == 2
    enrolled = run("enrol", "https://issuer|alice", *state)
    assert "otpauth://totp/" in enrolled.output
    seed = enrolled.output.partition("secret=")[2].partition("&")[0].strip()
    assert len(seed) >= 32
    assert not any(seed.encode() in path.read_bytes() for path in tmp_path.iterdir())


def test_an_index_is_rebuilt_from_an_empty_ledger(tmp_path):
    (tmp_path / "ledger").mkdir()
    done = run("reindex", "--state", str(tmp_path))
    assert (done.exit_code, done.output) == (0, "0 sessions\n")


@pytest.mark.parametrize(
    ("words", "typed", "offered"),
    [(["policy"], "", {"check", "judge", "explain", "lint", "test", "diff", "replay"}), (["policy", "explain", "ls"], "--", {"--as", "--at", "--policy", "--shell", "--cwd", "--json"})],
)  # fmt: skip
def test_the_shell_completes_commands_and_options_of_policies(words, typed, offered):
    found = {
        item.value
        for item in ShellComplete(main, {}, "bastion", "_BASTION_COMPLETE").get_completions(words, typed)
    }
    assert offered <= found


def test_a_command_ends_with_the_status_of_its_work_and_says_each_line_of_an_error(capsys):
    async def done():
        return 3

    async def wrong():
        raise ConfigError("one\ntwo")

    with pytest.raises(SystemExit) as ended:
        running.run(done())
    assert ended.value.code == 3
    with pytest.raises(SystemExit) as ended:
        running.run(wrong())
    assert ended.value.code == EXIT_CONFIG
    assert capsys.readouterr().err == "bastion: one\nbastion: two\n"
