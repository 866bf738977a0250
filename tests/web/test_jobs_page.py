"""The page of jobs in a browser: the bar moves by itself, cancel and resume work, both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from prosvet.app.jobs.runner import Runner
from prosvet.archive.api import IngestRequest


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for seed in range(600):
        noise = np.random.default_rng(seed).integers(0, 255, (96, 96)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{seed:04}.png", compress_level=0)
    return tmp_path


def test_a_job_is_watched_cancelled_and_resumed(
    site: Any, open_page: Callable[..., Any], films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prosvet.app.jobs.progress._EVERY", 0.0)
    page = open_page(f"{site.url}/jobs", lang="ru")
    assert "Заданий нет" in page.inner_text("main")
    site.context.get(Runner).submit("ingest", IngestRequest(paths=(films,), encode=False), site.context)
    page.reload()
    count = page.locator(".job-count")
    expect(count).to_have_text(re.compile(r"[1-9]\d* из 600"))
    expect(count).not_to_have_text(count.inner_text())
    page.click("text=Отменить")
    page.wait_for_selector(".job[data-state=cancelled]")
    assert "отменено" in page.inner_text(".job")
    page.click("text=Продолжить")
    page.wait_for_selector(".job[data-state=done]")
    assert "Новых снимков" in page.inner_text(".job")


def test_a_failed_job_says_why_and_its_files_are_shown_as_text(
    site: Any, open_page: Callable[..., Any], tmp_path: Path
) -> None:
    runner = site.context.get(Runner)
    folder = tmp_path / "<b>bold<b>"
    folder.mkdir()
    for name in ("<img src=x onerror=alert(1)>.png", "two.png"):
        (folder / name).write_text("no film")
    runner.submit("ingest", IngestRequest(paths=(tmp_path / "nowhere",)), site.context)
    runner.submit("ingest", IngestRequest(paths=(folder,)), site.context)
    page = open_page(f"{site.url}/jobs", lang="en")
    page.wait_for_selector(".job[data-state=done]")
    page.wait_for_selector(".job[data-state=failed]")
    assert "Not found: file nowhere." in page.inner_text(".job[data-state=failed]")
    page.click("summary")
    assert "<img src=x onerror=alert(1)>.png" in page.inner_text(".job-refused")
    assert page.locator("main img").count() == 0
    page.goto(f"{site.url}/jobs?state=failed")
    assert page.locator(".job").count() == 1
