"""Reading a policy's YAML as nodes with line numbers: typed values out, problems named by line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import yaml

MAX_TEXT = 1024 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 12
_LATER = {
    "api": "rules about API requests",
    "transfer": "rules about file transfers",
    "when": "conditions in CEL",
    "hours": "hours",
    "absolute": "absolute denials",
    "notify": "notifications",
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `line` counts from 1; 0 is the file as a whole. `file` is an included one."""

    line: int
    text: str
    file: str = ""


@dataclass(slots=True)
class Nodes:
    """A reader over YAML nodes that collects problems instead of stopping at the first."""

    problems: list[Problem] = field(default_factory=list)
    sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    file: str = ""

    def compose(self, text: str) -> yaml.Node | None:
        """The document's root node; None (with a problem) where the text is no bounded YAML."""
        if len(text) > MAX_TEXT:
            self.whole(f"a policy may have {MAX_TEXT} characters")
            return None
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.whole(f"this is not YAML: {error.problem or error.context}", line)
            return None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            self.whole(f"this is not YAML: {type(error).__name__}")
            return None
        if root is not None and not self._bounded(root):
            return None
        return root

    def _bounded(self, root: yaml.Node) -> bool:
        """Counted with every use of an alias, so that a small text cannot stand for a huge one."""
        count, level = 0, [root]
        for _ in range(MAX_DEPTH):
            deeper: list[yaml.Node] = []
            for node in level:
                if isinstance(node, yaml.MappingNode):
                    deeper += [each for pair in node.value for each in pair]
                elif isinstance(node, yaml.SequenceNode):
                    deeper += node.value
                if count + len(deeper) > MAX_NODES:
                    self.whole(f"a policy may have {MAX_NODES} values, aliases counted")
                    return False
            count += len(deeper)
            if not deeper:
                return True
            level = deeper
        self.whole(f"a policy may be nested {MAX_DEPTH} levels deep")
        return False

    def wrong(self, node: yaml.Node, text: str) -> None:
        """Note a problem at a node."""
        self.whole(text, node.start_mark.line + 1)

    def whole(self, text: str, line: int = 0) -> None:
        """Note a problem at a line of the file that is being read; 0 is the file as a whole."""
        self.problems.append(Problem(line, text, self.file))

    def mapping(self, node: yaml.Node, what: str, keys: Iterable[str] | None) -> dict[str, yaml.Node]:
        """A mapping's values; unknown, repeated and unsupported keys are problems. None: any key."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} must be a mapping")
            return {}
        found: dict[str, yaml.Node] = {}
        known = None if keys is None else list(keys)
        for key, value in node.value:
            name = self.text(key, f"a key of {what}")
            if name is None:
                continue
            if name in found:
                self.wrong(key, f"{what} has the key {name} twice")
            elif known is not None and name not in known:
                self._unknown(key, name, what, known)
            else:
                found[name] = value
        return found

    def _unknown(self, node: yaml.Node, name: str, what: str, known: list[str]) -> None:
        if name in _LATER:
            self.wrong(node, f"{_LATER[name]} ({name}:) are not supported by this version")
            return
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; it may have {', '.join(sorted(known))}"
        self.wrong(node, f"{what} has no key {name[:60]}{hint}")

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """A list's nodes."""
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"{what} must be a list")
            return []
        return list(node.value)

    def text(self, node: yaml.Node, what: str) -> str | None:
        """A string; numbers and booleans written without quotes are taken as they are written."""
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
            self.wrong(node, f"{what} must be a text")
            return None
        return str(node.value)

    def truth(self, node: yaml.Node, what: str) -> bool:
        """A boolean."""
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":bool"):
            return str(node.value).lower() in ("true", "yes", "on")
        self.wrong(node, f"{what} must be true or false")
        return False

    def number(self, node: yaml.Node, what: str, low: int, high: int) -> int:
        """A whole number within bounds."""
        if (
            isinstance(node, yaml.ScalarNode)
            and re.fullmatch(r"\d{1,9}", node.value)
            and low <= int(node.value) <= high
        ):
            return int(node.value)
        self.wrong(node, f"{what} must be a number from {low} to {high}")
        return low

    def seconds(self, node: yaml.Node, what: str) -> int:
        """A duration like 90s, 10m or 1h, at most a day."""
        found = re.fullmatch(r"(\d{1,6})([smhd])", node.value) if isinstance(node, yaml.ScalarNode) else None
        length = int(found[1]) * _SECONDS[found[2]] if found else 0
        if not 1 <= length <= 86400:
            self.wrong(node, f"{what} must be a duration of at most a day, like 90s, 10m or 1h")
            return 600
        return length

    def choice(self, node: yaml.Node, what: str, values: Iterable[str]) -> str | None:
        """One of a few words."""
        listed = list(values)
        name = self.text(node, what)
        if name is None or name in listed:
            return name
        near = difflib.get_close_matches(name, listed, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        self.wrong(node, f"{what} must be one of {', '.join(listed)}{hint}")
        return None

    def strings(self, node: yaml.Node, what: str) -> tuple[str, ...]:
        """A list of texts, a single one, or `$name` for a set; sets may stand inside lists."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        result: list[str] = []
        for each in nodes:
            name = self.text(each, f"an item of {what}")
            if name is None:
                continue
            if re.fullmatch(r"\$[A-Za-z_][\w-]*", name):
                if name[1:] in self.sets:
                    result += self.sets[name[1:]]
                else:
                    near = difflib.get_close_matches(name[1:], self.sets, 1, 0.5)
                    self.wrong(
                        each, f"there is no set {name}" + (f"; did you mean ${near[0]}?" if near else "")
                    )
            else:
                result.append(name)
        if not result:
            self.wrong(node, f"{what} must not be empty")
        return tuple(dict.fromkeys(result))

    def one_of(
        self, values: Mapping[str, yaml.Node], node: yaml.Node, what: str, keys: Iterable[str]
    ) -> None:
        """Exactly one of `keys` must be there."""
        listed = list(keys)
        if sum(key in values for key in listed) != 1:
            self.wrong(node, f"{what} must have exactly one of {', '.join(listed)}")
