"""Mask events as leaves: counts are exact, places are there, ids are keyed, no value is."""

from __future__ import annotations

import hmac

from bastion.core.witness import MOST_APART, MOST_LEAVES, MOST_LISTED, Witness, canonical, no_digest
from bastion.model.effects import Mark, Note
from bastion.model.masks import Alert, KnownValue, MaskEvent

VALUE = KnownValue("secret-1/1", b"Kx7vQ2mNp9RtLw4Z")
FOREIGN = KnownValue("secret-9/1", b"from-elsewhere-77", mounted=False)


def digest(value):
    return hmac.digest(b"k" * 32, value, "sha256")[:16].hex()


def lookup(source):
    return {"secret-1/1": VALUE, "secret-9/1": FOREIGN}.get(source)


def told(witness, events, stream="out"):
    return [dict(each.fields) for each in witness.masks(stream, events, lookup) if isinstance(each, Note)]


def test_the_same_value_has_one_id_wherever_and_however_it_was_masked():
    one, two = Witness(digest), Witness(digest)
    first = told(one, [MaskEvent("secret-1/1", 12, 5), MaskEvent("secret-1/1", 16, 90)])
    second = told(two, [MaskEvent("secret-1/1", 22, 7, 3, 4)], "err")
    assert first[0]["ids"] == second[0]["ids"] == [digest(VALUE.value)]
    assert (first[0]["count"], first[0]["bytes"], first[0]["places"]) == (2, 28, ["5+12", "90+16"])
    assert second[0]["places"] == ["3:4+22"]


def test_a_card_number_has_one_id_however_it_is_grouped():
    events = [MaskEvent("pan", 9, 0, text=b"33 4301-0"), MaskEvent("pan", 7, 40, text=b"3343010")]
    assert len(told(Witness(digest), events)) == 1
    assert canonical(b"' - '") == b"' - '"


def test_no_value_stands_in_a_leaf_a_mark_or_a_repr():
    witness = Witness(digest)
    events = [MaskEvent("secret-1/1", 16, 0, text=VALUE.value), MaskEvent("aws", 9, 40, text=b"AKIAnotthis")]
    said = repr(witness.masks("out", events, lookup)) + repr(witness) + repr(events)
    said += repr(witness.alert(Alert("secret-1/1", "pieces", 3, 9, VALUE.value)))
    assert "Kx7v" not in said
    assert "AKIA" not in said


def test_under_a_flood_leaves_are_few_and_counts_stay_exact():
    events = [MaskEvent("aws", 9, place, text=b"key-%d" % place) for place in range(500)]
    facts = told(Witness(digest), events)
    assert len(facts) == 1 < MOST_APART
    assert (facts[0]["count"], len(facts[0]["ids"]), facts[0]["ids_left_out"]) == (
        500,
        MOST_LISTED,
        500 - MOST_LISTED,
    )
    assert facts[0]["places_left_out"] == 500 - MOST_LISTED
    witness = Witness(digest)
    for _ in range(MOST_LEAVES):
        told(witness, events[:1])
    assert len(told(witness, events[:4])) == 1


def test_a_value_that_the_pod_does_not_mount_is_told_as_such():
    witness = Witness(digest)
    assert told(witness, [MaskEvent("secret-9/1", 17, 0)])[0]["mounted"] is False
    assert "mounted" not in told(witness, [MaskEvent("secret-1/1", 16, 0)])[0]


def test_an_alert_is_a_leaf_of_its_own_and_a_mark():
    effects = Witness(digest).alert(Alert("secret-1/1", "guesses", 9, 0, VALUE.value))
    assert [type(each) for each in effects] == [Note, Mark]
    assert effects[0].kind == "mask.oracle"
    assert effects[0].fields["id"] == digest(VALUE.value)


def test_without_a_key_there_are_no_ids():
    assert told(Witness(no_digest), [MaskEvent("secret-1/1", 16, 0)])[0]["ids"] == []
