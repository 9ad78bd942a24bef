"""Names of members: spelled as Go reads them, telling when a detector says so."""

import pytest

from bastion.core.masking.fields.names import ROLES, Names, Role, folded, worth_masking
from bastion.core.masking.patterns import compile_patterns

NAMES = Names(compile_patterns([]))


@pytest.mark.parametrize(
    "key", ["data", "Data", "DATA", "stringData", "\u017ftringdata", "\u212aind", "KIND"]
)
def test_keys_are_read_as_go_reads_them(key) -> None:
    assert NAMES.key(key.encode()).role is ROLES[folded(key.encode())]
    assert NAMES.key(key.encode()).role is not Role.PLAIN


@pytest.mark.parametrize(
    "key", ["DB_PASSWORD", "api-key", "clientSecret", "token", "spring.datasource.password"]
)
def test_a_name_is_telling_when_a_detector_masks_what_follows_it(key) -> None:
    assert NAMES.key(key.encode()).telling


@pytest.mark.parametrize("key", ["image", "secretName", "passwordFile", "tokens", "name"])
def test_other_names_are_not(key) -> None:
    assert not NAMES.key(key.encode()).telling


@pytest.mark.parametrize(
    "text", ["$(DB_PASSWORD)", "${X}", "$X", "<your password>", "true", "null", "****", "", "{{ .pw }}"]
)
def test_references_and_placeholders_are_no_values(text) -> None:
    assert not worth_masking(text.encode())


@pytest.mark.parametrize("text", ["hunter2", "$ecret pass", "two words"])
def test_what_only_resembles_one_is_a_value(text) -> None:
    assert worth_masking(text.encode())


def test_what_is_remembered_is_bounded() -> None:
    names = Names(compile_patterns([]))
    for number in range(5000):
        names.key(b"k%d" % number)
    assert len(names._keys) <= 4096
    assert len(names._told) <= 4096
