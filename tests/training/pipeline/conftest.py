"""A few hundred real films of one archive as a folder, and an archive's home to retrain in."""

from __future__ import annotations

import csv
import io
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.models.deployed import deploy
from prosvet.training.pipeline.api import RetrainRequest, run

from .plans import forgetful, plan_over

FILMS = 220


@pytest.fixture(scope="session")
def films(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NIH films: half with consolidation or effusion, half normal, in the layout of the development data."""
    pytest.importorskip("onnx", reason="torch is not installed")
    folder = tmp_path_factory.mktemp("films")
    (folder / "cxr").mkdir()
    with (shared_data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        every = [row for row in csv.DictReader(stream) if row["split"] == "train" and row["source"].startswith("nih")]
    sick = [row for row in every if {"consolidation", "effusion"} & set(row["labels"].split("|"))][: FILMS // 2]
    well = [row for row in every if row["labels"] == "normal"][: FILMS // 2]
    rows = [*sick, *well]
    wanted = {Path(row["file"]).name for row in rows}
    with tarfile.open(folder / "cxr" / "train-000.tar", "w") as out:
        for path in sorted((shared_data / "cxr").glob("train-*.tar")):
            with tarfile.open(path) as archive:
                for member in archive:
                    stream_ = archive.extractfile(member) if Path(member.name).name in wanted else None
                    if stream_ is not None:
                        data = stream_.read()
                        made = tarfile.TarInfo(f"images/{Path(member.name).name}")
                        made.size = len(data)
                        out.addfile(made, io.BytesIO(data))
    with (folder / "cxr" / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder


@pytest.fixture
def senior(own_home: Path) -> Iterator[Context]:
    """A context over an empty archive, in which everything may be done."""
    with Context(load_settings({}, home=own_home, threads=1, lang="en")) as made:
        yield made


@pytest.fixture(scope="session")
def finished(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run `first` that went as far as its card, from a model that has forgotten consolidation."""
    home = tmp_path_factory.mktemp("finished") / "archive"
    with Context(load_settings({}, home=home, threads=1, lang="en")) as context:
        forgetful("spoilt", "consolidation", context)
        deploy(context.settings, model="spoilt", by="Orlova", why="to be bettered")
        run(RetrainRequest(action="run", name="first", plan=plan_over(films)), context)
    return home


@pytest.fixture
def home(finished: Path, own_home: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(finished, own_home)
    return own_home
