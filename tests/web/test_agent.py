"""A task in a real browser: steps come into the table, and the answer names them."""

from __future__ import annotations

from pathlib import Path

from .conftest import OpenPage, Site


def test_a_task_is_done_in_sight_and_its_answer_is_tied_to_its_steps(
    site: Site, open_page: OpenPage, shared_data: Path
) -> None:
    page = open_page(f"{site.url}/agent")
    assert page.is_disabled("#start")
    page.set_input_files("#film", shared_data / "fullsize/cxr18995.png")
    page.wait_for_selector("#own-film img")
    page.fill("#task", "Is there pneumonia? Measure the heart. Compare with the prior.")
    page.click("#start")
    page.wait_for_selector("#answer article")
    assert page.locator("#steps-done tr").count() == 4
    assert "pneumonia" in page.inner_text("#answer .agent-text")
    assert page.get_attribute("#answer .agent-reasons a >> nth=1", "href") == "#step-2"
    assert page.is_visible("#start:not([disabled])") and page.is_hidden("#stop")
