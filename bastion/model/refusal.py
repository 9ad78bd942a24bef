"""A refusal is a value: what was refused, why, and what to do next; never an exception."""

from __future__ import annotations

from dataclasses import dataclass

EXIT_NOT_UNDERSTOOD = 65
EXIT_PENDING = 75
EXIT_DENIED = 77
EXIT_POLICY_ERROR = 78
EXIT_FAULT = 255


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is a stable word for machines (`unknown-target`); `text` one line for people.

    `hint` says what to do next. `status` is the exit status the client gets. None of the texts
    may hold a secret, a token or the name of a Secret.
    """

    code: str
    text: str
    hint: str = ""
    status: int = EXIT_DENIED

    def line(self) -> str:
        """The one line that the user reads, without a line end."""
        return f"bastion: {self.text}" + (f" ({self.hint})" if self.hint else "")
