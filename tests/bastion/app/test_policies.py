"""A policy is good as a whole, examples included, or it is refused with the line."""

import pytest

from bastion.app.config import ConfigError
from bastion.app.policies import MAX_BYTES, load_policy
from bastion.syntax.shfmt import Shfmt

GOOD = """
version: 1
defaults: {effect: deny}
rules:
  - id: read
    command: {program: cat}
    effect: allow
    examples: {match: ["cat /app/x"], not_match: ["ls"]}
"""


@pytest.fixture
async def syntax():
    async with Shfmt(ready=()) as door:
        yield door


async def test_a_good_policy_is_loaded_with_the_digest_of_its_text(syntax, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(GOOD)
    first = await load_policy(path, syntax)
    path.write_text(GOOD.replace("cat", "tac"))
    assert len(first.sha256) == 64
    assert (await load_policy(path, syntax)).sha256 != first.sha256


@pytest.mark.parametrize(
    ("text", "says"),
    [(GOOD.replace('["cat /app/x"]', '["ls"]'), "read"), (GOOD.replace('not_match: ["ls"]', 'not_match: ["cat x"]'), "read"),
     (GOOD.replace('["cat /app/x"]', "[\"cat 'x\"]"), "read"), ("rules: [", "p.yaml"), ("version: 1\nrulez: []\n", "rulez")],
)  # fmt: skip
async def test_a_bad_policy_is_refused_and_says_where(syntax, tmp_path, text, says):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        await load_policy(tmp_path / "p.yaml", syntax)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (MAX_BYTES + 1), None])
async def test_a_file_that_is_no_policy_is_refused(syntax, tmp_path, content):
    path = tmp_path / "p.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError):
        await load_policy(path, syntax)


async def test_included_files_are_read_beside_the_policy_and_their_examples_run(syntax, tmp_path):
    path, part = tmp_path / "p.yaml", tmp_path / "part.yaml"
    path.write_text(GOOD.replace("rules:", "include: [part.yaml]\nrules:"))
    part.write_text(
        "version: 1\nrules:\n  - {id: b, command: {program: ls}, effect: deny, examples: {match: [ls]}}\n"
    )
    first = await load_policy(path, syntax)
    assert [rule.id for rule in first.rules] == ["b", "read"]
    part.write_text(part.read_text().replace("match: [ls]", "match: [cat x]"))
    with pytest.raises(ConfigError, match=r"part.yaml line 3: rule b: the example 'cat x' is not matched"):
        await load_policy(path, syntax)
    part.unlink()
    with pytest.raises(ConfigError, match=r"part\.yaml"):
        await load_policy(path, syntax)
