"""PadChest as published, through the archive's own reader: what is to be said is written from its labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import FileBytes, Item
from prosvet.archive.readers.padchest import PadChestReader
from prosvet.core.errors import NotFound
from prosvet.core.types import Finding, View
from prosvet.training.vlm.case import Case

__all__ = ["padchest_cases"]


def padchest_cases(folder: Path) -> Iterator[tuple[Case, tuple[Finding, ...]]]:
    """A case a study with a frontal film, without words of its own, and its findings.

    Raises
    ------
    NotFound
        When the folder has no such table.
    """
    reader = PadChestReader()
    if not reader.recognises(folder):
        raise NotFound(kind="file", name=str(folder / "PADCHEST_chest_x_ray_images_labels_160K.csv"))
    studies: dict[str, list[Item]] = {}
    for item in reader.items(folder):
        if item.error is None and item.study is not None:
            studies.setdefault(item.study, []).append(item)
    for study, items in studies.items():
        films = [item for item in items if item.image is not None and item.view is View.FRONTAL]
        labels = next((item.labels for item in items if item.labels), ())
        if films and labels:
            findings = tuple(
                Finding(concept=one.concept, status=one.status, side=one.side, zone=one.zone) for one in labels
            )
            yield _case(study, films), findings


def _case(study: str, films: list[Item]) -> Case:
    first = films[0]
    images: tuple[FileBytes, ...] = tuple(film.image for film in films if film.image is not None)
    return Case(
        id=study.removeprefix("padchest|"),
        source="padchest",
        patient=(first.patient or study).removeprefix("padchest|"),
        images=images,
        text="",
        sex=first.sex,
        age=int(first.age) if first.age is not None else None,
    )
