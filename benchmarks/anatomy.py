"""Dice of lungs and heart and the error of the cardiothoracic ratio on held-out films with hand-drawn masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from common import bootstrap, figure, finish
from films import arguments, films_of, rows_of
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.models.anatomy import PARTS
from prosvet.models.examine import Examiner
from prosvet.training.data import load_masks


def main() -> None:
    """Print Dice by part and the ratio's error."""
    given, data = arguments(__doc__)
    _, masks, anatomy = load_masks(data)
    truth = {row["id"]: (mask, row) for mask, row in zip(masks, anatomy, strict=True) if row["split"] == "val"}
    rows = [row for row in rows_of(data, ("val",)) if row["id"] in truth]
    overlap: dict[str, list[float]] = {"lungs": [], "heart": []}
    errors, published, missing = [], [], 0
    with Context(Settings(home=Path("unused"))) as context:
        examiner = context.get(Examiner)
        for row, film in zip(rows, films_of(data, rows), strict=True):
            mask, about = truth[row["id"]]
            found = examiner.examine(film).anatomy
            planes = {
                part: found.on_film(part, film.shape)
                if found and part in found.masks
                else np.zeros(film.shape, dtype=bool)
                for part in PARTS
            }
            lungs, drawn = planes["right_lung"] | planes["left_lung"], mask[0] | mask[1]
            for name, mine, theirs in (("lungs", lungs, drawn), ("heart", planes["heart"], mask[2])):
                overlap[name].append(2 * float((mine & theirs).sum()) / float(mine.sum() + theirs.sum()))
            ratio = found.cardiothoracic_ratio() if found else None
            if ratio is None:
                missing += 1
                continue
            errors.append(abs(ratio.value - float(about["ctr_from_masks"])))
            if about["ctr_ground_truth"]:
                published.append(abs(ratio.value - float(about["ctr_ground_truth"])))
    where = "val rows with masks (JSRT, Wingspan)"
    figures = [
        figure("lungs, Dice", where, bootstrap(np.mean, overlap["lungs"]), target=0.96),
        figure("heart, Dice", where, bootstrap(np.mean, overlap["heart"]), target=0.93),
        figure("cardiothoracic ratio, mean error against masks", where, bootstrap(np.mean, errors), target=0.015),
        figure("cardiothoracic ratio, mean error against readers", where, bootstrap(np.mean, published), target=0.015),
    ]
    note = "anatomy.csv, split val: patients apart from training"
    finish("anatomy", given.out, data=note, n=len(rows), without_ratio=missing, figures=figures)


if __name__ == "__main__":
    main()
