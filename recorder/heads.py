"""The signed tree heads that verification compares leaves with: checkpoints, anchors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from recorder import history
from recorder.checkpoint import Checkpoint, CheckpointError, Verifier, open_note
from recorder.findings import Report
from recorder.framing import Bad
from recorder.history import Signed
from recorder.layout import Layout
from recorder.merkle import Tree


class Heads:
    """Streams the history beside the leaves; at each size says which roots are due."""

    def __init__(self, layout: Layout, report: Report) -> None:
        self._layout, self._report = layout, report
        self._verifier: Verifier | None = None
        self._current: bytes | None = None
        self._current_seen = False
        self._history: Iterator[Signed] = iter(())
        self._next: Signed | None = None
        self._newest: list[Signed] = []
        self._anchors: dict[int, list[tuple[str, Checkpoint]]] = {}
        self._pins: dict[int, list[tuple[str, Checkpoint]]] = {}

    def read(self, key: str, anchors: Mapping[str, bytes], pins: Mapping[str, Checkpoint]) -> None:
        """Read key, checkpoint, and the length of the history: in this order, before the leaves.

        A running writer only adds, so whatever these say must be borne out by what is read later.
        """
        self._verifier = self._read_key(key)
        if self._verifier is None:
            return
        self._report.origin = self._verifier.name
        self._read_checkpoint(self._verifier)
        self._history = self._read_history(self._verifier)
        self._next = next(self._history, None)
        for name, note in anchors.items():
            try:
                anchor = open_note(note, self._verifier)
            except CheckpointError as error:
                self._report.altered(str(error), name)
            else:
                self._anchors.setdefault(anchor.size, []).append((name, anchor))
        for name, pin in pins.items():
            self._pins.setdefault(pin.size, []).append((name, pin))

    @property
    def vkey(self) -> str:
        """The verifier key in use, or empty."""
        return self._verifier.vkey if self._verifier else ""

    def compare(self, size: int, tree: Tree | None, file: str) -> bool:
        """Compare every root that is signed for `size` with that of `tree` (None: unknown after a defect).

        `file` is the segment that ends here. False when one differs, which is reported.
        """
        due: list[tuple[str, Checkpoint]] = []
        while self._next is not None and self._next.checkpoint.size <= size:
            if self._next.checkpoint.size == size and tree is not None:
                due.append((self._layout.history.name, self._next.checkpoint))
                self._report.signed = size
            self._advance()
        anchors = self._anchors.pop(size, []) if tree is not None else []
        due += anchors
        due += self._pins.pop(size, []) if tree is not None else []
        if not tree or not due:
            return True
        root = tree.root()
        wrong = [name for name, checkpoint in due if checkpoint.root != root]
        for name in wrong:
            why = f"the leaves up to here are not those that {name} signs at size {size}"
            self._report.altered(why, file, seq=size - 1)
        self._report.anchors += sum(name not in wrong for name, _ in anchors)
        return not wrong

    def finish(self, leaves: int, tail: str) -> None:
        """Report what is signed beyond the end of the leaves, and an unfit end of the history."""
        while self._next is not None:
            self._beyond(self._next.checkpoint, self._layout.history.name, leaves, tail)
            self._advance()
        for held in (*self._anchors.values(), *self._pins.values()):
            for name, checkpoint in held:
                self._beyond(checkpoint, name, leaves, tail)
        if self._verifier is not None:
            self._judge_current()

    def _read_key(self, key: str) -> Verifier | None:
        path = self._layout.verifier
        held = path.read_bytes() if path.exists() else None
        if held is None and not key:
            self._report.incomplete("the verifier key is missing; give it with --key", path.name)
            return None
        try:
            beside = Verifier.parse(held.decode()) if held is not None else None
            given = Verifier.parse(key) if key else None
        except (CheckpointError, UnicodeDecodeError) as error:
            self._report.altered(f"not a verifier key: {error}", path.name)
            return None
        if held is not None and beside is not None and held != f"{beside.vkey}\n".encode():
            self._report.altered("not as it was written", path.name)
        if given is not None and beside is not None and given != beside:
            self._report.altered("it is not the key that was given", path.name)
        return given or beside

    def _read_checkpoint(self, verifier: Verifier) -> None:
        path = self._layout.checkpoint
        try:
            self._current = path.read_bytes()
            open_note(self._current, verifier)
        except FileNotFoundError:
            self._report.incomplete("the newest checkpoint is missing", path.name)
        except CheckpointError as error:
            self._report.altered(str(error), path.name)

    def _read_history(self, verifier: Verifier) -> Iterator[Signed]:
        """The valid checkpoints up to the file's length as of now, in order; defects are reported."""
        path = self._layout.history
        if not path.exists():
            self._report.incomplete("the history of checkpoints is missing", path.name)
            return iter(())
        return self._valid_history(verifier, path.stat().st_size)

    def _valid_history(self, verifier: Verifier, end: int) -> Iterator[Signed]:
        name, n, before = self._layout.history.name, 0, None
        for item in history.stream(self._layout, end):
            if isinstance(item, Bad):
                if not item.torn:
                    self._report.altered(item.why, name, offset=item.offset)
                return
            try:
                signed = history.read(item, verifier)
            except CheckpointError as error:
                self._report.altered(str(error), name, offset=item.offset)
                n += 1
                continue
            if signed.n > n:
                self._report.incomplete(
                    f"checkpoints {n} to {signed.n - 1} are missing", name, offset=item.offset
                )
            late = before and (signed.checkpoint.size <= before.checkpoint.size or signed.t < before.t)
            if signed.n < n or late:
                self._report.altered(
                    f"checkpoint {signed.n} stands in the wrong place", name, offset=item.offset
                )
                continue
            n, before = signed.n + 1, signed
            yield signed

    def _advance(self) -> None:
        if self._next is not None:
            self._report.checkpoints += 1
            self._current_seen = self._current_seen or self._next.note == self._current
            self._newest = [*self._newest, self._next][-2:]
        self._next = next(self._history, None)

    def _beyond(self, checkpoint: Checkpoint, name: str, leaves: int, tail: str) -> None:
        if checkpoint.size > leaves:
            why = f"{checkpoint.size} leaves are signed, but they end after {leaves}"
            self._report.incomplete(f"{why}; {tail}" if tail else why, name, seq=leaves)

    def _judge_current(self) -> None:
        """The file `checkpoint` is the newest of the history or, after a crash, the one before it."""
        report, name = self._report, self._layout.checkpoint.name
        if not self._newest and self._layout.history.exists():
            report.incomplete("the history holds no checkpoint", self._layout.history.name)
        if self._current is None:
            return
        if not self._current_seen:
            report.incomplete("the newest checkpoint is not in the history", self._layout.history.name)
        elif not report.writer and self._current not in [signed.note for signed in self._newest]:
            report.altered("an old checkpoint stands where the newest belongs", name)
