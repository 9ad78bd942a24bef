"""The system calls fail loudly and name themselves."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bastion.demo import syscalls


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: syscalls.mount("none", "/no/such/place", "tmpfs", 0), "mount /no/such/place"),
        (lambda: syscalls.setns(-1, 0), "setns"),
        (lambda: syscalls.unshare(-1), "unshare"),
    ],
)
def test_a_failed_call_is_an_oserror_that_names_it(call, words):
    with pytest.raises(OSError, match=words) as failed:
        call()
    assert failed.value.errno in {errno.ENOENT, errno.EBADF, errno.EINVAL, errno.EPERM}


def test_capabilities_are_gone_for_good_after_dropping():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            syscalls.drop_capabilities()
            os.write(writing, Path("/proc/self/status").read_bytes())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as text:
        found = dict(line.split(":\t", 1) for line in text.read().splitlines())
    os.waitpid(child, 0)
    kept = sum(1 << number for number in syscalls.KEPT_CAPABILITIES)
    assert int(found["NoNewPrivs"]) == 1
    assert int(found["CapInh"], 16) == int(found["CapAmb"], 16) == 0
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(found[name], 16) & ~kept == 0, name
