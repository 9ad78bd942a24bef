"""What the code can say, the docs list: events, commands, settings, detectors, refusals, policy keys."""

import ast
import asyncio
import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import click
import pytest

from bastion.app.cli import main
from bastion.app.config import Certificates, Config, LogSettings, PolicySettings
from bastion.app.detectors import DetectorSettings
from bastion.app.pages import page_text
from bastion.app.policies import load_policy
from bastion.core.masking.sequence_table import TABLE
from bastion.core.masking.table import ALL
from bastion.core.policy_text import PolicyProblems, load
from bastion.idp.issuer import Issuer
from bastion.idp.refusals import Code
from bastion.kube.identity import Impersonation
from bastion.kube.settings import KubeSettings
from bastion.ssh.settings import SshSettings
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "bastion" / "docs"


def sources(*rooms):
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            yield path, ast.parse(path.read_text())


def table(page, section=""):
    """The rows of the tables below a heading (of a whole page without one): lists of cells."""
    text = (DOCS / page).read_text()
    if section:
        found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert found, f"{page} has no section {section}"
        text = found[1]
    rows = re.findall(r"^\| (`[^`]+`.*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]


def named(rows):
    return [row[0].strip("`") for row in rows]


def written_types():
    """Every literal leaf type in the sources."""
    return {
        kind for _, tree in sources("bastion", "recorder") for node in ast.walk(tree) for kind in _types(node)
    }


def _types(node):
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in {"Note", "note"} and node.args and isinstance(node.args[0], ast.Constant):
            return set(re.findall(r"\A[a-z.-]+\Z", str(node.args[0].value)))
        if name == "_reference" and node.args and isinstance(node.args[0], ast.Constant):
            return {node.args[0].value}
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            is_type = (
                isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant)
            )
            if is_type and "." in str(value.value):
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


SETTINGS = {
    "Top level": Config,
    "`[ssh]`": SshSettings,
    "`[certificates]`": Certificates,
    "`[policy]`": PolicySettings,
    "`[log]`": LogSettings,
    "`[[masking.detectors]]`": DetectorSettings,
    "`[[issuers]]`": Issuer,
    "`[[clusters]]`": KubeSettings,
    "`[clusters.impersonation]`": Impersonation,
}


def settings(cls):
    """Name to default of the plain keys; tables of their own have sections of their own."""
    plain = [each for each in fields(cls) if each.default_factory is MISSING]
    tables = {"issuers", "clusters"} if cls is Config else set()
    return {each.name: each.default for each in plain if each.name not in tables}


@pytest.mark.parametrize("section", SETTINGS)
def test_every_setting_is_documented_with_its_default(section):
    rows = table("reference/configuration.md", section)
    shown = {name: row[1] for name, row in zip(named(rows), rows, strict=True)}
    expected = settings(SETTINGS[section])
    assert shown.keys() == expected.keys()
    for name, default in expected.items():
        if default is MISSING:
            assert shown[name] == "required", name
            continue
        written = tomllib.loads(f"x = {shown[name].strip('`')}")["x"]
        assert written == (list(default) if isinstance(default, tuple) else default), name
        assert type(written) is (list if isinstance(default, tuple) else type(default)), name


def test_the_example_configuration_names_every_setting():
    example = tomllib.loads((ROOT / "conf/bastion.toml").read_text())
    shown = {
        "Top level": example, "`[ssh]`": example["ssh"], "`[certificates]`": example["certificates"],
        "`[policy]`": example["policy"], "`[log]`": example["log"],
        "`[[masking.detectors]]`": example["masking"]["detectors"][0], "`[[issuers]]`": example["issuers"][0],
        "`[[clusters]]`": example["clusters"][0],
        "`[clusters.impersonation]`": example["clusters"][0]["impersonation"],
    }  # fmt: skip
    for section, cls in SETTINGS.items():
        assert {each.name for each in fields(cls)} == shown[section].keys(), section


def test_every_detector_is_documented_with_its_title():
    rows = [row for row in table("reference/detectors.md") if len(row) == 3]
    assert [(name, row[1]) for name, row in zip(named(rows), rows, strict=True)] == [
        (detector.id, detector.title) for detector in ALL
    ]


def test_every_terminal_sequence_is_documented_with_its_fate():
    rows = [tuple(cell.replace("\\|", "|") for cell in row) for row in table("reference/terminal.md")]
    documented = [(form.strip("`"), fate, title) for form, fate, title in rows]
    code = [(row.form, row.use.value, row.title) for row in TABLE.rows]
    assert documented == [*code, *((mode.form, mode.fate, mode.title) for mode in TABLE.modes)]


def refusal_codes():
    """(codes of every literal Refusal, where the code is no literal)."""
    codes, computed = set(), set()
    for path, tree in sources("bastion"):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and node.args
                and ast.unparse(node.func).rpartition(".")[2] == "Refusal"
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    codes.add(first.value)
                else:
                    computed.add(str(path.relative_to(ROOT)))
    return codes, computed


