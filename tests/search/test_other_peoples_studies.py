"""What belongs to somebody else is not found, not counted, and not even hinted at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.actor import Actor, Role
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, NotFound
from prosvet.core.settings import load_settings
from prosvet.search.api import SearchRequest, SearchResult, run

_REPORTS = 60


@pytest.fixture(scope="module")
def archive(openi_reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Real reports; those that a search for cardiomegaly finds first belong to orlova."""
    home = tmp_path_factory.mktemp("owned") / "archive"
    with Context(load_settings({}, home=home, threads=1)) as context:
        ingest(IngestRequest(paths=(openi_reports,), limit=_REPORTS), context)
        found = _search(context)
        with context.get(Store).note() as db:
            first = {hit.study for hit in found.hits[:3]}
            db.execute(update(WorkItem).where(WorkItem.study_id.in_(first)).values(owner="orlova"))
        yield context


def _search(context: Context, **more: object) -> SearchResult:
    asked = {"text": "кардиомегалия"} | more
    return run(SearchRequest(in_="reports", k=_REPORTS, **asked), context)  # type: ignore[arg-type]


def _as(context: Context, name: str, role: Role) -> Context:
    return context.child(actor=Actor(name, role))


def _owned(context: Context) -> set[str]:
    with context.get(Store).read() as db:
        return {row.study_id for row in db.execute(WorkItem.__table__.select().where(WorkItem.owner == "orlova"))}


def test_hits_and_their_count_leave_it_out(archive: Context) -> None:
    owned, whole = _owned(archive), _search(archive)
    assert owned <= {hit.study for hit in whole.hits}
    others = _search(_as(archive, "ivanov", "reader"))
    assert owned.isdisjoint(hit.study for hit in others.hits)
    assert others.total == whole.total - len(owned)
    for name, role in (("orlova", "researcher"), ("ivanov", "senior")):
        assert _search(_as(archive, name, role)) == whole


def test_conditions_do_not_reach_it(archive: Context) -> None:
    reader = _as(archive, "ivanov", "reader")
    source = studies(StudiesRequest(limit=1), archive).studies[0].source
    found = _search(reader, text=None, where=f"source={source}")
    assert found.total == len({hit.study for hit in found.hits}) == _REPORTS - len(_owned(archive))


def test_lists_and_single_studies_do_not_reach_it(archive: Context) -> None:
    reader, owned = _as(archive, "ivanov", "reader"), _owned(archive)
    listed = studies(StudiesRequest(limit=1000), reader)
    assert listed.total == len(listed.studies) == _REPORTS - len(owned)
    for study in owned:
        with pytest.raises(NotFound):
            studies(StudiesRequest(action="show", study=study), reader)
        with pytest.raises(Forbidden):
            studies(StudiesRequest(action="erase", study=study), _as(archive, "orlova", "senior"))
