"""Other systems look and fetch: dcmtk's findscu, movescu and getscu, and a caller of our own that cancels."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.presentation import build_role
from sqlalchemy import insert, select

from flow_support import storescp
from forked import free_port
from hospital_node import Receiver, fresh
from peer_systems import film_file
from prosvet.core.clock import now
from prosvet.hospital.ledger.schema import Catalogued, Outgoing, Received
from prosvet.hospital.node.classes import FIND, GET, MOVE
from prosvet.hospital.node.holdings import MODALITIES
from prosvet.hospital.node.matching import condition
from prosvet.hospital.node.roots import NotAnIdentifier, level_of
from prosvet.hospital.objects.kinds import SERIES

Start = Callable[..., Receiver]

DEVICE = '[[peers]]\nname = "device"\naet = "SENDER"\nhost = "127.0.0.1"\nport = 104\nmay_send = true\n'


def station(port: int = 104, aet: str = "STATION") -> str:
    """A workstation that may look and fetch."""
    return f'[[peers]]\nname = "station"\naet = "{aet}"\nhost = "127.0.0.1"\nport = {port}\nmay_query_us = true\n'


def film(folder: Path, study: str, number: int = 1, **header: str) -> Dataset:
    """A small film that is not sent yet."""
    return dcmread(film_file(folder, study, number, **header))


def result(one: Receiver, film: Dataset, *, destinations: tuple[str, ...] = ("pacs", "archive")) -> Dataset:
    """A secondary capture in the outbox, of the film's study, for several destinations."""
    made = fresh(film)
    made.StudyInstanceUID = film.StudyInstanceUID
    from prosvet.hospital.objects import write

    data = write(made)
    row = {
        "study_uid": str(film.StudyInstanceUID), "kind": "sc", "made_of": "m", "sop_uid": str(made.SOPInstanceUID),
        "sop_class": str(made.SOPClassUID), "sha256": one.ledger.files.add(data), "bytes": len(data), "priority": 0,
        "state": "confirmed", "attempts": 1, "next_at": now(), "created": now(),
    }  # fmt: skip
    with one.ledger.write() as db:
        db.execute(insert(Outgoing), [row | {"destination": name} for name in destinations])
    return made


