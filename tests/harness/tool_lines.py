"""Command lines for real tools, built from the judge's tables and the tools' own help texts."""

from __future__ import annotations

import re
import subprocess

from hypothesis import strategies as st

from bastion.core.shell.programs import PROGRAMS
from bastion.core.shell.searching import FIND_WORDS, LANGUAGES
from bastion.core.shell.spec import Spec
from bastion.core.shell.wrappers import WRAPPERS

FILES = ["a.txt", "b.txt", "d", "names", "./a.txt", "/data/s.txt", "/root/k.txt", "nofile", "-", "*.txt", "*", "d/c.txt", "../app/a.txt", '"$PWD"/a.txt']  # fmt: skip
OUTPUTS = ["out", "/data/out", "d/out", "/app/a.txt", "/tmp/o"]
COMMANDS = [
    "touch made",
    "cat a.txt",
    "true",
    "sh -c 'touch made'",
    "rm a.txt",
    "echo {}",
    "cp {} made",
    "wc -l",
]
PLAIN = ["1", "2", ",", "a", "alpha", "1,2p", "0", "x=1", "A", "exec=touch made", "{}", ":"]
_AWKS = ["awk", "mawk", "gawk", "original-awk", "busybox awk"]
_SEDS = ["sed", "busybox sed"]

_SED_PARTS = ["p", "d", "q", "=", "n", "s/a/b/", "s/a/b/gp", "s/a/b/w out", "s/.*/touch made/e", "w out", "w /data/out", "r names", "R names", "W out", "e touch made", "e", "1e", "y/ab/cd/", "a text", "a\\", "i\\\ntouch made", "c x\\\ny", "b x", ":x", "t", "1,2", "$!", "/a/", "\\,a,", "{", "}", "1~2", "0,/a/", "s,[,],x,", "s/[/]/w out/", "#c\\", "F", "z", "l", "x", "h;G", "Q", "v", "s/\\n/w out/", "s/a/b/;w out", "s|a|b|w out", "s/a\\/w out/b/", "1!w out"]  # fmt: skip
_SED_GLUE = [";", "\n", "", " ", ";;", "}", " ; ", "\\\n", "\\"]
_AWK_PARTS = ["{print}", '{print > "out"}', '{print >> "/data/out"}', '{print | "cat > made"}', 'BEGIN{system("touch made")}', '{"cat names" | getline x}', '{getline x < "names"}', "1", "/a/", "/[/]/", "/a\\/b/", "$1>2", "{print $1>2}", "{print ($1>2)}", "{x=1/2/3}", "# comment", '{printf "%s", $1 > "out"}', '{print "a" "b"}', '{print>"o" "ut"}', '{close("x")}', "{fflush()}", "function f(a) {return a}", '{ARGV[2]="names"}', 'BEGIN{while((getline l < "names")>0) print l}', '{print "x" | "sh"}', "{a[$1]++}", "END{for(k in a) print k, a[k]}", '{gsub(/a/,"b");print}', '{print -1 " " -1}', 'BEGIN{printf "touch made" | "sh"}', "{print > $1}", '{print > ("o" "ut")}', '@include "prog"', 'BEGIN{"date"|getline;print}', '{print length > "out"}', '{print 1,2 > "out"}', "a=/b/ {print}", '{if(1)print>"out"}', 'BEGIN{RS="x"}', '{print "\\"" > "out"}', '{print substr("a>b",1)}', "BEGIN { getline; print }"]  # fmt: skip
_AWK_GLUE = ["", " ", "\n", ";", "\\\n"]


def quote(text: str) -> str:
    """`text` as one word of any shell."""
    return "'" + text.replace("'", "'\\''") + "'"


@st.composite
def snippets(draw: st.DrawFn, parts: list[str], glue: list[str]) -> str:
    """A program of sed or awk: known pieces, joined well or badly, and sometimes damaged."""
    chosen = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=4))
    text = chosen[0]
    for part in chosen[1:]:
        text += draw(st.sampled_from(glue)) + part
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + draw(st.sampled_from(["/", "[", "]", "\\", "\n", ";", '"', "}", " ", "#", "e", "w"]))
            + text[at + draw(st.integers(0, 1)) :]
        )
    return text


