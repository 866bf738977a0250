"""Studies: listed, shown, and erased with every byte that hangs on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from prosvet.archive.api import IngestRequest, run
from prosvet.archive.database import file_lock
from prosvet.archive.erase import DERIVED, finish_erasures
from prosvet.archive.files import FileStore
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Doomed, Patient
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest, StudiesResult
from prosvet.archive.studies_api import run as studies
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning, NotFound
from prosvet.core.types import Status, View

NOTE = "A peculiar zebra-like mass in the left upper lobe."


@pytest.fixture
def table(films: Path, context: Context, stand_in: object) -> Path:
    """Two women and a man; the first has a note; one patient has two films."""
    table = films / "manifest.csv"
    table.write_text(
        "id,file,split,source,labels,patient,sex,age,text\n"
        f"a,0.png,train,own,mass,p1,F,61,{NOTE}\n"
        "b,1.png,test,own,normal,p2,F,30,\n"
        "c,2.png,test,other,pneumonia,p3,M,44,\n"
        "d,side.png,test,other,,p3,M,44,\n"
    )
    assert run(IngestRequest(paths=(table,)), context).images == 4
    return table


def ask(context: Context, **request: object) -> StudiesResult:
    return studies(StudiesRequest.model_validate(request), context)


def study_of(context: Context, file: str) -> str:
    return next(view.id for view in ask(context).studies if view.files == (file,))


@pytest.mark.usefixtures("table")
def test_list_pages_and_filters(context: Context) -> None:
    everything = ask(context)
    assert (everything.total, len(everything.studies)) == (4, 4)
    pages = [ask(context, limit=3, offset=offset).studies for offset in (0, 3)]
    assert [view.id for page in pages for view in page] == [view.id for view in everything.studies]
    women = ask(context, filters=StudyFilter(sex="F"))
    assert {view.files for view in women.studies} == {("0.png",), ("1.png",)}
    assert ask(context, filters=StudyFilter(concepts=("pneumonia",))).studies[0].sex == "M"
    side = ask(context, filters=StudyFilter(view=View.LATERAL)).studies
    assert [(view.files, view.views) for view in side] == [(("side.png",), (View.LATERAL,))]


@pytest.mark.usefixtures("table")
def test_show_has_findings_and_texts_and_is_audited(context: Context) -> None:
    study = study_of(context, "0.png")
    view = ask(context, action="show", study=study).studies[0]
    assert "mass" in view.concepts
    assert {finding.origin.split(":")[0] for finding in view.findings} >= {"manifest", "report"}
    assert any(f.concept == "normal" and f.status is Status.ABSENT for f in view.findings)
    assert view.texts[0].findings == NOTE
    log = context.settings.home / "audit.jsonl"
    assert f'"event": "show", "by": "local", "study": "{study}"' in log.read_text()
    with pytest.raises(NotFound):
        ask(context, action="show", study="S-nothing")
    with pytest.raises(NotFound):
        ask(context, action="erase")


def test_erase_leaves_no_byte_behind(context: Context, table: Path) -> None:
    store, files, home = context.get(Store), context.get(FileStore), context.settings.home
    study = study_of(context, "0.png")
    image = store.lookup_images(store.lookup_studies([study])[study].images)
    stored = next(iter(image.values())).sha256
    (home / DERIVED).mkdir()
    (home / DERIVED / "terms").write_text(NOTE)
    before = store.changes()
    result = ask(context, action="erase", study=study)
    assert result.studies[0].id == study
    assert store.changes().erasures == before.erasures + 1
    assert store.changes().version > before.version
    assert stored not in set(files.names())
    assert len(list(files.names())) == 3
    for path in home.rglob("*"):
        assert not path.is_file() or b"zebra" not in path.read_bytes(), path
    assert ask(context).total == 3
    assert store.counts().patients == 2
    assert len(store.image_vectors("stand-in", "1")[0]) == 2
    assert store.report_vectors("use-multilingual-v3", "sentence-mean-1")[0].size == 0
    log = home / "audit.jsonl"
    assert verify(log) is None
    assert f'"event": "erase", "by": "local", "study": "{study}"' in log.read_text()
    assert run(IngestRequest(paths=(table,)), context).added == 1  # it may come in again, and only it does


@pytest.mark.usefixtures("table")
def test_a_patient_stays_while_a_study_is_left(context: Context) -> None:
    ask(context, action="erase", study=study_of(context, "side.png"))
    with context.get(Store).read() as db:
        assert len(db.execute(select(Patient.id)).all()) == 3


@pytest.mark.usefixtures("table")
def test_an_erasure_that_a_crash_cut_short_is_finished(context: Context) -> None:
    store, files = context.get(Store), context.get(FileStore)
    orphan = files.add(b"a film whose rows are gone")
    kept = next(name for name in files.names() if name != orphan)
    with store.write() as db:
        db.execute(insert(Doomed), [{"name": orphan}, {"name": kept}])
    finish_erasures(store, files)
    assert orphan not in set(files.names())
    assert kept in set(files.names())
    version = store.version()
    finish_erasures(store, files)
    assert store.version() == version


@pytest.mark.usefixtures("table")
def test_erase_waits_for_no_other_writer(context: Context) -> None:
    study = study_of(context, "1.png")
    with file_lock(context.settings.home / "writer.lock"), pytest.raises(AlreadyRunning):
        ask(context, action="erase", study=study)
    assert ask(context).total == 4
