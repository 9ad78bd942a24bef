"""Files: nothing torn is lost or believed, nothing that was not written is claimed."""

from __future__ import annotations

import hashlib
import resource
import signal
import stat
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder import cast
from recorder.asciicast import CastError, Event, Gap, delivered
from recorder.cast import CUT_LABEL, Reader, Recording, repair


def create(path, **more):
    return Recording.create(path, term=(80, 24, "xterm"), wall=1_700_000_000, at=50.0, **more)


def sample(path, **more) -> Recording:
    recording = create(path, **more)
    recording.output(50.25, "héllo 世界\n".encode())
    recording.marker(50.5, "allow: ls")
    recording.output(51.0, b"\xffraw\xe4")
    recording.resize(51.0, 100, 30)
    recording.output(52.0, b"oops\n", "err")
    recording.exit(53.125, 3)
    recording.close()
    return recording


def read(path):
    return list(Reader(path).events())


def test_a_recording_reads_back_as_it_was_written(tmp_path):
    sample(tmp_path / "a.cast", title="t", command="c", tags=("x",), env={"TERM": "y"})
    reader = Reader(tmp_path / "a.cast")
    header = reader.header
    assert (header.cols, header.rows, header.type, header.timestamp) == (80, 24, "xterm", 1_700_000_000)
    assert (header.title, header.command, header.tags, header.env) == ("t", "c", ("x",), {"TERM": "y"})
    seen = [(round(e.at, 3), e.code, e.data) for e in reader.events() if e.code in "omrx"]
    assert seen == [
        (0.25, "o", "héllo 世界\n"),
        (0.5, "m", "allow: ls"),
        (1.0, "o", "\ufffdraw"),
        (1.0, "r", "100x30"),
        (2.0, "o", "oops\n"),
        (3.125, "o", "\ufffd"),
        (3.125, "x", "3"),
    ]


@pytest.mark.parametrize("pty", [True, False])
def test_its_digests_are_those_of_the_file_and_of_the_delivered_bytes(tmp_path, pty):
    recording = sample(tmp_path / "a.cast", pty=pty)
    data = (tmp_path / "a.cast").read_bytes()
    assert (recording.size, recording.digest()) == (len(data), hashlib.sha256(data).hexdigest())
    out, err = "héllo 世界\n".encode() + b"\xffraw\xe4", b"oops\n"
    assert recording.delivered["out"] == (len(out), hashlib.sha256(out).hexdigest())
    assert recording.delivered["err"] == (len(err), hashlib.sha256(err).hexdigest())
    reader = Reader(tmp_path / "a.cast")
    found = {"out": b"", "err": b""}
    for stream, piece in delivered(reader.header, reader.events()):
        found[stream] += piece
    assert found == {"out": out, "err": err}


def test_a_digest_stays_true_of_the_prefix_it_was_taken_of(tmp_path):
    recording = create(tmp_path / "a.cast")
    recording.output(51.0, b"one")
    size, digest = recording.size, recording.digest()
    recording.output(52.0, b"two")
    recording.close()
    assert hashlib.sha256((tmp_path / "a.cast").read_bytes()[:size]).hexdigest() == digest


def test_only_its_owner_may_read_it_and_no_file_is_replaced(tmp_path):
    create(tmp_path / "a.cast").close()
    assert stat.S_IMODE((tmp_path / "a.cast").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        create(tmp_path / "a.cast")
    (tmp_path / "link.cast").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"link\.cast"):
        create(tmp_path / "link.cast")


def test_output_is_in_the_file_when_the_call_returns(tmp_path):
    recording = create(tmp_path / "a.cast")
    recording.output(50.0, b"delivered")
    assert b"delivered" in (tmp_path / "a.cast").read_bytes()
    recording.close()


KILLED = """
import os, sys
from pathlib import Path
from recorder.cast import Recording
recording = Recording.create(Path(sys.argv[1]), term=(80, 24, ""), wall=0, at=0.0)
for n in range(10**6):
    data = b"%d\\xe4" % n
    recording.output(n / 1000, data)
    os.write(1, data)
"""


def test_a_kill_loses_nothing_that_was_delivered(tmp_path):
    path = tmp_path / "a.cast"
    child = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE)
    seen = child.stdout.read(20_000)
    child.send_signal(signal.SIGKILL)
    seen += child.stdout.read()
    child.wait(10)
    reader = Reader(path)
    recorded = b"".join(piece for _, piece in delivered(reader.header, reader.events()))
    assert len(seen) >= 20_000
    assert recorded.startswith(seen)


FULL = """
import sys
from pathlib import Path
from recorder.cast import Recording
path = Path(sys.argv[1])
recording = Recording.create(path, term=(80, 24, ""), wall=0, at=0.0)
recording.output(0.0, b"a" * 1000)
try:
    recording.output(0.0, b"b" * 1000)
except OSError:
    before = recording.size, recording.delivered["out"][0]
    try:
        recording.marker(0.0, "later")
    except OSError:
        recording.close()
        print(*before, path.stat().st_size)
"""


def test_a_short_write_is_an_error_delivers_nothing_and_ends_the_recording(tmp_path):
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    run = [sys.executable, "-c", FULL, tmp_path / "a.cast"]
    done = subprocess.run(run, preexec_fn=limit, capture_output=True, text=True, check=True)
    size, out, on_disk = map(int, done.stdout.split())
    assert (out, size) == (1000, on_disk)
    assert [e.data[:1] for e in read(tmp_path / "a.cast")] == ["a"]


