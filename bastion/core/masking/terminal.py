"""Masking a terminal's output: appended text in place, screens by drawing what may be shown.

Linear tier: the bytes only append, so their text is the reading order; masks replace glyphs in place.
Screen tier: R is what the pod drew, C what the client shows. After each piece R is examined; bytes go
out as they came only if they turn C into mask(R), else a generated repaint goes out. Nothing is
released in clear because time passed: what may become a secret is held 100 ms, then shown as
placeholders on a screen until it is decided.

    linear ──other sequence, or text undecided for long──▶ screens ──R, C at the end of plain text──▶ linear
"""

from __future__ import annotations

from bastion.core.masking.exposure import Shown
from bastion.core.masking.glyphs import in_place
from bastion.core.masking.guard import Guard
from bastion.core.masking.linear import Ring, split, whole
from bastion.core.masking.pair import Reading
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.screen import Screen
from bastion.core.masking.screens import HOLD, Screens
from bastion.core.masking.watch import Watch
from bastion.model.masks import KnownValue, Masked

__all__ = ["HOLD", "TerminalMasker"]
PIECE = 2048
MAX_HELD = 4096
EMPTY = Masked()


class TerminalMasker:
    """One for each PTY. `deadline`: when `tick` must be called, in the clock of `at`; None: never.

    `failed` says why the output was stopped; empty while all is well. A failed masker sends nothing.
    """

    def __init__(self, patterns: Patterns, cols: int, rows: int) -> None:
        self._cols, self._rows = cols, rows
        self._watch = Watch(patterns)
        self._ring: Ring | None = Ring(Screen(cols, rows), Screen(cols, rows), alike=True)
        self._screens: Screens | None = None
        self._carry = b""
        self._until: float | None = None
        self._stale = False

    def __repr__(self) -> str:
        tier = "linear" if self._ring else "screens"
        return f"TerminalMasker({self._cols}x{self._rows}, {tier})"

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called."""
        if self._stale:
            return 0.0
        return self._screens.deadline if self._screens else self._until

    @property
    def failed(self) -> str:
        """Why the output was stopped."""
        return self._watch.failed

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask what the pod sent; the answer may leave now."""
        if self.failed:
            return EMPTY
        rest = data
        if self._stale or (self._until is not None and at >= self._until):
            self._show(at)
        while rest:
            rest, self._carry = self._carry + rest, b""
            if self._ring:
                rest = self._linear(rest, at)
            piece, rest = (rest, b"") if len(rest) <= 2 * PIECE else (rest[:PIECE], rest[PIECE:])
            if piece and self._screens:
                self._screens.feed(piece, at)
                self._leave()
        return self._answer(len(data))

    def tick(self, at: float) -> Masked:
        """The deadline has passed: what is held is shown as placeholders."""
        deadline = self.deadline
        if self.failed or deadline is None or at < deadline:
            return EMPTY
        self._show(at)
        return self._answer(0)

    def close(self, at: float) -> Masked:
        """The output ended: what was held is decided."""
        if self.failed:
            return EMPTY
        if self._screens or self._carry:
            self._show(at, final=True)
        self._watch.sightings.end()
        return self._answer(0)

    def resize(self, cols: int, rows: int, at: float) -> Masked:
        """The client's terminal has another size."""
        self._cols, self._rows = cols, rows
        if self._ring:
            self._ring.resize(cols, rows)
            return EMPTY
        if self._screens:
            self._screens.resize(cols, rows, at)
        return self._answer(0)

    def replace(self, patterns: Patterns) -> None:
        """More values became known: what is held and what is shown is searched again at the next call."""
        self._watch.replace(patterns)
        self._enter()
        self._stale = True

    def tighten(self, value: KnownValue) -> None:
        """Nothing is shown of the value from now on, on the screen too."""
        if self._watch.tighten(value):
            self._enter()
            self._stale = True

    @property
    def shown(self) -> Shown:
        """What was shown of known values."""
        return self._watch.shown

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return self._watch.lessons

    def _answer(self, taken: int) -> Masked:
        return Masked(self._watch.taken(), self._watch.sightings.taken(taken))

    def _show(self, at: float, *, final: bool = False) -> None:
        """Search on the screens what is shown and what is held; what stays undecided is a placeholder."""
        self._enter()
        self._stale = False
        held, self._carry = self._carry, b""
        if self._screens:
            if held:
                self._screens.feed(held, at)
            self._screens.flush(at, expired=True, final=final)

    def _linear(self, data: bytes, at: float) -> bytes:
        """Pass what only appends, keep what is undecided at its end; the rest needs the screens."""
        head, cut, rest = split(data)
        guard, clear = self._watch.guard, head
        reading = None
        if head:
            guard = guard.copy()
            reading = guard.feed(head)
        if reading and reading.hold < reading.end:
            clear = whole(head[: max(0, len(head) - (reading.end - reading.hold))])
            guard = self._watch.guard.copy()
            reading = guard.feed(clear) if clear else None
            if reading and reading.hold < reading.end:
                clear, reading = b"", None
        if reading:
            self._append(clear, guard, reading)
        held = head[len(clear) :]
        if rest or len(held) > MAX_HELD:
            self._enter()
            return held + cut + rest
        self._carry = held + cut
        self._until = None if not held else at + HOLD if clear or self._until is None else self._until
        return b""

    def _append(self, data: bytes, guard: Guard, reading: Reading) -> None:
        """Send what only appends, with masks in place."""
        watch = self._watch
        watch.guard = guard
        sent = in_place(data, reading) if reading.covers else data
        watch.sightings.linear(reading, data)
        watch.count(guard.exposure, guard.strict)
        if self._ring:
            self._ring.add(data, sent)
        watch.send(sent)
        if guard.lessons:
            watch.teach(guard.lessons)

    def _enter(self) -> None:
        """Build the screens from the ring."""
        if self._ring is not None:
            self._screens = Screens(self._watch, self._ring)
            self._watch.guard.draw()
            self._ring = self._until = None

    def _leave(self) -> None:
        """Back to the linear tier where text can only append."""
        self._ring = self._screens.leave() if self._screens else None
        if self._ring is not None:
            self._screens = None
