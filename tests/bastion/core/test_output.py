"""Whatever is written to a client is masked: the pod's bytes, the editor's and the bastion's own lines."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from acting import SECRET, patterns

from bastion.core.output import Output
from bastion.model.effects import Deliver, Mark, Note
from bastion.model.request import Size


def text(effects, stream="out"):
    return b"".join(each.data for each in effects if isinstance(each, Deliver) and each.stream == stream)


@given(st.lists(st.integers(1, len(SECRET)), max_size=8), st.sampled_from(["out", "err"]))
@settings(max_examples=60, deadline=None)
def test_a_secret_in_pieces_is_masked_on_either_stream(cuts, stream):
    output, effects, rest = Output(patterns(), None), [], f"a {SECRET} b\n".encode()
    for cut in [*cuts, len(rest)]:
        effects += output.pod(stream, rest[:cut], 0.0)
        rest = rest[cut:]
    effects += output.close(1.0)
    assert SECRET.encode() not in text(effects, stream)
    assert text(effects, stream).startswith(b"a ")
    assert text(effects, stream).endswith(b" b\n")


def test_what_one_stream_holds_does_not_hold_up_the_other():
    output = Output(patterns(), None)
    assert text(output.pod("out", SECRET[:5].encode(), 0.0)) != SECRET[:5].encode()
    assert text(output.pod("err", b"plain words\n", 0.0), "err") == b"plain words\n"
    assert text(output.close(0.0)).endswith(SECRET[2:5].encode())


def test_a_secret_that_two_units_write_half_each_is_one_secret():
    output = Output(patterns(), None)
    effects = [*output.pod("out", SECRET[:8].encode(), 0.0), *output.pod("out", SECRET[8:].encode(), 9.0)]
    assert SECRET.encode() not in text([*effects, *output.close(9.0)])


def test_a_mask_is_a_leaf_and_a_mark_before_the_bytes():
    effects = Output(patterns(), None).pod("out", f"{SECRET} x y z\n".encode(), 0.0)
    assert [type(each) for each in effects] == [Note, Mark, Deliver]
    assert (effects[0].kind, effects[0].fields["count"], effects[0].fields["stream"]) == ("mask", 1, "out")


@pytest.mark.parametrize("size", [None, Size()])
def test_the_bastions_own_lines_are_masked_and_drive_no_terminal(size):
    output = Output(patterns(), size)
    effects = [*output.own(f"bastion: {SECRET}\x1b[2J\r\nno", 0.0), *output.close(1.0)]
    said = text(effects, "out" if size else "err")
    assert SECRET.encode() not in said
    assert said.count(b"\n") == 1
    assert b"\\x1b[2J\\r\\nno" in said


def test_an_own_line_does_not_release_what_is_held():
    output = Output(patterns(), None)
    effects = [*output.pod("err", SECRET[:8].encode(), 0.0), *output.own("bastion: x", 0.0)]
    effects += [*output.pod("err", SECRET[8:].encode() + b" end\n", 0.0), *output.close(0.0)]
    assert b"bastion: x\n" in text(effects, "err")
    assert SECRET[8:].encode() not in text(effects, "err")


def test_ids_in_the_bastions_lines_stay_readable():
    line = f"bastion: ssh approvals@host approve {'0123456789abcdef' * 2}"
    assert text(Output(patterns(), None).own(line, 0.0), "err").decode() == line + "\n"


@pytest.mark.parametrize("size", [None, Size()])
def test_values_that_become_known_apply_to_the_next_byte_and_to_own_lines(size):
    output, stream = Output(patterns(), size), "out" if size else "err"
    output.replace(patterns("newly-known-value-77"))
    effects = [*output.pod("out", b"newly-known-value-77\r\n", 0.0), *output.own("newly-known-value-77", 0.0)]
    effects += output.close(1.0)
    assert b"newly-known-value-77" not in text(effects) + text(effects, stream)


def test_on_a_terminal_what_is_held_has_a_deadline():
    output = Output(patterns(), Size())
    assert output.deadline is None
    output.pod("out", SECRET[:6].encode(), 5.0)
    assert output.deadline is not None
    shown = text(output.tick(output.deadline + 0.001))
    assert shown
    assert SECRET[2:6].encode() not in shown
    assert Output(patterns(), None).tick(99.0) == []


@pytest.mark.parametrize(("heard", "told"), [("out", "err"), ("err", "out")])
def test_what_one_stream_gave_away_by_its_context_is_masked_on_the_other_and_in_own_lines(heard, told):
    value = "zG4-harbour-91-x"
    output = Output(patterns(), None)
    effects = output.pod(heard, f"DB_PASSWORD={value}\n".encode(), 0.0)
    effects += output.pod(told, f"is it {value}?\n".encode(), 0.0)
    effects += output.own(f"bastion: no {value} here", 0.0)
    output.replace(patterns("newly-known-value-77"))
    effects += [*output.pod(told, f"again {value}\n".encode(), 0.0), *output.close(1.0)]
    assert value not in (text(effects) + text(effects, "err")).decode()
