"""What every test shares: `--deep` for the long suites, and the tools that `--without` leaves out."""

import os

import pytest
from hypothesis import settings

DEEP = 20
WITHOUT = frozenset(os.environ.get("BASTION_WITHOUT", "").split())


def pytest_addoption(parser):
    parser.addoption(
        "--deep",
        action="store_true",
        help=f"property tests with {DEEP} times as many examples; prints each count",
    )


def pytest_configure(config):
    if config.getoption("--deep"):
        os.environ.setdefault("BASTION_EXAMPLES", "3000")


def pytest_collection_modifyitems(config, items):
    for item in items:
        left_out = sorted(tool for tool in WITHOUT if tool in item.nodeid)
        if left_out:
            item.add_marker(pytest.mark.skip(reason=f"left out by --without {left_out[0]}"))
        test = getattr(item, "obj", None)
        bounded = getattr(test, "_hypothesis_internal_use_settings", None)
        if config.getoption("--deep") and bounded is not None and hasattr(test, "hypothesis"):
            deep = settings(bounded, max_examples=bounded.max_examples * DEEP, deadline=None)
            test._hypothesis_internal_use_settings = deep
            item.add_marker(pytest.mark.timeout(3600))
