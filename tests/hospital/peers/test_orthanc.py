"""Orthanc as the hospital's PACS: DICOM both ways, commitment, worklist, DICOMweb."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pydicom
import pytest

from forked import free_port
from hospital_node import Receiver, soon
from peer_systems import Orthanc, film_file, orthanc, worklist_item
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import PeerError
from prosvet.hospital.config import FILE, DicomWeb
from prosvet.hospital.peers import commit, find, get, move, send, worklist
from prosvet.hospital.peers.api import PeersRequest, run
from prosvet.hospital.peers.query import StudyQuery
from prosvet.hospital.peers.web import Web


@pytest.fixture(scope="module")
def ours() -> int:
    return free_port()


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory, ours: int) -> Iterator[Orthanc]:
    folder = tmp_path_factory.mktemp("orthanc")
    with orthanc(folder, ours) as made:
        worklist_item(folder)
        worklist_item(folder, AccessionNumber="A-78", PatientID="МК-0043", PatientName="Петров^Пётр")
        yield made


def test_films_are_stored_and_found_by_a_cyrillic_name(pacs: Orthanc, tmp_path: Path) -> None:
    done = send.store(pacs.peer, [film_file(tmp_path, "2.25.601")])
    assert done[0].ok
    assert done[0].status == 0
    found = find.studies(pacs.peer, StudyQuery(patient_name="Иванова^*", accession="A-77"))
    assert "2.25.601" in {one.study_uid for one in found}
    assert found[0].patient_name == "Иванова^Мария^Петровна"
    again = send.store(pacs.peer, [film_file(tmp_path, "2.25.601")])
    assert again[0].ok


def test_a_study_comes_by_get_and_goes_to_our_node_by_move(
    pacs: Orthanc, ours: int, context: Context, tmp_path: Path
) -> None:
    path = film_file(tmp_path, "2.25.602")
    send.store(pacs.peer, [path])
    (tmp_path / "got").mkdir()
    assert get.study(pacs.peer, "2.25.602", tmp_path / "got").completed == 1
    kept = pydicom.dcmread(tmp_path / "got" / "000001.dcm")
    assert kept.PixelData == pydicom.dcmread(path).PixelData
    node = Receiver(context, "", at=ours)
    try:
        assert move.study(pacs.peer, "2.25.602", "PROSVET").completed == 1
        assert soon(lambda: [one.study_uid for one in node.rows()] == ["2.25.602"])
    finally:
        node.stop()


def test_orthanc_answers_for_what_it_has_and_for_nothing_else(pacs: Orthanc, ours: int, tmp_path: Path) -> None:
    path = film_file(tmp_path, "2.25.603")
    send.store(pacs.peer, [path])
    film = pydicom.dcmread(path)
    kind = str(film.SOPClassUID)
    asked = [(kind, str(film.SOPInstanceUID)), (kind, "2.25.999999")]
    done = commit.ask(pacs.peer, asked, listen=("127.0.0.1", ours))
    assert done.kept == {str(film.SOPInstanceUID)}
    assert list(done.failed) == ["2.25.999999"]


def test_the_worklist_tells_what_is_planned(pacs: Orthanc) -> None:
    planned = worklist.items(pacs.peer, day=date(2026, 11, 22), modality="DX")
    assert {one.accession for one in planned} == {"A-77", "A-78"}
    (one,) = worklist.items(pacs.peer, patient_id="МК-0043")
    assert (one.patient_name, one.time, one.station) == ("Петров^Пётр", "093000", "ROOM1")
    assert worklist.items(pacs.peer, day=date(2026, 11, 23)) == ()


def test_dicomweb_stores_confirms_finds_and_fetches(pacs: Orthanc, tmp_path: Path) -> None:
    web = Web(DicomWeb(url=f"{pacs.url}/dicom-web"))
    web.echo()
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"nothing")
    path = film_file(tmp_path, "2.25.604")
    done = web.store([path, broken])
    assert (done[0].ok, done[0].confirmed) == (True, True)
    assert (done[1].ok, done[1].reason) == (False, "not_dicom")
    found = web.find(StudyQuery(patient_id="МК-0042", modalities=("CR",)))
    assert "2.25.604" in {one.study_uid for one in found}
    assert "2.25.604" in {one.study_uid for one in web.find(StudyQuery(patient_name="иванова^*"))}
    assert web.find(StudyQuery(patient_name="Ивашова^*")) == ()
    folder = tmp_path / "got"
    folder.mkdir()
    assert web.retrieve("2.25.604", folder).completed == 1
    assert pydicom.dcmread(folder / "000001.dcm").PixelData == pydicom.dcmread(path).PixelData
    assert not web.stored("2.25.604", "2.25.1", str(done[0].status))


@pytest.mark.parametrize("source", ["pacs", "dicomweb"])
def test_priors_come_into_the_archive_under_pseudonyms(
    source: str, pacs: Orthanc, context: Context, pydicom_data: Path, tmp_path: Path
) -> None:
    film = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
    film.PatientID, film.PatientName, film.Modality = "PRIOR-1", "Prior^Person", "CR"
    film.save_as(tmp_path / "film.dcm")
    send.store(pacs.peer, [tmp_path / "film.dcm"])
    context.settings.home.mkdir(parents=True, exist_ok=True)
    one = pacs.peer
    (context.settings.home / FILE).write_text(
        f'[[peers]]\nname = "pacs"\naet = "{one.aet}"\nhost = "{one.host}"\nport = {one.port}\nmay_query = true\n'
        f'[dicomweb]\nurl = "{pacs.url}/dicom-web"\n'
    )
    left = context.settings.home / "hospital" / "fetch-killed"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    done = run(PeersRequest(action="fetch", peer=source, patient_id="PRIOR-1", modalities=("CR", "DX")), context)
    assert done.fetched is not None
    assert (done.fetched.studies, done.fetched.objects, done.fetched.images) == (1, 1, 1)
    with context.get(Store).read() as db:
        assert len(db.execute(Image.__table__.select()).all()) == 1
    assert not list((context.settings.home / "hospital").glob("fetch-*"))
    said = (context.settings.home / "audit.jsonl").read_text()
    assert "peers.fetch" in said
    assert "PRIOR-1" not in said
    assert run(PeersRequest(action="fetch", peer=source, patient_id="PRIOR-2"), context).fetched.studies == 0  # type: ignore[union-attr]


def test_who_may_not_be_asked_is_not_asked(pacs: Orthanc, context: Context) -> None:
    stranger = pacs.peer.model_copy(update={"aet": "NOBODY"})
    with pytest.raises(PeerError):
        find.studies(stranger, StudyQuery(patient_id="1"))
