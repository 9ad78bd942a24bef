"""Which lines talk both ways, as the judge sees them."""

import pytest

from bastion.core.shell.duplex import talks_both_ways


@pytest.mark.parametrize(
    "text",
    [
        "rsync --server -logDtpre.iLsfxC . /data",
        "git upload-pack /srv/r.git",
        "git-receive-pack '/srv/r'",
        "tar -cf - .",
    ],
)
def test_transfers_talk_both_ways(facts, text):
    assert talks_both_ways(facts(text))


@pytest.mark.parametrize(
    "text", ["cat x", "git log", "rsync --server . /d; printenv", "tar cf - . | tee x", "x=1"]
)
def test_a_program_beside_one_gets_no_leave_from_it(facts, text):
    assert not talks_both_ways(facts(text))
