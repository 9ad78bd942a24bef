"""Covers become one event for each span, with the text that was masked."""

from bastion.core.masking.tally import MAX_TEXT, Tally


def test_the_parts_of_one_span_are_one_event_wherever_they_were_cut():
    tally = Tally()
    assert tally.note([(3, 5, "a")], 5, b"xxxAB", 0) == []
    assert tally.note([(5, 8, "a"), (6, 9, "b")], 9, b"CDEF", 5) == []
    (event,) = tally.note([], 10)
    assert (event.source, event.offset, event.length, event.text) == ("a", 3, 6, b"ABCDEF")
    assert tally.idle


def test_spans_apart_are_events_apart_and_the_last_one_waits_for_its_end():
    tally = Tally()
    events = tally.note([(0, 2, "a"), (4, 6, "a")], 6, b"ABxxCD", 0)
    assert [event.text for event in events] == [b"AB"]
    assert [event.text for event in tally.close()] == [b"CD"]
    assert tally.close() == []


def test_a_long_span_keeps_a_bounded_text():
    tally = Tally()
    tally.note([(0, 9000, "a")], 9000, b"A" * 9000, 0)
    (event,) = tally.close()
    assert (event.length, len(event.text)) == (9000, MAX_TEXT)
