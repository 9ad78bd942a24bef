"""The golden cases, whole and at every split, on both engines."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from cases import CASES  # noqa: E402 - the folder is no package

from tests.harness.mask_case import Run  # noqa: E402 - the same
from tests.harness.mask_judge import faults  # noqa: E402 - the same

IDS = [case["name"] for case in CASES]


def _run(case: dict[str, Any], *, plain: bool = False) -> list[str]:
    return faults(case, Run(case, plain=plain, mark_resizes=True).run())


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("plain", [False, True], ids=["fast", "plain"])
def test_a_case_shows_no_secret_and_keeps_the_rest(case, plain) -> None:
    assert _run(case, plain=plain) == []


@pytest.mark.parametrize(
    "case", [case for case in CASES if len(case["chunks"]) == 1], ids=lambda case: case["name"]
)
@pytest.mark.parametrize("gap", [0, 300])
def test_no_split_makes_a_case_leak(case, gap) -> None:
    data = base64.b64decode(case["chunks"][0])
    step = max(1, len(data) // 24)
    for at in range(1, len(data), step):
        pieces = [base64.b64encode(piece).decode() for piece in (data[:at], data[at:])]
        same = case["same"] and not gap
        assert _run(case | {"chunks": pieces, "gap_ms": gap, "same": same, "must_appear": []}) == [], at


def test_the_harness_reads_lines_and_answers_lines_in_order() -> None:
    lines = io.StringIO()
    for case in CASES[:3]:
        lines.write(json.dumps(case) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "tests.harness.mask_case"],
        input=lines.getvalue(), capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["name"] for answer in answers] == IDS[:3]
    assert all(set(answer) == {"name", "out", "events"} for answer in answers)
    assert all(event["source"] for answer in answers for event in answer["events"])
