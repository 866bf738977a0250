"""How often each gate is right: films of val and test, their negatives and turned copies, side views, the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from common import bootstrap, figure, finish
from films import arguments, films_of, rows_of
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.core.types import Gates, View
from prosvet.imaging.film import Film
from prosvet.models.examine import Examiner
from prosvet.training.gates import kept_out


def main() -> None:
    """Print the share of right verdicts by gate."""
    given, data = arguments(__doc__)
    figures = []
    with Context(Settings(home=Path("unused"))) as context:
        examiner = context.get(Examiner)

        def share(metric: str, where: str, films: list[Film], right: Callable[[Gates], bool]) -> None:
            verdicts = [
                right(e.gates) for s in range(0, len(films), 64) for e in examiner.examine_many(films[s : s + 64])
            ]
            figures.append(figure(metric, where, bootstrap(np.mean, np.array(verdicts, dtype=float))))

        for split in ("val", "test"):
            films = list(films_of(data, rows_of(data, (split,))))
            share(
                "accepted as upright frontal films",
                split,
                films,
                lambda g: (
                    g
                    == g.model_copy(
                        update={"is_chest_xray": True, "view": View.FRONTAL, "inverted": False, "rotated": 0}
                    )
                ),
            )
            negatives = [dataclasses.replace(f, pixels=f.pixels.max() - f.pixels) for f in films]
            share("negatives noticed", split, negatives, lambda g: g.inverted and g.is_chest_xray)
            for angle in (90, 180, 270):
                turned = [
                    dataclasses.replace(f, pixels=np.ascontiguousarray(np.rot90(f.pixels, angle // 90))) for f in films
                ]
                share(f"rotation by {angle} degrees noticed", split, turned, lambda g, a=angle: g.rotated == a)  # type: ignore[misc]
        for split, metric, right in (
            ("lateral", "side views noticed", lambda g: g.view is View.LATERAL),
            ("not_cxr", "other pictures refused (CT, MR, heads, abdomens)", lambda g: not g.is_chest_xray),
        ):
            rows = rows_of(data, (split,))
            keep = kept_out(np.array([row["patient"] for row in rows]))
            rows = [row for row, k in zip(rows, keep, strict=True) if k]
            share(metric, f"{split}, patients kept out of training", list(films_of(data, rows)), right)
    finish("gates", given.out, data="development data", n=sum(f["n"] for f in figures), figures=figures)


if __name__ == "__main__":
    main()
