"""Rules of recorder.findings."""

from recorder.findings import MAX_FINDINGS, Outcome, Report


def test_altered_outweighs_incomplete_and_both_outweigh_unanchored():
    report = Report("x", anchor_required=True)
    assert report.outcome is Outcome.UNANCHORED
    report.incomplete("a", "f")
    assert report.outcome is Outcome.INCOMPLETE
    report.altered("b", "f")
    report.incomplete("c", "f")
    assert report.outcome is Outcome.ALTERED


def test_an_anchor_that_matched_satisfies_the_demand():
    assert Report("x", anchor_required=True, anchors=1).outcome is Outcome.INTACT


def test_findings_are_bounded_but_counted_and_still_decide():
    report = Report("x")
    for _ in range(MAX_FINDINGS):
        report.incomplete("a", "f")
    report.altered("b", "f")
    assert (len(report.findings), report.more) == (MAX_FINDINGS, 1)
    assert report.outcome is Outcome.ALTERED


def test_exit_codes_are_those_of_the_table():
    assert [(item.name, int(item)) for item in Outcome] == [
        ("INTACT", 0),
        ("ALTERED", 1),
        ("INCOMPLETE", 2),
        ("UNANCHORED", 3),
    ]
