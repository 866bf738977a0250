"""Other systems fetch: dcmtk's movescu and getscu, and a caller of our own that cancels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.presentation import build_role

from flow_support import storescp
from forked import free_port
from hospital_node import Receiver
from node_callers import DEVICE, audited, below, film, result, station, tool
from prosvet.hospital.node.classes import GET, MOVE

Start = Callable[..., Receiver]


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
