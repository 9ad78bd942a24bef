"""Statements that only read are understood; whatever may do more is not."""

from __future__ import annotations

import shlex

import pytest


def first(facts, client, text):
    return facts(f"{client} {shlex.quote(text)}").units[0].commands[0]


@pytest.mark.parametrize(
    ("text", "verb"),
    [("select count(*) from t where id in (1, 2)", "select"), ("SHOW max_connections", "show"), ("with x as (select 1) select * from x;", "select"), ("select a::text, 'it''s' from \"T\"", "select"),
     ("explain select 1", "select"), (r"\d+ orders", "show"), (r"\dt", "show"), ("select * from pg_shadow", "secrets"), ("select password from users", "secrets"), ("select 1; select 2", "select")],
)  # fmt: skip
def test_statements_that_read_have_a_verb(facts, text, verb):
    command = first(facts, "psql -c", text)
    assert command.understood
    assert command.verb == verb


@pytest.mark.parametrize(
    "text",
    ["delete from t", "select 1; drop table t", "select evil(1)", "select a, evil (1)", "select pg_read_file('x')", "select x.count(1)", 'select "count"(1)', "with x as (delete from t returning 1) select 1",
     "with evil(1) as x", "select 1 into t", "copy t to program 'id'", "do $$x$$", "select 1 -- x", "select /* x */ 1", "/*!50000 drop table t */", r"\! id", r"\copy t from x", r"\d `id`", r"select 1 \gexec",
     "select :x", "explain analyze select 1", "select 'a\\'", "", "begin", "select @x := 1", "select 'unclosed"],
)  # fmt: skip
@pytest.mark.parametrize("client", ["psql -c", "mysql -e", "sqlite3 -readonly f"])
def test_whatever_may_do_more_is_not_understood(facts, client, text):
    assert not first(facts, client, text).understood


@pytest.mark.parametrize("text", ["psql", "psql -f x", "psql -v a=b -c 'select 1'", "psql postgres://h/d -c 'select 1'", "psql -d 'host=h' -c 'select 1'", 'psql -c "$x"', "mysql", "mysql -e 'source x'", "mysql -e 'select 1\nsystem id'", "sqlite3 f '.shell id'", "sqlite3 f '.read x'", "sqlite3 -cmd x f", "echo x | psql"])  # fmt: skip
def test_statements_from_elsewhere_are_not_understood(facts, text):
    assert not facts(text).units[0].understood


def test_a_database_file_that_opening_may_change_is_written(facts):
    uses = [access.use for access in first(facts, "sqlite3 f", "select 1").accesses]
    assert uses == ["read", "write"]
    assert [access.use for access in first(facts, "sqlite3 -readonly f", "select 1").accesses] == ["read"]


def test_the_host_of_a_database_is_a_fact(facts):
    assert first(facts, "psql -h db.example -c", "select 1").hosts == ("db.example",)
