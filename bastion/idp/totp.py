"""One-time codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 s), each good for one use.

SHA-1 and six digits because that is what every authenticator app speaks; the guessing that six
digits allow is bounded by `locked_until`.
"""

from __future__ import annotations

import hmac
import re

import pyotp

STEP = 30
WINDOW = 1
FREE_FAILURES = 5
FIRST_LOCK = 30
LONGEST_LOCK = 24 * 3600
_CODE = re.compile(r"[0-9]{6}")


def new_seed() -> str:
    """A new secret of 160 bits (RFC 4226 §4), base32."""
    return pyotp.random_base32(32)


def provisioning_uri(seed: str, account: str, issuer: str = "bastion") -> str:
    """The `otpauth://` address that authenticator apps read from a QR code; it holds the seed."""
    return pyotp.TOTP(seed, interval=STEP).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(seed: str, code: str, now: int, last_step: int) -> int | None:
    """The time step whose code this is, or None; `now` in Unix seconds.

    Steps up to `WINDOW` before and after the current one count (RFC 6238 §5.2), and only those
    after `last_step`, the step last accepted (-1: none yet): store what is returned, atomically,
    and a code opens nothing twice. Compares every step in constant time.
    """
    typed = code.replace(" ", "")
    if not _CODE.fullmatch(typed):
        return None
    one_time, current = pyotp.TOTP(seed, interval=STEP), now // STEP
    found = None
    for step in range(max(current - WINDOW, 0), current + WINDOW + 1):
        matches = hmac.compare_digest(one_time.generate_otp(step), typed)
        if matches and step > last_step:
            found = step
    return found


def locked_until(failures: int, last_failure: int) -> int:
    """Until when (Unix seconds) no code is looked at, after `failures` wrong ones in a row.

    0 before the fifth; then 30 s, doubling with each further failure up to a day. An accepted
    code sets the count back to 0.
    """
    if failures < FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES, 32)
    return last_failure + min(FIRST_LOCK << doublings, LONGEST_LOCK)
