"""What the cluster is told of the person, and what no issuer can make us tell it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bastion.kube.identity import Impersonation, headers
from bastion.model.grant import Grant
from bastion.model.pod import Pod
from bastion.model.refusal import Refusal

POD = Pod("prod", "shop", "web-0", "uid-1", "app", "containerd://1")
ON = Impersonation(enabled=True)
BARE = Impersonation(enabled=True, user_prefix="", group_prefix="")


def grant(session="s-1", user="alice", groups=("dev", "ops")):
    return Grant(session, "u", POD, ("true",), False, False, "iss|alice", user, groups, "rule")


def test_the_session_is_named_even_without_impersonation():
    sent = dict(headers(grant(), Impersonation()))
    assert sent["Audit-ID"] == "s-1"
    assert sent["User-Agent"].startswith("bastion/")
    assert sent["User-Agent"].endswith(" session/s-1")
    assert not any(name.startswith("Impersonate") for name in sent)


def test_user_and_groups_go_behind_the_prefix_with_the_session_as_extra():
    sent = headers(grant(), ON)
    assert ("Impersonate-User", "oidc:alice") in sent
    assert [value for name, value in sent if name == "Impersonate-Group"] == ["oidc:dev", "oidc:ops"]
    assert ("Impersonate-Extra-bastion-session", "s-1") in sent


@pytest.mark.parametrize("name", ["system:masters", "System:masters", "SYSTEM:anonymous", " system:masters"])
def test_a_name_of_the_clusters_own_is_refused(name):
    assert isinstance(headers(grant(user=name), BARE), Refusal)
    assert isinstance(headers(grant(groups=("dev", name)), BARE), Refusal)


def test_a_prefix_that_makes_a_name_of_the_clusters_own_is_refused():
    half = Impersonation(enabled=True, user_prefix="sys", group_prefix="oidc:")
    assert isinstance(headers(grant(user="tem:masters"), half), Refusal)


@given(st.sampled_from(["\r\n", "\n", "\0", "\x7f", "\x85", "\ud800"]), st.integers(0, 3))
def test_no_character_that_splits_a_header_is_sent(splitter, place):
    name = "bob"[:place] + splitter + "bob"[place:]
    assert isinstance(headers(grant(user=name), ON), Refusal)
    assert isinstance(headers(grant(groups=(name,)), ON), Refusal)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": ""},
        {"user": "a" * 2000},
        {"groups": tuple(map(str, range(300)))},
        {"groups": ("",)},
        {"session": "a b"},
        {"session": "x" * 65},
        {"session": ""},
    ],
)
def test_what_is_empty_or_too_much_is_refused(wrong):
    prefixes = BARE if "groups" in wrong else ON
    assert isinstance(headers(grant(**wrong), prefixes), Refusal)
