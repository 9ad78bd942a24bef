"""Programs with a language of their own: find, tar, dd, sed and awk."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.facts import Access
from bastion.core.shell.judge import Judge, name_value
from bastion.core.shell.languages import awk
from bastion.core.shell.links import gathered
from bastion.core.shell.options import read
from bastion.core.shell.pieces import Dyn, Text
from bastion.core.shell.scene import Call
from bastion.core.shell.sed import plain_suffix, sed
from bastion.core.shell.spec import read_table
from bastion.core.shell.words import Word, text_word

LANGUAGES = read_table("""
tar: -zjJacxtvkpPSshmUwWlBRiGOoud -A -r -f:f -C:n -T:r! -X:r -b: -g:w -K: -N: -H: -V: -L: -M! -F:k -I:k
    --file:f --directory:n --files-from:r! --exclude-from:r --exclude: --strip-components: --transform:k
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
_FIND_RUNS = ("-exec", "-execdir", "-ok", "-okdir")
FIND_WORDS = sorted((*_FIND_VALUES, *_FIND_FLAGS, *_FIND_FILES, *_FIND_WRITES, *_FIND_RUNS, "-delete"))


def replace_mark(word: Word, mark: str) -> Word:
    """`word` with each `mark` in it replaced by what an input or a search gives."""
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
    while index < len(words) and not re.match(r"[-(!,]", words[index].settled.literal or "x"):
        starts.append(words[index])
        word = words[index]
        first = word.settled.pieces[0] if word.pieces else Text("", quoted=True)
        started = isinstance(first, Text) and (
            first.quoted or first.value[:1] not in ("*", "?", "[", "-", "")
        )
        if (word.literal is None and word.splits) or not started:
            call.reasons.append("an argument that an expansion decides may be an expression")
        index += 1
    for word in starts or [text_word(".")]:
        judge.access(call, word, "name", tree=True)
    found = tuple(access for access in call.accesses if access.use == "name" and access.tree)
    while index < len(words):
        index = _find_expression(judge, call, index, found)


def _find_expression(judge: Judge, call: Call, index: int, found: tuple[Access, ...]) -> int:
    """Judge the expression at `index`; returns where the next one begins."""
    text = call.words[index].literal
    following = call.words[index + 1 : index + 2]
    call.flags.append(text or "")
    if text in _FIND_FLAGS or text in _FIND_VALUES:
        return index + (1 if text in _FIND_FLAGS else 2)
    if text in _FIND_FILES or text in _FIND_WRITES:
        for word in following:
            judge.access(call, word, "write" if text in _FIND_WRITES else "name")
        return index + 1 + _FIND_WRITES.get(text or "", 1)
    if text == "-delete":
        call.accesses += [dataclasses.replace(access, use="write") for access in found]
        return index + 1
    if text in _FIND_RUNS:
        return _find_runs(judge, call, index, found)
    call.reasons.append(f"find: unknown expression {(text or '?')[:40]}")
    return index + 1


def _find_runs(judge: Judge, call: Call, index: int, found: tuple[Access, ...]) -> int:
    words = call.words
    end = next((at for at in range(index + 1, len(words)) if words[at].literal in (";", "+")), len(words))
    if end == len(words):
        call.reasons.append("find -exec without an end")
    inner = [_brace(word) for word in words[index + 1 : end]]
    # -execdir runs in the directory of each file.
    cwds = () if (words[index].literal or "").endswith("dir") else call.place.cwds
    if inner:
        judge.inner(call, inner, dataclasses.replace(call.place, found=found, cwds=cwds))
    return end + 1


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
    reading = read(LANGUAGES["tar"], words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    flags = set(reading.flags)
    creates = bool(flags & {"-c", "--create", "-r", "--append", "-u", "--update", "-A"})
    extracts = bool(flags & {"-x", "--extract", "--get"})
    target = [word for kind, word, _tree in reading.items if kind == "n"]
    for word in reading.operands if creates else ():
        judge.access(gathered(call, target), word, "read", tree=True)
    for at, (kind, word, tree) in enumerate(list(reading.items)):
        text = word.literal
        if kind == "f":
            if text is None or ":" in text:
                call.reasons.append("tar: an archive that may be on another host")
            judge.access(call, word, "write" if creates else "read")
        elif kind == "d" and text is not None and text.startswith("exec="):
            reading.items[at] = ("c", text_word(text[5:]), tree)
    if extracts and not flags & {"-O", "--to-stdout"}:
        call.reasons.append("tar unpacks what may be links")
        judge.access(call, target[-1] if target else text_word("."), "write", tree=True)
    reading.items = [item for item in reading.items if item[0] != "d"]
    judge.items(call, reading)


def _old_style(first: str, words: list[Word]) -> list[Word]:
    """`tar cf A B` as `tar -c -f A B`: letters that take a value take the next words in turn."""
    result: list[Word] = []
    for letter in first:
        result.append(text_word(f"-{letter}"))
        option = LANGUAGES["tar"].options.get(f"-{letter}")
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


def edit(judge: Judge, call: Call) -> None:
    """`sed` and `awk`: what their program runs, reads and writes."""
    name = "sed" if call.program in ("sed", "gsed") else "awk"
    reading = read(LANGUAGES[name], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    informative = set(reading.flags) & {"--version", "-V", "--help"}
    in_place = any(flag.startswith(("-i", "--in-place")) for flag in reading.flags) and name == "sed"
    suffixes = _suffixes(call) if in_place else ()
    for kind, word, _tree in reading.items:
        if kind == "e" and not informative:
            if word.literal is None:
                call.capabilities.add("runs-code")
                call.reasons.append(f"the {name} program is decided by an expansion")
            else:
                (sed if name == "sed" else awk)(judge, call, word.literal)
        elif kind == "r":
            judge.access(call, word, "read")
            for suffix in ("", *suffixes) if in_place else ():
                # The copy that -i keeps has the file's name and the suffix.
                end = (Text(suffix, quoted=True),) if suffix else ()
                judge.access(call, Word((*word.pieces, *end), word.problem), "write")
    reading.items = [item for item in reading.items if item[0] == "k"]
    judge.items(call, reading)


def _suffixes(call: Call) -> tuple[str, ...]:
    """The suffixes of sed's in-place copies; one that names another file is not understood."""
    written = [word.literal or "" for word in call.words]
    found = [re.match(r"-[nErsuz]*i(.+)|--i[a-z-]*=(.+)", text, re.DOTALL) for text in written]
    suffixes = tuple(each[1] or each[2] for each in found if each)
    if not all(plain_suffix(suffix) for suffix in suffixes):
        call.reasons.append("a suffix of sed -i that may name another file")
    return suffixes
