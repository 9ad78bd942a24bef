"""psql, mysql and sqlite3 with statements on the command line: those that only read are understood.

The grammar is what every dialect reads alike: words, numbers, plain strings, operators. A comment, a
backslash, a variable, a word that may change something, or a function that is not on the list makes
the statement not understood. What a view or a user's own operator runs is for the database's rights.
"""

from __future__ import annotations

import re

from bastion.core.shell import escapes
from bastion.core.shell.facts import Access
from bastion.core.shell.judge import Judge
from bastion.core.shell.options import read
from bastion.core.shell.scene import Call
from bastion.core.shell.spec import read_table
from bastion.core.shell.words import Word

_CLIENTS = read_table("""
psql: -AtxqXwW1nEeaHz0lbV -U: -d: -h:h -p: -c:q -F: -R: -P: -o:w -L:w -f:k -v:k -s! -S --command:q
    --list --csv
    --no-align --tuples-only --expanded --quiet --no-psqlrc --dbname: --host:h --port: --username:
    --no-password --pset: --field-separator: --output:w --file:k --variable:k --set:k --version --echo-errors
    / dd
mysql: -NBstrAEHvVCn -u: -h:h -P: -D: -e:q -p? -S:n --user: --host:h --port: --database: --execute:q --batch
    --skip-column-names --table --raw --silent --vertical --password? --protocol: --ssl-mode: --version
    --connect-timeout: --default-character-set: --no-auto-rehash / d
sqlite3: -readonly -header -noheader -csv -json -column -line -list -table -box -markdown -batch -bail
    -separator:d -version @word / dq*
""")
_TELLING = frozenset(("-l", "--list", "-V", "--version", "-version"))
_META = re.compile(
    r"\\(?:d[a-zA-Z]*[+S]*|l\+?|z|sf\+?|sv\+?|conninfo|dn\+?|encoding|timing|x)(?: +[\w.*\"]+)*\s*;?"
)
_DOT = re.compile(r"\.(?:tables|schema|indexes|indices|databases|dbinfo|fullschema)(?: [\w%]+)?")
_TOKEN = re.compile(
    r"\s+|'(?:[^'\\]|'')*'|\"[^\"\\]*\"|`[\w$ -]*`|\d[\d.]*(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|::"
    r"|<=|>=|<>|!=|\|\||->>?|[(),.;*=<>+/%\[\]?-]"
)
_BEGINS = frozenset(("select", "show", "explain", "with", "table", "values", "describe", "desc"))
_TEXT_OF_CHANGES = """
    into insert update delete drop alter create grant revoke truncate copy call do execute prepare
    deallocate set reset lock unlock vacuum analyze analyse load outfile dumpfile merge replace
    refresh reindex cluster comment listen notify attach detach pragma begin commit rollback
    savepoint kill flush purge handler import install uninstall optimize repair rename declare fetch
    move discard checkpoint security procedure system source returning
"""
_CHANGES = frozenset(_TEXT_OF_CHANGES.split())
_TEXT_OF_KEYWORDS = """
    in values and or not exists over filter as any all some using on where from select by having
    when then else between like ilike is join with recursive union except intersect interval case
    limit offset group within partition materialized distinct cast lateral
"""
_KEYWORDS = frozenset(_TEXT_OF_KEYWORDS.split())
_TEXT_OF_FUNCTIONS = """
    count sum avg min max coalesce nullif length char_length lower upper trim ltrim rtrim substr
    substring round abs ceil ceiling floor mod power sqrt now date time timestamp datetime strftime
    date_trunc date_part extract age to_char to_date to_timestamp concat concat_ws left right
    position strpos instr ifnull if greatest least row_number rank dense_rank lag lead first_value
    last_value ntile array_agg string_agg group_concat json_agg jsonb_agg unnest version database
    current_database current_schema schema pg_size_pretty pg_database_size pg_relation_size
    pg_total_relation_size pg_table_size pg_indexes_size pg_is_in_recovery pg_last_wal_replay_lsn
    pg_current_wal_lsn pg_wal_lsn_diff pg_postmaster_start_time pg_blocking_pids
    pg_last_xact_replay_timestamp pg_backend_pid datediff timestampdiff unix_timestamp from_unixtime
    curdate curtime year month day hour minute generate_series percentile_cont percentile_disc
    stddev variance bool_and bool_or every json_extract jsonb_array_length json_array_length
    format_type quote_ident regexp_replace split_part typeof julianday
"""
_FUNCTIONS = frozenset(_TEXT_OF_FUNCTIONS.split())
_SECRETS = re.compile(
    r"pg_(?:shadow|authid|user_mappings?|hba\w*|file\w*|ident\w*|largeobject\w*)"
    r"|\w*(?:passw|secret|token|credential|api_?key|private_?key|authentication_string|salt|cvv|pin_)\w*",
    re.IGNORECASE,
)
# A database's name may be a whole connection string, which names another host or file.
_REACHES = re.compile(r"://|(?<!pager)(?<!format)(?<!null)=")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]*")


