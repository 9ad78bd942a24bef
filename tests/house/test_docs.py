"""What the code can say, the docs list: events, commands, settings, detectors."""

import ast
import re
from pathlib import Path

import click

from bastion.app.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "bastion" / "docs"


def written_types():
    """Every literal leaf type in the sources."""
    found = set()
    for room in ("bastion", "recorder"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                found |= _types(node)
    return found


def _types(node):
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in {"Note", "note"} and node.args and isinstance(node.args[0], ast.Constant):
            return {node.args[0].value}
        if name == "_reference":
            return {node.args[0].value}
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            named = isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant)
            if named and "." in str(value.value):
                return {value.value}
    return set()


def test_every_event_is_documented_and_every_documented_event_exists():
    listed = set(re.findall(r"^\| `([a-z.-]+)` \|", (DOCS / "reference/events.md").read_text(), re.MULTILINE))
    assert written_types() - listed == set()
    assert listed - written_types() - {"heartbeat", "ssh.refused"} == set()


def commands(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_every_command_is_documented_with_its_options():
    text = (DOCS / "reference/commands.md").read_text()
    for path, command in commands(main):
        assert f"bastion {' '.join(path)}" in text, path
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.opts[0] in text, (path, option.opts)


def test_every_page_has_a_title_and_no_page_is_empty():
    pages = list(DOCS.glob("*/*.md"))
    assert {page.parent.name for page in pages} == {"tutorial", "how-to", "reference", "explanation"}
    for page in pages:
        text = page.read_text()
        assert text.startswith("# "), page
        assert len(text) > 400, page


def test_links_between_pages_lead_somewhere():
    for page in [*DOCS.glob("*/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
