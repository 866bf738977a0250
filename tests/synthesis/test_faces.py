"""The faces: command line, routes and page, with a generator and without."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from prosvet.app.cli.main import main
from prosvet.app.http.app import create_app
from prosvet.core.settings import load_settings

pytestmark = pytest.mark.timeout(400)  # the generator is written once; a busy machine takes its time over that


@pytest.fixture
def client(own_home: Path) -> Iterator[TestClient]:
    """A browser on 127.0.0.1 that speaks English."""
    app = create_app(load_settings({}, home=own_home, threads=1))
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}) as made:
        yield made


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit status and the envelope of a command line."""
    status = main([*words, "--json"])
    envelope: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, envelope


def finished(client: TestClient, job: str) -> dict[str, Any]:
    """The job when it has ended."""
    for _ in range(600):
        view: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        if view["state"] in ("done", "failed", "cancelled"):
            return view
        time.sleep(0.1)
    raise AssertionError("the job does not end")


def token(client: TestClient) -> dict[str, str]:
    """The header that changing requests of a page carry."""
    page = client.get("/synthesize").text
    return {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}


@pytest.mark.usefixtures("tiny_generator")
def test_words_alone_make_a_picture_and_inspect_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "made.png"
    status, made = told(capsys, "synthesize", "кардиомегалия", "--seed", "3", "--steps", "2", "--out", str(out))
    assert (status, made["result"]["made"]["seed"], made["result"]["file"]) == (0, 3, str(out))
    status, found = told(capsys, "synthesize", "inspect", str(out))
    assert (status, found["result"]["survived"]) == (0, ["text", "watermark"])
    assert found["result"]["provenance"]["prompt"] == "кардиомегалия"
    assert main(["synthesize", "inspect", str(out), "--lang", "ru"]) == 0
    assert "Сохранилось: текст PNG, водяной знак" in capsys.readouterr().out


@pytest.mark.usefixtures("tiny_generator")
def test_pairs_and_what_is_kept_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = str(tmp_path / "pair.png")
    assert main(["synthesize", "pair", "cardiomegaly", "--steps", "2", "--out", pair, "--lang", "en"]) == 0
    assert "The difference is" in capsys.readouterr().out
    assert main(["synthesize", "--steps", "2", "normal", "--lang", "en"]) == 0
    assert main(["synthesize", "list", "--lang", "en"]) == 0
    assert "normal" in capsys.readouterr().out


def test_without_the_generator_every_face_says_so(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    status, refused = told(capsys, "synthesize", "pneumonia", "--generator", "no-such-generator")
    assert (status, refused["error"]["code"]) == (5, "model_not_found")
    answer = client.post("/v1/synthesize", json={"prompt": "pneumonia", "generator": "no-such-generator"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    page = client.get("/synthesize")
    assert page.status_code == 200
    body = {"prompt": "x", "mode": "image", "generator": "no-such-generator"}
    made = client.post("/synthesize", files={k: (None, v) for k, v in body.items()}, headers=token(client))
    assert (made.status_code, "no-such-generator" in made.text) == (404, True)


@pytest.mark.usefixtures("tiny_generator")
def test_a_route_makes_it_as_a_job_and_gives_its_files(client: TestClient) -> None:
    begun = client.post("/v1/synthesize", json={"prompt": "pneumonia", "steps": 3, "seed": 2})
    assert begun.status_code == 202
    place = begun.headers["content-location"]
    done = finished(client, begun.json()["id"])
    assert (done["state"], done["result"]["made"]["seed"]) == ("done", 2)
    assert client.get(f"{place}/preview.png").status_code == 404  # gone with the end
    png, dicom = client.get(f"{place}/image.png"), client.get(f"{place}/image.dcm")
    assert (png.headers["content-type"], dicom.headers["content-type"]) == ("image/png", "application/dicom")
    assert dicom.content[128:132] == b"DICM"
    found = client.post("/v1/synthesize/inspect", files={"file": ("a.dcm", dicom.content)}).json()
    assert (found["survived"], found["provenance"]["steps"]) == (["header", "watermark"], 3)
    name = place.rpartition("/")[2]
    assert name in client.get("/synthesize/gallery").text
    assert "pneumonia" in client.get(f"/synthesize/{name}").text
    assert client.delete(place).status_code == 200
    assert client.get(place).status_code == 404


@pytest.mark.usefixtures("tiny_generator")
def test_the_page_makes_a_pair(client: TestClient) -> None:
    body = {"prompt": "cardiomegaly", "mode": "pair", "steps": "2", "seed": "1"}
    made = client.post("/synthesize", files={k: (None, v) for k, v in body.items()}, headers=token(client))
    assert made.status_code == 200
    job = made.text.split('data-job="')[1].split('"')[0]
    name = made.text.split('data-name="')[1].split('"')[0]
    assert finished(client, job)["state"] == "done"
    assert "pair.png" in client.get(f"/synthesize/{name}").text
    assert client.get(f"/v1/synthesize/{name}/pair.png").status_code == 200
    again = client.get(f"/synthesize?again={name}").text
    assert 'value="pair" checked' in again
    gone = client.post(f"/synthesize/{name}/delete", headers=token(client))
    assert (gone.status_code, name in gone.text) == (200, False)
