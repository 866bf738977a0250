"""Two readings of one film: rows in order, differences found, drafts marked; the stored one as it is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ModelNotFound, NotFound
from prosvet.core.types import Status
from prosvet.reading.compare_api import CompareReadingsRequest, CompareReadingsResult, run


@pytest.fixture
def study(shared_data: Path, tmp_path: Path, context: Context) -> str:
    """One real film in the archive."""
    folder = tmp_path / "films"
    folder.mkdir()
    shutil.copy(shared_data / "fullsize/cxr18995.png", folder / "one.png")
    ingest(IngestRequest(paths=[folder]), context)
    with context.get(Store).read() as db:
        return str(db.exec_driver_sql("SELECT id FROM studies").scalar_one())


def compared(study: str, context: Context, first: str, second: str) -> CompareReadingsResult:
    return run(CompareReadingsRequest(study=study, first=first, second=second, lang="en"), context)


def test_a_model_agrees_with_itself(study: str, context: Context) -> None:
    found = compared(study, context, "compact", "compact")
    assert found.changed == 0
    assert {row.difference for row in found.rows} <= {0.0, None}
    assert not any(one.alone for one in (*found.first.draft, *found.second.draft))
    assert found.first.draft == found.second.draft != ()


def test_two_models_are_told_apart_by_number(study: str, context: Context) -> None:
    found = compared(study, context, "compact", "compact-int8")
    assert found.first.model is not None and found.second.model is not None
    assert (found.first.model.name, found.second.model.name) == ("compact", "compact-int8")
    assert any(row.difference for row in found.rows)
    assert [row.changed for row in found.rows] == sorted((row.changed for row in found.rows), reverse=True)
    sizes = [abs(row.difference or 0.0) for row in found.rows if not row.changed]
    assert sizes == sorted(sizes, reverse=True)


def test_what_is_stored_stands_beside_a_fresh_reading(study: str, context: Context) -> None:
    found = compared(study, context, "stored", "compact")
    assert found.first.stored and found.first.draft == ()
    kept = [row for row in found.rows if row.first is not None]
    assert kept and all(row.second is not None for row in kept)
    for row in found.rows:
        if row.first is None and row.second is not None:
            assert row.changed is (row.second.status in (Status.PRESENT, Status.UNCERTAIN))


def test_unknown_names_are_refused(study: str, context: Context) -> None:
    with pytest.raises(ModelNotFound):
        compared(study, context, "compact", "nobody")
    with pytest.raises(NotFound):
        compared("S0", context, "compact", "compact-int8")
