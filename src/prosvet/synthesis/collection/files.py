"""A set on disk: films and manifest as training reads them, what each was made with, and a hash of the whole."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prosvet.archive.files import room_for, write_whole
from prosvet.core.types import Frozen
from prosvet.imaging.provenance import Provenance
from prosvet.synthesis.collection.checks import Verdict

__all__ = ["MANIFEST", "RECORD", "SOURCE", "Made", "Record", "write_set"]

SOURCE = "synthetic"
MANIFEST = "cxr/manifest.csv"
RECORD = "set.json"
_FILMS, _HOW = "cxr/train-000.tar", "provenance.jsonl"
_COLUMNS = ("id", "file", "split", "source", "labels", "raw_label", "known", "view", "patient", "licence", "repository")


@dataclass(frozen=True)
class Made:
    """One film that was kept: bytes of its PNG, what it shows (None: nothing) and where, and its twin's number."""

    number: int
    png: bytes
    finding: str | None
    cell: str
    made: Provenance
    verdict: Verdict

    @property
    def id(self) -> str:
        """As in the manifest: a film and its twin differ by the last letter."""
        return f"synthetic-{self.number:05d}{'f' if self.finding else 'n'}"


class Record(Frozen):
    """What a set is: its name as data is the hash of its manifest.

    Attributes
    ----------
    sha256 : str
        Of the manifest, which has the hash of every film.
    generator, revision, model, model_revision : str
        What made the films, and the model in force that judged them.
    films : dict of cell to int
        With the finding; every one has a normal twin of the same seed.
    refused : dict of reason to int
    """

    version: int = 1
    name: str
    finding: str
    sha256: str
    generator: str
    revision: str
    model: str
    model_revision: str
    films: dict[str, int]
    asked: int
    refused: dict[str, int]
    said: str = "Made films, no patients: for training only, never for evaluation."


def write_set(folder: Path, films: Sequence[Made], record: Record) -> Record:
    """Write the set below `folder`, the record last: without it a folder is no set. Gives it with the hash.

    Raises
    ------
    DiskFull
    """
    with room_for(folder):
        (folder / "cxr").mkdir(parents=True, exist_ok=True)
        write_whole(folder / _FILMS, [_packed(films)])
        manifest = _manifest(films, record).encode()
        write_whole(folder / MANIFEST, [manifest])
        write_whole(folder / _HOW, [(_how(one) + "\n").encode() for one in films])
        whole = record.model_copy(update={"sha256": hashlib.sha256(manifest).hexdigest()})
        write_whole(folder / RECORD, [whole.model_dump_json(indent=1).encode()])
    return whole


def _packed(films: Sequence[Made]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for one in films:
            entry = tarfile.TarInfo(f"images/{one.id}.png")
            entry.size = len(one.png)
            archive.addfile(entry, io.BytesIO(one.png))
    return out.getvalue()


def _manifest(films: Sequence[Made], record: Record) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    table.writeheader()
    for one in films:
        shows = int(one.finding is not None)
        table.writerow({
            "id": one.id, "file": f"images/{one.id}.png", "split": "train", "source": SOURCE,
            "labels": one.finding or "normal", "raw_label": hashlib.sha256(one.png).hexdigest(),
            "known": f"abnormal={shows}|{record.finding}={shows}", "view": "PA",
            # A film and its twin are one patient: they never stand on two sides of a split.
            "patient": f"{SOURCE}:{record.name}:{one.number}", "licence": "made, no patient",
            "repository": f"{record.generator}@{record.revision}",
        })  # fmt: skip
    return out.getvalue()


def _how(one: Made) -> str:
    return json.dumps(
        {"id": one.id, "cell": one.cell, "made": one.made.model_dump(mode="json"), "verdict": one.verdict.model_dump()},
        ensure_ascii=False,
    )
