"""One simple command: its program found behind wrappers, its arguments made facts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from bastion.core.shell import paths
from bastion.core.shell.accesses import host_of, path_access, spelt_host
from bastion.core.shell.facts import Access, Assignment, Use
from bastion.core.shell.options import Reading, read
from bastion.core.shell.pieces import Dyn, Text
from bastion.core.shell.programs import PROGRAMS
from bastion.core.shell.scene import MAX_ARGUMENTS, MAX_COMMANDS, Call, Place, Scene
from bastion.core.shell.spec import Spec
from bastion.core.shell.verbs import VERBS
from bastion.core.shell.words import Word, text_word
from bastion.core.shell.wrappers import INTERPRETERS, WRAPPERS

SPECS: dict[str, Spec] = PROGRAMS | VERBS | INTERPRETERS | WRAPPERS
_NAME_VALUE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_CHANNEL = re.compile(r"/proc/[^/]+/(?:task/[^/]+/)?fd(?:/|\Z)")
_TELLING = frozenset(("--version", "--help", "-v", "--scan", "--bigkeys", "--memkeys", "--hotkeys", "--stat"))
# To these `-` is their output; to any other it is a file to write.
_WRITES_STREAMS = frozenset(
    (
        *("curl", "wget", "tar", "gtar", "gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "lzma", "zstd"),
        *("unzstd", "lz4", "pigz", "uniq", "xxd", "zip", "touch", "openssl", "redis-cli"),
    )
)
_CONFIGURATION = re.compile(r"/(?:etc|usr|opt)/")
Special = Callable[["Judge", Call], None]


class Judge:
    """Turns the words of simple commands into calls on a scene; `run` recurses into inner code."""

    def __init__(
        self, scene: Scene, special: dict[str, Special], run: Callable[[str, str, Place, int], None]
    ) -> None:
        self.scene = scene
        self.special = special
        self.run = run

    def command(
        self,
        words: Sequence[Word],
        place: Place,
        redirects: Sequence[Access] = (),
        assignments: Sequence[Assignment] = (),
    ) -> Call:
        """Judge one command given as words; its calls are appended, wrappers before the wrapped."""
        if len(self.scene.calls) >= MAX_COMMANDS or len(words) > MAX_ARGUMENTS:
            self.scene.doubt("too many commands or arguments")
        first = words[0].literal if words else ":"
        program = (first or "").rsplit("/", 1)[-1]
        call = Call(program, first or "", list(words[1:]), place, implied=not words)
        call.accesses += redirects
        call.assignments += assignments
        self.scene.calls.append(call)
        call.reasons += [word.problem for word in words if word.problem]
        if len(self.scene.calls) >= MAX_COMMANDS or place.depth > 24:
            call.reasons.append("too many commands")
        elif words and (
            first is None or not program or words[0].splits or words[0].tilde or words[0].problem
        ):
            call.program = program if first is not None and not words[0].glob and not words[0].tilde else ""
            call.reasons.append("the name of the program is decided by an expansion")
        elif words:
            self._named(call, first or "")
        return call

    def _named(self, call: Call, written: str) -> None:
        if call.program in self.scene.functions:
            call.reasons.append(f"{call.program} is a function")
            call.implied = True
            return
        if "/" in written and not self._standard(written):
            call.reasons.append(f"{written[:80]} is not a program of the system's directories")
            return
        special = self.special.get(call.program)
        if special is not None:
            special(self, call)
            return
        spec = SPECS.get(call.program)
        if spec is None:
            call.reasons.append(f"{call.program[:60]} is not a known program")
            return
        self.by_spec(call, spec, call.words)

    @staticmethod
    def _standard(written: str) -> bool:
        folder = paths.normalise(written).rsplit("/", 1)[0]
        return written.startswith("/") and bool(
            re.fullmatch(r"/usr(?:/local)?/(?:s?bin|lib|lib64)|/usr/libexec|/lib(?:64)?", folder)
        )

    def by_spec(self, call: Call, spec: Spec, words: Sequence[Word]) -> None:
        """Judge a call's arguments by a line of the tables."""
        if "net" in spec.traits:
            call.capabilities.add("network")
        if "priv" in spec.traits:
            call.capabilities.add("privilege")
        if "opaque" in spec.traits:
            self._opaque(call, spec, words)
            return
        reading = read(spec, words)
        call.flags += reading.flags
        call.reasons += reading.reasons
        if reading.guard >= 0:
            self.scene.guards.add(reading.guard)
        if "raw" in spec.traits or ("raw-unless-b" in spec.traits and "-b" not in reading.flags):
            call.capabilities.add("runs-code")
            call.reasons.append(f"{call.program} takes commands from the keyboard")
        if "verbs" in spec.traits:
            self._verb(call, spec, reading)
            return
        if "code" in spec.traits:
            call.capabilities.add("runs-code")
            call.reasons.append(f"{call.program} can run code in ways that are not analysed")
        self._traits(call, spec, reading)
        self.items(call, reading)

    def _opaque(self, call: Call, spec: Spec, words: Sequence[Word]) -> None:
        if "priv" not in spec.traits and [word.literal for word in words] in (["--version"], ["--help"]):
            call.verb = "version"
            return
        call.flags += [word.literal for word in words if word.literal and word.literal.startswith("-")]
        call.accesses.append(Access("write", unknown=True))
        if "code" in spec.traits:
            call.capabilities.add("runs-code")
            call.reasons.append(f"{spec.name} can run code in ways that are not analysed")
        if "state" in spec.traits:
            self.scene.change(call.place, carries=False, why=f"{spec.name} changes the shell")

    def _verb(self, call: Call, spec: Spec, reading: Reading) -> None:
        fold = "fold" in spec.traits
        if not reading.operands:
            told = set(reading.flags) & _TELLING
            call.verb = call.verb or " ".join(flag.lstrip("-") for flag in sorted(told))
            if "stdin" in spec.traits and not told:
                call.reasons.append(f"{call.program} takes statements from its standard input")
            self.items(call, reading)
            return
        word, *rest = reading.operands
        verb = (word.literal or "").lower() if fold else word.literal or ""
        deeper = SPECS.get(f"{spec.name} {verb}")
        call.verb = f"{call.verb} {verb}".strip()
        if word.literal is None or word.splits or deeper is None:
            call.reasons.append(f"{spec.name} {verb[:40] or '?'} is not a known verb")
            return
        self.items(call, reading)
        if "opaque" not in deeper.traits:
            deeper = dataclasses.replace(
                deeper,
                options={**spec.options, **deeper.options},
                traits=deeper.traits | (spec.traits & {"fold", "word"}),
            )
        self.by_spec(call, deeper, rest)

    def _traits(self, call: Call, spec: Spec, reading: Reading) -> None:
        informative = bool(reading.flags) and not reading.operands
        if "stdin" in spec.traits and not informative:
            call.capabilities.add("runs-code")
            if not reading.operands:
                call.reasons.append(f"{call.program} takes code from its standard input")
        code = reading.command or any(kind == "c" for kind, _word, _tree in reading.items)
        if "shell" in spec.traits and not code:
            call.capabilities.add("runs-code")
            call.reasons.append(f"{call.program} opens a shell")

    def items(self, call: Call, reading: Reading) -> None:  # noqa: C901 - a case for each kind
        """Turn what was read into accesses, hosts, inner code and inner commands."""
        joined: list[Word] = []
        for kind, word, tree in reading.items:
            match kind:
                case "r" | "w" | "n":
                    use: Use = "read" if kind == "r" else "write" if kind == "w" else "name"
                    self.access(call, word, use, tree=tree or reading.tree)
                case "h":
                    self.host(call, word)
                case "u":
                    self._upload(call, word)
                case "c":
                    joined.append(word)
                case "k":
                    call.capabilities.add("runs-code")
                    call.reasons.append(f"{call.program} is given code, a configuration or a file to run")
                case "a":
                    call.capabilities.add("privilege")
                    call.verb = call.verb or "set"
                case "m":
                    self._modules(call, word)
                case _:
                    pass
        if joined:
            self.code_words(call, joined if call.program in ("watch", "ssh") else joined[:1])
        if reading.command is not None:
            self.inner(call, reading.command)

    def _modules(self, call: Call, word: Word) -> None:
        """Note a configuration that may load code: it is trusted only where the image keeps it."""
        self.access(call, word, "read")
        resolved = paths.resolve(word.literal, call.place.cwds) if word.literal else ()
        if not resolved or word.glob or not all(_CONFIGURATION.match(path) for path in resolved):
            call.capabilities.add("runs-code")
            call.reasons.append(f"{call.program} is given a configuration that may load code")

    def inner(self, call: Call, words: Sequence[Word], place: Place | None = None) -> None:
        """Judge the command that a wrapper starts."""
        where = place or call.place
        self.command(words, dataclasses.replace(where, current=False, depth=where.depth + 1))

    def code_words(self, call: Call, words: Sequence[Word], dialect: str = "posix") -> None:
        """Judge shell code that arguments spell."""
        call.capabilities.add("runs-code")
        texts = [word.literal for word in words]
        if any(text is None for text in texts) or any(
            word.glob for word in words if not word.pieces[0].quoted
        ):
            call.reasons.append("the code that it runs is decided by an expansion")
            return
        self.run(
            " ".join(text or "" for text in texts),
            dialect,
            dataclasses.replace(call.place, current=False, depth=call.place.depth + 1),
            words[0].origin if len(words) == 1 else -1,
        )

    def access(self, call: Call, word: Word, use: Use, *, tree: bool = False) -> None:
        """Note the file that an argument names."""
        found = word.pieces[0] if len(word.pieces) == 1 else None
        if isinstance(found, Dyn) and found.node.get("Type") == "Found":
            call.accesses += [dataclasses.replace(each, use=use, tree=True) for each in call.place.found]
        elif (
            (isinstance(found, Dyn) and found.node.get("Type") == "ProcSubst")
            or word.literal == ""
            or (word.literal == "-" and (use != "write" or call.program in _WRITES_STREAMS))
        ):
            return
        else:
            made = path_access(word, use, call.place.cwds, tree=tree)
            if made is None:
                return
            if use == "write" and any(_CHANNEL.match(path) for path in made.paths):
                call.never = "writing to a process's file descriptors is never allowed"
            call.accesses.append(made)

    def host(self, call: Call, word: Word) -> None:
        """Note the host that an argument (a URL, host:port or a name) reaches."""
        call.capabilities.add("network")
        literal = spelt_host(word)
        if literal is None:
            call.hosts.append("?")
            return
        if literal.startswith(("+", "@")) and call.program == "dig":
            literal = literal[1:] if literal[0] == "@" else ""
        if literal.lower().startswith("file:"):
            self.access(call, text_word(urlsplit(literal).path), "read")
            return
        for each in literal.split(",") if literal else ():
            call.hosts.append(host_of(each))

    def _upload(self, call: Call, word: Word) -> None:
        """`@file` in a request body names a file to send."""
        literal = word.literal
        if literal is None:
            call.accesses.append(Access("read", unknown=True))
        elif "@" in literal or "<" in literal:
            self.access(call, text_word(re.split(r"[@<]", literal, maxsplit=1)[1].split(";")[0]), "read")


def name_value(word: Word) -> tuple[str, Word] | None:
    """`NAME=value` split, when the name is literal."""
    first = word.pieces[0] if word.pieces else None
    if not isinstance(first, Text) or not (found := _NAME_VALUE.fullmatch(first.value)):
        return None
    return found[1], Word((Text(found[2], first.quoted), *word.pieces[1:]), word.problem)
