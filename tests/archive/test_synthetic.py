"""Films that were made are known by any of their marks, and nobody meets them who has not asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures
from sqlalchemy import select, update

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Image, Study
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.archive.visible import synthetic_images
from prosvet.archive.worklist_api import WorklistRequest
from prosvet.archive.worklist_api import run as worklist
from prosvet.archive.worklist_filter import WorkFilter
from prosvet.core.context import Context
from prosvet.imaging.provenance import Provenance, png_bytes
from prosvet.imaging.watermark import add_watermark, watermarked

MADE = Provenance(
    generator="g", revision="1", prompt="норма", seed=1, steps=2, guidance=3.0, scheduler="ddim",
    date=datetime(2026, 1, 1, tzinfo=UTC), version="0",
)  # fmt: skip


def picture(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A soft grey blob with grain."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[-1:1:256j, -1:1:256j]
    soft = 0.2 + 0.5 * np.exp(-2 * ((rows - 0.1 * seed) ** 2 + columns**2))
    return np.clip(soft + random.normal(0, 0.01, (256, 256)), 0, 1).astype(np.float32)


def folder(tmp_path: Path) -> Path:
    """Text alone, watermark alone, and a film without either."""
    films = tmp_path / "films"
    films.mkdir()
    plain = [Pictures.fromarray(np.round(255 * picture(n)).astype(np.uint8)) for n in (1, 2)]
    (films / "text.png").write_bytes(png_bytes(plain[0], MADE))
    plain[1].save(films / "taken.png")
    marked = np.round(255 * add_watermark(picture(3))).astype(np.uint8)
    Pictures.fromarray(marked).save(films / "mark.jpg", quality=75)
    return films


def test_marks_are_found_on_the_way_in_and_such_studies_stay_out_of_the_way(context: Context, tmp_path: Path) -> None:
    ingest(IngestRequest(paths=(folder(tmp_path),), encode=False), context)
    store = context.get(Store)
    with store.read() as db:
        ways = {file: way for file, way in db.execute(select(Image.file, Image.synthetic))}
    assert ways == {"text.png": "text", "mark.jpg": "watermark", "taken.png": None}
    assert [one.files for one in studies(StudiesRequest(), context).studies] == [("taken.png",)]
    every = StudiesRequest(filters=StudyFilter(synthetic=True))
    assert studies(every, context).total == 3
    assert len(synthetic_images(store)) == 2
    listed = worklist(WorklistRequest(), context)
    assert [row.file for row in listed.rows] == ["taken.png"]
    assert listed.counts["synthetic"] == 2
    asked = worklist(WorklistRequest(filters=WorkFilter(status="synthetic")), context)
    assert {row.file for row in asked.rows} == {"text.png", "mark.jpg"}
    named = StudyFilter(studies=tuple(row.study for row in asked.rows))
    assert len(store.select(named)) == 2


def test_one_film_of_a_patient_makes_the_study_the_patients(context: Context, tmp_path: Path) -> None:
    ingest(IngestRequest(paths=(folder(tmp_path),), encode=False), context)
    store = context.get(Store)
    with store.write() as db:
        from prosvet.archive.worklist import list_studies
        from prosvet.archive.writer import _mark_synthetic

        study = db.execute(select(Image.study_id).where(Image.file == "text.png")).scalar_one()
        db.execute(update(Image).where(Image.file == "taken.png").values(study_id=study))
        _mark_synthetic(db, [study])
        list_studies(db, [study])
        assert db.execute(select(Study.synthetic).where(Study.id == study)).scalar_one() is False
    assert {row.study for row in worklist(WorklistRequest(), context).rows} >= {study}


@pytest.mark.parametrize("seed", range(4))
def test_the_mark_is_found_after_common_damage_and_nowhere_else(seed: int) -> None:
    film = picture(seed)
    made = np.round(255 * add_watermark(film)).astype(np.uint8)
    assert np.abs(made / 255 - film).mean() < 0.012
    small = Pictures.fromarray(made).resize((128, 128), Pictures.Resampling.LANCZOS)
    assert watermarked(made)
    assert watermarked(np.asarray(small))
    assert watermarked(made[9:-5, 12:])
    assert watermarked(255 - made // 2)
    assert not watermarked(np.round(255 * film))
    assert not watermarked(np.zeros((300, 300)))
