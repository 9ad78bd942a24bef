"""A fact sheet says what the judge knows, bounded, and marks what it does not know."""

from __future__ import annotations

import json

from bastion.core.fact_sheet import MAX_CHARACTERS, MAX_ITEMS, command_sheet, named
from bastion.core.shell.facts import Access, Command


def test_what_is_empty_is_left_out_and_an_unknown_word_is_null():
    sheet = command_sheet(Command("rm", argv=("-r", None), flags=("-r",), reasons=("why",), understood=False))
    assert sheet == {
        "understood": False, "program": "rm", "argv": ["-r", None], "flags": ["-r"], "reasons": ["why"],
    }  # fmt: skip


def test_files_say_their_use_a_tree_and_an_unknown_path():
    command = Command(
        "x",
        accesses=(Access("read", ("/a",)), Access("write", ("/b",), tree=True), Access("name", unknown=True)),
    )
    sheet = command_sheet(command)
    assert (sheet["reads"], sheet["writes"], sheet["names"]) == (["/a"], ["/b/**"], ["?"])
    assert named(Access("write", ("/",), tree=True)) == ["/**"]


def test_a_sheet_is_bounded_however_large_the_command_is():
    sheet = command_sheet(Command("x", argv=("a" * 100_000,) * 5000, hosts=("h",) * 5000))
    assert len(json.dumps(sheet)) < MAX_ITEMS * (MAX_CHARACTERS + 50)
