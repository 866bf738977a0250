"""A signed protocol goes out by itself: verified, once, in place of the program's own; an addendum in place of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import insert, select, update

from flow_support import Flow
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.archive.worklist_api import WorklistRequest
from prosvet.archive.worklist_api import run as worklist
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.errors import DiskFull
from prosvet.hospital.flow import signed as module
from prosvet.hospital.flow.finishing import Result, finish
from prosvet.hospital.flow.member import Turn
from prosvet.hospital.flow.pipeline import NODE
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.flow.signed import SignedResults
from prosvet.hospital.flow.worker import Worker
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received, SignedOff
from prosvet.hospital.objects import make, write
from prosvet.hospital.objects.study_results import study_results
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult
from prosvet.reading.protocols.api import run as protocol
from result_films import judged

WORDS = """
[[peers]]
name = "pacs"
aet = "PACS"
host = "127.0.0.1"
port = 11141
[fhir]
url = "http://127.0.0.1:1/fhir"
[hl7]
host = "127.0.0.1"
port = 1
[results]
kinds = ["sr", "text_sr", "sc"]
destinations = ["pacs", "fhir", "hl7"]
"""


class Ward:
    """A film that came from the hospital, was read, and whose program's reports are at the PACS."""

    def __init__(self, flow: Flow, file: Path, *, state: str = "done") -> None:
        self.flow, self.context = flow, flow.context
        ingest(IngestRequest(paths=[file]), self.context)
        self.study = studies(StudiesRequest(), self.context).studies[0].id
        film = dcmread(file)
        self.uid = flow.receive(film)
        image = self.context.get(Store).lookup_studies([self.study])[self.study].images[0]
        with flow.ledger.write() as db:
            db.execute(update(Exam).values(state=state, study=self.study, first=now() - timedelta(hours=1)))
            db.execute(update(Received).values(state="read", image=image))
        self.machine = self._machine()

    def _machine(self) -> dict[str, str]:
        """The program's own reports, sent; their UIDs by kind."""
        found, uids = study_results(self.study, "ru", self.context.child(actor=NODE)), {}
        for kind in ("sr", "text_sr"):
            made = make(kind, found.sources.headers, found.results, made_of="machine", at=found.at)
            data = write(made)
            row = {
                "study_uid": self.uid, "kind": kind, "destination": "pacs", "made_of": "machine",
                "sop_uid": str(made.SOPInstanceUID), "sop_class": str(made.SOPClassUID),
                "sha256": self.flow.ledger.files.add(data), "bytes": len(data), "priority": 0, "state": "sent",
                "attempts": 1, "next_at": now(), "created": now(),
            }  # fmt: skip
            with self.flow.ledger.write() as db:
                db.execute(insert(Outgoing).values(row))
            uids[kind] = str(made.SOPInstanceUID)
        return uids

    def step(self, action: str, **values: object) -> ProtocolResult:
        reader = self.context.child(actor=Actor("petrova", "reader"), lang="ru")
        return protocol(ProtocolRequest.model_validate({"action": action, "study": self.study, **values}), reader)

    def sign(self) -> None:
        drafted = self.step("draft")
        assert drafted.protocol is not None
        lines = list(drafted.protocol.content.lines)
        changes: list[dict[str, object]] = [{"line": line.id, "decision": "rejected"} for line in lines[1:]]
        changes.append({"line": lines[0].id, "text": "Пневмоторакс слева. Выпота нет."})
        base = self.step("save", base=drafted.base, changes=changes).base
        self.step("sign", base=base, reasons={problem.rule: "проверено" for problem in self.step("check").problems})

    def addendum(self, text: str) -> None:
        asked = self.step("show")
        self.step("addendum", base=asked.base, text=text, reasons=dict.fromkeys(_RULES, "проверено"))

    def brings(self) -> SignedResults:
        """As a node begins: with nothing remembered."""
        return SignedResults(self.flow.config, self.flow.ledger, self.context.child(actor=NODE, lang="ru"))

    def verified(self) -> list[tuple[str, str]]:
        """Kind and destination of what was made of signatures."""
        return [(row.kind, row.destination) for row in self.flow.outgoing() if row.made_of != "machine"]

    def dataset(self, kind: str, number: int = -1) -> Dataset:
        rows = [row for row in self.flow.outgoing() if row.kind == kind]
        return dcmread(BytesIO(self.flow.ledger.files.read(rows[number].sha256)))


