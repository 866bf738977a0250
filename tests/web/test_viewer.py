"""The viewer in a real browser on a real film: tools, keys, evidence, two studies side by side."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Locator, Page, expect

from prosvet.archive.api import IngestRequest, run
from prosvet.archive.schema import Image
from prosvet.archive.store import Store

ROOT = Path(__file__).resolve().parents[2]
VIEWER = ROOT / "viewer"
BUILT = ROOT / "src/prosvet/app/web/static/viewer"
SPACING = 0.2  # mm, put into the header of a real film
MOST_JAVASCRIPT = 1_500_000  # bytes, gzip -9, of the whole page

OpenPage = Callable[..., Page]


@pytest.fixture
def viewer(site, open_page: OpenPage, pydicom_data: Path, tmp_path: Path) -> Callable[..., Page]:  # type: ignore[no-untyped-def]
    """``viewer(lang="en")``: a page with a film of known spacing, and an earlier one of unknown spacing beside."""
    film = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
    film.ImagerPixelSpacing = [SPACING, SPACING]
    other = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
    other.StudyInstanceUID, other.SOPInstanceUID = f"{other.StudyInstanceUID}.1", f"{other.SOPInstanceUID}.1"
    other.PixelData = other.pixel_array[:1600].tobytes()
    other.Rows = 1600
    film.save_as(tmp_path / "now.dcm")
    other.save_as(tmp_path / "before.dcm")
    assert run(IngestRequest(paths=[tmp_path]), site.context).failed == 0
    with site.context.get(Store).read() as db:
        studies = {row.rows: row.study_id for row in db.execute(Image.__table__.select())}

    def opened(**options: object) -> Page:
        page = open_page(f"{site.url}/viewer/{studies[1955]}?prior={studies[1600]}", **options)
        page.wait_for_selector("[data-viewer][data-ready]")
        return page

    return opened


def corner(page: Page, name: str, pane: int = 0) -> Locator:
    return page.locator(".viewer-pane").nth(pane).locator(f".viewer-{name}")


def numbers(place: Locator) -> list[float]:
    words = place.inner_text().replace(",", "").replace("\u00a0", "")
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", words)]


def middle(page: Page, pane: int = 0) -> tuple[float, float]:
    box = page.locator(".viewer-stage").nth(pane).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def shade(page: Page) -> float:
    """Mean grey of what is on the screen in the middle of the film, 0..255."""
    x, y = middle(page)
    shot = page.screenshot(clip={"x": x - 60, "y": y - 60, "width": 120, "height": 120})
    import io

    import numpy as np
    from PIL import Image as Picture

    return float(np.asarray(Picture.open(io.BytesIO(shot)).convert("L")).mean())


def test_window_zoom_and_inversion_change_what_is_seen(viewer: Callable[..., Page]) -> None:
    page = viewer()
    level, width = numbers(corner(page, "sw"))[:2]
    x, y = middle(page)
    drag(page, (x, y), (x + 80, y + 40))
    new_level, new_width = numbers(corner(page, "sw"))[:2]
    assert new_width == pytest.approx(width * 1.2, rel=0.02)
    assert new_level == pytest.approx(level + 0.1 * width, rel=0.02)
    zoom = numbers(corner(page, "ne"))[2]
    page.mouse.wheel(0, -400)
    expect(corner(page, "ne")).not_to_contain_text(f"Zoom {zoom:.0f}%")
    assert numbers(corner(page, "ne"))[2] > 1.5 * zoom
    page.keyboard.press("Escape")
    assert numbers(corner(page, "sw"))[:2] == [level, width]
    before = shade(page)
    page.keyboard.press("i")
    expect(page.locator("[data-action=invert]")).to_have_attribute("aria-pressed", "true")
    assert shade(page) == pytest.approx(255 - before, abs=6)


def test_presets_one_to_one_fit_rotation_and_flip_by_keys(viewer: Callable[..., Page]) -> None:
    page = viewer()
    seen = []
    for key, name in zip("12345", ("default", "lungs", "mediastinum", "bones", "full"), strict=True):
        page.keyboard.press(key)
        expect(page.locator(".viewer-select").first).to_have_value(name)
        seen.append(tuple(numbers(corner(page, "sw"))[:2]))
    assert len(set(seen)) == 5
    fitted = numbers(corner(page, "ne"))[2]
    page.keyboard.press("n")
    assert numbers(corner(page, "ne"))[2] == 100
    page.keyboard.press("f")
    assert numbers(corner(page, "ne"))[2] == fitted
    page.keyboard.press("r")
    assert numbers(corner(page, "ne"))[2] == pytest.approx(fitted * 1955 / 1841, abs=1)  # it lies, and still fits
    expect(corner(page, "se")).to_contain_text("Check the side")
    page.keyboard.press("x")
    expect(corner(page, "se")).to_contain_text("Flipped")


def test_lengths_are_millimetres_of_the_detector_and_say_so(viewer: Callable[..., Page]) -> None:
    page = viewer()
    scale = numbers(corner(page, "ne"))[2] / 100
    expect(corner(page, "ne")).to_contain_text("0.200 mm/px (detector)")
    x, y = middle(page)
    page.keyboard.press("l")
    drag(page, (x - 100, y), (x + 100, y))
    told = page.locator(".viewer-stage svg text").first
    expect(told).to_contain_text("mm at the detector")
    assert float(re.search(r"[\d.]+", told.text_content() or "").group()) == pytest.approx(
        200 / scale * SPACING, rel=0.03
    )  # type: ignore[union-attr]


def test_two_lines_by_hand_give_the_ratio(viewer: Callable[..., Page]) -> None:
    page = viewer()
    x, y = middle(page)
    page.keyboard.press("c")
    drag(page, (x - 75, y + 60), (x + 75, y + 60))
    drag(page, (x - 150, y + 120), (x + 150, y + 120))
    page.mouse.move(x, y - 200)
    expect(page.locator(".viewer-stage svg")).to_contain_text("CTR 0.50")
    page.keyboard.press("Delete")
    expect(page.locator(".viewer-stage svg text")).to_have_count(0)


def test_the_page_can_ask_where_a_finding_was_seen(viewer: Callable[..., Page]) -> None:
    page = viewer()
    image = page.locator("[data-viewer]").get_attribute("data-image")
    evidence = page.request.get(f"{'/'.join(page.url.split('/')[:3])}/v1/images/{image}/evidence").json()
    first = evidence["findings"][0]
    page.evaluate(
        "c => document.dispatchEvent(new CustomEvent('prosvet:show-finding', {detail: {concept: c}}))", first["concept"]
    )
    expect(page.locator(".viewer-findings")).to_have_value(first["concept"])
    expect(page.locator(".viewer-note")).to_contain_text(evidence["model"]["revision"])
    coloured = (
        "document.querySelector('.viewer-overlay').getContext('2d').getImageData(0, 0, 1200, 700).data.some(v => v > 0)"
    )
    assert page.evaluate(coloured)
    page.keyboard.press("h")
    assert not page.evaluate(coloured)


def test_the_prior_stands_beside_and_follows_until_it_is_let_go(viewer: Callable[..., Page]) -> None:
    page = viewer()
    page.keyboard.press("v")
    expect(corner(page, "ne", 1)).to_contain_text("1841 × 1600")
    expect(corner(page, "ne", 1)).to_contain_text("millimetres unknown")
    own = numbers(corner(page, "ne", 1))[2]
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, -400)
    expect(corner(page, "ne", 1)).not_to_contain_text(f"Zoom {own:.0f}%")
    followed = numbers(corner(page, "ne", 1))[2]
    assert followed > 1.5 * own
    page.keyboard.press("k")
    page.mouse.wheel(0, 400)
    page.wait_for_timeout(200)
    assert numbers(corner(page, "ne", 1))[2] == followed


def test_the_active_pane_goes_through_the_films_of_its_own_study(  # type: ignore[no-untyped-def]
    site, viewer: Callable[..., Page], pydicom_data: Path, tmp_path: Path
) -> None:
    second = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
    second.StudyInstanceUID, second.SOPInstanceUID = f"{second.StudyInstanceUID}.1", f"{second.SOPInstanceUID}.2"
    second.PixelData = second.pixel_array[:1500].tobytes()
    second.Rows = 1500
    second.save_as(tmp_path / "second.dcm")
    assert run(IngestRequest(paths=[tmp_path / "second.dcm"]), site.context).failed == 0
    page = viewer()
    page.keyboard.press("v")
    first = corner(page, "ne", 1)
    expect(first).to_contain_text(re.compile("1841 × 1[56]00"))
    shown = first.inner_text()[:11]
    page.keyboard.press("PageDown")  # the study itself has one film
    page.mouse.click(*middle(page, 1))
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageDown")
    expect(first).not_to_contain_text(shown)
    expect(first).to_contain_text(re.compile("1841 × 1[56]00"))
    expect(corner(page, "ne")).to_contain_text("1841 × 1955")


def test_the_list_of_keys_opens_and_speaks_russian(viewer: Callable[..., Page]) -> None:
    page = viewer(lang="ru")
    expect(corner(page, "sw")).to_contain_text("Уровень")
    page.keyboard.press("Shift+Slash")
    expect(page.locator(".viewer-help")).to_contain_text("Кардиоторакальный индекс")
    page.keyboard.press("Escape")
    expect(page.locator(".viewer-help")).not_to_be_visible()


def test_pixels_that_do_not_come_are_told_of(site, viewer: Callable[..., Page]) -> None:  # type: ignore[no-untyped-def]
    page = viewer()
    for stored in (site.home / "files").glob("*/*"):
        stored.unlink()
    page.reload()
    expect(page.locator(".viewer-message")).to_contain_text("The film cannot be shown.")
    expect(page.locator(".viewer-message button")).to_be_visible()


def test_a_viewer_that_begins_hidden_shows_the_whole_film_when_it_is_shown(viewer: Callable[..., Page]) -> None:
    """Fitted into nothing, a film has no scale: it stood in a corner, and its scale was not a number."""
    page = viewer()
    scale = numbers(corner(page, "ne"))
    page.add_init_script("addEventListener('DOMContentLoaded', () => { document.querySelector('main').hidden = true })")
    page.reload()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    assert page.get_attribute("[data-viewer]", "data-ready") is None
    page.evaluate("document.querySelector('main').hidden = false")
    page.wait_for_selector("[data-viewer][data-ready]")
    expect(corner(page, "ne")).to_contain_text("%")
    assert numbers(corner(page, "ne")) == scale
    page.evaluate("document.querySelector('main').hidden = true")
    page.set_viewport_size({"width": 900, "height": 700})
    page.evaluate("document.querySelector('main').hidden = false")
    page.wait_for_timeout(300)
    assert all(number > 0 for number in numbers(corner(page, "ne"))) and len(numbers(corner(page, "ne"))) == len(scale)


def test_the_built_files_are_those_of_the_sources() -> None:
    names = [f"src/{path.name}" for path in (VIEWER / "src").iterdir()]
    names += ["package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"]
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\0".encode() + (VIEWER / name).read_bytes() + b"\0")
    built = (BUILT / "sources.sha256").read_text().strip()
    assert built == digest.hexdigest(), "the viewer was changed: npm --prefix viewer run build"


def test_the_page_stays_within_its_budget_and_needs_no_eval() -> None:
    import gzip

    files = [
        *BUILT.glob("*.js"),
        ROOT / "src/prosvet/app/web/static/htmx.js",
        ROOT / "src/prosvet/app/web/static/base.js",
    ]
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) <= MOST_JAVASCRIPT
    for file in BUILT.glob("*.js"):
        assert not re.search(r"\bnew Function\(|\beval\(", file.read_text(encoding="utf-8")), file.name
