"""Other systems look for studies: dcmtk's findscu, and a caller of our own that cancels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from sqlalchemy import select

from hospital_node import Receiver
from node_callers import DEVICE, audited, below, film, film_of, found, station, tool
from prosvet.hospital.ledger.schema import Catalogued, Received
from prosvet.hospital.node.classes import FIND
from prosvet.hospital.node.holdings import MODALITIES
from prosvet.hospital.node.matching import condition
from prosvet.hospital.node.roots import NotAnIdentifier, level_of
from prosvet.hospital.objects.kinds import SERIES

Start = Callable[..., Receiver]


def test_studies_are_found_by_name_number_date_and_modality(full: Receiver, tmp_path: Path) -> None:
    def uids(*keys: str) -> list[str]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        return [str(one.StudyInstanceUID) for one in found(full, folder, "QueryRetrieveLevel=STUDY", *keys)]

    # findscu writes the bytes that it is given: UTF-8, and says so.
    utf8 = "SpecificCharacterSet=ISO_IR 192"
    assert uids(utf8, "PatientName=петров*", "StudyInstanceUID") == ["2.25.702", "2.25.703"]
    assert uids(utf8, "PatientName=Петров^Пётр", "StudyInstanceUID") == ["2.25.702"]
    assert uids(utf8, "PatientID=МК-8", "StudyInstanceUID") == ["2.25.703"]
    assert uids("StudyDate=20240601-20251231", "StudyInstanceUID") == ["2.25.702"]
    assert uids("StudyInstanceUID=2.25.701\\2.25.703", "StudyDate")[-1:] == ["2.25.703"]
    assert uids("ModalitiesInStudy=OT", "StudyInstanceUID") == ["2.25.701"]
    assert uids("ModalitiesInStudy=CT", "StudyInstanceUID") == []
    assert len(uids("StudyInstanceUID", "PatientName=*")) == 3


def test_an_answer_has_what_was_asked_for_and_counts_results_once(full: Receiver, tmp_path: Path) -> None:
    keys = ("StudyInstanceUID=2.25.701", "PatientName", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
            "NumberOfStudyRelatedSeries", "AccessionNumber")  # fmt: skip
    (one,) = found(full, tmp_path / "r", "QueryRetrieveLevel=STUDY", *keys)
    assert str(one.PatientName) == "Иванова^Мария^Петровна"
    assert (one.NumberOfStudyRelatedInstances, sorted(one.ModalitiesInStudy)) == (3, ["CR", "OT"])
    assert (one.RetrieveAETitle, one.SpecificCharacterSet) == ("PROSVET", "ISO_IR 192")
    assert "PatientBirthDate" not in one
    (line,) = audited(full, "node.queried")
    assert (line["peer"], line["level"], line["found"]) == ("station", "study", 1)


def test_series_and_images_are_found_below_their_study(full: Receiver, tmp_path: Path) -> None:
    series = found(full, tmp_path / "s", "QueryRetrieveLevel=SERIES", "StudyInstanceUID=2.25.701", "SeriesInstanceUID",
                   "Modality", "NumberOfSeriesRelatedInstances")  # fmt: skip
    assert sorted(one.Modality for one in series)[-1] == "OT"
    cr = [one for one in series if one.Modality == "CR"]
    assert sum(int(one.NumberOfSeriesRelatedInstances) for one in cr) == 2
    number = cr[0].SeriesInstanceUID
    images = found(full, tmp_path / "i", "QueryRetrieveLevel=IMAGE", "StudyInstanceUID=2.25.701",
                   f"SeriesInstanceUID={number}", "SOPInstanceUID", "Rows", "InstanceNumber")  # fmt: skip
    assert images
    assert {one.Rows for one in images} == {64}


def test_what_is_no_query_is_refused(full: Receiver) -> None:
    assert "DataSetDoesNotMatchSOPClass" in tool("findscu", full, "QueryRetrieveLevel=SERIES", options=("-v",))[1]
    assert "DataSetDoesNotMatchSOPClass" in tool("findscu", full, "QueryRetrieveLevel=PLANET", options=("-v",))[1]


def test_what_would_cost_too_much_is_no_query() -> None:
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.PatientID = "STUDY", "1*2*3*4*5*6"
    with pytest.raises(NotAnIdentifier):
        level_of(asked)
    asked.PatientID, asked.StudyInstanceUID = "", [f"2.25.{number}" for number in range(1001)]
    with pytest.raises(NotAnIdentifier):
        level_of(asked)


def test_a_study_whose_objects_retention_has_taken_is_not_there(full: Receiver, tmp_path: Path) -> None:
    with full.ledger.write() as db:
        db.execute(Received.__table__.delete().where(Received.study_uid == "2.25.702"))
    assert full.node._providing._catalogue.catch_up()
    answers = found(full, tmp_path / "r", "QueryRetrieveLevel=STUDY", "StudyInstanceUID")
    assert {str(one.StudyInstanceUID) for one in answers} == {"2.25.701", "2.25.703"}


def test_who_is_not_listed_for_it_finds_nothing_and_gets_nothing(full: Receiver) -> None:
    said = tool("findscu", full, "QueryRetrieveLevel=STUDY", "StudyInstanceUID", options=("-v",), aet="SENDER")
    assert "No Acceptable Presentation Contexts" in said[1]
    assert "Rejected" in tool("findscu", full, "QueryRetrieveLevel=STUDY", options=("-v",), aet="STRANGER")[1]
    assert audited(full, "node.queried") == []
    looking = full.associate(film_of(full), calling="STATION")  # who may look may not send
    assert looking.is_established
    assert int(looking.send_c_store(film_of(full)).Status) == 0x0124
    looking.release()


def test_answers_are_bounded_and_a_query_can_be_cancelled(receiver: Start, tmp_path: Path) -> None:
    one = receiver(f"[node]\nmax_answers = 12\n{DEVICE}{station()}")
    link = one.associate(film(tmp_path, "2.25.720"))
    for number in range(15):
        assert int(link.send_c_store(film(tmp_path, f"2.25.{730 + number}", number)).Status) == 0
    link.release()
    entity = ApplicationEntity("STATION")
    entity.add_requested_context(FIND)
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", ""
    association = entity.associate(one.host, one.port, ae_title="PROSVET")
    answers = [status for status, _ in association.send_c_find(asked, FIND)]
    assert len(answers) == 13
    assert int(answers[-1].Status) == 0xA700
    last = 0
    for number, (status, _) in enumerate(association.send_c_find(asked, FIND, msg_id=7)):
        last = int(status.Status)
        if number == 0:
            association.send_c_cancel(7, query_model=FIND)
    association.release()
    assert last in (0xFE00, 0xA700)  # the cancel may come when the last answer has left


def test_patients_are_found_and_what_is_theirs_below_them(full: Receiver, tmp_path: Path) -> None:
    utf8 = "SpecificCharacterSet=ISO_IR 192"
    counted = ("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedInstances")
    people = below(full, tmp_path / "p", "QueryRetrieveLevel=PATIENT", "PatientID", "PatientName", *counted)
    told = {str(one.PatientID): (one[counted[0]].value, one[counted[1]].value) for one in people}
    first = str(dcmread(full.ledger.files.path(full.rows()[0].sha256)).PatientID)
    assert told == {first: (1, 3), "МК-7": (1, 1), "МК-8": (1, 1)}
    (anna,) = below(full, tmp_path / "a", utf8, "QueryRetrieveLevel=PATIENT", "PatientName=петрова*")
    assert (anna.PatientID, anna.QueryRetrieveLevel) == ("МК-8", "PATIENT")
    (study,) = below(full, tmp_path / "s", utf8, "QueryRetrieveLevel=STUDY", "PatientID=МК-7", "StudyInstanceUID")
    assert study.StudyInstanceUID == "2.25.702"
    keys = ("QueryRetrieveLevel=SERIES", "StudyInstanceUID=2.25.702", "Modality")
    assert len(below(full, tmp_path / "r", utf8, *keys, "PatientID=МК-7")) == 1
    assert below(full, tmp_path / "n", utf8, *keys, "PatientID=МК-8") == []
    for wrong in ((), ("PatientID=*",)):  # below a patient, one patient is named
        said = tool("findscu", full, "QueryRetrieveLevel=STUDY", *wrong, options=("-v",), root="-P")[1]
        assert "DataSetDoesNotMatchSOPClass" in said
    assert "DataSetDoesNotMatchSOPClass" in tool("findscu", full, "QueryRetrieveLevel=PATIENT", options=("-v",))[1]


def test_no_catalogue_of_people_is_kept_where_nobody_may_ask(receiver: Start, tmp_path: Path) -> None:
    one = receiver(DEVICE + station())
    assert one.send(film(tmp_path, "2.25.760")) == 0
    assert one.node._providing._catalogue.catch_up()
    one.stop()
    closed = receiver(DEVICE)
    assert closed.send(film(tmp_path, "2.25.761", 2)) == 0
    closed.stop()
    with closed.ledger.read() as db:
        assert db.execute(select(Catalogued.study_uid)).all() == []


def test_a_bracket_in_a_wildcard_is_a_bracket() -> None:
    made = condition(Catalogued.accession, ("A[1]*",), "text").compile(compile_kwargs={"literal_binds": True})
    assert "GLOB 'A[[]1]*'" in str(made)


def test_modalities_of_results_are_those_of_the_objects() -> None:
    assert {kind: series.modality for kind, series in SERIES.items()} == MODALITIES
