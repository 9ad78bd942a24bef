"""Standard output and standard error as one text: a terminal at the client's end joins them.

One joint reads what the pod wrote, in the order in which it came; another what leaves, in the order in
which it leaves, for each stream holds back in its own time. While one stream speaks there is nothing
to join: a tail of it is remembered, no more. When the other speaks, a masker of both starts behind that
tail; after `ALONE` bytes of one stream it ends again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from bastion.core.masking.exposure import Exposure, Strict
from bastion.core.masking.finder import Cover
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.stream import StreamMasker
from bastion.model.events import Stream
from bastion.model.masks import KnownValue, Masked, MaskEvent

TAIL = 1024
ALONE = 4096
MOST_PIECES = 1024
Piece = tuple[Stream, Masked]


class Joint:
    """`feed` takes the next bytes of a stream; the answer may go on, in this order."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._masker: StreamMasker | None = None
        self._tail = b""
        self._last: Stream | None = None
        self._alone = 0
        self._offsets: dict[Stream, int] = {"out": 0, "err": 0}
        self._waiting: deque[tuple[Stream, int]] = deque()
        self._places: deque[tuple[int, Stream, int]] = deque(maxlen=MOST_PIECES)
        self._read = 0
        self._behind = 0
        self._before: Stream = "out"
        self._duplex = False
        self._released = 0

    @property
    def masker(self) -> StreamMasker | None:
        """The third masker, while both streams speak."""
        return self._masker

    @property
    def exposure(self) -> Exposure:
        """What only both streams together showed."""
        return self._masker.exposure if self._masker else Exposure()

    @property
    def strict(self) -> tuple[Strict, ...]:
        """The values of which too much was shown."""
        return self._masker.strict if self._masker else ()

    @property
    def duplex(self) -> bool:
        """See `StreamMasker`."""
        return self._duplex

    @duplex.setter
    def duplex(self, on: bool) -> None:
        self._duplex = on
        if self._masker:
            self._masker.duplex = on

    @property
    def released(self) -> int:
        """Bytes of undecided matches that left (see `StreamMasker`)."""
        return self._released + (self._masker.released if self._masker else 0)

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called."""
        return self._masker.deadline if self._masker else None

    def feed(self, stream: Stream, data: bytes, at: float, strict: Sequence[KnownValue] = ()) -> list[Piece]:
        """More of one stream; `strict` are the values of which nothing is shown any more."""
        if not data:
            return []
        if self._masker is None and self._last not in {None, stream}:
            self._start(strict)
        self._alone = self._alone + len(data) if stream == self._last else len(data)
        self._last = stream
        offset = self._offsets[stream]
        self._offsets[stream] += len(data)
        if self._masker is None:
            self._tail = (self._tail + data[-TAIL:])[-TAIL:]
            return [(stream, Masked(data))]
        self._waiting.append((stream, len(data)))
        self._places.append((self._read, stream, offset))
        self._read += len(data)
        pieces = self._split(self._masker.feed(data, at))
        if self._alone > ALONE and self._masker.quiet:
            pieces += self._split(self._masker.close(at))
            self._released += self._masker.released
            self._masker = None
        return pieces

    def early(self) -> list[tuple[Stream, Cover]]:
        """What has passed here, and turned out to be secret by what followed on the other stream."""
        if self._masker is None:
            return []
        found, self._masker.early = self._masker.early, []
        return [(self._before, (a + self._behind, b + self._behind, s)) for a, b, s in found]

    def tick(self, at: float) -> list[Piece]:
        """Time passed (see `StreamMasker.duplex`)."""
        return self._split(self._masker.tick(at)) if self._masker else []

    def close(self, at: float) -> list[Piece]:
        """Both streams ended."""
        return self._split(self._masker.close(at)) if self._masker else []

    def replace(self, patterns: Patterns) -> None:
        """More values became known."""
        self._patterns = patterns
        if self._masker:
            self._masker.replace(patterns)

    def tighten(self, value: KnownValue) -> None:
        """Nothing is shown of the value from the next byte on."""
        if self._masker:
            self._masker.tighten(value)

    def _start(self, strict: Sequence[KnownValue]) -> None:
        self._masker = StreamMasker.after(self._patterns, self._tail)
        self._behind = self._offsets[self._last or "out"] - len(self._tail)
        self._before = self._last or "out"
        self._masker.duplex = self._duplex
        self._read = len(self._tail)
        self._waiting.clear()
        self._places.clear()
        for value in strict:
            self._masker.tighten(value)

    def _split(self, masked: Masked) -> list[Piece]:
        """What the third masker let go, as pieces of the streams that it came from."""
        data, pieces = masked.data, []
        self._tail = (self._tail + data[-TAIL:])[-TAIL:]
        while data:
            stream, length = self._waiting.popleft()
            part, data = data[:length], data[length:]
            if len(part) < length:
                self._waiting.appendleft((stream, length - len(part)))
            pieces.append((stream, Masked(part)))
        found = [self._placed(event) for event in masked.events]
        return [(stream, Masked(b"", (event,))) for stream, event in found] + pieces

    def _placed(self, event: MaskEvent) -> tuple[Stream, MaskEvent]:
        """The event, at its place in the stream where it begins."""
        read, stream, offset = max(
            (place for place in self._places if place[0] <= event.offset), default=self._places[0]
        )
        place = offset + max(0, event.offset - read)
        return stream, MaskEvent(event.source, event.length, place, text=event.text)
