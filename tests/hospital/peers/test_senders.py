"""The outbox's way to DICOMweb, FHIR and HL7: whose trouble it is decides what is done with the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from forked import free_port
from peer_systems import a_site, film_file, line
from prosvet.archive.files import sha256
from prosvet.hospital.config import DicomWeb, Fhir, Hl7, HospitalConfig
from prosvet.hospital.flow.routes import Answer, Parcel, Unreachable, sender

MESSAGE = b"MSH|^~\\&|PROSVET||||20261122||ORU^R01^ORU_R01|P77|P|2.5\r"


def parcel(path: Path, number: int = 1, **more: Any) -> Parcel:
    values = {"sop_uid": None, "sop_class": None, **more}
    return Parcel(number, "sr", "2.25.1001", path=path, sha256=sha256(path.read_bytes()), **values)


def sent(name: str, config: HospitalConfig, parcels: list[Parcel]) -> list[Answer]:
    told: list[Answer] = []
    sender(name, config).send(parcels, lambda _, answer: told.append(answer) is None)
    return told


def message(folder: Path) -> Path:
    path = folder / "message"
    path.write_bytes(MESSAGE)
    return path


@pytest.mark.parametrize(("code", "verdict"), [("AA", "taken"), ("AE", "refused"), ("AR", "later")])
def test_hl7_acknowledgements_are_verdicts(code: str, verdict: str, tmp_path: Path) -> None:
    answer = f"\x0bMSH|^~\\&\rMSA|{code}|P77\r\x1c\r".encode()
    with line(lambda _, wire: wire.sendall(answer)) as receiver:
        config = HospitalConfig(hl7=Hl7(host="127.0.0.1", port=receiver.port))
        (told,) = sent("hl7", config, [parcel(message(tmp_path))])
    assert told.verdict == verdict


def test_who_is_away_costs_no_parcel_an_attempt(tmp_path: Path) -> None:
    config = HospitalConfig(hl7=Hl7(host="127.0.0.1", port=free_port()))
    with pytest.raises(Unreachable):
        sent("hl7", config, [parcel(message(tmp_path))])
    path = film_file(tmp_path)
    web = HospitalConfig(dicomweb=DicomWeb(url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(Unreachable):
        sent("dicomweb", web, [parcel(path)])


def test_a_damaged_file_is_not_sent(tmp_path: Path) -> None:
    one = parcel(message(tmp_path))
    (tmp_path / "message").write_bytes(b"other")
    config = HospitalConfig(
        hl7=Hl7(host="127.0.0.1", port=free_port()), fhir=Fhir(url="http://127.0.0.1:1"),
        dicomweb=DicomWeb(url="http://127.0.0.1:1"),
    )  # fmt: skip
    for name in ("hl7", "fhir", "dicomweb"):
        assert sent(name, config, [one]) == [Answer("refused", "damaged")]


def test_dicomweb_that_loses_objects_is_sent_them_again(tmp_path: Path) -> None:
    listed = json.dumps({"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["2.25.1001.2.1"]}}]}})

    def lose(asked: Any) -> Any:
        kind = {"Content-Type": "application/dicom+json"}
        return (200, kind, listed.encode()) if asked.method == "POST" else (200, kind, b"[]")

    with a_site(lose) as site:
        config = HospitalConfig(dicomweb=DicomWeb(url=site.url))
        one = parcel(film_file(tmp_path), sop_uid="2.25.1001.2.1", sop_class="1.2.840.10008.5.1.4.1.1.1")
        (told,) = sent("dicomweb", config, [one])
        assert (told.verdict, told.code) == ("later", "not_found_there")
        assert sender("dicomweb", config).confirm([one]) == {1: False}
