"""Programs with a language of their own: find, tar, dd, kill, sed and awk."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.judge import Judge, name_value
from bastion.core.shell.languages import awk, sed
from bastion.core.shell.options import read
from bastion.core.shell.pieces import Dyn, Text
from bastion.core.shell.scene import Call
from bastion.core.shell.spec import read_table
from bastion.core.shell.words import Word, text_word

_TABLE = read_table("""
tar: -zjJacxtvkpPSshmUwWlBRiGOoud -A -r -f:d -C:n -T:r -X:r -b: -g:w -K: -N: -H: -V: -L: -M! -F:k -I:k
    --file:d --directory:n --files-from:r --exclude-from:r --exclude: --strip-components: --transform:k
    --xform:k --create --extract --get --list --append --update --diff --gzip --bzip2 --xz --zstd
    --verbose? --auto-compress --keep-old-files --overwrite --no-same-owner --same-owner
    --preserve-permissions --no-same-permissions --to-stdout --wildcards --no-recursion
    --one-file-system --owner: --group: --mode: --mtime: --numeric-owner --sort: --format: --totals
    --warning: --ignore-failed-read --exclude-vcs --anchored --no-anchored --checkpoint?
    --absolute-names --to-command:c --checkpoint-action:d --use-compress-program:k --rsh-command:k
    --rmt-command:k --info-script:k --new-volume-script:k --remove-files! --delete! --dereference
    --hard-dereference --null --version --help / d*
sed: -nErsuz -e:e^ -f:k^ -i? -l: --quiet --silent --regexp-extended --expression:e^ --file:k^
    --in-place? --line-length: --posix --separate --unbuffered --null-data --sandbox --debug
    --follow-symlinks --version --help / er*
awk: -F: -v: -f:k^ -e:e^ --field-separator: --assign: --file:k^ --source:e^ --posix --traditional
    --re-interval --version -V --lint? --sandbox -S -O --csv -k / er*
