"""A principal is (issuer, subject); a name proves nothing."""

from bastion.model.principal import Kind, Principal


def made(issuer="https://i", subject="s", name="alice"):
    return Principal(issuer, subject, Kind.HUMAN, name, 1)


def test_the_key_tells_issuers_and_subjects_apart():
    keys = {made(issuer, subject).key for issuer in ("https://i", "https://j") for subject in ("s", "t")}
    assert len(keys) == 4


def test_two_people_of_one_name_are_two_principals():
    assert made(subject="1").key != made(subject="2").key
    assert made(name="alice").key == made(name="bob").key