def offered(program: str) -> list[str]:
    """The options that the installed tool itself says it has."""
    done = subprocess.run([*program.split(), "--help"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=10)  # fmt: skip
    text = done.stdout + done.stderr
    return sorted(set(re.findall(r"(?<![\w-])(?:--[a-z][a-z0-9-]+=?|-[A-Za-z0-9])(?![\w])", text)))


def _values(kind: str) -> st.SearchStrategy[str]:
    match kind:
        case "w":
            return st.sampled_from(OUTPUTS)
        case "r" | "n" | "f" | "m":
            return st.sampled_from(FILES)
        case "x" | "c" | "k":
            return st.sampled_from(COMMANDS)
        case _:
            return st.one_of(st.sampled_from(PLAIN), st.sampled_from(FILES[:4]).map(quote))


@st.composite
def _option(draw: st.DrawFn, spec: Spec, program: str, real: list[str]) -> str:
    """An option of the table with a value of its kind, or one of the tool's own with any value."""
    if spec.options and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(spec.options)))
        kind = spec.options[name].kind
        if not kind:
            return name
        value = draw(_values(kind))
        value = quote(value) if " " in value or "\n" in value else value
        joined = "=" if name.startswith("--") else draw(st.sampled_from(["", " "]))
        return f"{name}{joined}{value}"
    if not real:
        return ""
    name = draw(st.sampled_from(real))
    if draw(st.integers(0, 5)) == 0 and name.startswith("--"):
        name = name.rstrip("=")[: draw(st.integers(4, 12))]
    if name.endswith("=") or draw(st.integers(0, 4)) == 0:
        value = draw(
            st.one_of(
                st.sampled_from(OUTPUTS), st.sampled_from(FILES[:5]), st.sampled_from(COMMANDS).map(quote)
            )
        )
        name = f"{name}{value}" if name.endswith("=") else f"{name} {value}"
    return name


@st.composite
def _editing(draw: st.DrawFn, tool: str, real: list[str]) -> str:
    is_sed = tool.rsplit(maxsplit=1)[-1] == "sed"
    language = LANGUAGES["sed" if is_sed else "awk"]
    program = draw(snippets(_SED_PARTS, _SED_GLUE) if is_sed else snippets(_AWK_PARTS, _AWK_GLUE))
    options = draw(st.lists(_option(language, tool, real), max_size=1))
    files = draw(st.lists(st.sampled_from(FILES), max_size=2))
    return " ".join([tool, *options, quote(program), *files])


@st.composite
def _finding(draw: st.DrawFn, tool: str) -> str:
    starts = draw(st.lists(st.sampled_from([".", "d", "/data", "*", "./*.txt"]), max_size=2))
    parts = []
    for word in draw(st.lists(st.sampled_from(FIND_WORDS), max_size=3)):
        if word in ("-exec", "-execdir", "-ok"):
            command = draw(st.sampled_from([*COMMANDS, "cat {}", "mv {} /data/moved", "rm -f {}"]))
            parts.append(f"{word} {command} {draw(st.sampled_from(['{} +', chr(92) + ';']))}")
        elif word.startswith("-f") and word[1:2] == "f":
            parts.append(f"{word} {draw(st.sampled_from(OUTPUTS))}" + (" %p" if word == "-fprintf" else ""))
        elif draw(st.booleans()):
            parts.append(quote(word))
        else:
            parts.append(
                f"{quote(word)} {draw(st.sampled_from(['1', 'f', quote('*.txt'), 'a.txt', '/data']))}"
            )
    return " ".join([tool, *starts, *parts])


@st.composite
def _table_line(draw: st.DrawFn, tool: str, spec: Spec, real: list[str]) -> str:
    options = draw(st.lists(_option(spec, tool, real), max_size=3))
    if spec.positionals[:1] in ("x", "d") and "x" in spec.positionals:
        return " ".join(
            [tool, *options, draw(st.sampled_from(["", "1", "A=b"])), draw(st.sampled_from(COMMANDS))]
        )
    operands = draw(st.lists(st.sampled_from([*FILES, "out"]), max_size=3))
    if tool.rsplit(maxsplit=1)[-1] == "tar":
        operands = [draw(st.sampled_from(["", "cf", "-cf", "czf", "rf", "tf", "xf", "--create", "-x"])), draw(st.sampled_from(["/tmp/o.tar", "out.tar"])), *operands]  # fmt: skip
        operands, options = operands[:1], [*operands[1:], *options]
        return " ".join([tool, *operands, *options])
    mixed = draw(st.permutations([*options, *operands]))
    return " ".join(part for part in [tool, *mixed] if part)


_TABLE = ["sort", "uniq", "wc", "head", "tail", "cut", "tee", "cp", "mv", "ln", "split", "shuf", "gzip", "touch", "mkdir", "rm", "truncate", "mktemp", "base64", "od", "cat", "grep", "du", "file", "diff", "comm", "paste", "stat", "ls", "csplit", "xxd", "md5sum", "install", "dd"]  # fmt: skip


def lines(installed: set[str]) -> st.SearchStrategy[str]:
    """Command lines of every tool that is installed, in its GNU and its busybox form."""
    kinds: list[st.SearchStrategy[str]] = []
    for tool in [*_AWKS, *_SEDS]:
        kinds += [_editing(tool, offered(tool))] * 3
    kinds += [_finding(tool) for tool in ("find", "find", "find", "busybox find")]
    for name in ("tar", "sort", "xargs", "env"):
        spec = LANGUAGES["tar"] if name == "tar" else PROGRAMS.get(name) or WRAPPERS[name]
        feed = "printf 'a.txt\\nb.txt\\n' | " if name == "xargs" else ""
        for tool in (name, name, f"busybox {name}"):
            kinds.append(_table_line(tool, spec, offered(tool)).map(lambda line, feed=feed: feed + line))
    for name in _TABLE:
        if name in installed:
            kinds.append(_table_line(name, PROGRAMS.get(name) or Spec(name), offered(name)))
    return st.one_of(kinds)
