"""Rules of recorder.ledger: opening, appending, signing, closing."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from recorder.checkpoint import SigningKey, open_note
from recorder.disk import Disk
from recorder.findings import Outcome
from recorder.layout import Layout
from recorder.ledger import LedgerError
from recorder.reader import entries
from recorder.verify import verify


def leaves(lab):
    return [dict(entry.leaf.body) for entry in entries(lab.folder)]


def kinds(lab):
    return [body["type"] for body in leaves(lab)]


def test_a_ledger_opens_with_a_leaf_and_a_checkpoint_and_closes_with_both(lab):
    ledger = lab.open()
    assert ledger.size == 1
    assert verify(lab.folder).signed == 1
    ledger.close()
    assert kinds(lab) == ["ledger.opened", "ledger.closed"]
    report = verify(lab.folder)
    assert (report.outcome, report.leaves, report.signed) == (Outcome.INTACT, 2, 2)


def test_append_numbers_leaves_densely_and_returns_the_last_number(lab):
    ledger = lab.open()
    assert ledger.append([{"type": "a"}, {"type": "b"}]) == 2
    assert ledger.append([]) == 2
    assert ledger.append([{"type": "c"}]) == 3
    ledger.close()
    assert [body["seq"] for body in leaves(lab)] == [0, 1, 2, 3, 4]


def test_a_batch_is_one_write(lab):
    writes = []
    real = Disk().write
    ledger = lab.open(disk=Disk(write=lambda fd, data: writes.append(data) or real(fd, data)))
    writes.clear()
    ledger.append([{"type": "a"}] * 50)
    assert len(writes) == 1
    ledger.close()


def test_ledger_time_never_decreases_though_the_wall_clock_does(lab):
    ledger = lab.open()
    lab.tick = -5_000_000
    for _ in range(5):
        ledger.append([{"type": "a"}])
    ledger.close()
    lab.open().close()
    times = [(body["t"], body["wall"]) for body in leaves(lab)]
    assert [t for t, _ in times] == sorted(t for t, _ in times)
    assert [wall for _, wall in times] == sorted((wall for _, wall in times), reverse=True)
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_an_unfit_event_writes_nothing_of_its_batch_and_kills_nothing(lab):
    ledger = lab.open()
    for bad in ({"type": "b", "x": 0.5}, {"x": 1}, {"type": "b", "seq": 1}, {"type": "b", "x": "\udc00"}):
        with pytest.raises(LedgerError):
            ledger.append([{"type": "a"}, bad])
    assert (ledger.size, ledger.dead) == (1, "")
    ledger.append([{"type": "c"}])
    ledger.close()
    assert kinds(lab) == ["ledger.opened", "c", "ledger.closed"]


def test_a_ledger_goes_on_where_it_ended(lab):
    lab.write(5)
    ledger = lab.open()
    assert ledger.size == 6
    ledger.close()
    opened = leaves(lab)[5]
    assert (opened["type"], opened["clean"], opened["signed"], opened["unsigned"]) == (
        "ledger.opened",
        True,
        5,
        0,
    )
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_only_one_writer_may_open_a_ledger(lab):
    ledger = lab.open()
    with pytest.raises(LedgerError, match="another process"):
        lab.open()
    ledger.append([{"type": "a"}])
    ledger.close()
    lab.open().close()


def test_a_ledger_belongs_to_one_origin_and_one_key(lab):
    lab.write(3)
    with pytest.raises(LedgerError, match="another origin or key"):
        lab.open(origin="bastion/prod/node-1/2027")
    with pytest.raises(LedgerError, match="another origin or key"):
        lab.open(key=SigningKey.generate())
    with pytest.raises(LedgerError, match="origin"):
        lab.open(origin="no spaces")
    lab.open().close()


def test_the_folder_and_its_files_are_for_the_owner_only(lab):
    lab.folder.mkdir(mode=0o755)
    lab.write(3)
    assert stat.S_IMODE(lab.folder.stat().st_mode) == 0o700
    files = [path for path in lab.folder.rglob("*") if path.is_file()]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_segments_roll_and_read_as_one(lab):
    lab.write(40, segment_leaves=7)
    assert [first for first, _ in Layout(lab.folder).segments()] == [0, 7, 14, 21, 28, 35]
    lab.open(segment_leaves=7).close()
    assert [body["seq"] for body in leaves(lab)] == list(range(42))
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_segments_that_are_full_do_not_stay_open(lab):
    ledger = lab.open(segment_leaves=1)
    for _ in range(20):
        ledger.append([{"type": "a"}])
    ledger.sync()
    links = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
    assert sum(link.startswith(f"{lab.folder.resolve()}/entries/") for link in links) == 1
    ledger.close()


def test_a_checkpoint_signs_the_present_size_once(lab):
    ledger = lab.open()
    ledger.append([{"type": "a"}])
    ledger.checkpoint()
    layout = Layout(lab.folder)
    history = layout.history.read_bytes()
    assert open_note(layout.checkpoint.read_bytes(), lab.key.verifier(lab.origin)).size == 2
    ledger.checkpoint()
    assert layout.history.read_bytes() == history
    ledger.close()


def test_leaves_are_durable_before_they_are_signed(lab):
    calls = []
    real = Disk()
    disk = Disk(
        write=lambda fd, data: (
            calls.append("note" if b"\\u2014" in data or "—".encode() in data else "leaf")
            or real.write(fd, data)
        ),
        fdatasync=lambda fd: calls.append("sync") or real.fdatasync(fd),
    )
    ledger = lab.open(disk=disk)
    calls.clear()
    ledger.append([{"type": "a"}])
    ledger.checkpoint()
    ledger.close()
    assert calls[:4] == ["leaf", "sync", "note", "sync"]


def test_appends_and_syncs_of_two_threads_keep_every_leaf(lab):
    ledger = lab.open(segment_leaves=50)
    done, failures = threading.Event(), []

    def flush():
        while not done.is_set():
            try:
                ledger.sync()
                ledger.checkpoint()
            except LedgerError as error:
                failures.append(error)
                return

    worker = threading.Thread(target=flush)
    worker.start()
    for index in range(1500):
        ledger.append([{"type": "a", "n": index}])
    done.set()
    worker.join()
    ledger.close()
    assert not failures
    assert [body["n"] for body in leaves(lab) if body["type"] == "a"] == list(range(1500))
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_a_closed_ledger_takes_nothing_and_closes_again(lab):
    ledger = lab.open()
    ledger.close()
    ledger.close()
    assert ledger.dead
    for call in (lambda: ledger.append([{"type": "a"}]), ledger.sync, ledger.checkpoint):
        with pytest.raises(LedgerError):
            call()


def test_an_event_too_large_stands_with_its_digest(lab):
    ledger = lab.open()
    ledger.append([{"type": "a", "line": "x" * 100_000}])
    ledger.close()
    assert leaves(lab)[1]["line"]["bytes"] == 100_000


def test_the_verifier_key_stands_beside_the_ledger_and_in_its_first_leaf(lab):
    lab.write(3)
    vkey = lab.key.verifier(lab.origin).vkey
    assert Layout(lab.folder).verifier.read_text() == f"{vkey}\n"
    assert leaves(lab)[0]["key"] == vkey
    assert json.loads(json.dumps(leaves(lab)[0]))["origin"] == lab.origin