def test_after_close_nothing_can_be_written(tmp_path):
    recording = create(tmp_path / "a.cast")
    recording.close()
    recording.close()
    with pytest.raises(OSError, match="closed"):
        recording.output(51.0, b"late")


def test_a_tear_at_any_byte_loses_only_the_torn_line(tmp_path):
    sample(tmp_path / "whole.cast")
    data = (tmp_path / "whole.cast").read_bytes()
    whole = read(tmp_path / "whole.cast")
    torn_path = tmp_path / "torn.cast"
    start = data.index(b"\n") + 1
    for size in range(start, len(data)):
        torn_path.write_bytes(data[:size])
        found = read(torn_path)
        complete = [event for event in whole if event.end <= size]
        rest = found[len(complete) :]
        assert found[: len(complete)] == complete
        if size == (complete[-1].end if complete else start):
            assert rest == []
        elif isinstance(rest[0], Event):
            assert (rest[0].data, size) == (whole[len(complete)].data, whole[len(complete)].end - 1)
        else:
            assert rest == [Gap(rest[0].at, rest[0].offset, size, rest[0].why, torn=True)]


def test_repair_cuts_a_tear_at_any_byte_and_marks_it_once(tmp_path):
    sample(tmp_path / "whole.cast")
    data = (tmp_path / "whole.cast").read_bytes()
    path = tmp_path / "torn.cast"
    for size in range(data.index(b"\n") + 1, len(data)):
        path.write_bytes(data[:size])
        kept = data[:size].rfind(b"\n") + 1
        done = repair(path)
        mended = path.read_bytes()
        assert (done.cut, done.marked, done.size) == (size - kept, True, len(mended))
        assert mended[:kept] == data[:kept]
        last = read(path)[-1]
        assert (last.code, last.data) == ("m", CUT_LABEL)
        again = repair(path)
        assert (again.cut, again.marked, path.read_bytes()) == (0, False, mended)


def test_a_recording_that_ended_well_is_not_marked(tmp_path):
    sample(tmp_path / "a.cast")
    before = (tmp_path / "a.cast").read_bytes()
    assert repair(tmp_path / "a.cast").marked is False
    assert (tmp_path / "a.cast").read_bytes() == before


def test_a_tail_of_zeros_after_a_power_cut_is_cut(tmp_path):
    recording = create(tmp_path / "a.cast")
    recording.output(51.0, b"x" * 200_000)
    recording.close()
    with (tmp_path / "a.cast").open("ab") as file:
        file.write(bytes(300_000))
    assert repair(tmp_path / "a.cast").cut == 300_000
    assert all(isinstance(event, Event) for event in read(tmp_path / "a.cast"))


@pytest.mark.parametrize(("data", "says"), [(b"", "empty"), (b'{"version":3', "torn"), (b"hello\n", "JSON")])
def test_what_is_no_recording_is_not_read(tmp_path, data, says):
    (tmp_path / "a.cast").write_bytes(data)
    with pytest.raises(CastError, match=says):
        Reader(tmp_path / "a.cast")


@pytest.mark.parametrize("data", [b"", b'{"version":3'])
def test_a_recording_whose_header_is_torn_is_left_as_it_is(tmp_path, data):
    (tmp_path / "a.cast").write_bytes(data)
    done = repair(tmp_path / "a.cast")
    assert (done.cut, done.marked, done.size) == (0, False, len(data))
    assert (tmp_path / "a.cast").read_bytes() == data


def test_a_file_of_another_kind_is_not_repaired(tmp_path):
    (tmp_path / "a.cast").write_bytes(b"hello\nworld")
    with pytest.raises(CastError):
        repair(tmp_path / "a.cast")
    assert (tmp_path / "a.cast").read_bytes() == b"hello\nworld"


def test_reading_goes_on_behind_damage_in_the_middle(tmp_path):
    sample(tmp_path / "a.cast")
    lines = (tmp_path / "a.cast").read_bytes().splitlines(keepends=True)
    lines[2] = b"damage\n"
    (tmp_path / "a.cast").write_bytes(b"".join(lines))
    found = read(tmp_path / "a.cast")
    assert [isinstance(event, Gap) for event in found].count(True) == 1
    assert found[-1].code == "x"
    assert not found[1].torn


def test_a_line_without_end_is_a_gap_of_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(cast, "LINE_MAX", 1000)
    sample(tmp_path / "a.cast")
    whole = read(tmp_path / "a.cast")
    data = (tmp_path / "a.cast").read_bytes()
    at = whole[0].end
    (tmp_path / "b.cast").write_bytes(data[:at] + b"[" * 5000 + b"\n" + data[at:])
    found = read(tmp_path / "b.cast")
    assert (found[1].offset, found[1].end) == (at, at + 5001)
    assert [(e.code, e.data) for e in found[2:]] == [(e.code, e.data) for e in whole[1:]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 7))
def test_reading_can_start_behind_any_event(tmp_path_factory, index):
    path = tmp_path_factory.mktemp("cast") / "a.cast"
    sample(path)
    whole = read(path)
    assert list(Reader(path).events(whole[index].end, whole[index].at)) == whole[index + 1 :]


def test_a_recording_that_still_grows_can_be_read(tmp_path):
    recording = create(tmp_path / "a.cast")
    recording.output(51.0, b"one")
    assert [e.data for e in read(tmp_path / "a.cast")] == ["one"]
    recording.output(52.0, b"two")
    assert [e.data for e in read(tmp_path / "a.cast")] == ["one", "two"]
    recording.close()
