"""From received objects to results in the outbox: the two passes over real films."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import select, update

from flow_support import Flow
from prosvet.archive.database import file_lock
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog, verify
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning, DiskFull, ModelError
from prosvet.hospital.flow import sorting, worker
from prosvet.hospital.flow.member import Turn
from prosvet.hospital.flow.queue import Lease, Queue
from prosvet.hospital.flow.worker import Worker
from prosvet.hospital.ledger.schema import Exam
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.erasure import forget_exams

PACS = """
[[peers]]
name = "pacs"
aet = "PACS"
host = "127.0.0.1"
port = 11141
[results]
kinds = ["sr", "text_sr", "seg", "sc", "pdf"]
destinations = ["pacs"]
"""


def ready(flow: Flow, uid: str) -> None:
    """The exam is whole."""
    with flow.ledger.write() as connection:
        connection.execute(update(Exam).where(Exam.study_uid == uid).values(state="ready", next_at=None))


def works(flow: Flow) -> Worker:
    """A worker over the flow's ledger."""
    return Worker(Queue(flow.ledger), Turn(flow.ledger.folder / "turn"), flow.config, flow.ledger, flow.context)


def test_a_film_is_sorted_read_and_its_results_wait_in_its_own_study(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made, source = flow(PACS), film()
    uid = made.receive(source)
    ready(made, uid)
    worker_ = works(made)
    assert worker_.turn()
    exam, (one,) = made.exam(uid), made.objects(uid)
    assert (exam.state, one.state) == ("ready", "read")
    with made.context.get(Store).read() as db:
        item = db.execute(select(WorkItem.study_id, WorkItem.priority, WorkItem.image_id)).one()
    assert (exam.study, exam.priority, one.image) == tuple(item)
    assert worker_.turn()
    assert not worker_.turn()
    assert made.exam(uid).state == "done"
    rows = made.outgoing()
    assert [row.kind for row in rows] == ["sr", "text_sr", "seg", "sc", "pdf"]
    assert {(row.destination, row.state, row.priority) for row in rows} == {("pacs", "waiting", exam.priority)}
    assert len({row.made_of for row in rows}) == 1
    for row in rows:
        result = dcmread(BytesIO(made.ledger.files.read(row.sha256)), stop_before_pixels=True)
        assert (result.StudyInstanceUID, result.PatientID, result.SOPInstanceUID) == (uid, "12345", row.sop_uid)
    assert verify(made.context.settings.home / "audit.jsonl") is None


def test_an_exam_erased_while_it_is_taken_in_leaves_no_film_behind(
    flow: Callable[..., Flow], film: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, source = flow(PACS), film()
    uid = made.receive(source)
    ready(made, uid)
    real = worker.sort

    def erased_meanwhile(lease: Lease, ledger: Ledger, context: Context) -> sorting.Sorted:
        done = real(lease, ledger, context)
        forget_exams(ledger, [lease.study_uid], AuditLog.from_context(context))
        return done

    monkeypatch.setattr(worker, "sort", erased_meanwhile)
    assert works(made).turn()
    assert made.context.get(Store).counts().studies == 0
    assert not [path for path in (made.context.settings.home / "files").rglob("*") if path.is_file()]
    assert made.outgoing() == []


def test_the_archive_and_the_log_know_no_identity(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made, source = flow(PACS), film(patient="77120034")
    uid = made.receive(source)
    ready(made, uid)
    while works(made).turn():
        pass
    home = made.context.settings.home
    told = {uid, str(source.SOPInstanceUID), str(source.SeriesInstanceUID), "77120034", "Иванов"}
    dump = "\n".join(sqlite3.connect(home / "archive.db").iterdump()) + (home / "audit.jsonl").read_text()
    assert [word for word in told if word in dump] == []
    for path in (home / "files").rglob("*"):
        if path.is_file():
            assert [word for word in told if word.encode() in path.read_bytes()] == []


def test_what_is_no_chest_film_is_passed_by_with_its_reason(
    flow: Callable[..., Flow], film: Callable[..., Dataset], shared_data: Path
) -> None:
    made = flow(PACS)
    slice_ = dcmread(shared_data / "dicom" / "kcr_anon_apct.dcm")
    slice_.Modality = "OT"
    broken = film()
    broken.PixelData = broken.PixelData[:100]
    for source, reason in ((slice_, "not_chest_xray"), (broken, "truncated_file")):
        uid = made.receive(source)
        ready(made, uid)
        while works(made).turn():
            pass
        assert [(one.state, one.reason) for one in made.objects(uid)] == [("passed_by", reason)]
        assert made.exam(uid).state == "done"
    assert made.outgoing() == []


def test_an_exam_that_was_passed_by_on_receipt_is_done(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow(PACS)
    uid = made.receive(film(body_part="FOOT"), passed_by="body_part")
    ready(made, uid)
    assert works(made).turn()
    assert (made.exam(uid).state, made.exam(uid).error) == ("done", {"code": "no_film"})
    assert made.outgoing() == []


def test_a_late_film_makes_the_results_anew(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made, first = flow(PACS), film()
    uid = made.receive(first)
    ready(made, uid)
    while works(made).turn():
        pass
    made.receive(film(1, study=uid))
    assert (made.exam(uid).state, made.exam(uid).round) == ("arriving", 1)
    ready(made, uid)
    while works(made).turn():
        pass
    assert len({row.made_of for row in made.outgoing()}) == 2
    assert len({row.sop_uid for row in made.outgoing()}) == 10


def test_a_film_that_comes_during_reading_drops_what_was_read_without_it(
    flow: Callable[..., Flow], film: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = flow(PACS)
    uid = made.receive(film())
    ready(made, uid)
    worker_ = works(made)
    worker_.turn()
    whole = worker.work

    def slow(*given: object) -> object:
        made.receive(film(1, study=uid))
        return whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "work", slow)
    worker_.turn()
    assert made.outgoing() == []
    assert (made.exam(uid).state, made.exam(uid).round) == ("arriving", 1)


@pytest.mark.parametrize("trouble", [DiskFull(path="files"), ModelError(name="pack", reason="gone"), OSError(5, "x")])
def test_trouble_of_the_site_costs_no_exam(
    trouble: Exception, flow: Callable[..., Flow], film: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = flow(PACS)
    uid = made.receive(film())
    ready(made, uid)

    def fails(*_: object) -> None:
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(worker, "sort", fails)
        assert works(made).turn()
    assert (made.exam(uid).state, made.exam(uid).attempts) == ("ready", 0)
    assert made.exam(uid).next_at is not None
    ready(made, uid)
    while works(made).turn():
        pass
    assert made.exam(uid).state == "done"


def test_an_archive_that_another_writes_to_is_waited_for(
    flow: Callable[..., Flow], film: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = flow(PACS)
    uid = made.receive(film())
    ready(made, uid)
    monkeypatch.setattr(sorting, "_WAIT", 0.3)
    with file_lock(made.context.get(Store).home / "writer.lock"):
        works(made).turn()
    assert made.exam(uid).error["code"] == "archive_busy"
    ready(made, uid)
    while works(made).turn():
        pass
    assert made.exam(uid).state == "done"


def test_a_ledger_that_cannot_be_written_leaves_the_exam_as_it_was(
    flow: Callable[..., Flow], film: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up between the results' files and their rows: the files are no results yet."""
    made = flow(PACS)
    uid = made.receive(film())
    ready(made, uid)
    worker_ = works(made)
    worker_.turn()

    def full(*_: object, **__: object) -> None:
        raise DiskFull(path="ledger")

    with monkeypatch.context() as patched:
        patched.setattr(worker, "finish", full)
        worker_.turn()
    assert made.outgoing() == []
    ready(made, uid)
    worker_.turn()
    assert len(made.outgoing()) == 5


@pytest.mark.slow
def test_a_ledger_that_another_holds_for_long_costs_nothing(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    """Half a minute is waited, then the worker is told; when the other lets go, the exam is there as it was."""
    made = flow(PACS)
    uid = made.receive(film())
    ready(made, uid)
    other = sqlite3.connect(made.ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AlreadyRunning):
        works(made).turn()
    other.execute("ROLLBACK")
    other.close()
    while works(made).turn():
        pass
    assert (made.exam(uid).state, len(made.outgoing())) == ("done", 5)


def test_a_full_disk_leaves_the_worker_running(
    flow: Callable[..., Flow], film: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written now is written when there is room: nobody's thread ends for it."""
    made = flow(PACS)
    uid = made.receive(film())
    ready(made, uid)
    stop, full, worker_ = Event(), Event(), works(made)

    def no_room(*_: object, **__: object) -> None:
        full.set()
        raise DiskFull(path="ledger")

    with monkeypatch.context() as patched:
        patched.setattr(Queue, "lease", no_room)
        patched.setattr(worker, "_LATER", 0.2)
        thread = Thread(target=worker_, args=(stop,), daemon=True)
        thread.start()
        assert full.wait(10)
    until = time.monotonic() + 60
    while made.exam(uid).state != "done" and time.monotonic() < until:
        time.sleep(0.1)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert made.exam(uid).state == "done"
