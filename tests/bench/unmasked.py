"""The bastion with masking off, for comparing only: the same program, but its maskers hand bytes through.

    python -m tests.bench.unmasked demo --port 0 --dir DIR

The product has no such switch; this module replaces two names before the program starts.
"""

from __future__ import annotations

import sys

from bastion.app import cli
from bastion.core import output
from bastion.model.masks import Masked


class Passing:
    """A masker that masks nothing."""

    failed = ""
    deadline = None

    def __init__(self, *_given: object) -> None:
        """Whatever a masker is given."""

    def feed(self, data: bytes, _at: float) -> Masked:
        """The bytes as they came."""
        return Masked(data)

    def close(self, _at: float) -> Masked:
        """Nothing was held."""
        return Masked()

    tick = close

    def resize(self, _cols: int, _rows: int, _at: float) -> Masked:
        """Nothing is drawn."""
        return Masked()

    def replace(self, _patterns: object) -> None:
        """Nothing is looked for."""


if __name__ == "__main__":
    output.StreamMasker = output.TerminalMasker = Passing
    sys.exit(cli.main())
