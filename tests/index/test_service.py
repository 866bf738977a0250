"""The indexes keep step with the database: additions, erasures, other models, damaged files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import delete, insert

from prosvet.archive.schema import Finding, Image, ImageVector, Patient, Report, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.index import service
from prosvet.index.base import unit_rows
from prosvet.index.facts import ClaimKind
from prosvet.index.service import Indexes


def vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    return unit_rows(np.random.default_rng(seed).normal(size=(count, 512)))


def add(store: Store, numbers: Iterable[int], *, model: str = "compact", revision: str = "1") -> None:
    """One study a number: an image with a vector and scores, a report, two findings."""
    matrix = vectors(100_000 // 512)
    with store.write() as db:
        for n in numbers:
            study = {"id": f"S{n}", "patient_id": f"P{n}", "date_shifted": False, "source": "test", "description": ""}
            db.execute(insert(Patient).values(id=f"P{n}", sex="F"))
            db.execute(insert(Study).values(**study))
            db.execute(insert(Image).values(
                id=n, study_id=f"S{n}", sha256=f"a{n}", source_sha256=f"b{n}", file=f"{n}.png", format="png",
                view="frontal", rows=8, cols=8, gates={}, scores={"nodule": n / 1000}, state="ready"))  # fmt: skip
            vector = matrix[n % len(matrix)].astype("<f2").tobytes()
            db.execute(insert(ImageVector).values(image_id=n, model=model, revision=revision, vector=vector))
            db.execute(insert(Report).values(
                id=n, study_id=f"S{n}", sha256=f"c{n}", file=f"{n}.xml", language="en", indication="",
                findings=f"Finding number {n}.", impression="", labels=[]))  # fmt: skip
            db.execute(insert(Finding).values(study_id=f"S{n}", report_id=n, concept="nodule", status="present",
                                              origin="report", side="left"))  # fmt: skip
            db.execute(insert(Finding).values(study_id=f"S{n}", image_id=n, concept="cardiomegaly", status="absent",
                                              origin="model:compact@1", probability=0.1))  # fmt: skip


@pytest.fixture
def store(context: Context) -> Store:
    store = context.get(Store)
    add(store, range(1, 101))
    return store


def nearest(indexes: Indexes, number: int) -> int:
    return int(indexes.image_vectors.search(vectors(100_000 // 512)[number], 1).ids[0])


def test_empty_archive_has_empty_indexes(context: Context) -> None:
    indexes = context.get(Indexes)
    assert len(indexes.image_vectors) == len(indexes.report_vectors) == len(indexes.report_text) == 0
    assert len(indexes.image_facts) == len(indexes.report_facts) == 0
    assert len(indexes.image_vectors.search(np.ones(512), 5).ids) == 0


def test_all_is_there_after_the_first_build(context: Context, store: Store) -> None:
    indexes = context.get(Indexes)
    assert nearest(indexes, 42) == 42
    assert indexes.image_vectors.model == "compact@1"
    assert indexes.report_text.search("number 42", 1).ids.tolist() == [42]
    facts = indexes.image_facts
    assert facts.scores["nodule"][41] == np.float16(0.042)
    assert facts.claims["nodule"]["kind"].tolist() == [ClaimKind.PRESENT] * 100
    assert not facts.claims["nodule"]["by_model"].any() and facts.claims["cardiomegaly"]["by_model"].all()
    assert set(indexes.report_facts.claims) == {"nodule"}, "an image's findings are not its report's"


def test_files_are_used_by_the_next_process(context: Context, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    indexes = context.get(Indexes)
    _ = indexes.image_vectors, indexes.report_text, indexes.image_facts
    with Context(context.settings) as other:
        monkeypatch.setattr(service, "gather", None)
        monkeypatch.setattr(service.TextIndex, "build", None)
        monkeypatch.setattr(service.Facts, "build", None)
        again = other.get(Indexes)
        assert nearest(again, 7) == 7 and len(again.report_text) == len(again.image_facts) == 100


def test_additions_are_found_at_once(context: Context, store: Store) -> None:
    indexes = context.get(Indexes)
    assert len(indexes.image_vectors) == 100
    add(store, [101, 102])
    assert nearest(indexes, 102) == 102 and len(indexes.image_vectors) == 102
    assert len(indexes.image_vectors.parts) == 2, "few are searched beside the built index"
    assert indexes.report_text.search("number 102", 1).ids.tolist() == [102]
    add(store, range(103, 123))
    assert len(indexes.image_vectors.parts) == 1 and nearest(indexes, 110) == 110, "many: built anew"


def test_what_was_erased_is_gone_from_the_files_too(context: Context, store: Store) -> None:
    indexes = context.get(Indexes)
    assert nearest(indexes, 50) == 50 and len(indexes.report_text) == 100
    with store.write(erasing=True) as db:
        db.execute(delete(Patient).where(Patient.id == "P50"))
    assert nearest(indexes, 50) != 50 and 50 not in indexes.image_vectors.ids
    assert indexes.report_text.search("50", 1).ids.tolist() == []
    assert 50 not in indexes.image_facts.ids
    words = [path.read_text() for path in indexes.root.rglob("terms.json")]
    assert len(words) == 1 and '"50"' not in words[0]


def test_vector_added_to_an_older_image_is_found(context: Context, store: Store) -> None:
    with store.write() as db:
        db.execute(delete(ImageVector).where(ImageVector.image_id == 5))
    indexes = context.get(Indexes)
    assert len(indexes.image_vectors) == 99
    vector = vectors(100_000 // 512)[5].astype("<f2").tobytes()
    with store.write() as db:
        db.execute(insert(ImageVector).values(image_id=5, model="compact", revision="1", vector=vector))
    assert nearest(indexes, 5) == 5


def test_spaces_of_two_models_are_never_mixed(context: Context, store: Store) -> None:
    add(store, range(200, 350), model="other", revision="9")
    indexes = context.get(Indexes)
    assert indexes.image_vectors.model == "compact@1" and len(indexes.image_vectors) == 100


@pytest.mark.parametrize("name", ["images_vectors", "report_text", "images_facts"])
def test_damaged_files_are_built_anew(context: Context, store: Store, name: str) -> None:
    first = context.get(Indexes)
    _ = first.image_vectors, first.report_text, first.image_facts
    for path in (first.root / name).glob("*/*"):
        if path.name != "stamp.json":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Context(context.settings) as other:
        again = other.get(Indexes)
        assert nearest(again, 9) == 9
        assert again.report_text.search("number 9", 1).ids.tolist() == [9]
        assert len(again.image_facts) == 100


def test_full_disk_leaves_search_working(context: Context, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(root: Path, *_: object) -> Path:
        raise service.DiskFull(path=root.name)

    monkeypatch.setattr(service, "publish", full)
    assert nearest(context.get(Indexes), 9) == 9


def test_many_vectors_go_to_inverted_lists(context: Context, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prosvet.index.base.EXACT_LIMIT", 50)
    monkeypatch.setattr("prosvet.index.vectors.EXACT_LIMIT", 50)
    indexes = context.get(Indexes)
    assert [part.name for part in indexes.image_vectors.parts] == ["faiss_ivf"]
    assert [nearest(indexes, n) for n in (3, 77)] == [3, 77]
    assert not list(indexes.root.glob("*.part")), "the matrix of the build is gone"
    with Context(context.settings) as other:
        assert nearest(other.get(Indexes), 77) == 77
