"""The client's environment: an allow-list, the policy's names, no secrets, nothing else."""

from bastion.core.environment import Kept, choose


def chosen(*asked, allowed=(), secret=""):
    return choose(
        tuple(asked),
        allowed=lambda name, _: name in allowed,
        is_secret=lambda value: bool(secret) and secret in value,
    )


def test_the_listed_names_are_kept_and_the_rest_is_dropped():
    kept = chosen(("LANG", "C"), ("LC_ALL", "C"), ("LD_PRELOAD", "x"), ("EDITOR", "vi"), ("TZ", "UTC"))
    assert kept.values == (("LANG", "C"), ("LC_ALL", "C"), ("TZ", "UTC"))
    assert kept.dropped == ("EDITOR", "LD_PRELOAD")


def test_policy_may_add_a_name():
    assert chosen(("APP_MODE", "x"), allowed=("APP_MODE",)).values == (("APP_MODE", "x"),)


def test_a_value_that_holds_a_secret_is_refused_even_under_a_listed_name():
    assert chosen(("LANG", "xs3cretx"), secret="s3cret") == Kept((), (), secret="LANG")


def test_values_with_control_characters_and_odd_names_are_dropped():
    kept = chosen(("LANG", "a\nb"), ("LC_é", "x"), ("A B", "x"), allowed=("A B",))
    assert not kept.values
    assert len(kept.dropped) == 3


def test_the_last_request_of_a_name_wins():
    assert chosen(("TZ", "A"), ("TZ", "B")).values == (("TZ", "B"),)


def test_the_approval_mode_is_ours_and_is_not_passed_on():
    assert chosen(("BASTION_APPROVAL", "async")) == Kept((), (), mode="async")
    assert chosen(("BASTION_APPROVAL", "maybe")).unknown_mode == "maybe"
