"""Marks out of the archive as a file, and the films as pictures beside it for a tool that has no archive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image as Picture
from sqlalchemy import select

from prosvet.archive.files import room_for
from prosvet.archive.owned import visible
from prosvet.archive.schema import Study
from prosvet.archive.schema_marks import Mark, MarkCase, MarkReading
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import MarkError
from prosvet.core.types import Finding, Frozen, Status
from prosvet.imaging.whole_range import film_windows
from prosvet.models.examine import Examiner
from prosvet.reading.stored import film_of, stored_image
from prosvet.training.queue.desk import view
from prosvet.training.queue.formats import FORMATS, Format
from prosvet.training.queue.formats.label_studio import FOLDER, config, prediction
from prosvet.training.queue.formats.parsing import film_name
from prosvet.training.queue.marks import film_marks
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkStatus

__all__ = ["MarksFile", "Which", "export"]

Which = Literal["marked", "waiting", "all"]
_MEDIA = {"csv": "text/csv"}


class MarksFile(Frozen):
    """What was written. ``config`` is the labelling interface, for Label Studio; ``pictures`` how many films."""

    name: str
    media_type: str
    text: str
    films: int
    marks: int
    pictures: int = 0
    config: str = ""


def export(format: Format, which: Which, folder: Path | None, pictures: bool, context: Context) -> MarksFile:
    """All marks of all readers with their history, the waiting cases, or both; into `folder` where one is given.

    Pictures are 8-bit PNG files of the upright film in its default window, named by the study's pseudonym and the
    film's number: nothing of the source file goes with them.

    Raises
    ------
    MarkError
        When pictures are wanted without a folder.
    ImageError, ArchiveError
        When a film cannot be read.
    """
    if pictures and folder is None:
        raise MarkError(reason="folder_needed")
    films = [] if which == "waiting" else list(film_marks(context))
    waiting = {} if which == "marked" else _waiting(context)
    films += [_bare(image, context) for image in waiting]
    films.sort(key=lambda film: film.image)
    write, _, name = FORMATS[format]
    text = write(films)
    if format == "label-studio":
        text = _predicted(text, waiting, films, context)
    made = MarksFile(
        name=name, media_type=_MEDIA.get(format, "application/json"), text=text, films=len(films),
        marks=sum(len(film.marks) for film in films), pictures=len(films) if pictures else 0,
        config=config(context.lang) if format == "label-studio" else "",
    )  # fmt: skip
    if folder is not None:
        _keep(made, films if pictures else (), folder, context)
    audit = AuditLog.from_context(context)
    audit.write("marks_export", format=format, films=made.films, marks=made.marks, pictures=made.pictures)
    return made


def _waiting(context: Context) -> dict[int, int]:
    """Case by film, of films that nobody has marked and nobody has open."""
    open_ = select(MarkReading.case_id).where(MarkReading.finished.is_(None))
    query = (
        select(MarkCase.image_id, MarkCase.id)
        .join(Study, Study.id == MarkCase.study_id)
        .where(visible(context.actor), MarkCase.image_id.not_in(select(Mark.image_id)), MarkCase.id.not_in(open_))
        .order_by(MarkCase.id)
    )
    with context.get(Store).read() as db:
        return {image: case for image, case in db.execute(query)}


def _bare(image: int, context: Context) -> FilmMarks:
    film = stored_image(image, context)
    return FilmMarks(study=film.study, image=image, rows=film.rows, cols=film.cols, marks=())


def _predicted(text: str, waiting: dict[int, int], films: Sequence[FilmMarks], context: Context) -> str:
    """With what the model says beforehand; never of a film that is to be marked blind."""
    tasks, ref = json.loads(text), context.get(Examiner).ref
    for task, film in zip(tasks, films, strict=True):
        if film.image not in waiting:
            continue
        seen = view(waiting[film.image], context)
        said = [one for one in seen.answer.values() if one.concept != "abnormal" and one.probability is not None]
        if said:
            findings = [MarkFinding(concept=one.concept, status=_claim(one)) for one in said]
            best = max(one.probability or 0.0 for one in said)
            task["predictions"] = [prediction(film, f"{ref.name}@{ref.revision}", findings, best)]
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def _claim(finding: Finding) -> MarkStatus:
    return "present" if finding.status is Status.PRESENT else "uncertain"


def _keep(made: MarksFile, films: Sequence[FilmMarks], folder: Path, context: Context) -> None:
    with room_for(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / made.name).write_text(made.text, encoding="utf-8", newline="")
        if made.config:
            (folder / "config.xml").write_text(made.config, encoding="utf-8")
        for film in context.progress.track(films, "marks_export", total=len(films)):
            target = folder / FOLDER / film_name(film.study, film.image)
            target.parent.mkdir(exist_ok=True)
            _picture(film.image, target, context)


def _picture(image: int, target: Path, context: Context) -> None:
    film = film_of(stored_image(image, context), context, windowed=False)
    window = film_windows(film)["default"]
    share = (film.pixels - np.float32(window.low)) / np.float32(max(window.high - window.low, 1e-6))
    Picture.fromarray((np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8)).save(target, "PNG")
