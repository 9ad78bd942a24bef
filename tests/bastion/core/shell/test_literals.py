"""What of a command a mask may cover: literal characters inside one word, and nothing that acts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.shell.literals import MASK, literals, veil
from bastion.syntax.shfmt import Shfmt

SECRET = "Kx7vQ2mNp9RtLw4Z"
COVERED = [
    "echo {}", "echo '{}' | cat", 'echo "a {} b $X"', "X={} cmd", "export P={}; rm -r /x", "echo > /tmp/{}",
    "mysql -u x -p'{}' -e 'select 1'", "curl -u bob:{} https://h/ && echo done", "echo $(cat {})", "ls {}*",
    "for a in {}; do echo $a; done", "if true; then echo {}; fi", "( cd /x; echo {} ) &", "echo a{}b c",
]  # fmt: skip
REFUSED = [
    "{} a", "echo $({})", "echo ${{A:-{}}}", "cat <<E\n{}\nE", "echo $'{}'", "[[ a == {} ]]", "echo $(({}))",
    "{}() {{ echo; }}", "echo `{} x`",
]  # fmt: skip


def parse(text: str) -> Any:
    async def ask() -> Any:
        async with Shfmt(ready=()) as door:
            return await door.parse(text.encode(), "bash")

    return asyncio.run(ask()).tree


def shape(node: Any) -> Any:
    """A tree without positions, and with only the lengths of literal texts."""
    if isinstance(node, list):
        return [shape(each) for each in node]
    if not isinstance(node, dict):
        return node
    placed = {name for name, value in node.items() if isinstance(value, dict) and "Offset" in value}
    kept = {name: shape(value) for name, value in node.items() if name not in placed}
    if node.get("Type") in {"Lit", "SglQuoted"}:
        kept["Value"] = str(node.get("Value", "")).replace(MASK * len(SECRET), SECRET)
    return kept


def spans(text: str, word: str = SECRET) -> list[tuple[int, int]]:
    return [(i, i + len(word)) for i in range(len(text)) if text.startswith(word, i)]


@pytest.mark.parametrize("form", COVERED)
def test_a_mask_inside_one_word_changes_nothing_else_of_the_command(form: str) -> None:
    text = form.format(SECRET)
    shown = veil(text.encode(), parse(text), spans(text), ())
    assert shown == text.replace(SECRET, MASK * len(SECRET))
    assert shape(parse(shown)) == shape(parse(text))


@pytest.mark.parametrize("form", REFUSED)
def test_a_mask_over_what_acts_is_none(form: str) -> None:
    text = form.format(SECRET)
    assert veil(text.encode(), parse(text), spans(text), ()) is None


@given(st.sampled_from([form for form in COVERED if form != "ls {}*"]), st.data())
@settings(max_examples=25, deadline=None)
def test_no_span_hides_an_operator_a_quote_or_a_programs_name(form: str, data: st.DataObject) -> None:
    text = form.format(SECRET)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    tree = parse(text)
    shown = veil(text.encode(), tree, [(start, end)], ())
    if shown is None:
        return
    hidden = "".join(a for a, b in zip(text, shown, strict=True) if a != b)
    assert not set(hidden) & set("|&;<>()$`'\"\\\n{}*?[]!~#")
    again = parse(shown)
    assert [each.get("Type") for each in walk(again)] == [each.get("Type") for each in walk(tree)]
    assert programs(again) == programs(tree)


def walk(node: Any) -> list[Any]:
    if isinstance(node, list):
        return [found for each in node for found in walk(each)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for name in sorted(node) for found in walk(node[name]))]


def programs(tree: Any) -> list[Any]:
    return [
        shape(node["Args"][0]) for node in walk(tree) if node.get("Type") == "CallExpr" and node.get("Args")
    ]


def test_a_word_that_is_a_programs_name_behind_a_wrapper_is_not_masked() -> None:
    text = f"sudo {SECRET} x"
    assert veil(text.encode(), parse(text), spans(text), ("sudo", SECRET)) is None


def test_quotes_and_blanks_at_the_ends_of_a_span_stay_visible() -> None:
    text = f"echo '{SECRET}' x"
    assert (
        veil(text.encode(), parse(text), [(4, 5 + len(SECRET) + 3)], ()) == f"echo '{MASK * len(SECRET)}' x"
    )


def test_without_a_tree_nothing_may_be_masked() -> None:
    assert veil(b"echo x", None, [(5, 6)], ()) is None
    assert literals(parse("echo 'a b' c"), b"echo 'a b' c") == ((6, 9), (11, 12))
