"""What a person was shown counts from session to session."""

from bastion.core.masking.exposure import Exposure
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.recall import KEPT_SECONDS, MOST, Recall
from bastion.core.output import Output
from bastion.model.effects import Deliver, Note
from bastion.model.masks import KnownValue
from bastion.model.request import Size

VALUE = b"vK8pQz3LmN7xRt5WyB2cD9fGhJ4sA6eU"
PATTERNS = compile_patterns([KnownValue("secret-1/1", VALUE)])


def digest(value):
    return value.hex()[::-1]


def session(recall, text, at=0.0, size=None):
    """(what was delivered, the alerts) of a session with one command."""
    output = Output(PATTERNS, size, digest, recall, at)
    effects = output.pod("out", text, at) + output.close(at)
    data = b"".join(each.data for each in effects if isinstance(each, Deliver))
    return data, [each for each in effects if isinstance(each, Note) and each.kind == "mask.oracle"]


def cut_loop(recall, size=None, seconds=1.0):
    return [session(recall, b"= " + VALUE[i:] + b"\r\n", i * seconds, size) for i in range(0, 20, 3)]


def test_one_piece_a_session_is_an_alert_and_shows_nothing_more():
    for size in (None, Size()):
        found = cut_loop(Recall(), size)
        assert [bool(alerts) for _, alerts in found] == [False] * 4 + [True] * 3
        assert found[2][0] == b"= " + VALUE[6:10] + b"*" * 22 + b"\r\n"
        assert VALUE[15:17] not in found[5][0]


def test_another_person_is_not_counted_with_the_first():
    cut_loop(Recall())
    assert session(Recall(), b"= " + VALUE[6:] + b"\r\n")[0].startswith(b"= " + VALUE[6:10])


def test_after_a_day_it_is_forgotten():
    recall = Recall()
    cut_loop(recall)
    data, alerts = session(recall, b"= " + VALUE[6:] + b"\r\n", KEPT_SECONDS + 99)
    assert data.startswith(b"= " + VALUE[6:10])
    assert alerts == []


def test_the_memory_is_bounded_and_holds_no_value():
    recall = Recall()
    for number in range(MOST + 50):
        recall.keep(Exposure({b"%032d" % number: 1}), digest, 0.0)
    assert repr(recall) == f"Recall({MOST} values)"
