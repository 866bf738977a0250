"""Marking in a browser: a box is drawn on the film, saved in its pixels, and found again; in both languages."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.models.examine import Examiner
from prosvet.training.queue.api import MarksRequest, run
from prosvet.training.queue.marks import marked

from .conftest import OpenPage, Site

ROWS, COLS = 300, 400
WORDS = {
    "ru": ("Следующий снимок", "Размечено 0 из 2", "Сохранить", "версия 1"),
    "en": ("Next film", "0 of 2 marked", "Save", "version 1"),
}


@pytest.fixture
def queued(site: Site) -> Site:
    """Two films in the queue, for reasons that are told."""
    ref = site.context.get(Examiner).ref
    for n in range(2):
        stream = BytesIO()
        Picture.fromarray((np.linspace(0, 255, ROWS * COLS).reshape(ROWS, COLS) + n).astype(np.uint8)).save(
            stream, "PNG"
        )
        sha = site.context.get(FileStore).add(stream.getvalue())
        with site.context.get(Store).write() as db:
            db.execute(insert(Patient).values(id=f"P{n}", sex="F", birth_year=1960))
            plain = {"date": None, "date_shifted": False, "source": "t", "split": None, "description": ""}
            db.execute(insert(Study).values(id=f"S{n}", patient_id=f"P{n}", age=60.0, **plain))
            film = {"file": "f.png", "format": "png", "view": "frontal", "rows": ROWS, "cols": COLS, "gates": {},
                    "row_spacing": None, "col_spacing": None, "is_chest_xray": True, "state": "examined",
                    "scores": {"abnormal": 0.5}}  # fmt: skip
            made = insert(Image).values(study_id=f"S{n}", sha256=sha, source_sha256=sha, **film).returning(Image.id)
            vector = np.eye(512)[n].astype("<f2").tobytes()
            image = db.execute(made).scalar_one()
            db.execute(insert(ImageVector).values(image_id=image, model=ref.name, revision=ref.revision, vector=vector))
    run(MarksRequest(action="queue", n=2, random_share=0), site.context)
    return site


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the film stands on the screen; the film fits the pane with a small margin."""
    pane = page.locator("[data-film]").bounding_box()
    assert pane is not None
    scale = min(pane["width"] / COLS, pane["height"] / ROWS) * 0.98
    return (
        pane["x"] + (pane["width"] - COLS * scale) / 2 + x * scale,
        pane["y"] + (pane["height"] - ROWS * scale) / 2 + y * scale,
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=4)
    page.mouse.up()


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_box_is_drawn_and_saved(queued: Site, open_page: OpenPage, lang: str) -> None:
    following, none_yet, save, version = WORDS[lang]
    page = open_page(f"{queued.url}/marking", lang=lang)
    expect(page.get_by_text(none_yet)).to_be_visible()
    page.get_by_role("button", name=following).click()
    expect(page.locator("[data-say]")).to_be_hidden()
    page.locator('[data-row="nodule"], [data-row="focal_opacity"]').first.locator("[data-box]").click()
    drag(page, (100, 60), (180, 140))
    row = page.locator('[data-row="focal_opacity"]')
    expect(row).to_have_attribute("data-status", "present")
    expect(row.locator("[data-count]")).to_have_text("1")
    row.locator("[data-side]").select_option("left")
    drag(page, (140, 100), (150, 110))  # inside the box: it moves
    page.get_by_role("button", name=save, exact=True).click()
    expect(page.get_by_text(version)).to_be_visible()
    (film,) = marked(queued.context)
    assert (film.findings, film.sides) == ({"focal_opacity": "present"}, {"focal_opacity": "left"})
    (box,) = film.boxes["focal_opacity"]
    assert box == pytest.approx((110, 70, 190, 150), abs=2)
    expect(page.locator('[data-row="focal_opacity"] [data-count]')).to_have_text("1")


def test_everything_goes_by_keyboard(queued: Site, open_page: OpenPage) -> None:
    page = open_page(f"{queued.url}/marking")
    page.get_by_role("button", name="Next film").press("Enter")
    expect(page.locator("[data-say]")).to_be_hidden()
    page.locator('[data-row="pleural_effusion"] [data-box]').press("Enter")
    film = page.locator("[data-film]")
    film.press("Enter")
    for key in ("ArrowRight", "Shift+ArrowDown"):
        film.press(key)
    page.locator("#comment").fill("by keyboard")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/marking/2")  # the next one is begun
    (one,) = marked(queued.context)
    left, top, right, bottom = one.boxes["pleural_effusion"][0]
    assert (left + right) / 2 > COLS / 2 and bottom - top > right - left
    page.get_by_role("button", name="Skip").click()
    page.locator("#skip-why").fill("cut")
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    page.wait_for_url("**/marking")
    expect(page.get_by_text("1 of 2 marked")).to_be_visible()


def test_the_pages_keep_within_the_window(queued: Site, open_page: OpenPage) -> None:
    run(MarksRequest(action="next", case=1), queued.context)
    for path in ("/marking?state=all", "/marking/1"):
        for width in (1366, 800, 390):
            page = open_page(f"{queued.url}{path}", lang="ru", width=width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
