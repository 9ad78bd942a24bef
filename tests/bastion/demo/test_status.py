"""The statuses' words."""

from __future__ import annotations

from bastion.demo import status


def test_a_refusal_is_a_metav1_status():
    assert status.not_found("pods", "nope").body() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'pods "nope" not found',
        "reason": "NotFound",
        "details": {"name": "nope", "kind": "pods"},
        "code": 404,
    }


def test_only_v4_puts_the_command_line_into_its_status():
    argv = ["sh", "-c", "echo secret"]
    assert "secret" not in status.exited(3, argv, v5=True)["message"]
    assert status.exited(3, argv, v5=False)["message"].endswith(
        "error executing command [sh -c echo secret], exit code 3"
    )


def test_the_internal_error_is_told_twice_by_v5_and_once_by_v4():
    for v5, times in ((True, 2), (False, 1)):
        found = status.not_started("exec: x", "ab" * 32, v5=v5)
        assert found["message"].count("Internal error occurred: ") == times
        assert found["code"] == 500
        assert 'failed to start exec "abab' in found["message"]
