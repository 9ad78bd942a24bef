"""One exec from its opening to its end: input, output less the trailer, and what it carries out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bastion.core.argv import Carried, Leftover, Trailer
from bastion.core.output import Output
from bastion.model import effects as do
from bastion.model.events import PodExited, PodFailed, PodOpened, PodSent
from bastion.model.refusal import EXIT_FAULT
from bastion.model.request import Size

TORN = "bastion: the shell's state could not be read back, so nothing more runs"


@dataclass(frozen=True, slots=True)
class Ran:
    """How an exec ended. `over` says that its shell ended, or that nothing may follow (`line` says why).

    `unread` counts typed bytes that no program read.
    """

    status: int
    carried: Carried
    line: str = ""
    over: bool = False
    unread: int = 0


class Run:
    """An exec that OpenPod asked for. Nothing is sent before it is up, nothing after it ended."""

    def __init__(
        self, unit: str, output: Output, *, nonce: str, attached: bool, size: Size | None, keys: str = ""
    ) -> None:
        self._unit, self._out, self._size = unit, output, size
        self._trailer = Trailer(nonce) if nonce else None
        self._leftover = Leftover(keys) if keys else None
        self.attached = attached
        self.up = False

    def opened(self, event: PodOpened, size: Size | None, *, input_ended: bool) -> list[do.Effect]:
        """The exec is up. What happened to the client meanwhile is passed on."""
        if self.up or event.unit != self._unit:
            return []
        self.up = True
        resized: list[do.Effect] = [do.ResizePod(size)] if size and size != self._size else []
        return [*resized, do.EndPodInput()] if input_ended and self.attached else resized

    def sent(self, event: PodSent) -> list[do.Effect]:
        """Output of the unit, less its trailer."""
        data = event.data
        if self._leftover and event.stream == "out":
            data = self._leftover.feed(data)
        if self._trailer and event.stream == "out":
            data = self._trailer.feed(data)
        return self._out.pod(event.stream, data, event.at) if data else []

    def typed(self, data: bytes) -> list[do.Effect]:
        """The client's bytes."""
        return [do.SendPod(data)] if self.up and self.attached else []

    def input_ended(self) -> list[do.Effect]:
        """The client's EOF."""
        return [do.EndPodInput()] if self.up and self.attached else []

    def exited(
        self, event: PodExited, before: Carried, options: tuple[str, ...]
    ) -> tuple[list[do.Effect], Ran]:
        """The unit is over; read what it carries out. `options` is what it asked of the shell."""
        ended: list[do.Effect] = [do.Note("exec.ended", {"status": event.code}), *self._rest(event.at)]
        state = self._trailer.read(before) if self._trailer else before
        if state == "ended":
            return ended, Ran(event.code, before, over=True)
        if state == "torn":
            return ended, Ran(EXIT_FAULT, before, TORN, over=True)
        unread = self._leftover.count if self._leftover else 0
        return ended, Ran(event.code, replace(state, options=state.options + options), unread=unread)

    def failed(self, event: PodFailed) -> list[do.Effect]:
        """The exec was refused or broke off: what came until then is delivered."""
        return [*self._rest(event.at), do.Note("exec.failed", {"code": event.refusal.code})]

    def _rest(self, at: float) -> list[do.Effect]:
        held = self._leftover.rest() if self._leftover else b""
        rest = self._trailer.feed(held) + self._trailer.rest() if self._trailer else held
        return self._out.pod("out", rest, at) if rest else []
