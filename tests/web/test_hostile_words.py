"""File names and reports that hold HTML are shown as the text they are, on every page that shows them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.reading.protocols.api import ProtocolRequest
from prosvet.reading.protocols.api import run as protocol
from web.conftest import OpenPage, Site

NAME = "<img src=x onerror=document.title=1>.dcm"
WORDS = "<script>document.title=1</script><b onmouseover=document.title=1>Лёгкие чистые.</b>"


@pytest.fixture
def study(site: Site, pydicom_data: Path, tmp_path: Path) -> str:
    """A study whose file's name and whose signed report are markup."""
    shutil.copy(pydicom_data / "RG1_UNCR.dcm", tmp_path / NAME)
    ingest(IngestRequest(paths=(tmp_path / NAME,)), site.context)
    study = studies(StudiesRequest(), site.context).studies[0].id
    made = protocol(ProtocolRequest(action="draft", study=study), site.context)
    assert made.protocol is not None
    change = {"line": next(iter(made.protocol.content.lines)).id, "text": WORDS}
    protocol(
        ProtocolRequest.model_validate({"action": "save", "study": study, "base": made.base, "changes": [change]}),
        site.context,
    )
    return study


@pytest.mark.parametrize(
    "path", ["/worklist", "/study/{study}", "/study/{study}/print", "/search?q=patient", "/double-reading/{study}"]
)
def test_markup_is_shown_as_text(site: Site, study: str, open_page: OpenPage, path: str) -> None:
    page = open_page(site.url + path.format(study=study), lang="ru")
    page.wait_for_load_state("networkidle")
    assert page.title() != "1"
    assert page.locator("img[onerror], b[onmouseover], main script:not([src])").count() == 0


def test_the_words_are_there_to_be_read(site: Site, study: str, open_page: OpenPage) -> None:
    expect(open_page(f"{site.url}/worklist").locator(".wl-row")).to_contain_text(NAME)
    page = open_page(f"{site.url}/study/{study}")
    page.click("#tab-report")
    expect(page.locator("#protocol")).to_contain_text(WORDS, timeout=60_000)
