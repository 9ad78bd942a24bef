"""The table of all detectors, in one tuple."""

from __future__ import annotations

from bastion.core.masking.assignments import ASSIGNMENTS
from bastion.core.masking.contexts import CONTEXTS
from bastion.core.masking.detector import Detector
from bastion.core.masking.numbers import NUMBERS
from bastion.core.masking.options import OPTIONS
from bastion.core.masking.vendor_keys import VENDOR_KEYS

ALL: tuple[Detector, ...] = (*CONTEXTS, *ASSIGNMENTS, *OPTIONS, *NUMBERS, *VENDOR_KEYS)
