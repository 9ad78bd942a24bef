"""Masking a terminal's output: appended text in place, screens by drawing what may be shown.

Linear tier: the bytes only append, so their text is the reading order; masks replace glyphs in place.
Screen tier: R is what the pod drew, C what the client shows. After each piece R is examined; bytes go
out as they came only if they turn C into mask(R), else a generated repaint goes out. Nothing is
released in clear because time passed: what may become a secret is held 100 ms, then shown as
placeholders until it is decided.

    linear ──other sequence, or undecided text──▶ screens ──R, C at the end of plain text──▶ linear
"""

from __future__ import annotations

from bastion.core.masking.cuts import changes_state, cut, destroys
from bastion.core.masking.exposure import Watch
from bastion.core.masking.glyphs import in_place
from bastion.core.masking.linear import Ring, split
from bastion.core.masking.look import Look, examine, hide
from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.render import paint
from bastion.core.masking.scan import find
from bastion.core.masking.screen import Fate, Screen
from bastion.core.masking.sightings import Sightings
from bastion.core.masking.vt import Kind, Parser, Token
from bastion.model.masks import KnownValue, Masked

HOLD = 0.1
HELD_TOKENS = 4096
PIECE = 2048
MASK_ROUNDS = 4
EMPTY = Masked()


class TerminalMasker:
    """One for each PTY. `deadline`: when `tick` must be called, in the clock of `at`; None: never.

    `failed` says why the output was stopped; empty while all is well. A failed masker sends nothing.
    """

    def __init__(self, patterns: Patterns, cols: int, rows: int) -> None:
        self._given = self._patterns = patterns
        self._lessons: dict[bytes, KnownValue] = {}
        self.watch = Watch()
        self._cols, self._rows = cols, rows
        self._guard = Pair(patterns)
        self._ring: Ring | None = Ring(Screen(cols, rows), Screen(cols, rows), alike=True)
        self._carry = b""
        self._parser = Parser()
        self._drawn = self._shown = Screen(1, 1)
        self._alike = True
        self._known_cells = True
        self._piece: list[Token] = []
        self._out: list[bytes] = []
        self._sightings = Sightings()
        self.deadline: float | None = None
        self.failed = ""

    def __repr__(self) -> str:
        tier = "linear" if self._ring else "screens"
        return f"TerminalMasker({self._cols}x{self._rows}, {tier})"

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask what the pod sent; the answer may leave now."""
        if self.failed:
            return EMPTY
        rest = data
        while rest:
            if self._ring:
                rest, self._carry = self._carry + rest, b""
                rest = self._linear(rest)
            piece, rest = (rest, b"") if len(rest) <= 2 * PIECE else (rest[:PIECE], rest[PIECE:])
            if piece:
                self._screens(piece, at)
        return self._answer(len(data))

    def tick(self, at: float) -> Masked:
        """The deadline has passed: what is held is shown as placeholders."""
        if self.failed or self.deadline is None or at < self.deadline or self._ring:
            return EMPTY
        self._flush(at, expired=True)
        return self._answer(0)

    def close(self, at: float) -> Masked:
        """The output ended: what was held is decided."""
        if self.failed:
            return EMPTY
        if not self._ring:
            self._flush(at, expired=True, final=True)
        self._sightings.end()
        return self._answer(0)

    def resize(self, cols: int, rows: int, at: float) -> Masked:
        """The client's terminal has another size."""
        self._cols, self._rows = cols, rows
        if self._ring:
            self._ring.resize(cols, rows)
            return EMPTY
        self._flush(at, expired=True)
        self._drawn.resize(cols, rows)
        self._shown.resize(cols, rows)
        self._known_cells = False
        return self._answer(0)

    def replace(self, patterns: Patterns) -> None:
        """More values became known: what is held and what is shown is searched again at the next call."""
        self._given = patterns
        self._teach(())
        if self._ring:
            self._enter()
        self.deadline = 0.0

    def tighten(self, value: KnownValue) -> None:
        """Nothing is shown of the value from now on, on the screen too."""
        if self.watch.tighten(value):
            self.replace(self._given)

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return tuple(self._lessons.values())

    def _answer(self, taken: int) -> Masked:
        data = b"" if self.failed else b"".join(self._out)
        self._out.clear()
        return Masked(data, self._sightings.taken(taken))

    def _linear(self, data: bytes) -> bytes:
        """Pass what only appends; the rest needs the screens."""
        ring = self._ring
        head, self._carry, rest = split(data)
        if ring is None or not head:
            if rest:
                self._enter()
            return rest
        pair = self._guard.copy()
        reading = pair.feed(head)
        if reading.hold < reading.end:
            clear = head[: max(0, len(head) - (reading.end - reading.hold))]
            rest, self._carry = head[len(clear) :] + self._carry + rest, b""
            pair, head = self._guard.copy(), clear
            reading = pair.feed(head)
            if reading.hold < reading.end:
                self._enter()
                return head + rest
        self._guard = pair
        sent = in_place(head, reading) if reading.covers else head
        self._sightings.linear(reading, head)
        if self.watch.count(pair.exposure, pair.strict):
            self._teach(())
        ring.add(head, sent)
        self._out.append(sent)
        if pair.lessons:
            self._teach(pair.lessons)
        if rest:
            self._enter()
        return rest

    def _teach(self, lessons: tuple[KnownValue, ...]) -> None:
        fresh = [lesson for lesson in lessons if lesson.value not in self._lessons]
        for lesson in fresh:
            self._lessons[lesson.value] = KnownValue(f"learned-{len(self._lessons) + 1}", lesson.value)
            if len(self._lessons) > 32:
                del self._lessons[next(iter(self._lessons))]
        if fresh or not lessons:
            learned, strict = tuple(self._lessons.values()), self.watch.strict
            self._patterns = self._given.taught(learned) if learned else self._given
            self._patterns = self._patterns.stricter(strict) if strict else self._patterns
            self._guard.replace(self._patterns)

    def _enter(self) -> None:
        """Build the screens from the ring."""
        if self._ring is None:
            return
        self._drawn, self._shown = self._ring.screens()
        self._alike = self._ring.alike
        self._ring = None
        self._drawn.grid.fresh.clear()
        self._parser = Parser()

    def _screens(self, data: bytes, at: float) -> None:
        if self.deadline is not None and at >= self.deadline:
            self._flush(at, expired=True)
        for token in cut(self._parser.feed(data), self._cols):
            if token.kind is Kind.OSC and find(self._patterns, token.text.encode()):
                continue
            state = changes_state(token, self._drawn)
            full = len(self._piece) > HELD_TOKENS
            if self._piece and (full or state or destroys(token, self._drawn)):
                self._flush(at, expired=full)
            if self._drawn.apply(token) is not Fate.STRIPPED:
                self._piece.append(token)
            if state:
                self._flush(at)
        look = self._flush(at)
        if look is not None and not look.waiting:
            self._leave()

    def _flush(self, at: float, *, expired: bool = False, final: bool = False) -> Look | None:
        """Examine what was drawn and send it, or hold it; None when it is held."""
        look = examine(self._patterns, self._drawn.grid, final=final)
        if look.lessons:
            self._teach(look.lessons)
        if self.watch.count(look.exposure, look.strict):
            self._teach(())
            look = examine(self._patterns, self._drawn.grid, final=final)
        self._drawn.grid.fresh.clear()
        if look.waiting and not expired and (self.deadline is None or at < self.deadline):
            self.deadline = at + HOLD if self.deadline is None else self.deadline
            return None
        self.deadline = None
        self._sightings.screen(look)
        self._send(look)
        return look

    def _send(self, look: Look) -> None:
        tokens, self._piece = self._piece, []
        target = self._drawn if look.clear else self._hidden(look)
        if self._alike and look.clear:
            trial = target
        else:
            trial = self._shown.clone()
            for token in tokens:
                trial.apply(token)
        if self.failed:
            return
        raw = b"".join([token.raw for token in tokens])
        if trial.same(target) and self._pass(raw):
            self._shown = self._drawn.clone() if look.clear else target
        else:
            self._repaint(tokens, target)
        self._alike = look.clear and self._shown.same(self._drawn)

    def _hidden(self, look: Look) -> Screen:
        """What the client may see; it is looked at again, and a mask that does not hold is a fault."""
        target = self._drawn.clone()
        for _ in range(MASK_ROUNDS):
            hide(target.grid, look)
            look = examine(self._patterns, target.grid, final=True)
            if not look.masked:
                return target
        self.failed = "the screen could not be masked safely"
        return Screen(self._cols, self._rows)

    def _pass(self, raw: bytes) -> bool:
        """Send bytes as they are, unless they spell a secret in the order they are sent."""
        if not raw:
            return True
        pair = self._guard.copy()
        if pair.feed(raw).covers:
            return False
        self._guard = pair
        self._out.append(raw)
        return True

    def _repaint(self, tokens: list[Token], target: Screen) -> None:
        shown = self._shown.clone()
        for token in tokens:
            harmless = shown.clone().apply(token) is Fate.HARMLESS
            if harmless or changes_state(token, shown):
                shown.apply(token)
                self._out.append(token.raw)
        data = paint(shown, target, whole=not self._known_cells)
        self._known_cells = True
        pair = self._guard.copy()
        reading = pair.feed(data)
        if reading.covers:
            data = in_place(data, reading)
            for token in Parser().feed(data):
                shown.apply(token)
            self._shown = shown
        else:
            self._shown = target.clone()
        self._guard = pair
        self._out.append(data)

    def _leave(self) -> None:
        """Back to the linear tier where new text can only append and both screens agree about it."""
        r, c = self._drawn, self._shown
        if not (self._parser.idle and not self._piece and r.plain and c.plain and r.state() == c.state()):
            return
        g = r.grid
        if any(len(s.grid.text(g.y)) > g.x + g.pending for s in (r, c)) or any(
            s.grid.text(y) for y in range(g.y + 1, g.rows) for s in (r, c)
        ):
            return
        context = b"".join(
            g.text(y).encode() + (b"" if g.wraps[y] or y == g.y else b"\n") for y in range(g.y + 1)
        )
        pair = Pair(self._patterns)
        reading = pair.feed(context + b" " * (g.x + g.pending - len(g.text(g.y))))
        if reading.hold < reading.end:
            return
        pair.remember(self.watch.exposure)
        self._guard = pair
        self._sightings.rebase(pair.end)
        self._ring = Ring(r, c, alike=self._alike)
        self.deadline = None
