"""The reader's desk in a real browser: keys answer, marks quote the words, time is measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.evaluation.readers.file import StudyFile
from prosvet.evaluation.readers.from_archive import ArchiveStudy, create_from_archive
from prosvet.evaluation.readers.schema import Answer, Mark
from prosvet.evaluation.readers.shelf import Shelf

from .conftest import OpenPage, Site


@pytest.fixture
def stocked(site: Site, shared_data: Path, tmp_path: Path) -> Site:
    """Two real films in the site's archive."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("cxr18995.png", "cxr18470.png"):
        shutil.copy(shared_data / "fullsize" / name, folder / name)
    ingest(IngestRequest(paths=[folder]), site.context)
    return site


def made(site: Site, mode: str, systems: tuple[str, ...]) -> str:
    given = {"name": mode, "mode": mode, "systems": systems, "cases": 2, "readers": 1, "per_case": 1, "lang": "en"}
    return create_from_archive(ArchiveStudy.model_validate(given), site.context).name


def answers(site: Site, name: str) -> tuple[list[Answer], list[Mark]]:
    with StudyFile(site.context.get(Shelf).existing(name)) as study, study.read() as db:
        return list(db.execute(select(Answer)).all()), list(db.execute(select(Mark)).all())


def test_keys_answer_one_case_after_another(stocked: Site, open_page: OpenPage) -> None:
    name = made(stocked, "preference", ("compact", "compact-int8"))
    page = open_page(f"{stocked.url}/reader-study/{name}/read?reader=R1")
    page.wait_for_selector("[data-key='1']")
    with page.expect_navigation():
        page.keyboard.press("1")
    with page.expect_navigation():
        page.keyboard.press("2")
    page.wait_for_selector("text=Thank you")
    kept, _ = answers(stocked, name)
    assert [one.choice for one in kept] == ["left", "tie"]
    assert all(one.seconds is not None and one.seconds >= 0 for one in kept)


def test_a_mark_quotes_the_words_that_were_selected(stocked: Site, open_page: OpenPage) -> None:
    name = made(stocked, "errors", ("compact",))
    page = open_page(f"{stocked.url}/reader-study/{name}/read?reader=R1")
    words = page.inner_text("#text")[:14].strip()
    page.evaluate(
        "length => getSelection().setBaseAndExtent(document.getElementById('text').firstChild, 0,"
        " document.getElementById('text').firstChild, length)",
        len(words),
    )
    page.keyboard.press("2")
    page.wait_for_selector("#marks li")
    page.select_option("#marks select", "pneumonia")
    with page.expect_navigation():
        page.click(".desk-send")
    _, marks = answers(stocked, name)
    assert [(one.kind, one.concept, one.quote, one.significant) for one in marks] == [
        ("false", "pneumonia", words, True)
    ]
