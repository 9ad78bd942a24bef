"""What the server's refusals mean."""

from __future__ import annotations

import json

import pytest

from bastion.kube import answers


def status(reason, message=""):
    return json.dumps({"kind": "Status", "reason": reason, "message": message}).encode()


FORBIDDEN = status("Forbidden", 'pods "hunter2" is forbidden: User "carol" cannot get')


@pytest.mark.parametrize(
    ("code", "body", "upgrade", "expected"),
    [
        (401, status("Unauthorized"), True, "unauthorized"),
        (403, FORBIDDEN, True, "forbidden"),
        (403, status("Forbidden", 'pods "api-0" is forbidden: '), True, "forbidden"),
        (403, status(""), True, "forbidden"),
        (403, b"", True, "no-protocol"),
        (403, b"<html>proxy</html>", True, "no-protocol"),
        (403, b"", False, "forbidden"),
        (404, status("NotFound", 'pods "hunter2" not found'), True, "not-found"),
        (400, status("BadRequest", "container hunter2 is not valid for pod api-0"), True, "unknown-target"),
        (400, b"you must specify at least 1 of stdin", True, "cluster-fault"),
        (500, b'container not found ("app")', True, "not-ready"),
        (500, b"hunter2", True, "cluster-down"),
        (503, b"", False, "cluster-down"),
        (429, b"", False, "cluster-down"),
        (301, b"", True, "cluster-fault"),
        (200, b"", False, "cluster-fault"),
    ],
)
def test_each_answer_has_its_code_and_repeats_nothing(code, body, upgrade, expected):
    refusal = answers.refused("prod", code, body, upgrade=upgrade)
    assert refusal.code == expected
    assert refusal.status != 0
    assert "hunter2" not in refusal.line()
    assert "\n" not in refusal.line()


def test_a_fault_of_the_cluster_is_255_and_a_missing_right_is_77():
    assert answers.unreachable("prod", "no connection").status == 255
    assert answers.refused("prod", 403, FORBIDDEN, upgrade=True).status == 77
