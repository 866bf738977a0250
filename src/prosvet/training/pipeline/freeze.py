"""Freeze: what a run learns from and is judged by, with the hash of every film, parted by patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.files import FileStore
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, RetrainingError
from prosvet.training.pipeline.collect import site_films
from prosvet.training.pipeline.folders import FolderFilms, folder_rows, labels_of
from prosvet.training.pipeline.manifest import MANIFEST, SITE, FrozenSet, Row, counted, read_rows, side_of, write_rows
from prosvet.training.pipeline.plan import FreezePlan
from prosvet.training.pipeline.steps import file_digest, write_text

__all__ = ["FilmBytes", "freeze_into", "frozen", "frozen_rows"]

_COUNTS = "frozen.json"
_MADE = "synthetic"  # the source of made films: see prosvet.synthesis.collection


def freeze_into(folder: Path, plan: FreezePlan, context: Context) -> None:
    """Write the manifest and its numbers into `folder`.

    Raises
    ------
    RetrainingError
        When there is not one film to learn from, or a set is not named ``FOLDER:SPLIT``.
    NotFound
        When a folder of films, or one of its films, is not there.
    """
    left_out: Counter[str] = Counter()
    rows = list(_site_rows(plan, context, left_out))
    rows += _set_rows(plan, rows, context, left_out)
    rows += _made_rows(plan, context, left_out)
    if not any(row.part == "train" for row in rows):
        raise RetrainingError(reason="nothing_to_learn", left_out=sum(left_out.values()))
    if not any(row.part == "check" for row in rows):
        raise RetrainingError(reason="nothing_to_check")
    write_rows(rows, folder / MANIFEST)
    made = counted(rows, file_digest(folder / MANIFEST), dict(left_out))
    write_text(folder / _COUNTS, made.model_dump_json(indent=1))


def frozen(run: Path) -> FrozenSet:
    """The numbers of a run's frozen data."""
    return FrozenSet.model_validate_json((run / "freeze" / _COUNTS).read_text(encoding="utf-8"))


def frozen_rows(run: Path) -> list[Row]:
    """The rows of a run's frozen data, checked against their hash."""
    return read_rows(run / "freeze", frozen(run).manifest)


def _site_rows(plan: FreezePlan, context: Context, left_out: Counter[str]) -> Iterator[Row]:
    seen: set[str] = set()
    for one in context.progress.track(site_films(context, left_out), "retrain_freeze") if plan.archive else ():
        patient, part = side_of(one.patient, plan.seed, plan.check_share)
        seen |= {one.film, one.source}
        if part == "check" and one.chosen:
            # Films that the model in force failed on would make any challenger look better than it is.
            left_out["chosen_by_model"] += 1
            continue
        yield Row(
            set=SITE, part=part, origin="mark" if one.origin == "mark" else "protocol", patient=patient,
            study=one.study, image=one.image, film=one.film, labels=one.labels,
        )  # fmt: skip
    if plan.data is not None:
        for row in _folder_rows(plan, plan.data, plan.splits, SITE, context, left_out):
            if row.film in seen:
                left_out["twice"] += 1
            else:
                seen.add(row.film)
                yield row


def _set_rows(plan: FreezePlan, site: list[Row], context: Context, left_out: Counter[str]) -> Iterator[Row]:
    """Films of the other sets; those of patients or films that are learned from are left out."""
    learned = {row.patient for row in site if row.part == "train"} | {row.film for row in site}
    names: set[str] = set()
    for said in plan.sets:
        folder, _, split = said.rpartition(":")
        if not folder or not split:
            raise RetrainingError(reason="set_name", name=said)
        name = f"{Path(folder).name}:{split}"
        if name in names:
            raise RetrainingError(reason="set_twice", name=name)
        names.add(name)
        for row in _folder_rows(plan, Path(folder), (split,), name, context, left_out):
            if row.patient in learned or row.film in learned:
                left_out["learned_from"] += 1
            else:
                yield row.model_copy(update={"part": "check"})


def _made_rows(plan: FreezePlan, context: Context, left_out: Counter[str]) -> Iterator[Row]:
    """Made films, all to learn from: a model that is judged by made films is judged by their maker."""
    for folder in plan.synthetic:
        for row in _folder_rows(plan, folder, ("train",), SITE, context, left_out, made=True):
            yield row.model_copy(update={"part": "train", "origin": "synthetic"})


def _folder_rows(
    plan: FreezePlan, folder: Path, splits: tuple[str, ...], name: str, context: Context, left_out: Counter[str],
    *, made: bool = False,
) -> Iterator[Row]:  # fmt: skip
    every = folder_rows(folder, splits)
    rows = [row for row in every if (row["source"] == _MADE) is made]
    if len(every) > len(rows):
        left_out["not_made" if made else "made"] += len(every) - len(rows)
    films = FolderFilms(folder)
    files = [Path(row["file"]).name for row in rows]
    hashes = context.progress.track(films.hashes(files), "retrain_freeze", len(files))
    for row, file, labels, film in zip(rows, files, labels_of(rows), hashes, strict=True):
        if not labels:
            left_out["nothing_known"] += 1
            continue
        # Two publishers of one archive number its patients alike.
        source = row["source"].split("(")[0]
        patient, part = side_of(f"{source}/{row.get('patient') or row['id']}", plan.seed, plan.check_share)
        yield Row(
            set=name, part=part, origin="folder", patient=patient, folder=str(folder.resolve()), file=file, film=film,
            labels=labels,
        )  # fmt: skip


class FilmBytes:
    """The bytes of frozen films, checked: from the archive's files, or from folders."""

    def __init__(self, context: Context) -> None:
        self._store = context.get(FileStore)
        self._folders: dict[str, FolderFilms] = {}

    def read(self, row: Row) -> bytes | None:
        """A film's bytes; None when its study has been erased since.

        Raises
        ------
        RetrainingError
            When the film in a folder is no longer the one that was frozen.
        NotFound
            When a folder's film is gone.
        """
        if row.image is not None:
            try:
                return self._store.read(row.film)
            except NotFound:
                return None
        folder = self._folders.setdefault(row.folder, FolderFilms(Path(row.folder)))
        (found,) = folder.hashes([row.file])
        if found != row.film:
            raise RetrainingError(reason="film_changed", name=row.file)
        return folder.read(row.file)
