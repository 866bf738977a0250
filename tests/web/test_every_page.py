"""What holds of every page: it opens without a fault, fits its window, can be used by everybody, and loads little."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Response

from prosvet.app.web.navigation import NAVIGATION
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from web.conftest import OpenPage, Site, serve

PAGES = (
    *(place.path for group in NAVIGATION for place in group),
    "/study/{film}",
    "/study/{report}",
    "/search?q=pleural+effusion",
    "/ask?study={film}",
    "/models/compact",
    "/nowhere",
)
SERIOUS = {"serious", "critical"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
VIEWER_MB, OTHER_KB = 1.5, 60


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, pydicom_data: Path, openi_reports: Path) -> Iterator[Site]:
    """A server over one real film and a hundred real reports."""
    for site in serve(tmp_path_factory.mktemp("filled")):
        ingest(IngestRequest(paths=(pydicom_data / "RG1_UNCR.dcm",)), site.context)
        ingest(IngestRequest(paths=(openi_reports,), limit=100), site.context)
        yield site


@pytest.fixture(scope="module")
def ids(filled: Site) -> dict[str, str]:
    """A study with a film and one with a report alone."""
    rows = studies(StudiesRequest(limit=200), filled.context).studies
    return {
        "film": next(row.id for row in rows if row.images),
        "report": next(row.id for row in rows if row.reports and not row.images),
    }


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_open_to_everybody(
    filled: Site, ids: dict[str, str], open_page: OpenPage, path: str, lang: str
) -> None:  # fmt: skip
    page = open_page(filled.url + path.format(**ids), lang=lang)
    page.wait_for_load_state("networkidle")
    for theme in ("dark", "light"):
        page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)
        found = Axe().run(page, options=RULES).response["violations"]
        bad = [(v["id"], n["target"], n["failureSummary"]) for v in found if v["impact"] in SERIOUS for n in v["nodes"]]
        assert bad == [], theme


@pytest.mark.parametrize("width,height", [(1366, 768), (820, 1180), (3840, 2160)])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_its_window(
    filled: Site, ids: dict[str, str], open_page: OpenPage, path: str, width: int, height: int
) -> None:  # fmt: skip
    page = open_page(filled.url + path.format(**ids), lang="ru", width=width, height=height)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_little_script(filled: Site, ids: dict[str, str], open_page: OpenPage, path: str) -> None:
    page = open_page(filled.url + "/help")
    bodies: dict[str, bytes] = {}

    def keep(answer: Response) -> None:
        if answer.url.split("?")[0].endswith(".js") and answer.ok:
            bodies[answer.url] = answer.body()

    page.on("response", keep)
    page.goto(filled.url + path.format(**ids))
    page.wait_for_load_state("networkidle")
    size = sum(len(gzip.compress(body, 9)) for body in bodies.values())
    viewer = any("/viewer/" in url for url in bodies)
    assert size <= (VIEWER_MB * 1e6 if viewer else OTHER_KB * 1e3), sorted(bodies)