""")
_FIND_VALUES = frozenset(
    [
        "-name",
        "-iname",
        "-path",
        "-ipath",
        "-wholename",
        "-iwholename",
        "-regex",
        "-iregex",
        "-lname",
        "-ilname",
        "-type",
        "-xtype",
        "-size",
        "-mtime",
        "-atime",
        "-ctime",
        "-mmin",
        "-amin",
        "-cmin",
        "-user",
        "-group",
        "-uid",
        "-gid",
        "-perm",
        "-maxdepth",
        "-mindepth",
        "-links",
        "-inum",
        "-fstype",
        "-regextype",
        "-used",
        "-printf",
        "-newermt",
        "-newerat",
        "-newerct",
        "-newermm",
        "-context",
    ]
)
_FIND_FLAGS = frozenset(
    [
        "-print",
        "-print0",
        "-ls",
        "-prune",
        "-quit",
        "-depth",
        "-d",
        "-mount",
        "-xdev",
        "-empty",
        "-readable",
        "-writable",
        "-executable",
        "-nouser",
        "-nogroup",
        "-true",
        "-false",
        "-not",
        "-o",
        "-or",
        "-a",
        "-and",
        "-follow",
        "-noleaf",
        "-daystart",
        "-warn",
        "-nowarn",
        "-ignore_readdir_race",
        "(",
        ")",
        "!",
        ",",
    ]
)
_FIND_FILES = frozenset(["-newer", "-anewer", "-cnewer", "-samefile"])
_FIND_WRITES = {"-fprint": 1, "-fprint0": 1, "-fls": 1, "-fprintf": 2}
_SIGNALS = {
    "1": "HUP",
    "2": "INT",
    "3": "QUIT",
    "6": "ABRT",
    "9": "KILL",
    "10": "USR1",
    "12": "USR2",
    "15": "TERM",
    "18": "CONT",
    "19": "STOP",
    "0": "0",
}


def replace_mark(word: Word, mark: str) -> Word:
    text = word.literal
    if text is None or mark not in text:
        return word
    pieces: list[Text | Dyn] = []
    for part in text.split(mark):
        if pieces:
            pieces.append(Dyn({"Type": "Input"}, quoted=True))
        pieces.append(Text(part, quoted=True))
    return Word(tuple(piece for piece in pieces if isinstance(piece, Dyn) or piece.value))


def find(judge: Judge, call: Call) -> None:
    """`find`: where it starts, what it runs for each file, what it deletes or writes."""
    words = call.words
    index = 0
    while index < len(words) and (words[index].literal or "") in ("-H", "-L", "-P"):
        index += 1
    starts: list[Word] = []
    while index < len(words) and not re.match(
        r"[-(!,]", words[index].literal if words[index].literal is not None else "x"
    ):
        starts.append(words[index])
        if words[index].literal is None and words[index].splits:
            call.reasons.append("an argument that an expansion decides may be an expression")
        index += 1
    for word in starts or [text_word(".")]:
        judge.access(call, word, "name", tree=True)
    place = dataclasses.replace(call.place, found=tuple(call.accesses))
    while index < len(words):
        index = _find_expression(judge, call, words, index, dataclasses.replace(place, found=place.found))


def _find_expression(judge: Judge, call: Call, words: list[Word], index: int, place: object) -> int:
    text = words[index].literal
    found = tuple(access for access in call.accesses if access.use == "name" and access.tree)
    if text is None:
        call.reasons.append("an expression that an expansion decides")
        return index + 1
    call.flags.append(text)
    if text in _FIND_FLAGS:
        return index + 1
    if text in _FIND_VALUES:
        return index + 2
    if text in _FIND_FILES:
        for word in words[index + 1 : index + 2]:
            judge.access(call, word, "name")
        return index + 2
    if text in _FIND_WRITES:
        for word in words[index + 1 : index + 2]:
            judge.access(call, word, "write")
        return index + 1 + _FIND_WRITES[text]
    if text == "-delete":
        call.accesses += [dataclasses.replace(access, use="write") for access in found]
        return index + 1
    if text in ("-exec", "-execdir", "-ok", "-okdir"):
        end = next((at for at in range(index + 1, len(words)) if words[at].literal in (";", "+")), len(words))
        if end == len(words):
            call.reasons.append("find -exec without an end")
        inner = [_brace(word) for word in words[index + 1 : end]]
        where = dataclasses.replace(call.place, found=found, stdin=call.place.stdin)
        if "dir" in text:
            where = dataclasses.replace(where, cwds=())
        if inner:
            judge.inner(call, inner, where)
        return end + 1
    call.reasons.append(f"find: unknown expression {text[:40]}")
    return index + 1


def _brace(word: Word) -> Word:
    if word.literal == "{}":
        return Word((Dyn({"Type": "Found"}, quoted=True),))
    return replace_mark(word, "{}")


def tar(judge: Judge, call: Call) -> None:
    """`tar`: which archive, which members, where it extracts, and the options that run code."""
    words = list(call.words)
    first = words[0].literal if words else None
    if first and not first.startswith("-"):
        if not re.fullmatch(r"[A-Za-z]+", first):
            call.reasons.append("tar: an operation that is not known")
        words[:1] = _old_style(first, words)
    reading = read(_TABLE["tar"], words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    flags = set(reading.flags)
    creates = bool(flags & {"-c", "--create", "-r", "--append", "-u", "--update", "-A"})
    extracts = bool(flags & {"-x", "--extract", "--get"})
    target = [word for kind, word, _tree in reading.items if kind == "n"]
    for at, (kind, word, tree) in enumerate(list(reading.items)):
        text = word.literal
        if kind == "d" and word in reading.operands:
            if creates:
                judge.access(call, word, "read", tree=True)
            continue
        if kind == "d" and text is not None and re.match(r"exec=", text):
            reading.items[at] = ("c", text_word(text[5:]), tree)
    archive = _archive(reading.items, reading.operands)
    if archive is not None:
        if archive.literal is None or ":" in archive.literal:
            call.reasons.append("tar: an archive that may be on another host")
        judge.access(call, archive, "write" if creates else "read")
    if extracts and not flags & {"-O", "--to-stdout"}:
        judge.access(call, target[-1] if target else text_word("."), "write", tree=True)
    reading.items = [item for item in reading.items if item[0] != "d"]
    judge.items(call, reading)


def _archive(items: list[tuple[str, Word, bool]], operands: list[Word]) -> Word | None:
    values = [
        word for kind, word, _tree in items if kind == "d" and not any(word is each for each in operands)
    ]
    names = [word for word in values if word.literal is None or re.search(r"[/.:]|^-$", word.literal)]
    return names[0] if names else values[0] if values else None


def _old_style(first: str, words: list[Word]) -> list[Word]:
    """`tar cf A B` as `tar -c -f A B`: letters that take a value take the next words in turn."""
    result: list[Word] = []
    for letter in first:
        result.append(text_word(f"-{letter}"))
        option = _TABLE["tar"].options.get(f"-{letter}")
        if option is not None and option.kind and len(words) > 1:
            result.append(words.pop(1))
    return result


def convert(judge: Judge, call: Call) -> None:
    """`dd if=… of=…`."""
    for word in call.words:
        pair = name_value(word)
        if pair is None:
            call.reasons.append("dd: an operand that is not known")
        elif pair[0] in ("if", "of"):
            judge.access(call, pair[1], "read" if pair[0] == "if" else "write")


def kill(judge: Judge, call: Call) -> None:
    """`kill`: the verb is the signal's name, "list", "self" (only `$$`) or "all" (0, negative)."""
    del judge
    signal, targets, words = "TERM", [], list(call.words)
    while words:
        word = words.pop(0)
        text = word.literal
        if text is not None and not targets and text in ("-l", "-L", "--list", "--table"):
            signal = "list"
        elif text is not None and not targets and text in ("-s", "-n", "--signal") and words:
            signal = words.pop(0).literal or "?"
        elif text is not None and not targets and re.fullmatch(r"-[A-Za-z0-9+]+", text) and signal == "TERM":
            signal = text[1:]
        elif text != "--":
            targets.append(word)
    name = _SIGNALS.get(signal, signal).upper().removeprefix("SIG") if signal != "list" else signal
    call.flags.append(f"-{name}")
    some = any(word.literal is not None and re.match(r"-|0\Z", word.literal) for word in targets)
    itself = bool(targets) and all(_is_own_shell(word) for word in targets)
    call.verb = "self" if itself else "all" if some else name


def _is_own_shell(word: Word) -> bool:
    """Whether a word is `$$`, the shell that runs it."""
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    return (
        isinstance(piece, Dyn) and piece.node.get("Param", {}).get("Value") == "$" and "Exp" not in piece.node
    )


def edit(judge: Judge, call: Call) -> None:
    """`sed` and `awk`: what their program runs, reads and writes."""
    name = "sed" if call.program == "sed" else "awk"
    reading = read(_TABLE[name], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    informative = set(reading.flags) & {"--version", "-V", "--help"}
    in_place = any(flag.startswith(("-i", "--in-place")) for flag in reading.flags) and name == "sed"
    for kind, word, _tree in reading.items:
        if kind == "e" and not informative:
            if word.literal is None:
                call.capabilities.add("runs-code")
                call.reasons.append(f"the {name} program is decided by an expansion")
            else:
                (sed if name == "sed" else awk)(judge, call, word.literal)
        elif kind == "r":
            judge.access(call, word, "read")
            if in_place:
                judge.access(call, word, "write")
    reading.items = [item for item in reading.items if item[0] == "k"]
    judge.items(call, reading)
