"""Compiled patterns, kept for a while: most sessions on a pod search for the same values.

Compiling costs some 20 ms of CPU and a session's copy some 250 KiB, and an agent opens a session for
each command. The values are read from the cluster for every session all the same, and what is kept is
found by their digest, so a value that changed is never missed; after KEPT_SECONDS it is let go.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from functools import partial

from bastion.core.masking.detector import Detector
from bastion.core.masking.patterns import ALL, Patterns, compile_patterns
from bastion.model.masks import KnownValue
from bastion.model.refusal import Refusal

KEPT_SECONDS = 60.0
MOST = 32


class Compiled:
    """Shared by the sessions of a house; used from its loop only."""

    def __init__(self, detectors: tuple[Detector, ...] = ALL) -> None:
        self._detectors = detectors
        self._key = secrets.token_bytes(32)
        self._kept: dict[bytes, Patterns] = {}
        self._begun: dict[bytes, asyncio.Future[Patterns]] = {}

    def __repr__(self) -> str:
        return f"Compiled({len(self._kept)} kept)"

    def use(self, detectors: tuple[Detector, ...]) -> None:
        """Search with these from now on; sessions that are open keep theirs."""
        self._detectors, self._begun = detectors, {}
        self._kept.clear()

    async def patterns(self, values: Sequence[KnownValue]) -> Patterns | Refusal:
        """`compile_patterns`, off the loop, once for all who ask; a refusal if some cannot be covered."""
        digest = self._digest(values)
        found = self._kept.get(digest)
        if found is None:
            loop = asyncio.get_running_loop()
            rows, begun = self._detectors, self._begun
            if digest not in begun:
                work = partial(compile_patterns, values, detectors=rows)
                begun[digest] = loop.run_in_executor(None, work)
                begun[digest].add_done_callback(lambda _: begun.pop(digest, None))
            try:
                found = await asyncio.shield(begun[digest])
            except ValueError as error:
                return Refusal(
                    "secrets-unknown",
                    f"the values of this pod's Secrets cannot all be masked: {error}",
                    "an administrator makes the Secrets smaller, or names `known_values` in the policy",
                )
            if rows is self._detectors and len(self._kept) < MOST and digest not in self._kept:
                self._kept[digest] = found
                loop.call_later(KEPT_SECONDS, self._kept.pop, digest, None)
        return found

    def _digest(self, values: Sequence[KnownValue]) -> bytes:
        """Keyed, so that it tells nothing about the values; lengths keep the parts apart."""
        made = hashlib.blake2b(key=self._key, digest_size=32)
        for value in values:
            for part in (value.ref.encode(), value.value):
                made.update(len(part).to_bytes(8, "big") + part)
        return made.digest()