def certificate_codes():
    tree = ast.parse((ROOT / "bastion/ssh/certs.py").read_text())
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "_no"
    ]
    return {f"certificate-{call.args[0].value}" for call in calls}


def test_every_refusal_is_documented_and_every_documented_refusal_exists():
    literal, computed = refusal_codes()
    assert computed == {"bastion/idp/refusals.py", "bastion/ssh/certs.py"}
    codes = literal | set(Code) | certificate_codes()
    listed = named(table("reference/refusals.md"))
    assert len(listed) == len(set(listed))
    assert codes - set(listed) == set()
    assert set(listed) - codes == set()


PROBE = "zzzz-no-such-key"
EVERYWHERE = f"""
{PROBE}: 1
version: 1
include: [probe.yaml]
defaults: {{{PROBE}: 1, not_understood: {{{PROBE}: 1}}, approve: {{{PROBE}: 1, totp: true}}}}
masking: [{{{PROBE}: 1, known_values: off}}]
rules:
  - id: a
    {PROBE}: 1
    who: {{{PROBE}: 1}}
    where: {{{PROBE}: 1}}
    command: {{{PROBE}: 1, flags: {{{PROBE}: 1}}, paths: {{{PROBE}: 1}}, hosts: {{{PROBE}: 1}}}}
    effect: {{approve: {{{PROBE}: 1, totp: true}}}}
    examples: {{{PROBE}: 1}}
  - {{id: b, effect: {{{PROBE}: 1}}}}
"""
SECTIONS = {
    "the policy": "The file", "an included file": "An included file", "defaults": "defaults", "defaults.not_understood": "defaults.not_understood",
    "defaults.approve": "approve", "a masking entry": "A masking entry", "a rule": "A rule", "who": "who",
    "where": "where", "command": "command", "flags": "flags", "paths": "paths", "hosts": "hosts",
    "effect": "effect", "approve": "approve", "examples": "examples",
}  # fmt: skip


def accepted_keys():
    """What the loader says each mapping may have, when it is given a key that it does not know."""
    problems = load(EVERYWHERE, name="probe", parts={"probe.yaml": f"version: 1\n{PROBE}: 1\n"})
    assert isinstance(problems, PolicyProblems)
    said = re.findall(
        rf"(?m)^probe(?:\.yaml)?:\d+: (.+) has no key {PROBE}; it may have (.+)$", str(problems)
    )
    return {what: set(keys.split(", ")) for what, keys in said}


def test_the_policy_page_lists_the_keys_that_the_loader_accepts():
    accepted = accepted_keys()
    assert accepted.keys() == SECTIONS.keys()
    for what, section in SECTIONS.items():
        assert set(named(table("reference/policy.md", section))) == accepted[what], what


def test_the_rules_of_the_guide_are_a_policy_whose_examples_hold(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "how-to/write-a-policy.md").read_text(), re.DOTALL)
    rules = [block for block in blocks if block.startswith("  - id")]
    others = [block for block in blocks if not block.startswith("  - id")]
    assert len(rules) >= 3
    path = tmp_path / "guide.yaml"
    path.write_text("version: 1\n" + "".join(others) + "rules:\n" + "".join(rules))

    async def loaded():
        async with Shfmt() as syntax:
            return await load_policy(path, syntax)

    assert len(asyncio.run(loaded()).rules) == sum(block.count("- id:") for block in rules)


def test_every_page_has_a_title_and_no_page_is_empty():
    pages = list(DOCS.glob("*/*.md"))
    assert {page.parent.name for page in pages} == {"tutorial", "how-to", "reference", "explanation"}
    for page in pages:
        text = page.read_text()
        assert text.startswith("# "), page
        assert len(text) > 400, page


def test_bastion_help_shows_every_page_by_its_name():
    pages = list(DOCS.glob("*/*.md"))
    assert len({page.stem for page in pages}) == len(pages)
    overview = page_text(None)
    for page in pages:
        assert f"  {page.stem} " in overview
        assert page_text(page.stem) == page.read_text()


def test_links_between_pages_lead_somewhere():
    for page in [*DOCS.glob("*/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_page_can_be_reached_from_the_readme():
    linked = re.findall(r"\]\((bastion/docs/[^)]+)\)", (ROOT / "README.md").read_text())
    assert {ROOT / link for link in linked} == set(DOCS.glob("*/*.md"))


def test_a_diagram_has_straight_edges():
    """Every line of a drawn box ends in the same column."""
    for page in [*DOCS.glob("*/*.md"), ROOT / "README.md"]:
        for block in re.findall(r"```text\n(.*?)```", page.read_text(), re.DOTALL):
            lines = block.splitlines()
            tops = [
                (number, line)
                for number, line in enumerate(lines)
                if line.rstrip().endswith("┐") and "┌" in line
            ]
            for number, line in tops:
                column = line.rstrip().rindex("┐")
                end = next(n for n in range(number + 1, len(lines)) if lines[n][column : column + 1] == "┘")
                for between in lines[number + 1 : end]:
                    assert between[column : column + 1] in {"│", "┼", "┤", "├"}, f"{page.name}: {between}"
