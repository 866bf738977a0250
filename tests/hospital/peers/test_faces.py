"""The verbs and the routes: what they answer, and that identity stays out of addresses and of the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from starlette.testclient import TestClient

from forked import free_port
from peer_systems import a_site, dcmqrscp, film_file
from prosvet.app.cli.main import main
from prosvet.app.http.app import create_app
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.hospital.config import FILE, Peer
from prosvet.hospital.ledger.schema import Exam, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.peers import send


@pytest.fixture
def pacs(tmp_path: Path, context: Context) -> Iterator[Peer]:
    with dcmqrscp(tmp_path / "qr") as peer:
        context.settings.home.mkdir(parents=True, exist_ok=True)
        (context.settings.home / FILE).write_text(
            f'[[peers]]\nname = "pacs"\naet = "{peer.aet}"\nhost = "127.0.0.1"\nport = {peer.port}\nmay_query = true\n'
            f'[[peers]]\nname = "shut"\naet = "SHUT"\nhost = "127.0.0.1"\nport = {free_port()}\n'
        )
        yield peer


Verb = Callable[..., tuple[int, Any]]


@pytest.fixture
def prosvet(capsys: pytest.CaptureFixture[str]) -> Verb:
    """``prosvet("peers", "list")``: the exit status and what ``--json`` prints."""

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        return main([*words, "--json"]), json.loads(capsys.readouterr().out)

    return run


def test_the_verbs_answer(pacs: Peer, tmp_path: Path, context: Context, prosvet: Verb) -> None:
    send.store(pacs, [film_file(tmp_path, "2.25.801")])
    status, told = prosvet("peers", "list")
    assert status == 0
    assert [one["name"] for one in told["result"]["peers"]] == ["pacs", "shut"]
    assert prosvet("peers", "echo", "pacs")[0] == 0
    assert prosvet("peers", "echo", "shut")[0] == 4
    status, told = prosvet("peers", "find", "pacs", "--patient", "МК-0042")
    assert status == 0
    assert told["result"]["studies"][0]["study_uid"] == "2.25.801"
    assert prosvet("peers", "find", "shut", "--patient", "1")[0] == 2, "it may not be asked"
    assert prosvet("peers", "find", "pacs")[0] == 2, "everybody is nobody"
    assert prosvet("peers", "fetch", "pacs", "--patient", "МК-0099")[1]["result"]["fetched"]["studies"] == 0
    assert "0042" not in (context.settings.home / "audit.jsonl").read_text()


def test_the_routes_answer(pacs: Peer, tmp_path: Path, context: Context) -> None:
    send.store(pacs, [film_file(tmp_path, "2.25.802")])
    with TestClient(create_app(context.settings), base_url="http://127.0.0.1:8137") as client:
        assert [one["name"] for one in client.get("/v1/peers").json()["peers"]] == ["pacs", "shut"]
        head = {"X-CSRF-Token": _token(client)}
        found = client.post("/v1/peers/pacs/find", json={"accession": "A-77"}, headers=head)
        assert found.status_code == 200, found.text
        assert found.json()["studies"][0]["patient_id"] == "МК-0042"
        away = client.post("/v1/peers/shut/echo", headers=head)
        assert away.status_code == 503
        assert away.json()["error"]["code"] == "peer_unreachable"
        assert client.post("/v1/peers/pacs/fetch", json={"patient_id": ""}, headers=head).status_code == 422


def _token(client: TestClient) -> str:
    page = client.get("/help").text
    return page.partition('name="csrf" content="')[2].partition('"')[0]


@pytest.fixture
def study(context: Context, pydicom_data: Path) -> str:
    """A real film in the archive, and its original in the ledger, as the node would have left them."""
    source = pydicom_data / "RG1_UNCR.dcm"
    ingest(IngestRequest(paths=(source,)), context)
    with context.get(Store).read() as db:
        image = db.execute(Image.__table__.select()).one()
    ledger, now = context.get(Ledger), datetime.now(UTC).replace(tzinfo=None)
    name = ledger.files.add(source.read_bytes())
    with ledger.write() as db:
        db.execute(insert(Exam).values(
            study_uid="1.2.3", patient="x", study=image.study_id, state="done", priority=0, first=now, last=now,
            deadline=now, objects=1, round=0, attempts=0,
        ))  # fmt: skip
        db.execute(insert(Received).values(
            sop_uid="1.2.3.4", study_uid="1.2.3", series_uid="1.2.3.5", sop_class="1.2", transfer_syntax="1.2",
            modality="CR", sha256=name, bytes=1, sender="X", at=now, state="read", image=image.id,
        ))  # fmt: skip
    return str(image.study_id)


def test_a_study_goes_out_as_fhir_and_as_hl7(study: str, context: Context, tmp_path: Path, prosvet: Verb) -> None:
    kept: dict[str, Any] = {}

    def server(asked: Any) -> Any:
        kind = {"Content-Type": "application/fhir+json"}
        if asked.method == "GET":
            one = kept.get(asked.path.lstrip("/"))
            return (200, kind, json.dumps(one).encode()) if one else (404, kind, b"{}")
        entries = json.loads(asked.body)["entry"]
        kept.update({one["request"]["url"]: one["resource"] for one in entries})
        told = {"resourceType": "Bundle", "type": "transaction-response",
                "entry": [{"response": {"status": "201"}}] * len(entries)}  # fmt: skip
        return 200, kind, json.dumps(told).encode()

    with a_site(server) as site:
        (context.settings.home / FILE).write_text(f'[fhir]\nurl = "{site.url}"\nversion = "R5"\n')
        status, told = prosvet("export", "fhir", study, "--push")
        assert (status, told["result"]["pushed"], told["result"]["file"]) == (0, "taken", None), told
        assert told["result"]["identified"]
    assert {one["resourceType"] for one in kept.values()} == {
        "Device", "ImagingStudy", "Observation", "DiagnosticReport", "Provenance"
    }  # fmt: skip
    out = tmp_path / "out.hl7"
    status, told = prosvet("export", "hl7", study, "--encoding", "8859/5", "--out", str(out))
    assert status == 0, told
    assert out.read_bytes().startswith(b"MSH|^~\\&|PROSVET|")
    assert "Не для диагностики" in out.read_bytes().decode("iso8859_5")
    assert prosvet("export", "hl7", study, "--push")[0] == 2, "there is no [hl7]"
    with TestClient(create_app(context.settings), base_url="http://127.0.0.1:8137") as client:
        made = client.get(f"/v1/studies/{study}/fhir?version=R4")
        assert made.headers["X-Identified"] == "1"
        assert made.json()["entry"][-1]["resource"]["resourceType"] == "Provenance"
        assert client.get(f"/v1/studies/{study}/hl7").text.startswith("MSH|")


def test_pseudonyms_do_not_go_to_the_hospital(study: str, context: Context, prosvet: Verb) -> None:
    with context.get(Ledger).write() as db:
        db.execute(update(Received).values(state="passed_by"))
    (context.settings.home / FILE).write_text('[fhir]\nurl = "http://127.0.0.1:1"\n')
    status, told = prosvet("export", "fhir", study, "--push")
    assert status != 0
    assert told["error"]["details"]["reason"] == "pseudonyms"
