"""The worklist in a real browser: keyboard, filters in the address, films dropped and refused, no jump."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Connection, insert

from prosvet.archive.schema import Finding, Image, Patient, Study
from prosvet.archive.store import Store
from prosvet.archive.worklist import relist


def film(db: Connection, study: str) -> None:
    """Something to read."""
    plain = {"format": "png", "view": "frontal", "rows": 9, "cols": 9, "gates": {}, "scores": {}, "state": "examined"}
    names = {"sha256": f"{study}-stored", "source_sha256": f"{study}-source", "file": f"{study}.png"}
    db.execute(insert(Image).values(study_id=study, **names, **plain))


@pytest.fixture
def listed(site: Any) -> Any:
    """Thirty studies, one of them critical."""
    store = site.context.get(Store)
    with store.write() as db:
        for number in range(30):
            db.execute(insert(Patient).values(id=f"P{number}", sex="FM"[number % 2]))
            row = {"id": f"S{number:02}", "patient_id": f"P{number}", "age": 20.0 + number}
            db.execute(insert(Study).values(**row, date_shifted=False, source="upload", description=""))
            film(db, f"S{number:02}")
        said = {"study_id": "S03", "concept": "pneumothorax", "status": "present", "origin": "report"}
        db.execute(insert(Finding).values(said))
    relist(store)
    return site


def test_the_list_is_worked_by_keyboard_in_both_layouts(listed: Any, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{listed.url}/worklist", lang="ru")
    page.keyboard.press("j")
    expect(page.locator("#row-S03")).to_have_attribute("aria-selected", "true")
    page.locator("body").dispatch_event("keydown", {"key": "о", "code": "KeyJ", "bubbles": True})
    expect(page.locator("#row-S29")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == "S03"
    page.keyboard.press("/")
    page.keyboard.type("S1")
    expect(page.locator(".wl-row")).to_have_count(10)
    assert "text=S1" in page.url
    assert "sex=" not in page.url
    with page.expect_navigation(url="**/study/S19*"):
        page.locator("h1").click()
        page.keyboard.press("n")


def test_filters_and_orders_stay_together_and_come_back(listed: Any, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{listed.url}/worklist")
    page.locator(".wl-more > summary").click()
    page.locator("select[name=sex]").select_option("F")
    expect(page.locator(".wl-row")).to_have_count(15)
    page.keyboard.press("Escape")
    page.locator("th.wl-age a").click()
    expect(page.locator("th.wl-age")).to_have_attribute("aria-sort", "descending")
    assert page.locator(".wl-row").first.get_attribute("data-study") == "S28"
    assert "sex=F" in page.url
    page.reload()
    expect(page.locator(".wl-row")).to_have_count(15)
    assert page.locator("select[name=sex]").input_value() == "F"


def test_taking_a_study_moves_nothing(listed: Any, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{listed.url}/worklist")
    before = [row.bounding_box() for row in page.locator(".wl-row").all()]
    page.locator("#row-S29 button[value=take]").click()
    expect(page.locator("#row-S29 button[value=release]")).to_be_visible()
    assert [row.bounding_box() for row in page.locator(".wl-row").all()] == before


def test_refused_files_say_why_and_hold_no_page(site: Any, open_page: Callable[..., Page], tmp_path: Path) -> None:
    evil = tmp_path / "<b>notes.txt"
    evil.write_text("not a film")
    (tmp_path / "films.rar").write_bytes(b"Rar!")
    page = open_page(f"{site.url}/worklist")
    page.keyboard.press("u")
    page.set_input_files("#files", [str(evil), str(tmp_path / "films.rar")])
    expect(page.locator(".wl-up-refused")).to_have_count(2)
    words = page.locator("#upload").inner_text()
    assert "<b>notes.txt is not an image." in words
    assert "only ZIP archives are accepted" in words
    assert page.locator("#upload b").count() == 0
    expect(page.locator("#upload-summary")).to_have_text("Added: 0, already there: 0, refused: 2.")
    page.keyboard.press("Escape")
    expect(page.locator("#upload")).to_be_hidden()


def test_a_dropped_film_is_sent_and_listed(site: Any, open_page: Callable[..., Page], shared_data: Path) -> None:
    import base64
    import tarfile

    with tarfile.open(shared_data / "cxr" / "val-000.tar") as tar:
        stream = tar.extractfile(next(member for member in tar if member.name.endswith(".jpg")))
        assert stream is not None
        film = base64.b64encode(stream.read()).decode()
    page = open_page(f"{site.url}/worklist")
    held = page.evaluate_handle(
        """film => {
          const moved = new DataTransfer();
          const bytes = Uint8Array.from(atob(film), (letter) => letter.charCodeAt(0));
          moved.items.add(new File([bytes], "film.jpg", { type: "image/jpeg" }));
          return moved;
        }""",
        film,
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": held})
    expect(page.locator("#drop")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": held})
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator(".wl-up-added")).to_have_count(1, timeout=30_000)
    expect(page.locator(".wl-row")).to_have_count(1)
    study = page.locator(".wl-row").get_attribute("data-study")
    assert page.locator(".wl-up-added a").get_attribute("href") == f"/study/{study}"
