"""How fast API bodies are masked: MB/s for big lists, and the ratio to json.loads in the same run.

python -m tests.bench.fields [--mb 10]
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import time
from collections.abc import Callable

from bastion.core.masking.fields.body import BodyMasker
from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.model.masks import KnownValue

PIECE = 64 * 1024
RANDOM = random.Random(7)


def _word(size: int) -> str:
    return base64.b32encode(RANDOM.randbytes(size)).decode().rstrip("=").lower()[:size]


def secret(number: int) -> dict:
    """One item of a SecretList."""
    data = {f"k{i}": base64.b64encode(RANDOM.randbytes(48)).decode() for i in range(4)}
    return {"metadata": {"name": f"s-{number}", "namespace": "app", "uid": _word(32)}, "data": data}


def pod(number: int) -> dict:
    """One item of a PodList, as large as pods are."""
    env = [{"name": f"SETTING_{i}", "value": _word(12)} for i in range(12)]
    labels = {f"app.example/{name}": _word(8) for name in ("name", "part", "team", "hash")}
    container = {"name": "main", "image": f"reg/app:{_word(8)}", "env": env, "args": ["--port", "8080"]}
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-02T03:04:05Z"}
        for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    spec = {"containers": [container], "nodeName": _word(10), "priority": 0, "enableServiceLinks": True}
    status = {"phase": "Running", "conditions": conditions, "podIP": "10.1.2.3", "qosClass": "Burstable"}
    return {
        "metadata": {"name": f"p-{number}", "uid": _word(32), "labels": labels},
        "spec": spec,
        "status": status,
    }


def body(kind: str, item: Callable[[int], dict], size: int) -> bytes:
    """A list of about `size` bytes."""
    items: list[str] = []
    total = 0
    while total < size:
        items.append(json.dumps(item(len(items)), separators=(",", ":")))
        total += len(items[-1]) + 1
    return f'{{"kind":"{kind}","apiVersion":"v1","metadata":{{}},"items":[{",".join(items)}]}}\n'.encode()


def masked(patterns: Patterns, data: bytes) -> int:
    """Mask a body in pieces as a socket gives them; how many bytes left."""
    masker = BodyMasker(patterns)
    sent = sum(len(masker.feed(data[at : at + PIECE], 0.0).data) for at in range(0, len(data), PIECE))
    sent += len(masker.close(0.0).data)
    if masker.refused:
        raise RuntimeError(masker.refused)
    return sent


def main() -> None:
    """Print a row for each kind of body."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=float, default=10)
    size = int(parser.parse_args().mb * 1e6)
    patterns = compile_patterns([KnownValue(f"s{i}", _word(24).encode()) for i in range(20)])
    print(f"{'body':<12}{'MB':>8}{'MB/CPU s':>12}{'json.loads':>12}{'ratio':>8}")
    for kind, item in (("SecretList", secret), ("PodList", pod)):
        data = body(kind, item, size)
        begun = time.process_time()
        assert masked(patterns, data) == len(data)
        ours = time.process_time() - begun
        begun = time.process_time()
        json.loads(data)
        theirs = time.process_time() - begun
        mega = len(data) / 1e6
        print(f"{kind:<12}{mega:>8.1f}{mega / ours:>12.1f}{mega / theirs:>12.1f}{theirs / ours:>8.3f}")


if __name__ == "__main__":
    main()
