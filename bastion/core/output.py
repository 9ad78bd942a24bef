"""All that a session writes to its client: masked, whatever it came from, and told of."""

from __future__ import annotations

from functools import partial

from bastion.core import texts
from bastion.core.masking.exposure import Exposure
from bastion.core.masking.joint import Piece
from bastion.core.masking.outlet import Outlet
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.recall import Recall
from bastion.core.masking.stream import StreamMasker
from bastion.core.witness import Digest, Witness, no_digest
from bastion.model.effects import Deliver, Effect, Note
from bastion.model.events import Stream
from bastion.model.request import Size


class Output:
    """The outlet of a channel; lives as long as it, from `at` on. `digest` gives keyed ids for the
    evidence, `recall` knows what the same person was shown in other sessions.

    A hold survives the end of a unit: a secret that two units write half each is one secret.
    """

    def __init__(
        self,
        patterns: Patterns,
        size: Size | None,
        digest: Digest = no_digest,
        recall: Recall | None = None,
        at: float = 0.0,
    ) -> None:
        self._patterns, self._pty = patterns, size is not None
        self._outlet = Outlet(patterns, size)
        self._witness = Witness(digest)
        self._digest, self._recall, self._at = digest, recall, at
        self._kept = Exposure()
        if recall:
            self._kept = recall.exposure(patterns.values, digest, at)
            self._outlet.remember(self._kept)
        self._released = 0

    @property
    def failed(self) -> str:
        """Why nothing more may be delivered, or empty."""
        return self._outlet.failed

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called."""
        return self._outlet.deadline

    def duplex(self, *, on: bool) -> None:
        """Whether the program that runs talks both ways, so that an endless hold would stop it."""
        self._outlet.duplex(on=on)

    def pod(self, stream: Stream, data: bytes, at: float) -> list[Effect]:
        """Output of the pod."""
        return self._effects(self._outlet.feed(stream, data, at))

    def own(self, line: str, at: float) -> list[Effect]:
        """A line of the bastion itself, on standard error or on the terminal.

        What it quotes (a reason, a message of the parser) is made visible and masked as well.
        """
        data = texts.plain(line).encode()
        if self._pty:
            return self._effects(self._outlet.own(data + b"\r\n", at))
        masker = StreamMasker(self._outlet.taught)
        return self._effects([("err", masker.feed(data + b"\n", at)), ("err", masker.close(at))])

    def unread(self, count: int, at: float) -> list[Effect]:
        """The one notice for keys that nobody read; nothing where there are none."""
        return self.own(texts.typed_ahead(count), at) if count else []

    def tick(self, at: float) -> list[Effect]:
        """Time passed; draws placeholders for what is held."""
        return self._effects(self._outlet.tick(at))

    def resize(self, size: Size, at: float) -> list[Effect]:
        """The terminal has another size."""
        return self._effects(self._outlet.resize(size, at))

    def replace(self, patterns: Patterns) -> None:
        """More values are known from here on."""
        self._patterns = patterns
        self._outlet.replace(patterns)

    def close(self, at: float) -> list[Effect]:
        """The end of output: one non-matching byte; what was held goes out or is masked."""
        return self._effects(self._outlet.close(at))

    def _effects(self, pieces: list[Piece]) -> list[Effect]:
        effects: list[Effect] = []
        if self._recall and self._outlet.exposure is not self._kept:
            self._kept = self._outlet.exposure
            self._recall.keep(self._kept, self._digest, self._at)
        alerts, self._outlet.alerts = self._outlet.alerts, []
        for alert in alerts:
            effects += self._witness.alert(alert)
        if self._outlet.released > self._released:
            count, self._released = self._outlet.released - self._released, self._outlet.released
            effects.append(Note("mask.released", {"bytes": count}))
        for stream, masked in pieces:
            if masked.events:
                known = partial(self._outlet.value_of, stream)
                effects += self._witness.masks(stream, masked.events, known)
        effects += [Deliver(stream, masked.data) for stream, masked in pieces if masked.data]
        return effects
