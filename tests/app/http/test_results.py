"""The route of results: an object to download, a name that tells nothing, and no button where nothing can be made."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies


def added(app: FastAPI, file: Path) -> str:
    context = app.state.context
    ingest(IngestRequest(paths=[file]), context)
    return studies(StudiesRequest(), context).studies[0].id


def test_an_object_is_downloaded_in_the_language_asked_for(
    app: FastAPI, client: TestClient, pydicom_data: Path
) -> None:
    study = added(app, pydicom_data / "RG1_UNCR.dcm")
    answer = client.get(f"/v1/studies/{study}/results/text_sr?lang=ru")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom"
    assert answer.headers["content-disposition"] == f'attachment; filename="{study}-text_sr.dcm"'
    assert (answer.headers["x-basis"], answer.headers["x-identified"]) == ("program", "0")
    dataset = pydicom.dcmread(io.BytesIO(answer.content))
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert any("Заключение" in str(element.value) for element in dataset.iterall() if element.keyword == "CodeMeaning")
    page = client.get(f"/study/{study}").text
    assert f"/v1/studies/{study}/results/seg" in page


def test_a_study_without_dicom_is_told_so_and_shows_no_buttons(
    app: FastAPI, client: TestClient, shared_data: Path
) -> None:
    study = added(app, sorted((shared_data / "fullsize").glob("*.png"))[0])
    answer = client.get(f"/v1/studies/{study}/results/sr")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "result_error"
    assert "/results/" not in client.get(f"/study/{study}").text


def test_an_unknown_kind_or_study_is_refused(client: TestClient) -> None:
    assert client.get("/v1/studies/SNOTHING/results/sr").status_code == 404
    assert client.get("/v1/studies/SNOTHING/results/dance").status_code == 422
