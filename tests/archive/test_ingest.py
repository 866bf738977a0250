"""Ingest: what is kept, what is refused, what is known already; nothing lost or doubled by kill -9."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import PIL.Image
import pydicom
import pytest
from sqlalchemy import select

from prosvet.archive.api import IngestRequest, IngestResult, run
from prosvet.archive.database import file_lock
from prosvet.archive.deidentify import archive_secret
from prosvet.archive.files import FileStore
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Finding, Image, LedgerEntry, Report, Study
from prosvet.archive.store import Store
from prosvet.archive.texts import REVISION
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning, DiskFull, ImageError, ManifestError, NotFound
from prosvet.core.settings import load_settings
from prosvet.core.types import Status, View

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("stand_in")


def ingest(context: Context, *paths: Path, **more: object) -> IngestResult:
    return run(IngestRequest.model_validate({"paths": paths, **more}), context)


def images(context: Context) -> dict[str, object]:
    store = context.get(Store)
    return {row.file: row for row in store.lookup_images(store.select_images(StudyFilter()).tolist()).values()}


# -- films --------------------------------------------------------------------------------------------------


def test_films_come_in_once_and_bad_ones_are_rows(context: Context, films: Path) -> None:
    result = ingest(context, films)
    assert (result.added, result.skipped, result.failed, result.images, result.studies) == (4, 1, 2, 4, 4)
    assert {(row.file, row.error) for row in result.rows} == {
        ("broken.png", "truncated_file"),
        ("flat.png", "not_chest_xray"),
    }
    assert all(row.message for row in result.rows)
    assert set(images(context)) == {"0.png", "1.png", "2.png", "side.png"}
    assert len(list(context.get(FileStore).names())) == 4


def test_a_side_view_is_kept_without_scores(context: Context, films: Path) -> None:
    ingest(context, films)
    side = images(context)["side.png"]
    assert (side.view, side.scores) == (View.LATERAL, {})
    ids, matrix = context.get(Store).image_vectors("stand-in", "1")
    assert (len(ids), side.id in ids.tolist()) == (3, False)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-3)


def test_scores_above_the_operating_point_are_findings(context: Context, films: Path) -> None:
    ingest(context, films)
    for row in images(context).values():
        claimed = {finding.concept: finding for finding in row.findings}
        assert ("nodule" in claimed) == (row.scores.get("nodule", 0) >= 0.5)
        assert "mass" not in claimed
        for finding in claimed.values():
            assert (finding.origin, finding.status) == ("model:stand-in@1", Status.PRESENT)


def test_second_run_adds_nothing_and_decodes_nothing(
    context: Context, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest(context, films)
    version = context.get(Store).version()
    monkeypatch.setattr("prosvet.archive.intake.load_bytes", None)
    (films / "broken.png").unlink()
    (films / "flat.png").unlink()
    second = ingest(context, films)
    assert (second.added, second.skipped, second.failed) == (0, first.added + first.skipped, 0)
    assert context.get(Store).version() == version


def test_a_touched_file_is_known_by_its_content(context: Context, films: Path) -> None:
    ingest(context, films)
    os.utime(films / "1.png", (1, 1))
    again = ingest(context, films)
    assert (again.added, again.skipped) == (0, 5)


def test_one_bad_file_alone_is_its_error(context: Context, films: Path) -> None:
    with pytest.raises(ImageError):
        ingest(context, films / "broken.png")
    with pytest.raises(NotFound):
        ingest(context, films, films / "missing.png")
    (films / "x").mkdir()
    with pytest.raises(ManifestError):
        ingest(context, films / "x")
    assert context.get(Store).counts().images == 0


def test_a_file_that_may_not_be_read_is_a_row(context: Context, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prosvet.archive.readers.item import FileBytes

    true = FileBytes.read

    def read(self: FileBytes) -> bytes:
        if self.name == "1.png":
            raise PermissionError(errno.EACCES, "denied")
        return true(self)

    monkeypatch.setattr(FileBytes, "read", read)
    result = ingest(context, films)
    assert ("1.png", "unsupported_file") in {(row.file, row.error) for row in result.rows}
    assert result.images == 3


def test_limit_bounds_what_is_looked_at(context: Context, films: Path) -> None:
    assert ingest(context, films, limit=2).images == 2


def test_without_encoding_films_are_kept_as_they_are(context: Context, films: Path) -> None:
    result = ingest(context, films, encode=False)
    assert (result.images, result.failed) == (5, 1)
    assert context.get(Store).image_vectors("stand-in", "1")[0].size == 0


def test_what_was_kept_without_encoding_is_caught_up(context: Context, films: Path, tmp_path: Path) -> None:
    table = films / "manifest.csv"
    table.write_text("id,file,split,source,labels,text\na,0.png,,own,,A mass.\nb,side.png,,own,,\nc,flat.png,,own,,\n")
    ingest(context, table, encode=False)
    result = ingest(context, table)
    assert (result.added, result.skipped) == (0, 3)
    found = images(context)
    assert [found[name].view for name in ("0.png", "side.png")] == [View.FRONTAL, View.LATERAL]
    assert found["0.png"].scores
    store = context.get(Store)
    assert store.image_vectors("stand-in", "1")[0].tolist() == [found["0.png"].id]
    assert len(store.report_vectors("use-multilingual-v3", REVISION)[0]) == 1
    with store.read() as db:
        assert set(db.execute(select(Image.file).where(Image.is_chest_xray.is_(False))).scalars()) == {"flat.png"}
    version = store.version()
    ingest(context, table)
    assert store.version() == version


def test_every_ingest_is_in_the_audit_log_by_ids_only(context: Context, films: Path) -> None:
    ingest(context, films)
    log = context.settings.home / "audit.jsonl"
    assert verify(log) is None
    text = log.read_text()
    assert all(study in text for study in context.get(Store).select(StudyFilter()))
    assert "0.png" not in text


# -- DICOM --------------------------------------------------------------------------------------------------


def test_a_real_film_leaves_no_identity_in_the_home(context: Context, tmp_path: Path, pydicom_data: Path) -> None:
    film = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
    film.PatientName, film.PatientID = "Sidorova^Anna", "MRN-424242"
    film.AccessionNumber, film.InstitutionName = "ACC-991", "Municipal Hospital 5"
    folder = tmp_path / "Sidorova Anna MRN-424242"
    folder.mkdir()
    film.save_as(folder / "sidorova.dcm")
    result = ingest(context, folder)
    assert result.images == 1
    hidden = (b"Sidorova", b"sidorova", b"MRN-424242", b"ACC-991", b"Municipal", b"9RG1", b"19400305", b"20040826",
              b"Hamburg", str(film.StudyInstanceUID).encode())  # fmt: skip
    for path in context.settings.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [word for word in hidden if word in data], path
    row = next(iter(images(context).values()))
    assert row.file == f"{row.study}.dcm"
    assert (row.sex, row.age, row.source) == ("F", 64.0, "dicom")
    assert row.date is not None
    assert row.date.isoformat() != "2004-08-26"


def test_two_films_of_a_study_are_one_study(context: Context, tmp_path: Path, pydicom_data: Path) -> None:
    for number in range(2):
        film = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
        film.SOPInstanceUID = f"1.2.{number}"
        film.PixelData = film.PixelData[2 * number :] + film.PixelData[: 2 * number]
        film.save_as(tmp_path / f"{number}.dcm")
    result = ingest(context, tmp_path / "0.dcm", tmp_path / "1.dcm")
    assert (result.images, result.studies) == (2, 1)
    study = next(iter(context.get(Store).lookup_studies(context.get(Store).select(StudyFilter())).values()))
    assert study.files == ("0.dcm", "1.dcm")


def test_identity_can_be_kept_on_request(context: Context, pydicom_data: Path) -> None:
    ingest(context, pydicom_data / "RG1_UNCR.dcm", deidentify=False)
    row = next(iter(images(context).values()))
    assert row.file == "RG1_UNCR.dcm"
    assert row.date is not None
    assert row.date.isoformat() == "2004-08-26"
    stored = context.get(FileStore).read(row.sha256)
    assert stored == (pydicom_data / "RG1_UNCR.dcm").read_bytes()


# -- tables -------------------------------------------------------------------------------------------------


def test_openi_reports_are_texts_findings_and_vectors(context: Context, openi_reports: Path) -> None:
    result = ingest(context, openi_reports, limit=40)
    assert (result.studies, result.images, result.without_image, result.failed) == (40, 0, 40, 0)
    store = context.get(Store)
    ids, matrix = store.report_vectors("use-multilingual-v3", REVISION)
    assert len(ids) == result.reports > 35
    assert matrix.shape == (len(ids), 512)
    with store.read() as db:
        origins = set(db.execute(select(Finding.origin).distinct()).scalars())
        languages = set(db.execute(select(Report.language).distinct()).scalars())
    assert (origins, languages) == ({"manifest", "report"}, {"en"})
    assert store.select(StudyFilter(concepts=("cardiomegaly",)))
    again = ingest(context, openi_reports, limit=40)
    assert (again.added, again.skipped) == (0, 40)


def test_manifest_labels_reach_films_that_are_there_already(context: Context, films: Path) -> None:
    ingest(context, films / "0.png")
    manifest = films / "manifest.csv"
    manifest.write_text(
        "id,file,split,source,labels,patient,sex,age,text\n"
        "a,0.png,train,own,mass,p1,F,61,A mass in the left lung.\nb,1.png,test,own,normal,p2,M,95,\n"
    )
    result = ingest(context, manifest)
    assert (result.images, result.reports, result.added, result.failed) == (1, 1, 2, 0)
    row = images(context)["0.png"]
    assert {(f.concept, f.origin) for f in row.findings if f.concept == "mass"} == {
        ("mass", "manifest"),
        ("mass", "report"),
    }
    report = next(iter(context.get(Store).lookup_reports([1]).values()))
    assert (report.study, report.file) == (row.study, "0.png")
    assert images(context)["1.png"].age == 90  # ages above 89 identify
    assert ingest(context, manifest).added == 0


def test_a_row_that_breaks_does_not_stop_its_table(context: Context, tmp_path: Path) -> None:
    table = tmp_path / "Data_Entry_2017.csv"
    head = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n"
    table.write_text(head + "a.png,Mass,0,1,58,M,PA\nb.png,Gout,0,1,58,M,PA\nc.png,No Finding,0,2,30,F,AP\n")
    result = ingest(context, table)
    assert (result.studies, result.without_image, result.failed) == (2, 2, 1)
    assert result.rows[0].error == "manifest_error"
    store = context.get(Store)
    assert store.counts().patients == 2
    assert len(store.select(StudyFilter(concepts=("normal",), sex="F"))) == 1


# -- one writer, full disk, interruption ------------------------------------------------------------------


def test_a_second_writer_is_refused(context: Context, films: Path) -> None:
    home = context.get(Store).home
    with file_lock(home / "writer.lock"), pytest.raises(AlreadyRunning):
        ingest(context, films)
    assert ingest(context, films).images == 4


def test_full_disk_ends_the_run_and_the_next_goes_on(
    context: Context, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("prosvet.archive.files.os.fsync", full)
        with pytest.raises(DiskFull):
            ingest(context, films)
    assert context.get(Store).counts().studies == 0
    assert ingest(context, films).images == 4


def test_interruption_keeps_what_was_committed(films: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient:
        def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
            for count, item in enumerate(items):
                if count == 4:
                    raise KeyboardInterrupt
                yield item

    monkeypatch.setattr("prosvet.archive.ingest._ROWS", 1)
    before = threading.active_count()
    with Context(load_settings({}, home=own_home), Impatient()) as context:
        with pytest.raises(KeyboardInterrupt):
            ingest(context, films)
        assert threading.active_count() == before
    with Context(load_settings({}, home=own_home)) as context:
        assert context.get(Store).counts().images < 4
        ingest(context, films)
        assert context.get(Store).counts().images == 4


_PROGRAM = """
import importlib.util, os, signal, sys, threading
from pathlib import Path
spec = importlib.util.spec_from_file_location("stand_in", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import prosvet.archive.ingest as ingest
from prosvet.archive.api import IngestRequest, run
from prosvet.archive.texts import report_claims
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
ingest.Examiner, ingest.SentenceEncoder, ingest._BATCH, ingest._ROWS = module.StandIn, module.StandInEncoder, 3, 3
report_claims("Clear lungs.")  # what takes long to load is loaded before the fork
truly_commit = ingest.Intaker._commit
def commit(self, records):
    global left
    truly_commit(self, records)
    left -= 1
    if left == 0:  # by its own hand: a parent on a busy machine would come late, or to a process that is gone
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
ingest.Intaker._commit = commit
for order in sys.stdin:
    home, left, delay = order.rstrip().split("\t")
    left, delay = int(left), float(delay)
    child = os.fork()
    if child == 0:
        with Context(load_settings({}, home=Path(home))) as context:
            run(IngestRequest(paths=tuple(Path(path) for path in sys.argv[2:])), context)
        os._exit(0)
    print("ended", os.waitpid(child, 0)[1], flush=True)
"""


def everything(home: Path) -> dict[str, object]:
    """All that two archives must agree in."""
    with Context(load_settings({}, home=home)) as context:
        store = context.get(Store)
        with store.read() as db:
            tables = {
                table.__tablename__: sorted(map(tuple, db.execute(select(*columns))))
                for table, columns in (
                    (Study, (Study.id, Study.patient_id, Study.source)),
                    (Image, (Image.id, Image.study_id, Image.sha256, Image.file, Image.view)),
                    (Report, (Report.id, Report.study_id, Report.sha256)),
                    (Finding, (Finding.study_id, Finding.concept, Finding.status, Finding.origin)),
                    (LedgerEntry, (LedgerEntry.key, LedgerEntry.size, LedgerEntry.sha256, LedgerEntry.study_id)),
                )
            }
        files = list(context.get(FileStore).names())
        vectors = store.image_vectors("stand-in", "1"), store.report_vectors("use-multilingual-v3", REVISION)
    return {"tables": tables, "files": files, "vectors": vectors}


def test_killed_again_and_again_it_loses_and_doubles_nothing(tmp_path: Path, films: Path, openi_reports: Path) -> None:
    with tarfile.open(openi_reports) as archive:
        members = [member for member in archive if member.name.endswith(".xml")][:30]
        archive.extractall(tmp_path / "xml", members, filter="data")
    rng = np.random.default_rng(5)
    for number in range(40):
        noise = rng.integers(0, 255, (256, 256)).astype(np.uint8)
        PIL.Image.fromarray(noise).save(films / f"more-{number}.png")
    (films / "broken.png").unlink()
    (films / "flat.png").unlink()
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    secret = archive_secret(killed)
    whole.mkdir()
    (whole / "secret").write_text(secret.hex())

    stand_in = Path(__file__).with_name("conftest.py")
    command = [sys.executable, "-c", _PROGRAM, str(stand_in), str(films), str(tmp_path / "xml")]
    moments, kills = random.Random(11), 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def start(home: Path, commits: int) -> bool:
            """Run; killed a moment after so many commits (0: never); say whether it came to its end."""
            server.stdin.write(f"{home}\t{commits}\t{moments.uniform(0, 0.06)}\n")
            server.stdin.flush()
            return server.stdout.readline().split() == ["ended", "0"]

        assert start(whole, 0)
        while not start(killed, moments.randint(1, 2)):
            kills += 1
        server.stdin.close()
    assert kills >= 3
    left, right = everything(killed), everything(whole)
    assert left["tables"] == right["tables"]
    assert left["files"] == right["files"]
    for one, other in zip(left["vectors"], right["vectors"], strict=True):
        assert one[0].tolist() == other[0].tolist()
        assert np.array_equal(one[1], other[1])
    assert verify(killed / "audit.jsonl") is None
