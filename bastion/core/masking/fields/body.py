"""One body of the Kubernetes API on its way through: masked on the way out, judged on the way in."""

from __future__ import annotations

from typing import Final, Literal, Protocol

from bastion.core.masking.fields.content import Format, format_of
from bastion.core.masking.fields.json_body import JsonMasker
from bastion.core.masking.fields.refused import RefusedBodyError
from bastion.core.masking.fields.writeback import WriteCheck
from bastion.core.masking.fields.yaml_body import YamlMasker
from bastion.core.masking.patterns import Patterns
from bastion.model.masks import Masked

Direction = Literal["response", "request"]
_NOTHING: Final = Masked()


class _Part(Protocol):
    """What masks or judges one format. It says `refused`, or raises when nothing may leave at all."""

    refused: str

    def feed(self, data: bytes, at: float) -> Masked:
        """More of the body."""

    def close(self, at: float) -> Masked:
        """Its end."""

    def replace(self, patterns: Patterns) -> None:
        """More values became known."""


class BodyMasker:
    """Mutable; one for each body, a watch's whole stream being one. Same bytes out however they are cut.

    `direction` is `response` (from the cluster: masked, at the same length for JSON) or `request` (to
    the cluster: kept back until its end, then passed on as it came, or refused). As soon as `refused`
    is not empty nothing more may be sent, and what was sent must not be taken as a whole body.
    """

    def __init__(
        self, patterns: Patterns, content_type: str = "application/json", direction: Direction = "response"
    ) -> None:
        self.refused = ""
        self._part: _Part | None = None
        try:
            match format_of(content_type), direction:
                case kind, "request":
                    self._part = WriteCheck(kind)
                case Format.JSON, _:
                    self._part = JsonMasker(patterns)
                case _:
                    self._part = YamlMasker(patterns)
        except RefusedBodyError as refused:
            self.refused = str(refused)

    def __repr__(self) -> str:
        return f"BodyMasker({self._part!r}, refused={self.refused!r})"

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask `data`, which came at `at` (seconds); what is undecided is kept back."""
        return self._run(data, at, final=False)

    def close(self, at: float) -> Masked:
        """The body ended: the rest of it, or nothing and `refused`."""
        return self._run(b"", at, final=True)

    def replace(self, patterns: Patterns) -> None:
        """More values became known; they apply to what is not decided yet."""
        if self._part is not None:
            self._part.replace(patterns)

    def _run(self, data: bytes, at: float, *, final: bool) -> Masked:
        if self._part is None:
            return _NOTHING
        try:
            masked = self._part.close(at) if final else self._part.feed(data, at)
        except RefusedBodyError as refused:
            self.refused = str(refused)
            self._part = None
            return _NOTHING
        self.refused = self._part.refused
        return masked
