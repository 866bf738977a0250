"""OHIF in a real browser over a real Orthanc: our film, our contours over it, our reports. Needs ``make ohif``."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from PIL import Image as Picture
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError
from pydicom.dataset import Dataset

from beside_orthanc import Orthanc, orthanc
from hospital_node import free_place
from prosvet.app.ohif import OhifRequest, application
from prosvet.core.context import Context
from prosvet.hospital.objects import make, write
from prosvet.imaging.geometry import Box
from result_films import AT, square_results, wrapped

DIST = Path(__file__).resolve().parents[2] / ".ohif" / "dist"


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Orthanc]:
    if not (DIST / "index.html").is_file():
        pytest.skip("the OHIF viewer is absent: make ohif")
    with orthanc(tmp_path, free_place()[1]) as made:
        yield made


@pytest.fixture
def viewer(context: Context, pacs: Orthanc) -> Iterator[str]:
    app = application(OhifRequest(dist=DIST, orthanc=pacs.url), context)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def _shown(page: Page, seconds: float = 120.0) -> bool:
    """Whether the film comes onto the screen in time; the viewer's notice is clicked away meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(BrowserError):
            page.get_by_text("Confirm and hide").first.click(timeout=300)
        if page.locator("canvas").count() and page.get_by_text("1/1").count():
            page.wait_for_timeout(3000)
            return True
        page.wait_for_timeout(500)
    return False


def _coloured(picture: Path) -> float:
    """Share of the film's pane that is neither grey nor the viewer's own blue lines."""
    if not picture.exists():
        return 0.0
    pixels = np.asarray(Picture.open(picture).convert("RGB"), dtype=np.int16)[120:700, 400:1200]
    return float((pixels.max(axis=2) - pixels.min(axis=2) > 40).mean())


@pytest.fixture
def source(pacs: Orthanc, shared_data: Path) -> Dataset:
    """A film of a patient whose number is Cyrillic, with its results, in Orthanc."""
    picture = Picture.open(sorted((shared_data / "fullsize").glob("*.png"))[0]).convert("L")
    picture.thumbnail((768, 768))
    film = wrapped(np.asarray(picture, dtype=np.float32) / 255)
    results = square_results(film, Box(200, 200, 400, 500))
    pacs.ask("/instances", write(film))
    for kind in ("seg", "sr", "text_sr"):
        pacs.ask("/instances", write(make(kind, [film], results, made_of="a", at=AT)))
    return film


def test_film_contours_and_reports_are_on_the_screen_and_nobody_else_is_asked(
    browser: Browser, viewer: str, source: Dataset, tmp_path: Path, context: Context
) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    outside: list[str] = []
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on(
        "request",
        lambda request: outside.append(request.url) if not request.url.startswith((viewer, "blob:", "data:")) else None,
    )
    page.goto(f"{viewer}/")
    page.get_by_text("Иванова, Мария").first.wait_for(timeout=60_000)
    for typed, found in (("сидор", 0), ("иван", 1)):  # by letters that a query has to encode
        with page.expect_response(lambda answer: "PatientName" in answer.url) as answered:
            page.locator("input").first.fill(typed)
        assert len(answered.value.json()) == found
    page.goto(f"{viewer}/viewer?StudyInstanceUIDs={source.StudyInstanceUID}")
    assert _shown(page)
    listed = page.locator('[data-cy="series-description-label"]').all_inner_texts()
    assert len(listed) == 4, listed
    page.screenshot(path=tmp_path / "film.png")
    shown = np.asarray(Picture.open(tmp_path / "film.png").convert("L"), dtype=np.float64)[120:700, 400:1200]
    assert shown.std() > 25  # a film, and not a black pane
    plain = _coloured(tmp_path / "film.png")
    page.get_by_text("контуры").first.dblclick()
    until = time.monotonic() + 60
    while time.monotonic() < until and _coloured(tmp_path / "contours.png") < plain + 0.1:
        page.wait_for_timeout(1000)
        page.screenshot(path=tmp_path / "contours.png")
    assert _coloured(tmp_path / "contours.png") > plain + 0.1
    page.get_by_text("находки").first.dblclick()
    page.get_by_text("Кардиоторакальный индекс:").wait_for(timeout=30_000)
    assert page.get_by_text("Вероятность:").count() > 0
    assert page.get_by_text("is not supported").count() == 0
    page.get_by_text("Prosvet: протокол").first.dblclick()
    page.get_by_text("Лёгочные поля прозрачны").wait_for(timeout=30_000)
    assert outside == []
    assert broken == []
    page.close()
    assert '"event": "ohif.show"' in (context.settings.home / "audit.jsonl").read_text()
