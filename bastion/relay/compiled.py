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

from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.model.masks import KnownValue
from bastion.model.refusal import Refusal

KEPT_SECONDS = 60.0
MOST = 32


class Compiled:
    """Shared by the sessions of a house; used from its loop only."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._kept: dict[bytes, Patterns] = {}

    def __repr__(self) -> str:
        return f"Compiled({len(self._kept)} kept)"

    async def patterns(self, values: Sequence[KnownValue]) -> Patterns | Refusal:
        """`compile_patterns(values)`, off the loop; a refusal when they cannot all be covered."""
        digest = self._digest(values)
        found = self._kept.get(digest)
        if found is None:
            loop = asyncio.get_running_loop()
            try:
                found = await loop.run_in_executor(None, compile_patterns, values)
            except ValueError as error:
                return Refusal(
                    "secrets-unknown",
                    f"the values of this pod's Secrets cannot all be masked: {error}",
                    "an administrator makes the Secrets smaller, or names `known_values` in the policy",
                )
            if len(self._kept) < MOST and digest not in self._kept:
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
