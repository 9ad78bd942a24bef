"""What is emitted runs as the original does, in real shells, on benign lines of a grammar."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bastion.core.shell.understand import understand
from bastion.syntax.shfmt import Shfmt

# More by hand: BASTION_EXAMPLES=3000 pytest …
EXAMPLES = int(os.environ.get("BASTION_EXAMPLES", "100"))
SHELLS = {
    "dash": (["dash"], "posix"),
    "bash": (["bash", "--norc"], "bash"),
    "busybox": (["busybox", "sh"], "posix"),
}

_plain = st.sampled_from(
    [
        "a",
        "b c",
        "x=1",
        "-n",
        "$",
        "*",
        "?",
        "[a-c]*",
        "~",
        "it's",
        'q"q',
        "\\",
        "#x",
        "{}",
        "!",
        "é",
        "",
        "a  b",
        "%s",
        "--",
        "1",
    ]
)


@st.composite
def words(draw):
    text = draw(_plain)
    style = draw(
        st.sampled_from(["single", "double", "escape", "var", "sub", "default", "arith", "glob", "mix"])
    )
    single = "'" + text.replace("'", "'\\''") + "'"
    match style:
        case "single":
            return single
        case "double":
            return '"' + "".join("\\" + char if char in '"$`\\' else char for char in text) + '"'
        case "escape":
            return "".join(char if char.isalnum() else "\\" + char for char in text) or "''"
        case "var":
            return draw(st.sampled_from(['"$V"', "$V", "${V}", '"${V}x"', '"$U"', "${#V}", '"$#"', "$?"]))
        case "sub":
            return f'"$(printf %s {single})"'
        case "default":
            return draw(st.sampled_from(["${U:-dflt}", '"${U:-a b}"', "${V:+yes}", '"${V%o*}"', "${V##*o}"]))
        case "arith":
            return draw(
                st.sampled_from(["$((1 + 2))", "$(( (3-1)*2 ))", "$((7 % 4 == 3 ? 1 : 0))", "$((1<<3))"])
            )
        case "glob":
            return draw(
                st.sampled_from(["*.txt", "f?.txt", "[ab]*", "no*match", "*'.txt'", "./*", '"*".txt'])
            )
        case _:
            return f'pre{single}"$V"post'


@st.composite
def simple(draw):
    program = draw(st.sampled_from(["echo", "printf '<%s>\\n'", "printf '%s|'"]))
    arguments = " ".join(draw(st.lists(words(), max_size=4)))
    tail = draw(
        st.sampled_from(
            [
                "",
                "",
                "",
                " >/dev/null",
                " 2>&1",
                " >&2",
                " | cat",
                " | wc -c",
                " < f1.txt",
                " >>/dev/null",
                " | tr a-z A-Z | sort",
            ]
        )
    )
    return f"{program} {arguments}{tail}"


def compound(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(" && ".join), pair.map(" || ".join), pair.map("; ".join), pair.map("\n".join),
        inner.map("( {} )".format), inner.map("{{ {}; }}".format), inner.map("! {}".format), inner.map("if {}; then echo y; else echo n; fi".format),
        pair.map(lambda each: f"if false; then {each[0]}; elif true; then {each[1]}; fi"),
        inner.map("for i in 1 'b c' *.txt; do {}; done".format), inner.map('for i in p q; do echo "$i"; {}; done'.format),
        inner.map("i=0; while [ $i -lt 2 ]; do {}; i=$((i+1)); done".format), inner.map('case "$V" in f*) {} ;; (\'b c\'|x) echo no ;; *) echo other;; esac'.format),
        inner.map('V=new; {}; echo "$V"'.format), inner.map("export W='b c'; {}; echo $W".format), inner.map('W=$V; {}; echo "$W"'.format),
        inner.map("{} <<'E'\nbody $V `x`\n\\\nE".format), inner.map("cat <<E | {}\nhi $V \\$V $((1+1)) $(echo s) ' \\\\ x\nE".format), inner.map("cat <<-E\n\t\ta $V\n\tb\n\tE\n{}".format),
        inner.map(lambda line: "sh -c '" + line.replace("'", "'\\''") + "'"),
        inner.map(lambda line: "eval '" + line.replace("'", "'\\''") + "'"),
        inner.map('x=$({}); echo "[$x]"'.format),
    )  # fmt: skip


LINES = st.recursive(simple(), compound, max_leaves=4)


def run(argv: list[str], text: bytes, folder: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run([*argv, "-c", text.decode()], cwd=folder, capture_output=True, timeout=20, stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "V": "foo", "HOME": "/h", "LC_ALL": "C.UTF-8"}, check=False)  # fmt: skip
    return done.returncode, done.stdout, re.sub(rb"(line )?\d+", b"N", done.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("files")
    for name in ("f1.txt", "f2.txt", "a.txt", "b.dat", "c d"):
        (path / name).write_text(f"{name} content\n")
    return str(path)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_emitted_text_does_what_the_original_does(shell, folder):
    argv, dialect = SHELLS[shell]
    assert shutil.which(argv[0]), f"{argv[0]} is needed by this test"
    counts = {"same": 0, "held": 0}

    async def emitted(text: bytes) -> bytes:
        syntax = Shfmt(ready=(), spare=0)
        try:
            parsed = await syntax.parse(text, dialect)
        finally:
            await syntax.close()
        if parsed.tree is None:
            return b""
        units = understand(parsed.tree, text, cwds=("/app",), dialect=dialect, stdin="null").units
        return b"\n".join(unit.emitted for unit in units) if all(unit.understood for unit in units) else b""

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(LINES)
    def check(line: str) -> None:
        text = line.encode()
        again = asyncio.run(emitted(text))
        if not again:
            counts["held"] += 1
            return
        counts["same"] += 1
        assert run(argv, again, folder) == run(argv, text, folder), (line, again)

    check()
    # The property says nothing about lines that are held; most of them must not be.
    assert counts["same"] > counts["held"], counts
