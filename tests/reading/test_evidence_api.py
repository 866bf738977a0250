"""Where the model saw what, on real films of the archive."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Status
from prosvet.reading.evidence_api import EvidenceRequest, EvidenceResult, run


@pytest.fixture
def evidence(context: Context, pydicom_data: Path, tmp_path: Path) -> EvidenceResult:
    """Of a real film with many round shadows."""
    shutil.copy(pydicom_data / "RG1_UNCR.dcm", tmp_path / "film.dcm")
    ingest(IngestRequest(paths=[tmp_path]), context)
    return run(EvidenceRequest(image=1), context)


def test_findings_have_a_place_on_the_film(evidence: EvidenceResult) -> None:
    assert evidence.findings
    for finding in evidence.findings:
        assert finding.status in (Status.PRESENT, Status.UNCERTAIN)
        left, top, right, bottom = finding.heat.place
        values = np.frombuffer(base64.b64decode(finding.heat.values), np.uint8)
        plane = values.reshape(finding.heat.rows, finding.heat.cols)
        assert plane.max() == 255
        row, column = np.unravel_index(int(plane.argmax()), plane.shape)
        seen = (
            left + (column + 0.5) * (right - left) / plane.shape[1],
            top + (row + 0.5) * (bottom - top) / plane.shape[0],
        )
        assert np.hypot(seen[0] - finding.peak[0], seen[1] - finding.peak[1]) < 0.1 * evidence.cols


def test_lungs_lie_on_their_sides_and_the_ratio_on_the_film(evidence: EvidenceResult) -> None:
    right, left = (np.array(evidence.contours[part][0]) for part in ("right_lung", "left_lung"))
    assert right[:, 0].mean() < evidence.cols / 2 < left[:, 0].mean()  # the patient's right is on the reader's left
    assert 30 < len(right) < 400
    assert evidence.ratio is not None
    assert 0.3 < evidence.ratio.value < 0.8
    heart = np.array(evidence.contours["heart"][0])
    (x0, _), (x1, _) = evidence.ratio.lines["heart"]
    assert x0 == pytest.approx(heart[:, 0].min(), abs=0.02 * evidence.cols)
    assert x1 == pytest.approx(heart[:, 0].max(), abs=0.02 * evidence.cols)


def test_a_second_question_is_answered_from_memory_in_its_own_language(
    evidence: EvidenceResult, context: Context
) -> None:
    assert run(EvidenceRequest(image=1), context) is run(EvidenceRequest(image=1), context)
    english = run(EvidenceRequest(image=1), context.child(lang="en"))
    assert [f.concept for f in english.findings] == [f.concept for f in evidence.findings]
    assert all(f.name.isascii() for f in english.findings)


def test_a_film_that_the_file_holds_turned_is_told_of_upright(
    context: Context, pydicom_data: Path, tmp_path: Path
) -> None:
    from prosvet.imaging.load import load_film

    pixels = load_film(pydicom_data / "RG1_UNCR.dcm", context.settings).pixels[:, :1700]
    small = Picture.fromarray((pixels / pixels.max() * 255).astype(np.uint8)).resize((425, 489))
    small.rotate(90, expand=True).save(tmp_path / "lying.png")
    ingest(IngestRequest(paths=[tmp_path]), context)
    told = run(EvidenceRequest(image=1), context)
    assert (told.rows, told.cols) == (489, 425)
    assert told.reason is None
    assert np.array(told.contours["right_lung"][0])[:, 0].mean() < told.cols / 2


def test_an_image_that_is_not_there(context: Context) -> None:
    with pytest.raises(NotFound):
        run(EvidenceRequest(image=77), context)
