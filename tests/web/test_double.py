"""Double reading in a browser: the form keeps itself, is found again, and is signed once."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import numpy as np
from PIL import Image as Picture
from playwright.sync_api import expect
from sqlalchemy import insert

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store

from .conftest import OpenPage, Site


def add(site: Site, study: str) -> None:
    """A study with one film."""
    pixels = np.linspace(0, 255, 128 * 128).reshape(128, 128).astype(np.uint8)
    stream = BytesIO()
    Picture.fromarray(pixels).save(stream, "PNG")
    name, at = site.context.get(FileStore).add(stream.getvalue()), datetime.now(UTC).replace(tzinfo=None)
    with site.context.get(Store).write() as db:
        db.execute(insert(Patient).values(id="P", sex="F", birth_year=1960))
        plain = {"date": None, "date_shifted": False, "source": "tests", "split": None, "description": ""}
        db.execute(insert(Study).values(id=study, patient_id="P", age=60.0, **plain))
        film = {"file": "f.png", "format": "png", "view": "frontal", "rows": 128, "cols": 128, "row_spacing": None,
                "col_spacing": None, "is_chest_xray": True, "gates": {}, "state": "examined", "scores": {}}  # fmt: skip
        db.execute(insert(Image).values(study_id=study, sha256=name, source_sha256=name, **film))
        db.execute(insert(WorkItem).values(study_id=study, arrived=at, updated=at))


def test_an_opinion_is_kept_as_it_is_filled_in_and_signed_once(site: Site, open_page: OpenPage) -> None:
    add(site, "S1")
    page = open_page(f"{site.url}/double-reading")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Listed studies").check()
    page.get_by_label("Study numbers").fill("S1")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Studies sent: 1")).to_be_visible()

    page.goto(f"{site.url}/double-reading/S1")
    page.get_by_role("button", name="Begin reading").click()
    page.locator('input[name="status.pleural_effusion"][value="present"]').check(force=True)
    page.locator('select[name="side.pleural_effusion"]').select_option("left")
    page.get_by_label("Add a finding").select_option("scoliosis")
    page.locator('input[name="status.scoliosis"][value="uncertain"]').check(force=True)
    expect(page.get_by_text("Draft saved.")).to_be_visible()

    page.reload()
    expect(page.locator('input[name="status.pleural_effusion"][value="present"]')).to_be_checked()
    expect(page.locator('select[name="side.pleural_effusion"]')).to_have_value("left")
    expect(page.locator('input[name="status.scoliosis"][value="uncertain"]')).to_be_checked()
    page.get_by_role("button", name="The rest: absent").click()
    expect(page.locator('input[name="status.pneumothorax"][value="absent"]')).to_be_checked()
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_text("You signed your opinion")).to_be_visible()
    assert page.locator("[data-opinion]").count() == 0
