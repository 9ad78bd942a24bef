"""Operators' own detectors: checked when they are loaded, used by new sessions, tried at the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bastion.app.cli import main
from bastion.app.config import ConfigError, load
from bastion.app.detectors import MOST, DetectorSettings, MaskingSettings, mistakes, table
from bastion.app.running import EXIT_CONFIG
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import find
from bastion.core.masking.table import ALL

EXAMPLE = Path(__file__).parents[3] / "conf" / "bastion.toml"
GOOD = {
    "id": "acme-token",
    "title": "Acme",
    "anchors": ("acme_",),
    "patterns": (r"(\w{12,})",),
    "positive": ("x acme_0123456789ab y",),
    "negative": ("acme_ltd",),
}


def wrong(**changes):
    return mistakes(MaskingSettings((DetectorSettings(**{**GOOD, **changes}),)))


def test_a_good_row_is_used_beside_the_built_in_ones():
    rows = table(MaskingSettings((DetectorSettings(**GOOD),)))
    assert wrong() == []
    assert rows[: len(ALL)] == ALL
    assert [span.source for span in find(compile_patterns([], detectors=rows), b"acme_0123456789ab")] == [
        "acme-token"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "pan"}, "id: it is taken"),
        ({"id": "Acme Token"}, "id: small letters"),
        ({"title": ""}, "title: "),
        ({"anchors": ()}, "anchors: one at least"),
        ({"anchors": ("ab",)}, "must have 3 to 60 bytes"),
        ({"anchors": ("a" * 61,)}, "must have 3 to 60 bytes"),
        ({"patterns": ()}, "patterns: 1 to 64"),
        ({"patterns": (r"(a|b)+",)}, "pattern: "),
        ({"patterns": (r"(\bab)",)}, "there is no escape"),
        ({"patterns": ("([z-a]+)",)}, "bad character range"),
        ({"patterns": (r"\w{12,}",)}, "no sensitive part"),
        ({"before": "a]b"}, "before: "),
        ({"after": "z-a"}, "after: "),
        ({"positive": ()}, "positive: one example"),
        ({"negative": ()}, "negative: one example"),
        ({"positive": ("acme_short",)}, "is not found"),
        ({"negative": ("acme_0123456789ab",)}, "negative: "),
        ({"first": 8}, "more of"),
        ({"first": 17}, "0 to 16"),
        ({"validator": "lunh"}, "there is no 'lunh'; use one of luhn"),
        ({"anchors": ("INFO",), "patterns": (r" (\[[^\n]{4,})",), "positive": ("INFO [secret",), "negative": ("x",)}, "too broad"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_id_and_the_reason(changes, said):
    found = wrong(**changes)
    assert found
    assert any(said in each for each in found), found
    assert all(each.startswith(f"masking.detectors {changes.get('id', 'acme-token')!r}: ") for each in found)


def test_two_rows_may_not_share_an_id_and_there_is_a_limit():
    row = DetectorSettings(**GOOD)
    assert mistakes(MaskingSettings((row, row))) == ["masking.detectors 'acme-token': id: it is taken"]
    many = tuple(DetectorSettings(**{**GOOD, "id": f"a-{n}", "patterns": ()}) for n in range(MOST + 1))
    assert mistakes(MaskingSettings(many))[0] == f"masking.detectors: {MOST + 1} rows, {MOST} are the limit"


def test_a_mistake_in_the_file_names_file_line_and_row(tmp_path):
    path = tmp_path / "b.toml"
    path.write_text(EXAMPLE.read_text().replace('"acme_live_short"', '"acme_live_0123456789abcdefghijklmn"'))
    line = path.read_text()[: path.read_text().index("[[masking")].count("\n") + 1
    with pytest.raises(ConfigError, match=rf"b\.toml: line {line}: masking.detectors 'acme-token': negative"):
        load(path)


def test_an_unknown_key_of_a_row_is_answered_with_the_nearest(tmp_path):
    path = tmp_path / "b.toml"
    path.write_text(EXAMPLE.read_text().replace("anchors =", "anchor ="))
    with pytest.raises(ConfigError, match="unknown key 'anchor'; did you mean 'anchors'"):
        load(path)


def test_trying_says_where_and_never_what(tmp_path):
    path = tmp_path / "t.log"
    path.write_bytes(b"fine\nx password=hunter2-x\nacme_live_0123456789abcdefghijklmn\n")
    plain = CliRunner().invoke(main, ["detectors", "test", str(path)])
    assert (plain.exit_code, plain.output) == (0, "2:12: assignment, 9 bytes\n")
    both = CliRunner().invoke(main, ["detectors", "test", str(path), "--config", str(EXAMPLE), "--json"])
    assert [json.loads(line)["detector"] for line in both.output.splitlines()] == ["assignment", "acme-token"]
    assert "hunter2" not in plain.output + both.output


def test_trying_a_text_without_secrets_says_nothing_and_returns_1():
    done = CliRunner().invoke(main, ["detectors", "test", "-"], input=b"nothing here\n")
    assert (done.exit_code, done.output) == (1, "")


def test_trying_with_a_bad_configuration_is_78(tmp_path):
    done = CliRunner().invoke(main, ["detectors", "test", "-", "--config", str(tmp_path / "none")], input=b"")
    assert done.exit_code == EXIT_CONFIG
