"""YAML as a bounded list of parser events, with aliases and merge keys written out as what they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

import yaml

from bastion.core.masking.fields.grammar import MAX_DEPTH
from bastion.core.masking.fields.refused import RefusedBodyError

MAX_BODY: Final = 3 * 1024 * 1024
MAX_EVENTS: Final = 400_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FAULT: Final = "the body is no valid YAML: it cannot be masked; ask with `Accept: application/json`"


class Op(Enum):
    """What an item does."""

    MAP = 0
    LIST = 1
    CLOSE = 2
    SCALAR = 3


Item = tuple[Op, yaml.ScalarEvent | None]


def events(text: str) -> list[yaml.Event]:
    """Every event of every document. RefusedBodyError: no YAML, too long or too deep."""
    found: list[yaml.Event] = []
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            found.append(event)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH or len(found) > MAX_EVENTS:
                raise RefusedBodyError("the YAML body is too deep or too long to be masked: ask for JSON")
    except (yaml.YAMLError, ValueError, RecursionError):
        raise RefusedBodyError(_FAULT) from None
    return found


class _Flat:
    """Items so far, and which of them an anchor names; an end of None: the node is still open."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._anchors: dict[str | None, tuple[int, int | None]] = {}
        self._open: list[str | None] = []

    def add(self, event: yaml.Event) -> None:
        """One more event."""
        size = len(self.items)
        match event:
            case yaml.AliasEvent():
                start, end = self._anchors.get(event.anchor, (0, None))
                if end is None or size + end - start > MAX_EVENTS:
                    raise RefusedBodyError("the YAML body has aliases that cannot be followed: ask for JSON")
                self.items += self.items[start:end]
            case yaml.ScalarEvent():
                self.items.append((Op.SCALAR, event))
                self._anchors[event.anchor] = (size, size + 1)
            case yaml.CollectionStartEvent():
                self.items.append((Op.MAP if isinstance(event, yaml.MappingStartEvent) else Op.LIST, None))
                self._anchors[event.anchor] = (size, None)
                self._open.append(event.anchor)
            case yaml.CollectionEndEvent():
                self.items.append((Op.CLOSE, None))
                anchor = self._open.pop()
                start, end = self._anchors[anchor]
                self._anchors[anchor] = (start, size + 1 if end is None else end)
            case yaml.DocumentStartEvent():
                self._anchors.clear()


def items(found: list[yaml.Event]) -> list[Item]:
    """The events with every alias replaced by what it refers to. RefusedBodyError: it grows without end."""
    flat = _Flat()
    for event in found:
        flat.add(event)
    return flat.items


def place(mark: Any) -> int:
    """The character at which a mark stands (both parsers set every mark)."""
    return int(mark.index)


def members(flat: list[Item]) -> Iterator[tuple[Op, yaml.ScalarEvent | None, bool]]:
    """(op, scalar, is a key) with merge keys (`<<`) replaced by the members that they merge.

    RefusedBodyError: a key that is no scalar.
    """
    levels: list[str] = ["root"]
    for op, scalar in flat:
        level = levels[-1]
        if op is Op.CLOSE:
            levels.pop()
            if level not in {"merged", "merging"}:
                yield op, None, False
        elif level in {"key", "merged"}:
            if scalar is None:
                raise RefusedBodyError("the YAML body has keys that are no text: ask for JSON")
            merging = scalar.value == "<<" and scalar.style in {None, ""}
            levels[-1] = f"{'<<' if merging else ''}{'value' if level == 'key' else 'merged value'}"
            yield op, scalar, True
        else:
            merging = level.startswith("<<") or level == "merging"
            levels[-1] = (
                level if level in {"root", "list", "merging"} else "merged" if "merged" in level else "key"
            )
            if op is Op.SCALAR:
                yield op, scalar, False
            elif merging:
                levels.append("merged" if op is Op.MAP else "merging")
            else:
                levels.append("key" if op is Op.MAP else "list")
                yield op, None, False
