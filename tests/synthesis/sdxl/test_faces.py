"""SDXL on the page and over HTTP: chosen among the generators, its adapter named, memory shown, refusals told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from prosvet.core.context import Context
from sdxl_adapters import save_peft

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def client(sdxl: Context) -> Iterator[TestClient]:
    from prosvet.app.http.app import create_app

    with TestClient(create_app(sdxl.settings), base_url="http://127.0.0.1", headers={"accept-language": "ru"}) as made:
        yield made


def finished(client: TestClient, job: str) -> dict[str, Any]:
    until = time.monotonic() + 200
    while time.monotonic() < until:
        view: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        if view["state"] in ("done", "failed", "cancelled"):
            return view
        time.sleep(0.05)
    raise TimeoutError(job)


def test_a_picture_with_an_adapter_and_one_that_does_not_fit(client: TestClient, sdxl: Context) -> None:
    models: Path = sdxl.settings.home / "models"
    save_peft(models / "mine.safetensors")
    (models / "broken.safetensors").write_bytes(b"PK\x03\x04 is a pickle")
    page = client.get("/synthesize").text
    assert '<option value="tiny-sdxl"' in page
    assert 'name="adapter"' in page
    asked = {"prompt": "Кардиомегалия", "generator": "tiny-sdxl", "steps": 2, "seed": 1, "adapter": "mine.safetensors"}
    begun = client.post("/v1/synthesize", json=asked)
    assert begun.status_code == 202
    assert finished(client, begun.json()["id"])["state"] == "done"
    gallery = client.get("/synthesize/gallery").text
    assert "tiny-sdxl 1, адаптер mine.safetensors sha256:" in gallery
    shown = client.get(begun.headers["content-location"]).json()["pictures"][0]
    assert shown["made"]["adapter"].startswith("mine.safetensors sha256:")
    assert shown["made"]["adapter_strength"] == 1.0
    begun = client.post("/v1/synthesize", json=asked | {"adapter": "broken.safetensors"})
    failed = finished(client, begun.json()["id"])
    assert failed["state"] == "failed"
    assert "pickle" in failed["error"]["message"]
