"""What a policy is made of: when one asks for more than another."""

from bastion.core.rules import Knowing


def test_wider_or_more_is_stricter_and_off_has_no_scope():
    assert Knowing("preferred", "namespace").stricter(Knowing("required", "pod"))
    assert Knowing("required", "pod").stricter(Knowing("preferred", "namespace"))
    assert not Knowing("off", "namespace").stricter(Knowing("off", "pod"))
    assert not Knowing().stricter(Knowing())
