"""The one line without a leaf: sent from the listed places only, and nothing else is sent beside the ledger."""

from pathlib import Path

from bastion.relay.unrecorded import PLACES, UNRECORDED

ROOT = Path(__file__).parents[3]
SENDS = {
    "bastion/relay/hands.py": "effects that were logged",
    "bastion/relay/loop.py": "the end of a severed session",
    "bastion/app/counter.py": "what was recorded or noted before",
    "bastion/ssh/channel.py": "implements `write`",
    "bastion/ssh/session.py": "notices that `ssh.refused` leaves stand for",
    "bastion/ssh/exchange.py": "certificates and refusals that were noted",
}


def holding(*texts):
    found = set()
    for path in (ROOT / "bastion").rglob("*.py"):
        if any(text in path.read_text() for text in texts):
            found.add(path.relative_to(ROOT).as_posix())
    return found


def test_the_table_names_every_place_that_may_send_it_and_no_other():
    assert holding("UNRECORDED") - {"bastion/relay/unrecorded.py"} == set(PLACES)


def test_the_line_is_constant_and_says_what_why_and_what_next():
    assert "cannot be recorded" in UNRECORDED.line()
    assert UNRECORDED.status == 255
    assert UNRECORDED.hint


def test_no_other_module_writes_to_a_client():
    found = holding("channel.write(", "_wire.send(", " wire.send(", "_channel.write(")
    assert {path for path in found if "/kube/" not in path} == set(SENDS)
