"""The screen tier: R is what the pod drew, C what the client shows; what leaves turns C into mask(R).

After each piece R is examined; bytes go out as they came only if they turn C into the masked R, else a
repaint is generated. While both are alike, one screen is kept for the two. Where terminals differ about
a sequence (`forks`), R is drawn twice until both readings agree again, and both are examined.
"""

from __future__ import annotations

from bastion.core.masking.cuts import changes_mode, changes_state, cut, destroys
from bastion.core.masking.disputes import forks
from bastion.core.masking.linear import Ring
from bastion.core.masking.look import Look, examine, hide, to_cursor
from bastion.core.masking.pair import Pair
from bastion.core.masking.render import paint
from bastion.core.masking.scan import find
from bastion.core.masking.screen import Fate, Screen
from bastion.core.masking.sequences import Kind, Token, Use
from bastion.core.masking.vt import Parser
from bastion.core.masking.watch import Watch

HOLD = 0.1
HELD_TOKENS = 4096
MASK_ROUNDS = 4
_SPACES = frozenset("\t\r\n")
MAX_DROPPED = 4 * 1024 * 1024
ENDLESS = "the output has a control sequence without end"
UNSAFE = "the screen could not be masked safely"


class Screens:
    """`deadline`: when `expire` must be called, in the clock of `at`; None: never."""

    def __init__(self, watch: Watch, ring: Ring) -> None:
        self._watch = watch
        self._drawn, self._shown = ring.screens()
        self._alike = ring.alike
        self._twin: Screen | None = None
        self._parser = Parser()
        self._piece: list[Token] = []
        self._known_cells = True
        self._drawn.grid.fresh.clear()
        self.deadline: float | None = None

    def feed(self, data: bytes, at: float) -> None:
        """What the pod sent."""
        if self.deadline is not None and at >= self.deadline:
            self.flush(at, expired=True)
        tokens = self._parser.feed(data)
        if self._parser.dropped > MAX_DROPPED:
            self._watch.failed = ENDLESS
        drawn, piece, plain = self._drawn, self._piece, self._plain()
        for token in tokens:
            if plain and token.steady:
                drawn.apply(token)
                piece.append(token)
            elif plain and token.kind is Kind.TEXT and drawn.grid.fill(token.text):
                drawn.last = token.text[-1]
                piece.append(token)
            else:
                for part in cut(token, drawn.grid.cols):
                    if part.use is not Use.STRIPPED and not (part.use is Use.SCANNED and self._hides(part)):
                        self._take(part, at)
                piece, plain = self._piece, self._plain()
        self.flush(at)

    def _plain(self) -> bool:
        """Whether steady tokens and text in the row need no further look: one reading, plain characters."""
        return self._twin is None and not self._drawn.shifted

    def _take(self, token: Token, at: float) -> None:
        """A token that may need a look at the screen before or after it."""
        if self._piece and self._must_look(token):
            self.flush(at, expired=len(self._piece) > HELD_TOKENS)
        self._apply(token)
        if changes_state(token, self._drawn):
            self.flush(at)

    def _hides(self, token: Token) -> bool:
        return bool(find(self._watch.patterns, token.text.encode()))

    def _must_look(self, token: Token) -> bool:
        drawn, twin = self._drawn, self._twin
        return (
            changes_state(token, drawn)
            or len(self._piece) > HELD_TOKENS
            or destroys(token, drawn)
            or (twin is not None and destroys(token, twin))
        )

    def _apply(self, token: Token) -> None:
        if self._twin is None and forks(token, self._drawn):
            self._twin = self._drawn.clone()
            self._twin.second = True
        fate = self._drawn.apply(token)
        if self._twin is not None:
            self._twin.apply(token)
        if fate is not Fate.STRIPPED:
            self._piece.append(token)

    def flush(self, at: float, *, expired: bool = False, final: bool = False) -> None:
        """Examine what was drawn and send it, or hold it."""
        look = self._examine(self._drawn, final=final)
        if look.waiting and not expired and (self.deadline is None or at < self.deadline):
            self.deadline = at + HOLD if self.deadline is None else self.deadline
            return
        self.deadline = None
        self._watch.sightings.screen(look)
        if self._twin is not None:
            self._both(look)
        else:
            self._send(look)

    def _examine(self, screen: Screen, *, final: bool) -> Look:
        look = examine(self._watch.patterns, screen.grid, final=final)
        if look.lessons:
            self._watch.teach(look.lessons)
        if self._watch.count(look.exposure, look.strict):
            look = examine(self._watch.patterns, screen.grid, final=final)
        screen.grid.fresh.clear()
        return look

    def _both(self, look: Look) -> None:
        """Two readings: as it came if both are clear, else cleared and drawn anew, which ends the doubt."""
        twin = self._twin
        if twin is None:
            return
        other = self._examine(twin, final=True)
        agree = self._drawn.same(twin) and twin.other is None
        if agree:
            self._twin = None
        if (
            self._alike
            and look.clear
            and other.clear
            and self._watch.passes(_raw(self._piece), _printed(self._piece))
        ):
            self._piece = []
            self._shown = self._drawn.clone()
            return
        self._twin = None
        self._known_cells = False
        self._send(look)

    def _send(self, look: Look) -> None:
        tokens, self._piece = self._piece, []
        target = self._drawn if look.clear else self._hidden(look)
        if self._watch.failed:
            return
        raw = _raw(tokens)
        same = self._known_cells and ((target is self._drawn and self._alike) or self._turns(tokens, target))
        if same and self._watch.passes(raw, _printed(tokens)):
            self._settle(target, look)
            return
        self._repaint(tokens, target)
        self._settle(self._shown, look)

    def _settle(self, shown: Screen, look: Look) -> None:
        """The client shows this now."""
        self._shown = shown.clone() if shown is self._drawn else shown
        self._alike = look.clear and (shown is self._drawn or shown.same(self._drawn))

    def _turns(self, tokens: list[Token], target: Screen) -> bool:
        """Whether the tokens as they came turn what the client shows into `target`."""
        trial = self._shown.clone()
        for token in tokens:
            trial.apply(token)
        return trial.same(target)

    def _hidden(self, look: Look) -> Screen:
        """What the client may see; it is looked at again, and a mask that does not hold is a fault."""
        target = self._drawn.clone()
        for _ in range(MASK_ROUNDS):
            hide(target.grid, look)
            look = examine(self._watch.patterns, target.grid, final=True)
            if not look.masked:
                return target
        self._watch.failed = UNSAFE
        return target

    def _repaint(self, tokens: list[Token], target: Screen) -> None:
        shown = self._shown.clone()
        for token in tokens:
            if token.use is not Use.MODELLED or changes_mode(token, shown):
                shown.apply(token)
                self._watch.send(token.raw)
        data = paint(shown, target, whole=not self._known_cells)
        self._known_cells = True
        sent = self._watch.draw(data)
        if sent == data:
            self._shown = target.clone()
            return
        for token in Parser().feed(sent):
            shown.apply(token)
        self._shown = shown

    def resize(self, cols: int, rows: int, at: float) -> None:
        """The client's terminal has another size."""
        self.flush(at, expired=True)
        self._drawn.resize(cols, rows)
        self._shown.resize(cols, rows)
        self._twin = None
        self._known_cells = False

    def leave(self) -> Ring | None:
        """The linear tier's ring where new text can only append and both screens agree about it."""
        r, c = self._drawn, self._shown
        idle = self._parser.idle and not self._piece and self._twin is None and self.deadline is None
        if not (idle and r.plain and c.plain and r.state() == c.state()):
            return None
        g = r.grid
        if any(len(s.grid.text(g.y)) > g.x + g.pending for s in (r, c)) or any(
            s.grid.text(y) for y in range(g.y + 1, g.rows) for s in (r, c)
        ):
            return None
        context = b"".join([row.flow for row in g.lines[: g.y]])
        pair = Pair(self._watch.patterns)
        reading = pair.feed(context + to_cursor(g).removesuffix(b"\n"))
        if reading.hold < reading.end or self._watch.waits:
            return None
        self._watch.append(pair)
        self._watch.sightings.rebase(self._watch.guard.end)
        return Ring(r, c, alike=self._alike)


def _raw(tokens: list[Token]) -> bytes:
    return b"".join([token.raw for token in tokens])


def _printed(tokens: list[Token]) -> bytes:
    return b"".join([token.raw for token in tokens if token.kind is Kind.TEXT or token.name in _SPACES])
