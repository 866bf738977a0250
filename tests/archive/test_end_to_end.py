"""The archive with the real networks, the real texts and real films: what a person gets."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosvet.archive.api import IngestRequest, run
from prosvet.archive.filters import StudyFilter
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.context import Context
from prosvet.core.errors import NotChestXray
from prosvet.core.types import View
from prosvet.models.examine import Examiner


def test_the_demo_film_is_a_study_with_findings(context: Context, pydicom_data: Path) -> None:
    result = run(IngestRequest(paths=(pydicom_data / "RG1_UNCR.dcm",)), context)
    assert (result.images, result.failed) == (1, 0)
    view = studies(StudiesRequest(), context).studies[0]
    assert (view.files, view.sex, view.age, view.views) == (("RG1_UNCR.dcm",), "F", 64.0, (View.FRONTAL,))
    assert view.concepts
    assert "normal" not in view.concepts
    ref = context.get(Examiner).ref
    ids, matrix = context.get(Store).image_vectors(ref.name, ref.revision)
    assert (len(ids), matrix.shape) == (1, (1, 512))


def test_the_same_film_in_another_coding_is_another_file(context: Context, pydicom_data: Path) -> None:
    paths = (pydicom_data / "RG1_UNCR.dcm", pydicom_data / "RG1_J2KR.dcm")
    assert run(IngestRequest(paths=paths), context).images == 2
    assert run(IngestRequest(paths=paths), context).skipped == 2


@pytest.mark.parametrize("name", ["693_UNCR.dcm", "MR2_UNCR.dcm"])
def test_what_is_no_chest_film_is_refused(context: Context, pydicom_data: Path, name: str) -> None:
    with pytest.raises(NotChestXray):
        run(IngestRequest(paths=(pydicom_data / name,)), context)
    assert context.get(Store).counts().studies == 0
    assert not list((context.settings.home / "files").rglob("*.*"))


def test_real_manifest_rows_become_labelled_studies(context: Context, shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cxr"
    folder.mkdir()
    lines = (shared_data / "cxr" / "manifest.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "manifest.csv").write_text("".join(lines[:13]), encoding="utf-8")
    shutil.copy(shared_data / "cxr" / "test-000.tar", folder)
    result = run(IngestRequest(paths=(folder,)), context)
    assert (result.images, result.studies, result.without_image) == (12, 12, 0)
    store = context.get(Store)
    assert len(store.select(StudyFilter(source="nih", split="test"))) == 12
    rows = store.lookup_images(store.select_images(StudyFilter(concepts=("cardiomegaly",))))
    assert any(f.origin == "manifest" and f.concept == "cardiomegaly" for r in rows.values() for f in r.findings)
    assert all(row.scores for row in rows.values())


def test_not_cxr_of_the_manifest_are_rows_with_an_error(context: Context, shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "cxr" / "not_cxr-000.tar") as archive:
        members = [member for member in archive if member.isfile()][:20]
        archive.extractall(tmp_path, members, filter="data")
    result = run(IngestRequest(paths=(tmp_path,)), context)
    assert result.failed >= 17
    assert {row.error for row in result.rows} == {"not_chest_xray"}


def test_a_negative_is_found_out_and_kept_as_it_came(context: Context, shared_data: Path, tmp_path: Path) -> None:
    film = next((shared_data / "fullsize").glob("*.png"))
    Image.fromarray(255 - np.asarray(Image.open(film).convert("L"))).save(tmp_path / "negative.png")
    run(IngestRequest(paths=(film, tmp_path / "negative.png")), context)
    rows = list(context.get(Store).lookup_images([1, 2]).values())
    assert [row.view for row in rows] == [View.FRONTAL, View.FRONTAL]
    ref = context.get(Examiner).ref
    _, matrix = context.get(Store).image_vectors(ref.name, ref.revision)
    assert float(matrix[0] @ matrix[1]) > 0.9
