"""The store: schema and migrations agree, rows come back, vectors stream, erasing cascades."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, insert, select, text

from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import (
    HEAD,
    Base,
    Finding,
    Image,
    ImageVector,
    LedgerEntry,
    Patient,
    Report,
    ReportVector,
    Study,
)
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError
from prosvet.core.settings import load_settings
from prosvet.core.types import Side, Status, View


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "home")
    yield store
    store.close()


def fill(store: Store) -> None:
    """Two women and a man; one lateral view, one report, one model finding, one study label."""
    people = [("PA", "F", 70.0, date(2020, 1, 2), "nih(x)"), ("PB", "F", 30.0, None, "open-i"),
              ("PC", "M", None, date(2021, 5, 6), "padchest")]  # fmt: skip
    with store.write() as db:
        for number, (patient, sex, age, day, source) in enumerate(people, start=1):
            study = f"S{number}"
            db.execute(insert(Patient).values(id=patient, sex=sex))
            db.execute(insert(Study).values(id=study, patient_id=patient, age=age, date=day, date_shifted=False,
                                            source=source, description=""))  # fmt: skip
            db.execute(insert(Image).values(
                id=number, study_id=study, sha256=f"a{number}", source_sha256=f"b{number}", file=f"{number}.png",
                format="png", view="lateral" if number == 3 else "frontal", rows=8, cols=9, gates={},
                scores={"nodule": 0.75}, state="ready"))  # fmt: skip
            vector = np.full(512, number, dtype="<f2").tobytes()
            db.execute(insert(ImageVector).values(image_id=number, model="m", revision="r", vector=vector))
        db.execute(insert(Report).values(id=1, study_id="S2", sha256="c", file="1.xml", language="en", indication="",
                                         findings="Clear lungs.", impression="Normal.", labels=["normal"]))  # fmt: skip
        db.execute(insert(ReportVector).values(report_id=1, model="u", revision="1", vector=bytes(1024)))
        common = {"status": "present", "origin": "manifest"}
        db.execute(insert(Finding).values(study_id="S1", image_id=1, concept="nodule", side="left", **common))
        db.execute(insert(Finding).values(study_id="S1", concept="mass", **common))
        db.execute(insert(Finding).values(study_id="S2", report_id=1, concept="nodule", status="absent",
                                          origin="report"))  # fmt: skip
        db.execute(insert(LedgerEntry).values(key="k", size=1, mtime_ns=2, sha256="b1", study_id="S1"))


def test_migrated_database_equals_the_models(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def test_current_database_opens_without_alembic(tmp_path: Path) -> None:
    Store(tmp_path).close()
    program = (
        "import sys; from pathlib import Path; from prosvet.archive.store import Store\n"
        "Store(Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)]).returncode == 0


def test_newer_database_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(ArchiveError):
        Store(tmp_path)


def test_a_file_that_is_no_database_is_an_archive_error(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"not a database, and long enough to be looked at" * 100)
    with pytest.raises(ArchiveError):
        Store(tmp_path)


def test_context_owns_one_store(tmp_path: Path) -> None:
    with Context(load_settings({}, home=tmp_path)) as context:
        assert context.get(Store) is context.get(Store)
        assert context.get(Store).path == tmp_path / "archive.db"


def test_version_grows_with_commits_only(store: Store) -> None:
    before = store.version()
    fill(store)
    assert store.version() == before + 1
    with pytest.raises(ZeroDivisionError), store.write() as db:
        db.execute(delete(Patient))
        raise ZeroDivisionError
    assert store.version() == before + 1
    assert store.counts().patients == 3
    with store.write(erasing=True) as db:
        db.execute(delete(Study).where(Study.id == "S1"))
    assert (store.changes().version, store.changes().erasures) == (before + 2, 1)


def test_vectors_come_back_in_blocks(store: Store) -> None:
    fill(store)
    ids, matrix = store.image_vectors("m", "r")
    assert ids.tolist() == [1, 2, 3]
    assert matrix.dtype == np.float32
    assert matrix[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert [block[0].tolist() for block in store.image_vector_blocks("m", "r", size=2)] == [[1, 2], [3]]
    assert store.image_vectors("m", "r", after=2)[0].tolist() == [3]
    empty_ids, empty = store.image_vectors("m", "other")
    assert (len(empty_ids), empty.shape) == (0, (0, 512))
    assert store.report_vectors("u", "1")[1].shape == (1, 512)


def test_reports_are_streamed_as_text(store: Store) -> None:
    fill(store)
    assert list(store.reports()) == [(1, "S2", "en", "Clear lungs.\nNormal.")]
    assert list(store.reports(after=1)) == []


def test_image_rows_carry_study_and_findings(store: Store) -> None:
    fill(store)
    rows = store.lookup_images(np.array([1, 3, 99]))
    assert set(rows) == {1, 3}
    first = rows[1]
    assert (first.study, first.patient, first.sex, first.age, first.file) == ("S1", "PA", "F", 70.0, "1.png")
    assert first.date == date(2020, 1, 2)
    assert first.scores == {"nodule": 0.75}
    assert [(f.concept, f.status, f.side) for f in first.findings] == [
        ("nodule", Status.PRESENT, Side.LEFT),
        ("mass", Status.PRESENT, None),
    ]
    assert rows[3].view is View.LATERAL


def test_report_rows_name_the_studys_image(store: Store) -> None:
    fill(store)
    row = store.lookup_reports([1])[1]
    assert (row.file, row.text, row.labels) == ("2.png", "Clear lungs.\nNormal.", ("normal",))
    assert [(f.concept, f.status) for f in row.findings] == [("nodule", Status.ABSENT)]


def test_study_rows_gather_everything(store: Store) -> None:
    fill(store)
    rows = store.lookup_studies(["S2", "missing", "S1"])
    assert list(rows) == ["S2", "S1"]
    assert rows["S2"].files == ("2.png",)
    assert rows["S2"].reports == (1,)
    assert rows["S1"].views == (View.FRONTAL,)


def test_lookup_takes_more_ids_than_sqlite_takes_parameters(store: Store) -> None:
    fill(store)
    assert len(store.lookup_images(range(40_000))) == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"S1", "S2", "S3"}),
        ({"sex": "F"}, {"S1", "S2"}),
        ({"sex": "F", "age_min": 60}, {"S1"}),
        ({"age_max": 40}, {"S2"}),
        ({"date_from": date(2021, 1, 1)}, {"S3"}),
        ({"date_to": date(2020, 12, 31)}, {"S1"}),
        ({"view": "lateral"}, {"S3"}),
        ({"concepts": ("nodule", "mass")}, {"S1"}),
        ({"any_of": ("nodule", "hernia")}, {"S1"}),
        ({"without": ("nodule",)}, {"S2", "S3"}),
        ({"source": "nih"}, {"S1"}),
        ({"source": "%"}, set()),
        ({"patient": "PC"}, {"S3"}),
        ({"studies": ("S2",)}, {"S2"}),
    ],
)
def test_filter_selects(store: Store, given: dict[str, object], expected: set[str]) -> None:
    fill(store)
    query = StudyFilter.model_validate(given)
    assert store.select(query) == expected
    assert {f"S{number}" for number in store.select_images(query).tolist()} == expected
    assert len(store.select_reports(query)) == ("S2" in expected)


def test_erasing_a_patient_erases_what_hangs_on_it(store: Store) -> None:
    fill(store)
    with store.write(erasing=True) as db:
        db.execute(delete(Patient).where(Patient.id.in_(["PA", "PB"])))
    with store.read() as db:
        for table in (Study, Image, ImageVector):
            assert len(db.execute(select(table)).all()) == 1
        for table in (Report, ReportVector, Finding, LedgerEntry):
            assert db.execute(select(table)).all() == []
