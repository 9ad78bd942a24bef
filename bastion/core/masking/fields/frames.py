"""Frames: the open objects and arrays of a document, and what their fields say about its scalars.

A scalar is named by its place. It is masked whole when a rule says so, waits while a rule cannot know
(a Secret's `kind` may follow its `data`), and else is left to the detectors. Whatever waits too long
is masked as a Secret's. The rules:

    object with kind Secret, or type Opaque or kubernetes.io/…      all below data and stringData
    item without a kind of its own in a SecretList                  the same
    object with name (or key) and value, the name a telling one     the value
    a telling key, or one of the API's own token fields             the value
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Final

from bastion.core.masking.fields.grammar import MAX_DEPTH
from bastion.core.masking.fields.names import Name, Names, Role, folded, worth_masking
from bastion.core.masking.fields.refused import RefusedBodyError

HOLD: Final = 4 * 1024 * 1024
MAX_OWNERS: Final = 4
MAX_NAMES: Final = 8
MAX_OPTION: Final = 64
_TOKENS: Final = frozenset({Role.TOKEN, Role.KEY})
_WORDS: Final = re.compile(rb"[\s\"'`]")
SECRET, NAMED, ENV, OVERLONG = "field-secret", "field-named", "field-env", "overlong"
_OWNED: Final = frozenset({SECRET, OVERLONG})
_TYPES: Final = ("kubernetes.io/", "bootstrap.kubernetes.io/", "helm.sh/release")


class Coded(Enum):
    """Whether a scalar is base64 text: in a Secret only (ConfigMap data is plain), or in every object."""

    NOT = 0
    IN_SECRETS = 1
    ALWAYS = 2


class Frame:
    """One open container. `after`: a member was read. `owners` decide about the scalars below.

    Most frames never leave the defaults, so these are the class's own: a body has very many frames.
    """

    after = False
    key: Name | None = None
    owners: tuple[Frame, ...] = ()
    coded = Coded.NOT
    lists: Frame | None = None
    inherits: Frame | None = None
    secret = False
    kinds = 0
    released = False
    telling = False
    option = False
    names: tuple[bytes, ...] = ()
    data: Sequence[int] = ()
    values: Sequence[int] = ()
    passed: Sequence[int] = ()

    def __init__(self, *, array: bool) -> None:
        self.array = array


class Frames:
    """The stack of one body. `whole` says which scalars are masked and why, `coded` which hold base64."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.whole: dict[int, str] = {}
        self.coded: dict[int, Coded] = {}
        self._waiting: dict[int, int] = {}
        self.order: deque[int] = deque()
        self.top = Frame(array=False)
        self.stack: list[Frame] = []

    def oldest(self) -> int | None:
        """The first scalar that no rule has decided yet."""
        while self.order and self.order[0] not in self._waiting:
            self.order.popleft()
        return self.order[0] if self.order else None

    def open(self, *, array: bool) -> None:
        """A container begins. RefusedBodyError: too deep."""
        if len(self.stack) >= MAX_DEPTH:
            raise RefusedBodyError(f"the body is nested deeper than {MAX_DEPTH}: it cannot be masked")
        up, frame = self.top, Frame(array=array)
        key = up.key
        if up.owners:
            frame.owners, frame.coded = up.owners, up.coded
        elif up.coded is not Coded.NOT:
            frame.coded = up.coded
        if key is None:
            if up.lists is not None:
                frame.inherits, frame.secret = up.lists, up.lists.secret
        elif not key.plain:
            _below(frame, up, key)
        self.stack.append(up)
        self.top = frame

    def close(self) -> None:
        """The innermost container ends: its object is known now."""
        frame = self.top
        self.top = self.stack.pop()
        if frame.values:
            told = len(frame.names) == MAX_NAMES or any(map(self._names.gives_away, frame.names))
            self._settle_all(frame.values, ENV if told else "")
        if not frame.data and not frame.passed:
            return
        if frame.data:
            above = frame.inherits
            if above is None or frame.kinds or above.kinds or above.secret:
                inherited = above is not None and above.secret and not frame.kinds
                masked = frame.secret or inherited
                self._settle_all(frame.data, SECRET if masked else "")
                if above is not None and not masked and not frame.kinds:
                    above.released = True
            else:
                above.passed = _more(above.passed, frame.data)
        self._settle_all(frame.passed, "")

    def scalar(self, at: int, text: bytes, *, string: bool) -> None:
        """A string or number that stands at `at`, in the place that the last key gave it."""
        frame = self.top
        for owner in frame.owners:
            self._owned_scalar(owner, at)
        if frame.coded is not Coded.NOT and string:
            self.coded[at] = frame.coded
        key = frame.key
        if key is None:
            if string and (frame.telling or frame.option) and worth_masking(text):
                self.whole.setdefault(at, NAMED)
            frame.option = False
            if text[:1] == b"-" and string:
                self._option(frame, at, text)
        elif string and not key.plain:
            self._member(frame, key, at, text)

    def _option(self, frame: Frame, at: int, text: bytes) -> None:
        """An argument may name the next one, or hold a value of several words."""
        name, equals, value = text.partition(b"=")
        if not equals:
            frame.option = len(text) < MAX_OPTION and self._names.telling(text, b" ")
        elif _WORDS.search(value) and worth_masking(value) and self._names.telling(name, b"="):
            self.whole.setdefault(at, NAMED)

    def give_up(self) -> None:
        """Too much waits: mask it, and what follows in the same objects, as if it were a Secret's."""
        for frame in (*self.stack, self.top):
            if frame.data or frame.passed:
                frame.secret = True
            self._settle_all((*frame.data, *frame.passed, *frame.values), OVERLONG)
            frame.data = frame.passed = frame.values = ()

    def _member(self, frame: Frame, key: Name, at: int, text: bytes) -> None:
        match key.role:
            case Role.KIND:
                self._kind(frame, folded(text))
            case Role.TYPE if (kind := folded(text)) == "opaque" or kind.startswith(_TYPES):
                self._is_secret(frame)
            case Role.DATA | Role.STRINGS:
                for owner in _owned(frame)[len(frame.owners) :]:
                    self._owned_scalar(owner, at)
                if key.role is Role.DATA:
                    self.coded[at] = Coded.IN_SECRETS
            case Role.BYTES | Role.KEY:
                self.coded[at] = Coded.ALWAYS
            case Role.NAME:
                frame.names = (*frame.names, text)[:MAX_NAMES]
            case Role.VALUE:
                self._wait(at)
                frame.values = _more(frame.values, (at,))
        if (key.telling or key.role in _TOKENS) and worth_masking(text):
            self.whole.setdefault(at, NAMED)

    def _kind(self, frame: Frame, kind: str) -> None:
        if kind == "secret":
            self._is_secret(frame)
        elif kind == "secretlist":
            if frame.released:
                raise RefusedBodyError(
                    "the body names two kinds for one list: ask for the objects one by one"
                )
            self._is_secret(frame)
            self._settle_all(frame.passed, SECRET)
            frame.passed = ()
        else:
            frame.kinds += 1
            frame.released = frame.released or bool(frame.passed)
            self._settle_all(frame.passed, "")
            frame.passed = ()

    def _is_secret(self, frame: Frame) -> None:
        frame.secret = True
        self._settle_all(frame.data, SECRET)
        frame.data = ()

    def _owned_scalar(self, owner: Frame, at: int) -> None:
        above = owner.inherits
        if owner.secret or (above is not None and above.secret and not owner.kinds):
            self.whole[at] = SECRET
        else:
            self._wait(at)
            owner.data = _more(owner.data, (at,))

    def _wait(self, at: int) -> None:
        if at not in self._waiting:
            self._waiting[at] = 0
            self.order.append(at)
        self._waiting[at] += 1

    def _settle_all(self, places: Sequence[int], source: str) -> None:
        for at in places:
            self._settle(at, source)

    def _settle(self, at: int, source: str) -> None:
        if source in _OWNED:
            self.whole[at] = source
        elif source:
            self.whole.setdefault(at, source)
        left = self._waiting[at] - 1
        if left:
            self._waiting[at] = left
        else:
            del self._waiting[at]


def _more(places: Sequence[int], new: Sequence[int]) -> Sequence[int]:
    """`places` and `new`; the list itself once it is one."""
    if not isinstance(places, list):
        return [*places, *new]
    places += new
    return places


def _below(frame: Frame, up: Frame, key: Name) -> None:
    """What a container is by the key that it stands behind."""
    match key.role:
        case Role.DATA | Role.STRINGS:
            frame.owners = _owned(up)
            frame.coded = Coded.IN_SECRETS if key.role is Role.DATA else Coded.NOT
        case Role.BYTES:
            frame.coded = Coded.ALWAYS
        case Role.ITEMS if frame.array:
            frame.lists = up
    frame.telling = frame.array and (key.telling or key.role is Role.TOKEN)


def _owned(frame: Frame) -> tuple[Frame, ...]:
    """Those who decide below a frame's data; deep down the outermost alone, and it errs for masking."""
    if len(frame.owners) < MAX_OWNERS:
        return (*frame.owners, frame)
    frame.owners[0].secret = True
    return frame.owners