def tool(
    name: str, one: Receiver, *keys: str, options: tuple[str, ...] = (), aet: str = "STATION", root: str = "-S"
) -> tuple[int, str]:
    """Run a program of dcmtk against the node; its exit status and what it said."""
    command = [name, root, "-aet", aet, "-aec", "PROSVET", *options, one.host, str(one.port)]
    command += [part for key in keys for part in ("-k", key)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def found(one: Receiver, folder: Path, *keys: str) -> list[Dataset]:
    """What findscu found."""
    folder.mkdir(parents=True, exist_ok=True)
    code, said = tool("findscu", one, *keys, options=("-X", "-od", str(folder)))
    assert code == 0, said
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


def audited(one: Receiver, event: str) -> list[dict[str, Any]]:
    """The lines of one event in the audit log."""
    lines = (one.context.settings.home / "audit.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["event"] == event]


@pytest.fixture
def full(receiver: Start, tmp_path: Path, dcmtk: str) -> Receiver:
    """A node with three studies of two patients, one of them with a result."""
    one = receiver(DEVICE + station())
    sent = [
        film(tmp_path / "f", "2.25.701", 1),
        film(tmp_path / "f", "2.25.701", 2),
        film(tmp_path / "f", "2.25.702", 3, PatientName="Петров^Пётр", PatientID="МК-7", StudyDate="20250101"),
        film(tmp_path / "f", "2.25.703", 4, PatientName="Петрова^Анна", PatientID="МК-8", StudyDate="20240101"),
    ]
    assert [one.send(each) for each in sent] == [0] * 4
    result(one, sent[0])
    return one


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


def film_of(one: Receiver) -> Dataset:
    """A film that the node has not got, made of one that it has."""
    return fresh(dcmread(one.ledger.files.path(one.rows()[0].sha256)))


def test_a_study_goes_by_move_to_who_may_have_it_and_to_nobody_else(
    receiver: Start, tmp_path: Path, dcmtk: str
) -> None:
    with storescp(tmp_path / "station", free_port()) as peer:
        one = receiver(DEVICE + station(peer.port))
        films = [film(tmp_path, "2.25.711", number) for number in (1, 2)]
        assert [one.send(each) for each in films] == [0, 0]
        made = result(one, films[0])
        code, said = tool("movescu", one, "QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.711",
                          options=("-aem", "STATION"))  # fmt: skip
        assert code == 0, said
        assert set(peer.uids()) == {str(each.SOPInstanceUID) for each in (*films, made)}
        code, _ = tool("movescu", one, "QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.711",
                       options=("-aem", "SENDER"))  # fmt: skip
        assert code != 0
    (line,) = audited(one, "node.given")
    assert (line["peer"], line["to"], line["how"], line["objects"]) == ("station", "station", "move", 3)
    assert line["study"].startswith("S")
    assert "2.25.711" not in (one.context.settings.home / "audit.jsonl").read_text()


def test_a_study_comes_by_get_byte_for_byte(full: Receiver, tmp_path: Path) -> None:
    (tmp_path / "got").mkdir()
    code, said = tool("getscu", full, "QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.701",
                      options=("-od", str(tmp_path / "got")))  # fmt: skip
    assert code == 0, said
    got = {str(one.SOPInstanceUID): one for one in map(dcmread, (tmp_path / "got").iterdir())}
    assert len(got) == 3
    kept = full.rows()[0]
    assert got[kept.sop_uid].PixelData == dcmread(full.ledger.files.path(kept.sha256)).PixelData


def test_a_compressed_film_goes_uncompressed_to_who_takes_it_no_other_way(
    receiver: Start, pydicom_data: Path, tmp_path: Path, dcmtk: str
) -> None:
    one = receiver(DEVICE + station())
    packed = dcmread(pydicom_data / "RG1_J2KR.dcm")
    assert one.send(packed) == 0
    (tmp_path / "got").mkdir()
    code, said = tool("getscu", one, "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={packed.StudyInstanceUID}",
                      options=("-od", str(tmp_path / "got"), "+x="))  # fmt: skip
    assert code == 0, said
    (path,) = (tmp_path / "got").iterdir()
    got = dcmread(path)
    assert not got.file_meta.TransferSyntaxUID.is_compressed
    packed.decompress()
    assert (got.pixel_array == packed.pixel_array).all()


def test_a_file_that_is_gone_is_a_failure_and_the_rest_comes(full: Receiver) -> None:
    full.ledger.files.path(full.rows()[0].sha256).unlink()
    entity = ApplicationEntity("STATION")
    entity.add_requested_context(GET)
    kind = full.rows()[0].sop_class
    entity.add_requested_context(kind)
    from pynetdicom import evt

    came: list[str] = []

    def take(event: evt.Event) -> int:
        came.append(str(event.dataset.SOPInstanceUID))
        return 0

    association = entity.associate(
        full.host, full.port, ae_title="PROSVET", ext_neg=[build_role(kind, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )  # fmt: skip
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", "2.25.701"
    last = [status for status, _ in association.send_c_get(asked, GET)][-1]
    association.release()
    assert int(last.Status) == 0xB000
    assert (last.NumberOfFailedSuboperations, last.NumberOfCompletedSuboperations) == (1, 2)
    assert len(came) == 2


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


def test_a_retrieval_that_is_cancelled_stops(receiver: Start, tmp_path: Path) -> None:
    from pynetdicom import evt

    one = receiver(DEVICE + station())
    films = [film(tmp_path, "2.25.750", number) for number in range(1, 9)]
    assert {one.send(each) for each in films} == {0}
    entity, kind = ApplicationEntity("STATION"), str(films[0].SOPClassUID)
    entity.add_requested_context(GET)
    entity.add_requested_context(kind)
    came: list[str] = []

    def take(event: evt.Event) -> int:
        came.append(str(event.dataset.SOPInstanceUID))
        if len(came) == 1:
            event.assoc.send_c_cancel(9, query_model=GET)
        return 0

    association = entity.associate(
        one.host, one.port, ae_title="PROSVET", ext_neg=[build_role(kind, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )  # fmt: skip
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", "2.25.750"
    last = [status for status, _ in association.send_c_get(asked, GET, msg_id=9)][-1]
    association.release()
    assert int(last.Status) == 0xFE00
    assert len(came) < 8
    assert int(last.NumberOfRemainingSuboperations) == 8 - len(came)


def below(one: Receiver, folder: Path, *keys: str) -> list[Dataset]:
    """What findscu finds from the patient root."""
    folder.mkdir(parents=True)
    code, said = tool("findscu", one, *keys, options=("-X", "-od", str(folder)), root="-P")
    assert code == 0, said
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


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


def test_all_of_a_patient_is_fetched_and_nothing_of_another(full: Receiver, tmp_path: Path) -> None:
    first = str(dcmread(full.ledger.files.path(full.rows()[0].sha256)).PatientID)
    for number, (keys, count) in enumerate((
        (("QueryRetrieveLevel=PATIENT", f"PatientID={first}"), 3),
        (("QueryRetrieveLevel=STUDY", f"PatientID={first}", "StudyInstanceUID=2.25.702"), 0),
    )):  # fmt: skip
        folder = tmp_path / f"got{number}"
        folder.mkdir()
        tool("getscu", full, "SpecificCharacterSet=ISO_IR 192", *keys, options=("-od", str(folder)), root="-P")
        got = [dcmread(path) for path in folder.iterdir()]
        assert [str(one.StudyInstanceUID) for one in got] == ["2.25.701"] * count


def test_a_number_that_two_patients_have_gives_neither_until_it_is_said_whose(
    receiver: Start, tmp_path: Path, dcmtk: str
) -> None:
    one = receiver(DEVICE + station())
    for number, issuer in ((1, "A"), (2, "B")):
        made = film(tmp_path / "f", f"2.25.77{number}", number, PatientID="5", IssuerOfPatientID=issuer)
        assert one.send(made) == 0
    people = below(one, tmp_path / "p", "QueryRetrieveLevel=PATIENT", "PatientID=5")
    assert [str(each.IssuerOfPatientID) for each in people] == ["A", "B"]
    (tmp_path / "got").mkdir()
    keys, into = ("QueryRetrieveLevel=PATIENT", "PatientID=5"), ("-od", str(tmp_path / "got"))
    assert "UnableToProcess" in tool("getscu", one, *keys, options=("-v", *into), root="-P")[1]
    assert list((tmp_path / "got").iterdir()) == []
    tool("getscu", one, *keys, "IssuerOfPatientID=B", options=into, root="-P")
    assert [str(dcmread(path).StudyInstanceUID) for path in (tmp_path / "got").iterdir()] == ["2.25.772"]


def test_more_than_one_retrieval_may_have_is_refused_as_a_whole(receiver: Start, tmp_path: Path, dcmtk: str) -> None:
    with storescp(tmp_path / "station", free_port()) as peer:
        one = receiver(f"[node]\nmax_given = 2\n{DEVICE}{station(peer.port)}")
        assert {one.send(film(tmp_path / "f", "2.25.781", number)) for number in (1, 2, 3)} == {0}
        assert one.send(film(tmp_path / "f", "2.25.782", 4)) == 0
        entity, asked = ApplicationEntity("STATION"), Dataset()
        for uid in (GET, MOVE):
            entity.add_requested_context(uid)
        entity.add_requested_context(one.rows()[0].sop_class)
        roles = [build_role(one.rows()[0].sop_class, scp_role=True)]
        association = entity.associate(one.host, one.port, ae_title="PROSVET", ext_neg=roles)
        asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", "2.25.781"
        # One at a time: a request goes out when it is called, and an association has one under way.
        for ask in (
            lambda: association.send_c_get(asked, GET),
            lambda: association.send_c_move(asked, "STATION", MOVE),
        ):
            last = [status for status, _ in ask()][-1]
            assert (int(last.Status), last.NumberOfFailedSuboperations) == (0xA702, 3)
            assert "ask for less" in last.ErrorComment
        asked.StudyInstanceUID = "2.25.782"
        assert [int(status.Status) for status, _ in association.send_c_move(asked, "STATION", MOVE)][-1] == 0
        association.release()
        assert len(peer.uids()) == 1
    assert one.refused() == {"too_many_objects": 2}
    assert len(audited(one, "node.given")) == 1


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