def client(judge: Judge, call: Call) -> None:
    """A database's client: the verb is "show", "select" or, where secrets are named, "secrets"."""
    name = "mysql" if call.program == "mariadb" else call.program
    reading = read(_CLIENTS[name], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    if name != "sqlite3":
        call.capabilities.add("network")
    statements = [word for kind, word, _tree in reading.items if kind == "q"]
    plain = [word for kind, word, _tree in reading.items if kind == "d"]
    if any(
        kind == "w" and (word.literal or "|").lstrip().startswith("|") for kind, word, _tree in reading.items
    ):
        call.capabilities.add("runs-code")
        call.reasons.append(f"{call.program} would pipe its output to a command")
    reading.items = [item for item in reading.items if item[0] not in "dq"]
    judge.items(call, reading)
    if name == "sqlite3":
        _file(judge, call, plain, reading.flags)
    elif any(_REACHES.search(word.literal or "://") for word in plain) or any(
        not _PLAIN_NAME.fullmatch(word.literal or "?") for word in reading.operands
    ):
        call.reasons.append(f"{call.program} is given a connection that is not a plain name")
    if not statements and not set(reading.flags) & _TELLING:
        call.capabilities.add("runs-code")
        call.reasons.append(f"{call.program} takes statements from its standard input")
    verbs = {_verb(word, name) for word in statements}
    if "" in verbs:
        call.capabilities.add("runs-code")
        call.reasons.append(f"a statement of {call.program} that is not known to only read")
    for word in statements:
        if word.literal and not _verb(word, name):
            escapes.started(judge, call, name, word.literal)
    call.verb = next(
        (verb for verb in ("secrets", "select", "show") if verb in verbs), "" if verbs else "show"
    )


def _file(judge: Judge, call: Call, plain: list[Word], flags: list[str]) -> None:
    """sqlite3's own file: without -readonly opening it may create or recover it."""
    for word in plain[:1]:
        judge.access(call, word, "read")
        if "-readonly" not in flags:
            judge.access(call, word, "write")
    if not plain:
        call.accesses.append(Access("write", unknown=True))


def _verb(word: Word, name: str) -> str:
    """What a text of statements does; "" where it is not known to only read."""
    text = word.literal
    if text is None or len(text) > 10_000:
        return ""
    if name == "psql" and text.lstrip().startswith("\\"):
        return "show" if _META.fullmatch(text.strip()) else ""
    if name == "sqlite3" and text.startswith("."):
        return "show" if _DOT.fullmatch(text.strip()) else ""
    if name == "mysql":
        text = text.removesuffix("\\G")
        if "\n" in text:
            return ""
    tokens = _tokens(text)
    return _judge(tokens) if tokens is not None else ""


def _tokens(text: str) -> list[str] | None:
    tokens: list[str] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or text[position : position + 2] == "--":
            return None
        if text[position : position + 2] in ("/*", "*/", "?("):
            return None
        position = found.end()
        if not found.group().isspace():
            tokens.append(found.group())
    return tokens


def _judge(tokens: list[str]) -> str:
    begins = True
    verb = "show"
    for index, each in enumerate(tokens):
        word = each.lower()
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        before = tokens[index - 1] if index else ""
        bare = word.strip('"`')
        if begins and word not in _BEGINS and word != "(":
            return ""
        if begins and word in ("select", "with", "table", "values", "explain"):
            verb = "secrets" if verb == "secrets" else "select"
        begins = each == ";" and index + 1 < len(tokens)
        if word in _CHANGES or (after == "(" and bare[:1].isalpha() and not _callable(bare, before, each)):
            return ""
        if _SECRETS.fullmatch(bare) or (bare in ("mysql", "pg_catalog") and after == "."):
            verb = "secrets"
    return verb if tokens else ""


def _callable(name: str, before: str, written: str) -> bool:
    """Whether a name before a parenthesis is a keyword or a function without effects."""
    return name in _KEYWORDS | _FUNCTIONS and before != "." and not written.startswith(('"', "`"))
