"""From a request to a container that is ready for work: resolve, filter what was sent, probe.

begin ─▶ Resolve ─▶ resolved ─▶ OpenPod(probe) ─▶ probed ─▶ ready
   └─ Refusal          └─ Refusal                    └─ Refusal
"""

from __future__ import annotations

from dataclasses import replace

from bastion.core import argv, opening
from bastion.core.frame import Frame
from bastion.core.masking.patterns import Patterns
from bastion.core.output import Output
from bastion.core.policy import Policy
from bastion.core.rules import Knowing
from bastion.model.approval import Asked
from bastion.model.effects import Effect, Note, OpenPod, Resolve
from bastion.model.events import PodExited, PodFailed, PodSent, Resolved
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Pty, Request

STRICTER = Refusal(
    "policy-changed",
    "the policy now asks for more of this pod's Secrets to be known than when this session began",
    "connect again",
)


class Threshold:
    """What a session is before its first text. A stored request (`run ID`) brings its own state."""

    def __init__(self, frame: Frame, stored: Asked | None) -> None:
        self._frame, self._stored = frame, stored
        self._request = Request(Mode.EXEC)
        self.knowing = Knowing("off")
        self._probe = bytearray()
        self.place: opening.Place | None = None
        self.carried = argv.Carried()

    def begin(self, request: Request, policy: Policy) -> list[Effect] | Refusal:
        """Who may not know of the target does not learn whether it exists."""
        who, target = self._frame.who, self._frame.target
        self._request = request
        if not policy.may_reach(who, target):
            return opening.unknown(target)
        if request.pty and opening.too_large(request.pty.size):
            return opening.TERMINAL_TOO_LARGE
        self.knowing = policy.knowing(who, target)
        return [Resolve(target, self.knowing.values, self.knowing.scope)]

    def learn(self, patterns: Patterns) -> None:
        """More values became known while the container was made ready."""
        if self.place:
            self.place = replace(self.place, patterns=patterns)

    def outdated(self, policy: Policy) -> bool:
        """Whether `policy` asks for Secrets to be known that this session began without."""
        return policy.knowing(self._frame.who, self._frame.target).stricter(self.knowing)

    def resolved(
        self, event: Resolved, pty: Pty | None, policy: Policy
    ) -> tuple[list[Effect], Output] | Refusal:
        """The container is known: filter the client's requests; then the probe, if one is needed."""
        stored = self._stored
        request = replace(self._request, pty=pty)
        place = opening.settle(self._frame, request, policy, event, stored)
        if isinstance(place, Refusal):
            return place
        self.place, out = place, self._output(event, pty)
        effects: list[Effect] = [Note("pod.resolved", opening.pod_facts(event))]
        effects += opening.uncovered(event, self.knowing)
        for line in (*place.notices, opening.unmasked(event, self.knowing, terminal=pty is not None)):
            effects += out.own(line, event.at) if line else []
        if stored:
            self.place = replace(place, dialect=stored.dialect)
            self.carried = argv.Carried(cwd=stored.cwd, exports=dict(stored.environment))
            return effects, out
        return [*effects, OpenPod(opening.probe(self._frame, event.pod), None)], out

    def _output(self, event: Resolved, pty: Pty | None) -> Output:
        frame = self._frame
        return Output(event.patterns, pty.size if pty else None, frame.digest, frame.recall, event.at)

    def probed(self, event: PodSent | PodExited | PodFailed) -> bool | Refusal:
        """Whether the probe has ended well; `place` and `carried` are complete then."""
        match event:
            case PodFailed():
                return event.refusal
            case PodSent():
                if event.stream == "out":
                    self._probe += event.data[: opening.MAX_PROBE - len(self._probe)]
                return False
            case PodExited():
                found = argv.read_probe(bytes(self._probe)) if event.code == 0 else None
                if found is None or self.place is None:
                    return opening.NO_SHELL
                self.place = replace(self.place, dialect=found[0], start=found[1])
                self.carried = argv.Carried(cwd=found[1], exports=dict(self.place.environment))
                return True
