"""What is sent is kept, as it was sent, and acknowledged when it is; what cannot be kept is refused."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import select

from hospital_node import Receiver, fresh, soon
from prosvet.archive.deidentify import Deidentifier
from prosvet.core.audit import verify
from prosvet.core.errors import AddressTaken, AlreadyRunning
from prosvet.hospital.ledger.schema import Exam
from prosvet.hospital.node import facts, serve

Start = Callable[..., Receiver]


def test_an_echo_is_answered(receiver: Start) -> None:
    association = receiver().associate()
    assert association.send_c_echo().Status == 0
    association.release()


def test_a_film_is_kept_as_it_was_sent(receiver: Start, film: Dataset) -> None:
    one = receiver()
    assert one.send(film) == 0
    (row,) = one.rows()
    data = one.ledger.files.read(row.sha256)  # checks the hash
    kept = dcmread(one.ledger.files.path(row.sha256))
    assert (row.sop_uid, row.bytes, row.sender, row.state) == (film.SOPInstanceUID, len(data), "SENDER", "kept")
    assert kept == film
    assert kept.PixelData == film.PixelData
    assert data[128:132] == b"DICM"
    assert kept.file_meta.SourceApplicationEntityTitle == "SENDER"
    assert kept.file_meta.TransferSyntaxUID == film.file_meta.TransferSyntaxUID
    assert not any((one.ledger.folder / "spool").iterdir())


def test_the_exam_counts_its_objects_and_holds_pseudonyms_only(receiver: Start, film: Dataset) -> None:
    one = receiver()
    for number in range(3):
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        assert one.send(film) == 0
    with one.ledger.read() as connection:
        (exam,) = connection.execute(select(Exam.__table__)).all()
    names = Deidentifier.from_context(one.context)
    assert (exam.objects, exam.state, exam.round) == (3, "arriving", 0)
    assert exam.patient.startswith("P") and str(film.PatientID) not in exam.patient
    lines = (one.context.settings.home / "audit.jsonl").read_text()
    assert names.study(f"uid:{film.StudyInstanceUID}") in lines
    assert film.StudyInstanceUID not in lines and film.SOPInstanceUID not in lines
    assert verify(one.context.settings.home / "audit.jsonl") is None


@pytest.mark.parametrize("state", ["ready", "working", "done", "failed"])
def test_a_film_that_comes_late_opens_its_exam_again(receiver: Start, film: Dataset, state: str) -> None:
    one = receiver()
    assert one.send(film) == 0
    with one.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE exams SET state = ?", (state,))
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = "1.2.3.99"
    assert one.send(film) == 0
    with one.ledger.read() as connection:
        (exam,) = connection.execute(select(Exam.__table__)).all()
    expected = {"ready": ("arriving", 0), "working": ("working", 1), "done": ("arriving", 1), "failed": ("arriving", 1)}
    assert (exam.state, exam.round) == expected[state]


def test_the_same_object_again_is_no_news(receiver: Start, film: Dataset) -> None:
    one = receiver()
    assert [one.send(film), one.send(film)] == [0, 0]
    assert len(one.rows()) == 1
    assert one.node.counts.facts(0, running=True).repeated == 1


def test_another_object_under_a_known_uid_is_refused_and_the_first_stays(receiver: Start, film: Dataset) -> None:
    one = receiver()
    assert one.send(film) == 0
    before = one.rows()
    film.PatientName = "Other^Person"
    assert one.send(film) == 0x0111
    assert one.rows() == before
    assert one.refused() == {"other_content": 1}
    assert soon(lambda: "other_content" in (one.context.settings.home / "audit.jsonl").read_text())
    assert len(list(one.ledger.files.names())) == 1


def test_the_same_object_on_several_associations_at_once_is_kept_once(receiver: Start, film: Dataset) -> None:
    one, statuses = receiver(), []
    threads = [threading.Thread(target=lambda: statuses.append(one.send(film))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 6
    assert len(one.rows()) == 1


@pytest.mark.parametrize(
    "name",
    ["SC_rgb_expb.dcm", "RG3_J2KI.dcm", "JPEG-LL.dcm", "SC_rgb_dcmtk_ebcr_dcmd.dcm", "emri_small_RLE.dcm",
     "emri_small_jpeg_ls_lossless.dcm", "color3d_jpeg_baseline.dcm", "emri_small_jpeg_2k_lossless.dcm"],
)  # fmt: skip
def test_a_compressed_film_is_kept_without_being_touched(receiver: Start, pydicom_data: Path, name: str) -> None:
    film, one = dcmread(pydicom_data / name), receiver()
    film.setdefault("StudyInstanceUID", "1.2.3")
    film.setdefault("SeriesInstanceUID", "1.2.3.1")
    assert one.send(film) == 0
    (row,) = one.rows()
    kept = dcmread(one.ledger.files.path(row.sha256))
    assert kept.file_meta.TransferSyntaxUID == film.file_meta.TransferSyntaxUID
    assert kept.PixelData == film.PixelData


def test_what_is_no_chest_film_is_passed_by_or_refused(receiver: Start, pydicom_data: Path) -> None:
    scan = dcmread(pydicom_data / "eCT_Supplemental.dcm")
    one = receiver()
    assert one.send(scan) == 0
    assert [(row.state, row.reason) for row in one.rows()] == [("passed_by", "sop_class")]
    one.stop()
    other = receiver(unknown_class="refuse")
    association = other.associate(scan)
    assert not association.is_established


def test_an_own_result_that_comes_back_is_not_read(receiver: Start, film: Dataset) -> None:
    one = receiver()
    assert one.send(film) == 0
    result = fresh(film)
    with one.ledger.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO outgoing (study_uid, kind, destination, made_of, sop_uid, sha256, bytes, priority, state,"
            " attempts, next_at, created) VALUES"
            " (?, 'sc', 'pacs', 'x', ?, 'x', 1, 0, 'sent', 1, '2026-01-01', '2026-01-01')",
            (film.StudyInstanceUID, result.SOPInstanceUID),
        )
    assert one.send(result) == 0
    assert one.rows()[-1].reason == "own_result"


def test_an_object_that_is_not_what_the_command_says_is_refused(receiver: Start, film: Dataset) -> None:
    from io import BytesIO

    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.dsutils import encode

    one = receiver()
    association = one.associate(film)
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = film.SOPClassUID, "1.2.3.4.5"
    request.DataSet = BytesIO(encode(film, False, True) or b"")
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, 1)
    _, answer = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    association.release()
    assert answer is not None and answer.Status == 0xA900
    assert one.rows() == []


def test_a_film_of_60000_pixels_a_side_and_one_of_1_are_kept_without_a_look_at_them(
    receiver: Start, film: Dataset
) -> None:
    one = receiver()
    for side, pixels in ((60000, film.PixelData), (1, b"\0\0\0\0")):
        other = fresh(film)
        other.Rows = other.Columns = side
        other.PixelData = pixels
        assert one.send(other) == 0
    assert len(one.rows()) == 2


def test_a_locked_database_is_a_refusal_and_the_film_can_be_sent_again(
    receiver: Start, film: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prosvet.archive.database.sqlite_engine", _impatient)
    one = receiver()
    lock = sqlite3.connect(one.ledger.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    assert one.send(film) == 0xA700
    assert one.refused() == {"busy": 1}
    lock.execute("ROLLBACK")
    lock.close()
    assert one.rows() == []
    assert one.send(film) == 0
    assert len(one.rows()) == 1


def _impatient(path: Path, pragmas: object, wait: float) -> object:
    from prosvet.archive.sqlite import sqlite_engine

    return sqlite_engine(path, pragmas, 0.3)  # type: ignore[arg-type]


def test_a_disk_without_room_is_a_refusal_and_the_association_goes_on(
    receiver: Start, film: Dataset, pydicom_data: Path
) -> None:
    import resource

    one, large = receiver(), dcmread(pydicom_data / "RG1_UNCR.dcm")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))  # the system itself refuses to write on
    try:
        assert one.send(large) == 0xA700
        assert one.send(film) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert one.refused() == {"disk_full": 1}
    assert [row.sop_uid for row in one.rows()] == [film.SOPInstanceUID]
    assert not any((one.ledger.folder / "spool").iterdir())
    assert one.node.spool.used == 0
    assert one.send(large) == 0


def test_what_an_earlier_life_left_is_swept_and_nothing_else(receiver: Start, film: Dataset) -> None:
    import os

    one = receiver()
    assert one.send(film) == 0
    one.stop()
    lost, young = (one.ledger.files.add(data) for data in (b"of a kill", b"a result on its way"))
    os.utime(one.ledger.files.path(lost), (0, 0))
    (one.ledger.folder / "spool" / "in-1").write_bytes(b"half")
    again = receiver()
    assert set(again.ledger.files.names()) == {again.rows()[0].sha256, young}
    assert not any((again.ledger.folder / "spool").iterdir())


def test_stopping_lets_a_film_in_flight_be_kept(receiver: Start, pydicom_data: Path) -> None:
    one, large, statuses = receiver(), dcmread(pydicom_data / "RG1_UNCR.dcm"), []
    thread = threading.Thread(target=lambda: statuses.append(one.send(large)))
    thread.start()
    assert soon(lambda: one.node.spool.used > 0 or bool(statuses))
    one.stop()
    thread.join()
    assert statuses == [0]
    assert len(one.rows()) == 1
    found = facts(one.context)
    assert found is not None and (found.running, found.received) == (False, 1)


def test_a_second_node_of_one_home_and_a_taken_port_are_refused(receiver: Start) -> None:
    one, stop, said = receiver(), threading.Event(), []
    config = one.config.told(port=one.port)
    with pytest.raises(AddressTaken):
        serve(config, one.context, stop=stop)
    free = one.config.told(port=0)
    thread = threading.Thread(
        target=serve, args=(free, one.context), kwargs={"stop": stop, "opened": lambda *a: said.append(a)}
    )
    thread.start()
    assert soon(lambda: bool(said))
    with pytest.raises(AlreadyRunning):
        serve(free, one.context, stop=threading.Event())
    stop.set()
    thread.join()


def test_a_companion_that_fails_stops_the_node(receiver: Start) -> None:
    one = receiver()

    def worker(_stop: threading.Event) -> None:
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        serve(one.config.told(port=0), one.context, [worker])


def test_dcmtk_sends_a_full_size_film(receiver: Start, pydicom_data: Path, dcmtk: str) -> None:
    one = receiver()
    film = pydicom_data / "RG1_UNCR.dcm"
    command = [f"{dcmtk}/storescu", "-aec", "PROSVET", one.host, str(one.port), str(film)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    (row,) = one.rows()
    kept = dcmread(one.ledger.files.path(row.sha256))
    assert hashlib.sha256(kept.PixelData).digest() == hashlib.sha256(dcmread(film).PixelData).digest()
