"""How often the invisible mark is found after what happens to pictures, and how often where it never was.

``python benchmarks/watermark.py DATA [--films N]``: real films of the development data (split ``val``), 256 pixels,
marked and then saved, reduced, cut; and as they are. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.evaluation.proportions import wilson
from prosvet.imaging.watermark import THRESHOLD, add_watermark, watermark_score
from prosvet.training.data import load_films

Pixels = NDArray[np.uint8]


def jpeg(film: Pixels, quality: int = 75) -> Pixels:
    """Saved as JPEG and read again."""
    stream = io.BytesIO()
    Image.fromarray(film).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def half(film: Pixels) -> Pixels:
    """Reduced to half the side."""
    picture = Image.fromarray(film)
    return np.asarray(picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS))


def twice(film: Pixels) -> Pixels:
    """Enlarged to twice the side."""
    return np.asarray(Image.fromarray(film).resize((2 * film.shape[1], 2 * film.shape[0]), Image.Resampling.BICUBIC))


def cut(film: Pixels) -> Pixels:
    """Ten rows off the top, six off the bottom, fourteen columns off one side."""
    return film[10:-6, 14:]


DAMAGE: dict[str, Callable[[Pixels], Pixels]] = {
    "as saved": lambda film: film,
    "JPEG 75": jpeg,
    "half the side": half,
    "half the side, JPEG 75": lambda film: jpeg(half(film)),
    "twice the side": twice,
    "small cut": cut,
    "small cut, JPEG 75": lambda film: jpeg(cut(film)),
    "small cut, half the side": lambda film: half(cut(film)),
    "contrast and negative": lambda film: (200 - film * 0.7).astype(np.uint8),
    "JPEG 50": lambda film: jpeg(film, 50),
}


def marked(film: Pixels) -> Pixels:
    """`film` with the mark, as a PNG holds it."""
    return np.round(255 * add_watermark(film.astype(np.float32) / 255)).astype(np.uint8)


def main() -> None:
    """Print a line for each kind of damage, with the score's lowest twentieth, and the false alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--films", type=int, default=300, help="films that are marked; false alarms: ten times as many")
    asked = parser.parse_args()
    films = load_films(asked.data, ("val",), None).pixels
    random = np.random.default_rng(1)
    some = films[random.permutation(len(films))[: asked.films]]
    apart = [float(np.abs(marked(f).astype(int) - f).mean()) for f in some]
    print(f"mean change of a marked film: {np.mean(apart):.2f} of 255, n = {len(some)}")
    for name, damage in DAMAGE.items():
        scores = np.array([watermark_score(damage(marked(film))) for film in some])
        found = int((scores >= THRESHOLD).sum())
        share = wilson(found, len(scores))
        print(
            f"{name:28s} found {found}/{len(scores)} = {found / len(scores):.3f} [{share.low:.3f}; {share.high:.3f}], "
            f"score: 5 % below {np.quantile(scores, 0.05):.1f}"
        )
    plain = films[random.permutation(len(films))[: 10 * asked.films]]
    scores = np.array([max(watermark_score(f), watermark_score(cut(f))) for f in plain])
    alarms = int((scores >= THRESHOLD).sum())
    share = wilson(alarms, len(scores))
    bound = f"at most {share.high:.4f} (95 %)"
    print(f"false alarms on real films  {alarms}/{len(scores)}, {bound}, highest score {scores.max():.2f}")


if __name__ == "__main__":
    main()
