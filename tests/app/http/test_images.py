"""The routes of films, on a real film."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image as Picture
from sqlalchemy import delete, insert, select
from starlette.testclient import TestClient

from prosvet.archive.api import IngestRequest, run
from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.schema_work import Thumbnail, WorkItem
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.reading.stored import images_of, stored_image


@pytest.fixture
def archive(app, pydicom_data: Path, tmp_path: Path) -> Context:  # type: ignore[no-untyped-def]
    """An archive of one real film, image 1."""
    shutil.copy(pydicom_data / "RG1_UNCR.dcm", tmp_path / "film.dcm")
    context: Context = app.state.context
    run(IngestRequest(paths=[tmp_path], encode=False), context)
    return context


def study_of(archive: Context) -> str:
    return stored_image(1, archive).study


def events(archive: Context) -> list[str]:
    lines = (archive.settings.home / "audit.jsonl").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_the_images_of_a_study_are_listed(archive: Context, client: TestClient) -> None:
    answer = client.get(f"/v1/studies/{study_of(archive)}/images").json()
    (image,) = answer["images"]
    assert (image["id"], image["rows"], image["cols"], image["format"]) == (1, 1955, 1841, "dicom")
    assert client.get("/v1/studies/nobody/images").status_code == 404


def test_pixels_are_the_whole_film_to_the_last_bit(archive: Context, client: TestClient, pydicom_data: Path) -> None:
    answer = client.get("/v1/images/1/pixels")
    rows, cols = int(answer.headers["X-Film-Rows"]), int(answer.headers["X-Film-Cols"])
    values = np.frombuffer(answer.content, "<u2").reshape(rows, cols)
    grey = values * float(answer.headers["X-Film-Slope"]) + float(answer.headers["X-Film-Intercept"])
    from prosvet.imaging.load import load_bytes

    film = load_bytes((pydicom_data / "RG1_UNCR.dcm").read_bytes(), "f", archive.settings, windowed=False)
    assert (grey == film.pixels).all()
    assert len(np.unique(values)) > 4096
    windows = json.loads(answer.headers["X-Film-Windows"])
    assert {"default", "lungs", "mediastinum", "bones", "full"} <= windows.keys()
    assert all(window["low"] < window["high"] for window in windows.values())
    assert "pixels" in events(archive)


def test_pixels_are_packed_for_a_network_only(archive: Context, app: FastAPI) -> None:
    contents = []
    for host, encoding in (("10.0.0.7", "gzip"), ("127.0.0.1", "identity")):
        browser = TestClient(app, base_url="http://127.0.0.1", client=(host, 50000))
        answer = browser.get("/v1/images/1/pixels", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == encoding
        contents.append(answer.content)
    assert contents[0] == contents[1]


def test_a_known_film_is_not_sent_twice(archive: Context, client: TestClient) -> None:
    for path in ("pixels", "thumbnail?side=128"):
        tag = client.get(f"/v1/images/1/{path}").headers["ETag"]
        again = client.get(f"/v1/images/1/{path}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Cache-Control"].startswith("private")


def test_a_thumbnail_is_kept_and_goes_with_its_study(archive: Context, client: TestClient) -> None:
    data = client.get("/v1/images/1/thumbnail?side=200").content
    picture = Picture.open(io.BytesIO(data))
    assert (picture.format, max(picture.size)) == ("WEBP", 256)
    store = archive.get(Store)
    with store.read() as db:
        assert db.execute(select(Thumbnail.data)).scalars().all() == [data]
    erase(store, archive.get(FileStore), AuditLog.from_context(archive), [study_of(archive)])
    with store.read() as db:
        assert db.execute(select(Thumbnail.data)).scalars().all() == []
    assert client.get("/v1/images/1/thumbnail").status_code == 404


@pytest.mark.parametrize("name", ["0", "2", "-1", "1.5", "x", "٣", "9" * 18, "9" * 40, "%00", "1%2f2"])
@pytest.mark.parametrize("part", ["thumbnail", "pixels", "evidence"])
def test_a_number_that_is_none_is_not_found(archive: Context, client: TestClient, name: str, part: str) -> None:
    assert client.get(f"/v1/images/{name}/{part}").status_code == 404


def test_the_evidence_lies_on_the_film_and_is_audited(archive: Context, client: TestClient) -> None:
    answer = client.get("/v1/images/1/evidence").json()
    assert answer["model"]["revision"]
    assert set(answer["contours"]) == {"right_lung", "left_lung", "heart"}
    for finding in answer["findings"]:
        left, top, right, bottom = finding["box"]
        assert 0 <= left < right <= answer["cols"]
        assert 0 <= top < bottom <= answer["rows"]
    assert "evidence" in events(archive)


def test_somebody_elses_study_is_not_there(archive: Context) -> None:
    study = study_of(archive)
    now = datetime.now(UTC).replace(tzinfo=None)
    with archive.get(Store).note() as db:
        db.execute(delete(WorkItem).where(WorkItem.study_id == study))
        db.execute(insert(WorkItem).values(study_id=study, arrived=now, updated=now, owner="petrova"))
    stranger, owner = (archive.child(actor=Actor(name, "reader")) for name in ("ivanov", "petrova"))
    assert [image.id for image in images_of(study, owner)] == [1]
    assert images_of(study, stranger) == []
    with pytest.raises(NotFound):
        stored_image(1, stranger)


def test_a_film_that_is_gone_is_an_error_in_our_shape(archive: Context, client: TestClient) -> None:
    archive.get(FileStore).remove([stored_image(1, archive).sha256])
    answer = client.get("/v1/images/1/pixels")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
