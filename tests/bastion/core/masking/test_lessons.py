"""Lessons: shared, bounded, the oldest go first."""

from bastion.core.masking.lessons import MAX_LESSONS, Lessons
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import find
from bastion.model.masks import KnownValue


def lesson(number):
    return KnownValue("learned-s1", b"Kx7vQ2mNp9Rt-%04d" % number)


def test_only_what_is_new_is_news_and_references_are_of_the_channel():
    lessons = Lessons()
    assert lessons.hear([lesson(1)])
    assert not lessons.hear([lesson(1)])
    assert lessons.hear([lesson(1), lesson(2)])
    text = lesson(1).value + b" and " + lesson(2).value
    found = find(lessons.added_to(compile_patterns((), detectors=())), text)
    assert {span.source for span in found} == {"learned-s1", "learned-s2"}


def test_no_more_than_so_many_are_kept_and_the_newest_of_them():
    lessons = Lessons()
    for number in range(MAX_LESSONS + 3):
        lessons.hear([lesson(number)])
    assert repr(lessons) == f"Lessons({MAX_LESSONS} of {MAX_LESSONS + 3})"
    patterns = lessons.added_to(compile_patterns((), detectors=()))
    assert find(patterns, lesson(MAX_LESSONS + 2).value)


def test_nothing_learned_changes_nothing():
    patterns = compile_patterns((), detectors=())
    assert Lessons().added_to(patterns) is patterns
