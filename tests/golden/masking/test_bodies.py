"""The golden bodies, whole and at every split: no secret, nothing else changed, the same answer."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from bodies import BODIES  # noqa: E402 - the folder is no package

from tests.harness.mask_case import Run  # noqa: E402 - the same
from tests.harness.mask_judge import faults  # noqa: E402 - the same


def whole(result) -> bytes:
    return b"".join(base64.b64decode(piece["b64"]) for piece in result["out"])


def judged(case) -> dict:
    result = Run(case).run()
    assert case.get("refused", "\0") in result.get("refused", "\0"), result.get("refused")
    if "refused" not in case:
        assert faults(case, result) == []
    return result


@pytest.mark.parametrize("case", BODIES, ids=lambda case: case["name"])
def test_a_body_shows_no_secret_and_keeps_the_rest(case) -> None:
    result = judged(case)
    out = whole(result)
    if "refused" not in case and case.get("content_type") is None:
        given = b"".join(base64.b64decode(chunk) for chunk in case["chunks"])
        assert len(out) == len(given)
        for line in out.splitlines():
            json.loads(line)
    assert bool(result["events"]) == bool(case["must_not_appear"])


@pytest.mark.parametrize("case", BODIES, ids=lambda case: case["name"])
def test_no_split_changes_the_answer(case) -> None:
    data = b"".join(base64.b64decode(chunk) for chunk in case["chunks"])
    first = Run(case).run()
    step = max(1, len(data) // 150)
    for at in range(0, len(data) + 1, step):
        pieces = [base64.b64encode(piece).decode() for piece in (data[:at], data[at:])]
        again = judged(case | {"chunks": pieces})
        assert whole(again) == whole(first), at
        assert again["events"] == first["events"], at
        assert again.get("refused") == first.get("refused"), at


@pytest.mark.parametrize("case", BODIES, ids=lambda case: case["name"])
def test_byte_by_byte_is_the_same(case) -> None:
    data = b"".join(base64.b64decode(chunk) for chunk in case["chunks"])
    pieces = [base64.b64encode(data[i : i + 1]).decode() for i in range(len(data))]
    assert whole(judged(case | {"chunks": pieces})) == whole(Run(case).run())
