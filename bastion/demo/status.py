"""Answers that are no success: metav1.Status in JSON, or the plain texts of kubelet and proxy."""

from __future__ import annotations

from typing import Any

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    500: "InternalError",
}


class ApiError(Exception):
    """An answer with a JSON Status body."""

    def __init__(self, code: int, message: str, *, kind: str = "", name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = {key: value for key, value in (("name", name), ("kind", kind)) if value}

    def body(self) -> dict[str, Any]:
        """The Status object."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": REASONS[self.code],
            "code": self.code,
        }
        if self.details:
            status["details"] = self.details
        return status


class PlainError(Exception):
    """An answer in plain text, as the kubelet and the WebSocket door give it; may be empty."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def not_found(resource: str, name: str) -> ApiError:
    """404: the same for a name that is not there and a namespace that is not."""
    return ApiError(404, f'{resource} "{name}" not found', kind=resource, name=name)


def success() -> dict[str, Any]:
    """The v4/v5 exit status of a command that ended with 0."""
    return {"metadata": {}, "status": "Success"}


def exited(code: int, argv: list[str], *, v5: bool) -> dict[str, Any]:
    """The exit status of any other end; before v5 it holds the command line."""
    if v5:
        inner = f"command terminated with exit code {code}"
    else:
        inner = f"error executing command [{' '.join(argv)}], exit code {code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {inner}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def not_started(words: str, exec_id: str, *, v5: bool) -> dict[str, Any]:
    """The status of a command that the runtime could not execute; `exec_id` is 64 hex digits."""
    prefix = "Internal error occurred: " * (2 if v5 else 1)
    runtime = (
        f'failed to exec in container: failed to start exec "{exec_id}": OCI runtime exec failed: '
        f"exec failed: unable to start container process: {words}"
    )
    return internal(f"{prefix}error executing command in container: {runtime}")


def no_command(*, v5: bool) -> dict[str, Any]:
    """The status of an exec without a command."""
    prefix = "Internal error occurred: " * (2 if v5 else 1)
    return internal(
        f"{prefix}error executing command in container: failed to exec in container: "
        "failed to create exec: args must not be empty"
    )


def internal(message: str) -> dict[str, Any]:
    """A Failure of reason InternalError, code 500, without an ExitCode cause."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }
