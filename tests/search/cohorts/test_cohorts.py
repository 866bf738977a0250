"""Cohorts over a little archive of reports and films: kept, seen by the right people, compared, exported, erased."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Finding, Image, Patient, Report, Study
from prosvet.archive.schema_work import CohortStudy, WorkItem
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog, verify
from prosvet.core.context import Context
from prosvet.core.errors import CohortError, NotFound, QueryError
from prosvet.core.settings import load_settings
from prosvet.models.text import SentenceEncoder
from prosvet.search.api import SearchRequest
from prosvet.search.cohorts.api import CohortRequest, CohortResult, run
from prosvet.search.cohorts.export import harmless

_SEX = ("F", "M")


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    """Loaded once for all tests: it is frozen."""
    return SentenceEncoder(1)


@pytest.fixture
def archive(context: Context, encoder: SentenceEncoder) -> Context:
    """Ten studies: odd ones have an effusion by their labels, even ones deny it; S5 belongs to petrova."""
    context._services[SentenceEncoder] = encoder
    with context.get(Store).write() as db:
        for n in range(1, 11):
            db.execute(insert(Patient).values(id=f"P{n}", sex=_SEX[n % 2]))
            db.execute(insert(Study).values(id=f"S{n}", patient_id=f"P{n}", age=20 + 5 * n, date=date(2020, n, 1),
                                            date_shifted=n == 1, source="test", description=""))  # fmt: skip
            db.execute(insert(Image).values(
                id=n, study_id=f"S{n}", sha256=f"{n:064x}", source_sha256=f"b{n}", file=f"=film{n}.png", format="png",
                view="frontal", rows=8, cols=8, gates={}, scores={}, state="ready"))  # fmt: skip
            status = "present" if n % 2 else "absent"
            db.execute(insert(Finding).values(study_id=f"S{n}", concept="pleural_effusion", status=status,
                                              origin="manifest"))  # fmt: skip
            db.execute(insert(Finding).values(study_id=f"S{n}", image_id=n, concept="cardiomegaly", status="present",
                                              probability=0.9, origin="model:compact@1"))  # fmt: skip
    now = datetime.now(UTC).replace(tzinfo=None)
    with context.get(Store).note() as db:
        db.execute(insert(WorkItem).values(study_id="S5", arrived=now, updated=now, owner="petrova"))
    return context


def save(context: Context, name: str = "Выпот", **more: object) -> CohortResult:
    values = {"search": SearchRequest(text="плевральный выпот")} | more
    return run(CohortRequest(action="save", name=name, **values), context)  # type: ignore[arg-type]


def as_actor(context: Context, name: str, role: str = "reader") -> Context:
    return context.child(actor=Actor(name, role))  # type: ignore[arg-type]


def ids(context: Context, cohort: object = "1") -> list[str]:
    return [member.study for member in run(CohortRequest(action="show", cohort=str(cohort)), context).studies]


def test_all_that_meet_the_query_are_kept_with_the_query(archive: Context) -> None:
    kept = save(archive).cohorts[0]
    assert ids(archive) == ["S1", "S3", "S5", "S7", "S9"]
    assert (kept.size, kept.owner, kept.origin.how) == (5, "local", "all")
    assert kept.origin.text == "плевральный выпот"
    assert kept.origin.query is not None and [c.id for c in kept.origin.query.concepts] == ["pleural_effusion"]
    assert kept.origin.archive_version == archive.get(Store).version() and kept.origin.program


def test_conditions_sides_and_denials_count(archive: Context) -> None:
    with pytest.raises(CohortError):
        save(archive, "a", search=SearchRequest(text="плевральный выпот у женщин"))
    men = save(archive, "b", search=SearchRequest(text="плевральный выпот, мужчины старше 40"))
    assert ids(archive, men.cohorts[0].id) == ["S5", "S7", "S9"]
    without = save(archive, "c", search=SearchRequest(text="кардиомегалия без выпота"))
    assert sorted(ids(archive, without.cohorts[0].id)) == ["S10", "S2", "S4", "S6", "S8"]


def test_the_best_hits_and_chosen_studies_can_be_kept(archive: Context) -> None:
    best = save(archive, "лучшие", how="top", search=SearchRequest(text="плевральный выпот", k=2)).cohorts[0]
    assert (best.size, best.origin.how) == (2, "top")
    chosen = run(CohortRequest(action="save", name="три", studies=("S9", "S2", "S9", "S1")), archive).cohorts[0]
    assert ids(archive, chosen.id) == ["S9", "S2", "S1"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": "  "}, "no_name"),
        ({"name": "x" * 121}, "long_name"),
        ({"name": "ok"}, "nothing_given"),
        ({"name": "ok", "search": SearchRequest(text="zzzz")}, "no_conditions"),
        ({"name": "ok", "search": SearchRequest(text="грыжа", where="sex=F")}, "nothing_found"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_changes(
    archive: Context, values: dict[str, object], reason: str
) -> None:
    with pytest.raises(CohortError) as caught:
        run(CohortRequest(action="save", **values), archive)  # type: ignore[arg-type]
    assert caught.value.details["reason"] == reason
    assert caught.value.message("ru") and caught.value.message("en")
    assert run(CohortRequest(), archive).cohorts == ()


def test_a_name_is_taken_once_for_each_owner(archive: Context) -> None:
    save(archive)
    with pytest.raises(CohortError) as caught:
        save(archive)
    assert caught.value.details["reason"] == "name_taken"
    assert save(as_actor(archive, "ivanov")).cohorts[0].owner == "ivanov"


def test_a_cohort_is_its_owners_and_seniors(archive: Context) -> None:
    mine = save(as_actor(archive, "ivanov")).cohorts[0]
    assert [c.id for c in run(CohortRequest(), as_actor(archive, "sidorov", "senior")).cohorts] == [mine.id]
    other = as_actor(archive, "petrova")
    assert run(CohortRequest(), other).cohorts == ()
    for action in ("show", "export", "delete", "rename", "remove"):
        with pytest.raises(NotFound):
            run(CohortRequest(action=action, cohort=str(mine.id), name="x", studies=("S1",)), other)  # type: ignore[arg-type]


def test_a_study_of_somebody_else_is_neither_kept_nor_shown_nor_exported(archive: Context) -> None:
    ivanov = as_actor(archive, "ivanov")
    kept = save(ivanov).cohorts[0]
    assert "S5" not in ids(ivanov, kept.id) and kept.size == 4
    with pytest.raises(NotFound):
        run(CohortRequest(action="save", name="чужое", studies=("S5",)), ivanov)
    save(as_actor(archive, "petrova"))
    with archive.get(Store).note() as db:
        db.execute(insert(CohortStudy).values(cohort_id=kept.id, study_id="S5", place=99))
    file = run(CohortRequest(action="export", cohort=str(kept.id)), ivanov).file
    assert file is not None and "S5" not in file.text and "S1" in file.text


def test_erasing_a_study_takes_it_out_of_cohorts(archive: Context) -> None:
    save(archive)
    erase(archive.get(Store), archive.get(FileStore), AuditLog.from_context(archive), ["S3"])
    assert ids(archive) == ["S1", "S5", "S7", "S9"]
    with archive.get(Store).read() as db:
        assert "S3" not in db.execute(select(CohortStudy.study_id)).scalars().all()


def test_rename_remove_and_delete_leave_the_studies(archive: Context) -> None:
    save(archive)
    run(CohortRequest(action="rename", cohort="Выпот", name="Проверенный выпот"), archive)
    left = run(CohortRequest(action="remove", cohort="1", studies=("S1", "S2")), archive).cohorts[0]
    assert (left.name, left.size) == ("Проверенный выпот", 4)
    run(CohortRequest(action="delete", cohort="1"), archive)
    assert run(CohortRequest(), archive).cohorts == () and archive.get(Store).counts().studies == 10


def test_saving_exporting_and_deleting_are_in_the_audit_log(archive: Context) -> None:
    save(archive)
    run(CohortRequest(action="export", cohort="1"), archive)
    run(CohortRequest(action="delete", cohort="1"), archive)
    log = AuditLog.from_context(archive).path
    assert [event for event in ("cohort_save", "cohort_export", "cohort_delete") if event in log.read_text()] == [
        "cohort_save", "cohort_export", "cohort_delete",
    ]  # fmt: skip
    assert verify(log) is None


def test_comparison_counts_what_is_shared(archive: Context) -> None:
    save(archive, "выпот")
    run(CohortRequest(action="save", name="первые", studies=("S1", "S2", "S3")), archive)
    made = run(CohortRequest(action="compare", cohort="выпот", others=("первые",)), archive).comparison
    assert made is not None
    assert made.shared == ((5, 2), (2, 3))
    assert made.women == (0.0, pytest.approx(1 / 3)) and made.median_age == (45.0, 30.0)
    assert made.concepts["pleural_effusion"] == (5, 2) and made.concepts["cardiomegaly"] == (5, 3)
    with pytest.raises(CohortError):
        run(CohortRequest(action="compare", cohort="выпот", others=("выпот",)), archive)


def test_the_table_has_a_row_a_study_and_no_formula(archive: Context) -> None:
    save(archive)
    file = run(CohortRequest(action="export", cohort="1"), archive).file
    assert file is not None
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert [row["study"] for row in rows] == ["S1", "S3", "S5", "S7", "S9"]
    assert rows[0]["files"] == "'=film1.png" and rows[0]["date"] == "2020-01-01"
    assert [row["date_shifted"] for row in rows[:2]] == ["yes", "no"]
    assert rows[0]["present"] == "pleural_effusion (manifest)|cardiomegaly (model:compact@1)"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell) == "'" + cell


def test_films_that_are_no_dicom_are_named(archive: Context) -> None:
    save(archive)
    file = run(CohortRequest(action="export", cohort="1", format="dicom"), archive).file
    assert file is not None and file.rows == 0 and file.left_out[0] == "S1/=film1.png" and len(file.left_out) == 5


@pytest.fixture(scope="module")
def stored(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A few real DICOM films, stored pseudonymised."""
    home = tmp_path_factory.mktemp("stored") / "archive"
    with Context(load_settings({}, home=home, threads=1)) as made:
        ingest(IngestRequest(paths=(shared_data / "dicom",), limit=3), made)
        yield made


def test_the_dicom_list_holds_stored_uids_and_the_manifest_is_read_back(stored: Context, tmp_path: Path) -> None:
    everything = sorted(stored.get(Store).select(StudyFilter()))
    run(CohortRequest(action="save", name="all", studies=tuple(everything)), stored)
    listed = run(CohortRequest(action="export", cohort="all", format="dicom"), stored).file
    assert listed is not None and listed.rows >= 1 and not listed.left_out
    assert all(len(line.split("\t")) == 3 for line in listed.text.splitlines())
    made = run(CohortRequest(action="export", cohort="all", format="manifest", folder=tmp_path / "out"), stored).file
    assert made is not None and not made.text and (tmp_path / "out" / "manifest.csv").is_file()
    with Context(load_settings({}, home=tmp_path / "second", threads=1)) as second:
        ingest(IngestRequest(paths=(tmp_path / "out",)), second)
        assert second.get(Store).counts().images == made.rows
        assert second.get(Store).counts().studies == len(everything)
        with stored.get(Store).read() as one, second.get(Store).read() as other:
            query = select(Finding.concept).where(Finding.origin == "manifest").order_by(Finding.concept)
            assert one.execute(query).all() == other.execute(query).all()
            assert not other.execute(select(Report.id)).all() or one.execute(select(Report.id)).all()


def test_a_query_that_makes_no_sense_is_the_searchs_error(archive: Context) -> None:
    with pytest.raises(QueryError):
        save(archive, search=SearchRequest(text="выпот", where="nonsense"))