_RULES = ("missing", "contradiction", "unsupported", "side", "omitted")


@pytest.fixture
def ward(flow: Callable[..., Flow], pydicom_data: Path) -> Ward:
    return Ward(flow(WORDS), pydicom_data / "RG1_UNCR.dcm")


def test_a_signature_goes_out_verified_once_and_an_addendum_takes_its_place(ward: Ward, tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed")
    brings = ward.brings()
    assert brings.turn() == 0
    ward.sign()
    assert brings.turn() == 1
    first = [("sr", "pacs"), ("text_sr", "pacs"), ("fhir", "fhir"), ("hl7", "hl7")]
    assert ward.verified() == first
    assert brings.turn() == 0
    assert ward.brings().turn() == 0  # nor after a restart
    for kind in ("sr", "text_sr"):
        made = ward.dataset(kind)
        assert (made.CompletionFlag, made.VerificationFlag) == ("COMPLETE", "VERIFIED")
        assert str(made.VerifyingObserverSequence[0].VerifyingObserverName) == "petrova^"
        assert made.VerifyingObserverSequence[0].VerifyingOrganization
        assert made.StudyInstanceUID == ward.uid
        assert _predecessors(made) == [ward.machine[kind]]
        _conforms(made, tmp_path / f"{kind}.dcm")
    bundle = json.loads(_data(ward, "fhir"))
    (report,) = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "DiagnosticReport"]
    assert report["status"] == "final"
    assert b"|F|" in _data(ward, "hl7")
    ward.addendum("Рекомендована КТ органов грудной клетки.")
    before = {kind: str(ward.dataset(kind).SOPInstanceUID) for kind in ("sr", "text_sr")}
    assert brings.turn() == 1
    assert ward.verified() == first * 2
    for kind in ("sr", "text_sr"):
        made = ward.dataset(kind)
        assert _predecessors(made) == [before[kind]]
        assert str(made.SOPInstanceUID) != before[kind]
        _conforms(made, tmp_path / f"{kind}.dcm")
    said = [str(one.value) for one in ward.dataset("text_sr").iterall() if one.keyword == "TextValue"]
    assert "Рекомендована КТ органов грудной клетки." in said
    lines = (ward.context.settings.home / "audit.jsonl").read_text().splitlines()
    told = [one for one in map(json.loads, lines) if one["event"] == "hospital.signed"]
    assert [(one["study"], one["results"]) for one in told] == [(ward.study, 4)] * 2


def _data(ward: Ward, kind: str) -> bytes:
    (row,) = [row for row in ward.flow.outgoing() if row.kind == kind]
    return ward.flow.ledger.files.read(row.sha256)


def _predecessors(made: Dataset) -> list[str]:
    return [
        str(item.ReferencedSOPInstanceUID)
        for study in made.PredecessorDocumentsSequence
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]


def _conforms(made: Dataset, path: Path) -> None:
    path.write_bytes(write(made))
    assert judged(path).errors == ()


