"""Made films are found only by whoever asks for them, and each hit says what it is."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.context import Context
from prosvet.imaging.provenance import Provenance, png_bytes
from prosvet.search.api import SearchRequest, run

MADE = Provenance(
    generator="g", revision="1", prompt="норма", seed=1, steps=2, guidance=3.0, scheduler="ddim",
    date=datetime(2026, 1, 1, tzinfo=UTC), version="0",
)  # fmt: skip


@pytest.fixture
def films(shared_data: Path, tmp_path: Path) -> Path:
    """Two films: one as it was taken, one that calls itself made."""
    folder = tmp_path / "films"
    folder.mkdir()
    with tarfile.open(sorted((shared_data / "cxr").glob("val-*.tar"))[0]) as archive:
        members = [member for member in archive if member.isfile()][:2]
        taken, other = (archive.extractfile(member).read() for member in members)
    (folder / "taken.jpg").write_bytes(taken)
    with Image.open(io.BytesIO(other)) as picture:
        (folder / "made.png").write_bytes(png_bytes(picture.convert("L"), MADE))
    return folder


def test_a_made_film_is_found_when_asked_for_and_says_so(films: Path, context: Context) -> None:
    ingest(IngestRequest(paths=(films,)), context)
    usual = run(SearchRequest(image=films / "taken.jpg", in_="images", k=5), context)
    assert [(hit.file, hit.synthetic) for hit in usual.hits] == [("taken.jpg", False)]
    asked = SearchRequest(image=films / "taken.jpg", in_="images", k=5, where="synthetic=true")
    assert {(hit.file, hit.synthetic) for hit in run(asked, context).hits} == {("taken.jpg", False), ("made.png", True)}
