"""Commands that a database client's statements spell are found, and the statement is never understood."""

from __future__ import annotations

import shlex

import pytest

from bastion.core.shell.escapes import MAX_FOUND, spelt

CLIENTS = {"psql": "psql -c", "mysql": "mysql -e", "sqlite3": "sqlite3 -readonly f"}


@pytest.mark.parametrize(
    ("client", "text", "commands"),
    [("psql", r"\! rm -rf /srv", ["rm -rf /srv"]), ("psql", r"\set x `rm x`", ["rm x"]), ("psql", r"\o | tee /srv/x", ["tee /srv/x"]),
     ("psql", "copy t from program 'rm ''x'''", ["rm 'x'"]), ("psql", "COPY t TO PROGRAM $$rm x$$", ["rm x"]), ("psql", "select 1 \\g | sh -c 'rm x'", ["sh -c 'rm x'"]),
     ("mysql", r"\! rm x", ["rm x"]), ("mysql", "select 1;\nsystem rm x", ["rm x"]), ("mysql", r"\P rm x", ["rm x"]), ("mysql", "pager rm x", ["rm x"]),
     ("sqlite3", ".shell rm x", ["rm x"]), ("sqlite3", ".system rm x", ["rm x"]), ("sqlite3", ".output '|rm x'", ["rm x"]), ("sqlite3", ".once |rm x", ["rm x"])],
)  # fmt: skip
def test_what_a_statement_starts_is_among_the_commands(facts, client, text, commands):
    assert spelt(client, text) == commands
    unit = facts(f"{CLIENTS[client]} {shlex.quote(text)}").units[0]
    assert not unit.understood
    started = commands[0].split()[0]
    assert started in unit.programs[1:]


@pytest.mark.parametrize(
    "text", ["select 1 || 2", "select 'system' from t", r"\d+ orders", "select a from program"]
)
@pytest.mark.parametrize("client", CLIENTS)
def test_statements_that_start_nothing_spell_nothing(client, text):
    assert spelt(client, text) == []


def test_a_statement_full_of_escapes_is_bounded():
    assert len(spelt("psql", "\\! x\n" * 5000)) == MAX_FOUND
