"""One parser for login names: what it prints it reads, and what it cannot read it names in one line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.model.refusal import Refusal
from bastion.model.target import KINDS, MAX_LOGIN, RESERVED, ApiLogin, Reserved, Target, parse

labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True) | st.sampled_from(
    sorted(KINDS) + sorted(RESERVED)
)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
targets = st.builds(
    Target,
    namespace=labels,
    name=names,
    kind=st.just("pod"),
    container=labels | st.just(""),
    cluster=labels | st.just(""),
) | st.builds(
    Target, namespace=labels, name=names, kind=st.sampled_from(sorted(KINDS)), cluster=labels | st.just("")
)


def speakable(target):
    """ns/pod/container cannot be told from ns/kind/name where the pod's name is a kind."""
    return not (target.container and target.name in KINDS)


@given(targets.filter(speakable))
@settings(max_examples=300)
def test_what_is_printed_is_read_back_with_slashes_and_with_plus(target):
    assert parse(str(target)) == target
    assert parse(str(target).replace("/", "+")) == target


@given(st.text(st.sampled_from("ab-./+=0A_ é\n"), max_size=30))
@settings(max_examples=400)
def test_every_login_is_a_value_and_what_is_read_is_printed_alike(login):
    found = parse(login)
    if isinstance(found, Refusal):
        assert "\n" not in found.line()
    elif isinstance(found, Target) and speakable(found):
        assert parse(str(found)) == found


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_logins_are_one_table(name):
    assert parse(name) == Reserved(name)
    assert str(parse(name)) == name


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_in_the_middle_is_a_workload(kind):
    assert parse(f"shop/{kind}/web") == Target("shop", "web", kind)
    assert parse(f"prod=shop+{kind}+web") == Target("shop", "web", kind, cluster="prod")


def test_three_segments_are_a_container_and_a_cluster_alone_is_its_api():
    assert parse("shop/web-0/app") == Target("shop", "web-0", container="app")
    assert parse("prod=") == ApiLogin("prod")
    assert str(ApiLogin("prod")) == "prod="


@pytest.mark.parametrize(
    "login",
    ["", "root", "/", "shop/", "/web", "shop/web/app/x", "Shop/web", "shop/web_0", "shop/-web", "shop/web-", "=shop/web", "P=shop/web",
     "shop/web\n", "shop/web\x00", "shop/..", "shop/a..b", "a" * 64 + "/web", "shop/" + "a" * 254, "=", "cert/x/y/z", "shop/web/" + "c" * 64],
)  # fmt: skip
def test_what_names_no_pod_is_one_clear_line(login):
    found = parse(login)
    assert isinstance(found, Refusal), found
    assert (found.code, found.status) == ("bad-target", 77)
    assert "\n" not in found.line()
    assert "NAMESPACE/POD" in found.hint


def test_a_login_that_is_too_long_is_not_looked_at_and_not_repeated():
    found = parse("a" * (MAX_LOGIN + 1))
    assert isinstance(found, Refusal)
    assert len(found.line()) < 200