def test_a_crash_before_the_commit_loses_nothing_and_doubles_nothing(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.sign()
    real = module._enter

    def full(*_: object) -> bool:
        raise DiskFull(path="ledger.db")

    monkeypatch.setattr(module, "_enter", full)
    brings = ward.brings()
    with pytest.raises(DiskFull):
        brings.turn()
    assert ward.verified() == []
    monkeypatch.setattr(module, "_enter", real)
    assert brings.turn() == 1  # the same process, later
    made = {row.sop_uid for row in ward.flow.outgoing()}
    with ward.flow.ledger.write() as db:  # even a ledger that has forgotten it makes the same objects, not others
        db.execute(SignedOff.__table__.delete())
    assert ward.brings().turn() == 1
    assert {row.sop_uid for row in ward.flow.outgoing()} == made
    assert len(ward.verified()) == 4


def test_a_signature_waits_until_the_programs_own_reading_is_over(ward: Ward) -> None:
    with ward.flow.ledger.write() as db:
        db.execute(update(Exam).values(state="working"))
    ward.sign()
    brings = ward.brings()
    assert brings.turn() == 0
    with ward.flow.ledger.write() as db:
        db.execute(update(Exam).values(state="done"))
    assert brings.turn() == 1


def test_what_was_signed_before_the_exam_came_and_what_has_no_place_to_go_is_not_sent(ward: Ward) -> None:
    ward.sign()
    with ward.flow.ledger.write() as db:
        db.execute(update(Exam).values(first=now() + timedelta(hours=1)))
    assert ward.brings().turn() == 0
    with ward.flow.ledger.write() as db:
        db.execute(update(Exam).values(first=now() - timedelta(hours=1)))
    nowhere = ward.flow.config.model_copy(
        update={"results": ward.flow.config.results.model_copy(update={"destinations": ()})}
    )
    assert SignedResults(nowhere, ward.flow.ledger, ward.context.child(actor=NODE)).turn() == 1
    assert ward.verified() == []
    with ward.flow.ledger.read() as db:
        assert db.execute(select(SignedOff.note)).scalars().all() == ["no_destination"]
    assert ward.brings().turn() == 0  # it is not made up for when a destination is added later


def test_results_of_a_study_whose_films_are_gone_are_not_made_of_pseudonyms(ward: Ward) -> None:
    ward.sign()
    with ward.flow.ledger.write() as db:
        db.execute(Received.__table__.delete())
    assert ward.brings().turn() == 1
    assert ward.verified() == []
    with ward.flow.ledger.read() as db:
        assert db.execute(select(SignedOff.note)).scalars().all() == ["no_objects"]


def _another(file: Path) -> Dataset:
    """One more film of the same study: the same picture, a little darker."""
    film = dcmread(file)
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = f"{film.SOPInstanceUID}.2"
    pixels = film.pixel_array
    film.PixelData = (pixels - pixels // 50).tobytes()
    return film


def test_films_after_the_signature_bring_nothing_unverified_and_open_the_study_again(
    ward: Ward, pydicom_data: Path
) -> None:
    ward.sign()
    brings = ward.brings()
    brings.turn()
    before = ward.verified()
    listed = worklist(WorklistRequest.model_validate({"filters": {"status": "all"}}), ward.context)
    assert [(row.study, row.status, row.reader) for row in listed.rows] == [(ward.study, "signed", "petrova")]
    ward.flow.receive(_another(pydicom_data / "RG1_UNCR.dcm"))
    assert ward.flow.exam(ward.uid).round == 1
    with ward.flow.ledger.write() as db:
        db.execute(update(Exam).values(state="ready"))
    works = Worker(
        Queue(ward.flow.ledger), Turn(ward.flow.ledger.folder / "turn"), ward.flow.config, ward.flow.ledger,
        ward.context.child(actor=NODE, lang="ru"),
    )  # fmt: skip
    while works.turn():
        pass
    exam = ward.flow.exam(ward.uid)
    assert (exam.state, exam.study, exam.error) == ("done", ward.study, {"code": "signed_before"})
    assert [one.state for one in ward.flow.objects(ward.uid)] == ["read", "read"]
    assert (ward.verified(), brings.turn()) == (before, 0)
    listed = worklist(WorklistRequest(), ward.context)
    assert [(row.study, row.status, row.reader) for row in listed.rows] == [(ward.study, "addition", None)]
    ward.addendum("На дополнительном снимке без изменений.")
    assert brings.turn() == 1
    assert ward.verified() == before * 2
    assert worklist(WorklistRequest(), ward.context).rows == ()
    assert ward.dataset("sr").VerificationFlag == "VERIFIED"


def test_a_signature_that_comes_while_results_are_made_drops_them(ward: Ward) -> None:
    with ward.flow.ledger.write() as db:
        db.execute(update(Exam).values(state="ready"))
    lease = Queue(ward.flow.ledger).lease("work")
    assert lease is not None
    with ward.flow.ledger.write() as db:
        db.execute(insert(SignedOff).values(study_uid=ward.uid, digest="d", number=1, at=now(), results=4))
    made = Result("sr", "pacs", "later", ward.flow.ledger.files.add(b"sr"), 2, "1.2.3", "1.2")
    assert finish(ward.flow.ledger, lease, [made], AuditLog.from_context(ward.context))
    assert ward.verified() == []
    assert ward.flow.exam(ward.uid).error == {"code": "signed_before"}
