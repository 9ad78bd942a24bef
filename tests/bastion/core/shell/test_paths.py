"""Paths and patterns: YES only when sure, NO only when impossible (but for mere chance)."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.shell.paths import Match, covers, match, normalise, resolve, unknowable, within


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/a/./b//c/", "/a/b/c"), ("/../a", "/a"), ("/a/../../b", "/b"), ("/", "/"), ("//etc", "/etc"), ("/var/run/x", "/run/x"), ("/bin/sh", "/usr/bin/sh"),
        ("/proc/self/root/etc/shadow", "/etc/shadow"), ("/proc/1/root/proc/self/root/etc", "/etc"), ("/proc/self/root", "/"), ("/dev/fd/3", "/proc/self/fd/3"),
    ],
)  # fmt: skip
def test_a_path_has_one_form(path, plain):
    assert normalise(path) == plain


@pytest.mark.parametrize(
    ("path", "pattern", "said"),
    [
        ("/etc/shadow", "/etc/shadow", "YES"), ("/etc/shadow-", "/etc/shadow", "NO"), ("/etc/a/b", "/etc/**", "YES"), ("/etc", "/etc/**", "YES"),
        ("/etcx", "/etc/**", "NO"), ("/a/b/.env.x", "**/.env*", "YES"), ("/.env", "**/.env*", "YES"), ("/a/env", "**/.env*", "NO"), ("/a/secrets/b", "/**/secrets/**", "YES"),
        ("/x/id_rsa", "id_rsa", "YES"), ("/a/b", "/a/*", "YES"), ("/a/.b", "/a/*", "NO"), ("/a/b/c", "/a/*", "NO"), ("/a/[b]", "/a/[b]", "YES"),
    ],
)  # fmt: skip
def test_patterns(path, pattern, said):
    assert match(path, pattern) is Match[said]


@pytest.mark.parametrize(
    ("path", "pattern", "said"),
    [
        ("/e*/shadow", "/etc/shadow", "MAYBE"), ("/etc/sh?dow", "/etc/shadow", "MAYBE"), ("/etc/[a-z]hadow", "/etc/shadow", "MAYBE"), ("/etc/*", "/etc/shadow", "MAYBE"),
        ("/etc/*.conf", "/etc/shadow", "NO"), ("/a/*", "/a/**", "YES"), ("/app/*", "**/.env*", "NO"), ("/app/.e*", "**/.env*", "MAYBE"), ("/app/*.pe?", "**/*.pem", "MAYBE"),
        ("/app/*.log", "**/*secret*", "NO"), ("/app/*secr*", "**/*secret*", "MAYBE"), ("/app/*", "**/*.pem", "MAYBE"), ("/app/*.pem", "**/*.pem", "YES"),
    ],
)  # fmt: skip
def test_globs_against_patterns(path, pattern, said):
    assert match(path, pattern, glob=True) is Match[said]


def test_a_tree_covers_what_lies_below_it():
    assert covers("/", "/etc/shadow") is Match.YES
    assert covers("/etc", "/etc/shadow") is Match.YES
    assert covers("/etc/shadow", "/etc/shadow") is Match.NO
    assert covers("/srv", "/etc/shadow") is Match.NO
    assert covers("/e*", "/etc/shadow", glob=True) is Match.MAYBE


def test_within_a_directory_means_it_or_below():
    assert within("/data", "/data") is Match.YES
    assert within("/data/x/y", "/data/") is Match.YES
    assert within("/database", "/data") is Match.NO


def test_resolution_knows_every_directory_and_home():
    assert resolve("x", ("/a", "/b")) == ("/a/x", "/b/x")
    assert resolve("/x", ()) == ("/x",)
    assert resolve("x", ()) == ()
    assert resolve("~/x", ("/a",), tilde=True) == ("/root/x", "/home/*/x")
    assert unknowable("/proc/77/cwd/x")


_NAMES = st.text("ab.", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
_GLOBS = st.text("ab.*?", min_size=1, max_size=4).filter(lambda name: name.strip(".") != "" and name != "**")


@settings(max_examples=300, deadline=None)
@given(st.lists(_NAMES, min_size=1, max_size=4), st.lists(_GLOBS, min_size=1, max_size=4))
def test_a_plain_path_matches_exactly_as_the_shell_would(path, pattern):
    expected = len(path) == len(pattern) and all(
        fnmatch.fnmatchcase(name, glob) and (not name.startswith(".") or glob.startswith("."))
        for name, glob in zip(path, pattern, strict=True)
    )
    assert (match("/" + "/".join(path), "/" + "/".join(pattern)) is Match.YES) == expected
