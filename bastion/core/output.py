"""All that a session writes to its client: masked, whatever it came from."""

from __future__ import annotations

from collections.abc import Iterable

from bastion.core import texts
from bastion.core.masking.lessons import Lessons
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.effects import Deliver, Effect, Fact, Mark, Note
from bastion.model.events import Stream
from bastion.model.masks import Masked, MaskEvent
from bastion.model.request import Size


class Output:
    """One masker a stream, or one for the terminal; lives as long as the channel.

    A hold survives the end of a unit: a secret that two units write half each is one secret.
    """

    def __init__(self, patterns: Patterns, size: Size | None) -> None:
        self._patterns = patterns
        self._lessons = Lessons()
        self._terminal = TerminalMasker(patterns, size.cols, size.rows) if size else None
        self._streams = {} if size else {"out": StreamMasker(patterns), "err": StreamMasker(patterns)}

    @property
    def failed(self) -> str:
        """Why nothing more may be delivered, or empty."""
        return self._terminal.failed if self._terminal else ""

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called."""
        return self._terminal.deadline if self._terminal else None

    def pod(self, stream: Stream, data: bytes, at: float) -> list[Effect]:
        """Output of the pod."""
        if self._terminal:
            return _effects("out", self._terminal.feed(data, at))
        masker = self._streams[stream]
        masked = masker.feed(data, at)
        if self._lessons.hear(masker.lessons):
            self._teach(besides=masker)
        return _effects(stream, masked)

    def own(self, line: str, at: float) -> list[Effect]:
        """A line of the bastion itself, on standard error or on the terminal.

        What it quotes (a reason, a message of the parser) is made visible and masked as well.
        """
        data = texts.plain(line).encode()
        if self._terminal:
            return _effects("out", self._terminal.feed(data + b"\r\n", at))
        masker = StreamMasker(self._lessons.added_to(self._patterns))
        first, last = masker.feed(data + b"\n", at), masker.close(at)
        return _effects("err", Masked(first.data + last.data, first.events + last.events))

    def unread(self, count: int, at: float) -> list[Effect]:
        """The one notice for keys that nobody read; nothing where there are none."""
        return self.own(texts.typed_ahead(count), at) if count else []

    def tick(self, at: float) -> list[Effect]:
        """Time passed; draws placeholders for what is held."""
        return _effects("out", self._terminal.tick(at)) if self._terminal else []

    def resize(self, size: Size, at: float) -> list[Effect]:
        """The terminal has another size."""
        return _effects("out", self._terminal.resize(size.cols, size.rows, at)) if self._terminal else []

    def replace(self, patterns: Patterns) -> None:
        """More values are known from here on."""
        self._patterns = patterns
        if self._terminal:
            self._terminal.replace(patterns)
        self._teach()

    def _teach(self, besides: StreamMasker | None = None) -> None:
        """What one stream learned holds on the other; the one that learned it knows it already."""
        patterns = self._lessons.added_to(self._patterns)
        for masker in self._streams.values():
            if masker is not besides:
                masker.replace(patterns)

    def close(self, at: float) -> list[Effect]:
        """The end of output: one non-matching byte; what was held goes out or is masked."""
        if self._terminal:
            return _effects("out", self._terminal.close(at))
        out = _effects("out", self._streams["out"].close(at))
        return out + _effects("err", self._streams["err"].close(at))


def _effects(stream: Stream, masked: Masked) -> list[Effect]:
    effects: list[Effect] = []
    if masked.events:
        effects += _notes(stream, masked.events)
    if masked.data:
        effects.append(Deliver(stream, masked.data))
    return effects


def _notes(stream: Stream, events: Iterable[MaskEvent]) -> list[Effect]:
    by_source: dict[str, list[MaskEvent]] = {}
    for event in events:
        by_source.setdefault(event.source, []).append(event)
    notes: list[Effect] = []
    for source, found in by_source.items():
        size = sum(event.length for event in found)
        fields: dict[str, Fact] = {
            "source": source,
            "count": len(found),
            "bytes": size,
            "stream": stream,
            "offset": found[0].offset,
        }
        notes.append(Note("mask", fields))
        notes.append(Mark(f"masked: {source}"))
    return notes
