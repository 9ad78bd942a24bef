"""What real programs write: untouched without secrets; never shown where pieces of it are secret."""

from __future__ import annotations

import base64
import json
import random
import re
import sys
from itertools import pairwise
from pathlib import Path

import avt
import pytest

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT)]

from bastion.core.masking.patterns import compile_patterns  # noqa: E402 - the same
from bastion.core.masking.terminal import TerminalMasker  # noqa: E402 - the same
from bastion.model.masks import KnownValue  # noqa: E402 - the same
from tests.harness.mask_case import Run  # noqa: E402 - the folder is no package
from tests.harness.mask_judge import faults  # noqa: E402 - the same

FILES = sorted(Path(__file__).parent.glob("*.json"))
LIMIT = 100_000
PATTERNS = compile_patterns(
    [KnownValue(f"k{i}", f"Zq{i}-Kx7vQp2mR9zT4wLs_{i * 7919}".encode()) for i in range(20)]
)
# Where terminals differ the sequence does not pass (reference/terminal.md); a control inside a sequence
# leaves before it.
STRIPPED = re.compile(rb"\x1b\[\?3h|\x1b#6|\x1b[()][12]")
INSIDE = re.compile(rb"(\x1b\[\d*)([\b\v\r])(\d*[A-D])")


def recording(path):
    document = json.loads(path.read_text())
    return document, [(ms / 1000, base64.b64decode(data)) for ms, data in document["chunks"]]


def expected(name, raw):
    return INSIDE.sub(rb"\2\1\3", STRIPPED.sub(b"", raw)) if name.startswith("vttest") else raw


def masked(document, chunks, patterns=PATTERNS):
    masker = TerminalMasker(patterns, document["cols"], document["rows"])
    out = []
    for at, data in chunks:
        while masker.deadline is not None and masker.deadline <= at:
            out.append(masker.tick(masker.deadline).data)
        out.append(masker.feed(data, at).data)
        assert not masker.failed
    out.append(masker.close(1e6).data)
    return b"".join(out)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recording_leaves_as_it_came(path):
    document, chunks = recording(path)
    assert path.stat().st_size < LIMIT
    raw = b"".join(data for _, data in chunks)
    out = masked(document, chunks)
    whole = expected(document["name"], raw)
    assert whole.startswith(out)
    assert b"\x1b" not in whole[len(out) + 1 :]  # a sequence that the recording's end cut off


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(3))
def test_a_recording_leaves_as_it_came_however_it_is_split(path, seed):
    document, chunks = recording(path)
    raw = b"".join(data for _, data in chunks)
    chance = random.Random(f"{seed} {document['name']}")
    places = sorted(
        {0, len(raw), *(chance.randrange(len(raw)) for _ in range(len(raw) // (20, 90, 700)[seed]))}
    )
    out = masked(document, [(0.0, raw[a:b]) for a, b in pairwise(places)])
    whole = expected(document["name"], raw)
    assert whole.startswith(out)
    assert b"\x1b" not in whole[len(out) + 1 :]


def shown(document, chunks):
    """Stretches of text that a terminal shows at some time while the program runs."""
    terminal = avt.Vt(document["cols"], document["rows"])
    found = set()
    for _, data in chunks:
        terminal.feed_str(data.decode("utf-8", "replace"))
        for line in terminal.view():
            found.update(re.findall(r"[!-~][ -~]{14,30}[!-~]", line.text))
    return sorted(
        text for text in found if len(set(text.replace(" ", ""))) >= 8 and len(text.replace(" ", "")) >= 12
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(2))
def test_what_a_program_shows_is_hidden_when_it_is_secret(path, seed):
    document, chunks = recording(path)
    texts = shown(document, chunks)
    secrets = random.Random(f"{seed} {document['name']}").sample(texts, min(3, len(texts)))
    case = {
        "kind": "pty", "cols": document["cols"], "rows": document["rows"], "secrets": secrets, "gap_ms": (0, 150)[seed],
        "chunks": [base64.b64encode(data).decode() for _, data in chunks], "must_not_appear": secrets,
    }  # fmt: skip
    assert faults(case, Run(case).run()) == []
