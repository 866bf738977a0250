"""Does a text find films, in Russian as well as in English; do normal films find normal films; beside chance.

The films of val and test go into an archive of their own as bare files, without labels: only what the product sees in
the pictures can find them.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import bootstrap, figure, finish
from films import arguments, rows_of
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.context import Context
from prosvet.core.i18n import LANGS, Lang
from prosvet.core.settings import Settings
from prosvet.core.types import Status
from prosvet.language.templates import sentences_for
from prosvet.language.vocabulary import vocabulary
from prosvet.search.api import SearchRequest
from prosvet.search.api import run as search

_K = 10
_LEAST = 20  # relevant films
_PHRASES = 3  # a label is asked for by its name and by so many more phrases


def unpack(data: Path, splits: Sequence[str], folder: Path) -> None:
    """The films of `splits` as files."""
    for split in splits:
        for path in sorted((data / "cxr").glob(f"{split}-*.tar")):
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")


def questions(concept: str, lang: Lang) -> list[str]:
    """The concept's name and a few more ways to ask for it."""
    name = vocabulary().concepts[concept].names[lang]
    return list(dict.fromkeys([name, *sentences_for(concept, lang, Status.PRESENT)[:_PHRASES]]))


def main() -> None:
    """Print precision at 10 by label and language, and the neighbours of normal films."""
    given, data = arguments(__doc__)
    rows = rows_of(data, ("val", "test"))
    concepts = {Path(row["file"]).name: set(row["concepts"].split()) for row in rows}
    counts: dict[str, int] = {}
    for labels in concepts.values():
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
    asked = sorted(label for label, n in counts.items() if n >= _LEAST)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        films = Path(folder) / "films"
        unpack(data, ("val", "test"), films)
        with Context(Settings(home=Path(folder) / "home")) as context:
            ingest(IngestRequest(paths=(films,)), context)
            means: dict[Lang, list[float]] = {lang: [] for lang in LANGS}
            for label in asked:
                for lang in LANGS:
                    shares = []
                    for question in questions(label, lang):
                        hits = search(SearchRequest(text=question, lang=lang, in_="images", k=_K), context).hits
                        shares.append(sum(label in concepts[Path(hit.file).name] for hit in hits) / _K)
                    means[lang].append(float(np.mean(shares)))
                    chance = round(counts[label] / len(concepts), 3)
                    name = f"text to image, precision@{_K}, {label}, {lang}"
                    figures.append(figure(name, "val + test", means[lang][-1], counts[label], random=chance))
            for lang in LANGS:
                name = f"text to image, precision@{_K}, mean over labels, {lang}"
                figures.append(figure(name, "val + test", bootstrap(np.mean, means[lang]), target=0.6))
            chance = float(np.mean([counts[label] / len(concepts) for label in asked]))
            figures.append(figure(f"text to image, precision@{_K}, random films", "val + test", chance, len(asked)))
        figures += neighbours(data, Path(folder), concepts)
    finish(
        "retrieval", given.out, data="val + test, ingested without labels", n=len(rows), labels=asked, figures=figures
    )


def neighbours(data: Path, folder: Path, concepts: dict[str, set[str]]) -> list[dict[str, Any]]:
    """Of the normal test films: the share whose five nearest are all normal, and the mean share of normal ones."""
    films = folder / "test"
    unpack(data, ("test",), films)
    every, mean = [], []
    with Context(Settings(home=folder / "home-test")) as context:
        ingest(IngestRequest(paths=(films,)), context)
        pictures = sorted(films.rglob("*.jpg"))
        for path in (path for path in pictures if "normal" in concepts[path.name]):
            hits = search(SearchRequest(image=path, in_="images", k=6), context).hits
            near = ["normal" in concepts[Path(hit.file).name] for hit in hits if Path(hit.file).name != path.name][:5]
            every.append(len(near) == 5 and all(near))
            mean.append(sum(near) / 5)
    chance = round(sum("normal" in concepts[path.name] for path in pictures) / len(pictures), 3)
    share, whole = bootstrap(np.mean, mean), bootstrap(np.mean, np.array(every, dtype=float))
    return [
        figure(
            "image to image, normal among the 5 nearest of a normal film",
            "test (NIH)",
            share,
            target=0.8,
            random=chance,
        ),
        figure("image to image, normal films whose 5 nearest are all normal", "test (NIH)", whole, random=chance**5),
    ]


if __name__ == "__main__":
    main()
