"""The frozen list of films: a line a film with its labels and hash, and the hash of the whole. Never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.errors import RetrainingError
from prosvet.core.types import Frozen
from prosvet.training.pipeline.steps import canonical, digest, file_digest

__all__ = ["MANIFEST", "SITE", "FrozenSet", "Row", "counted", "read_rows", "side_of", "write_rows"]

MANIFEST = "manifest.jsonl"
SITE = "site"
"""The set of the site's own films, beside those of other folders."""

Part = Literal["train", "check"]


class Row(Frozen):
    """One film.

    Attributes
    ----------
    set : str
        :data:`SITE`, or the name of an evaluation set.
    origin : str
        Who says so: ``mark``, ``protocol`` or ``folder``; ``synthetic`` for a made film.
    patient : str
        A hash; films of one patient share it.
    image : int or None
        Number of the film in the archive; None for a film of a folder.
    folder, file : str
        Where a folder's film lies.
    film : str
        SHA-256 of the film's bytes.
    labels : dict of concept to 0 or 1
        What is not here is unknown, never absent.
    """

    set: str
    part: Part
    origin: Literal["mark", "protocol", "folder", "synthetic"]
    patient: str
    study: str = ""
    image: int | None = None
    folder: str = ""
    file: str = ""
    film: str
    labels: dict[str, int]

    @property
    def id(self) -> str:
        """Its name in tables."""
        return str(self.image) if self.image is not None else self.file


class FrozenSet(Frozen):
    """What was frozen, in numbers.

    Attributes
    ----------
    manifest : str
        SHA-256 of the manifest: the name of these data.
    origins : dict of origin to films
    films, patients : dict of ``set/part`` to count
    positives, negatives : dict of ``set/part`` to dict of concept to films
    left_out : dict of reason to films
    """

    manifest: str
    origins: dict[str, int]
    films: dict[str, int]
    patients: dict[str, int]
    positives: dict[str, dict[str, int]]
    negatives: dict[str, dict[str, int]]
    left_out: dict[str, int] = Field(default_factory=dict)


def side_of(patient: str, seed: int, share: float) -> tuple[str, Part]:
    """The patient's hash, and the part all of their films belong to: by the hash alone, so that it never moves.

    Examples
    --------
    >>> side_of("p1", 0, 0.5) == side_of("p1", 0, 0.5)
    True
    """
    made = digest([seed, patient])
    return made[:16], "check" if int(made[16:24], 16) < share * 2**32 else "train"


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """Write the manifest: each line carries the hash of its own content."""
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            body = row.model_dump(mode="json")
            stream.write(canonical({**body, "row": digest(body)}) + "\n")


def read_rows(folder: Path, manifest: str) -> list[Row]:
    """The rows of a frozen manifest, checked.

    Raises
    ------
    RetrainingError
        When it is not the file that was frozen.
    """
    path = folder / MANIFEST
    if not path.is_file() or file_digest(path) != manifest:
        raise RetrainingError(reason="manifest_changed")
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        body = json.loads(line)
        if body.pop("row") != digest(body):
            raise RetrainingError(reason="manifest_changed")
        rows.append(Row.model_validate(body))
    return rows


def counted(rows: Sequence[Row], manifest: str, left_out: dict[str, int]) -> FrozenSet:
    """The numbers of `rows`."""
    films: dict[str, int] = {}
    people: dict[str, set[str]] = {}
    origins: dict[str, int] = {}
    tallies: tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]] = ({}, {})
    for row in rows:
        place = f"{row.set}/{row.part}"
        films[place] = films.get(place, 0) + 1
        origins[row.origin] = origins.get(row.origin, 0) + 1
        people.setdefault(place, set()).add(row.patient)
        for concept, value in row.labels.items():
            tally = tallies[0 if value else 1].setdefault(place, {})
            tally[concept] = tally.get(concept, 0) + 1
    return FrozenSet(
        manifest=manifest, origins=origins, films=films,
        patients={place: len(found) for place, found in people.items()},
        positives=tallies[0], negatives=tallies[1], left_out={k: n for k, n in left_out.items() if n},
    )  # fmt: skip
