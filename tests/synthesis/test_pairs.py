"""Where two pictures differ, and whether that is where the prompt said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import SynthesisError
from prosvet.language.labels import report_labels
from prosvet.synthesis.pair_api import PairRequest, run
from prosvet.synthesis.pairs import energy, side_by_side
from prosvet.synthesis.zones import region_mask, regions_asked

pytestmark = pytest.mark.timeout(400)  # the generator is written once; a busy machine takes its time over that


def masks() -> dict[str, np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    """Boxes for lungs and heart; the right lung is on the picture's left."""
    found = {part: np.zeros((256, 256), dtype=np.bool_) for part in ("right_lung", "left_lung", "heart")}
    found["right_lung"][40:190, 30:110] = True
    found["left_lung"][40:190, 150:230] = True
    found["heart"][140:210, 112:148] = True
    return found


@pytest.mark.parametrize(
    ("prompt", "regions"),
    [
        ("Пневмония в нижней доле левого лёгкого.", ("left_lower",)),
        ("Right pleural effusion.", ("right_lung",)),
        ("Кардиомегалия.", ("heart",)),
        ("Pneumonia.", ("lungs",)),
        ("Норма.", ()),
    ],
)
def test_a_prompt_says_where_its_finding_must_show(prompt: str, regions: tuple[str, ...]) -> None:
    assert regions_asked(tuple(report_labels(prompt, parents=True))) == regions


def test_energy_lies_where_the_change_was_made() -> None:
    normal = np.full((256, 256), 0.4, dtype=np.float32)
    other = normal.copy()
    other[150:180, 165:215] += 0.3
    found = energy(normal, other, masks(), ("left_lower",))
    assert found.inside == pytest.approx(1, abs=0.02)
    assert (found.where_said, found.lungs, found.outside) == (
        True,
        pytest.approx(1, abs=0.02),
        pytest.approx(0, abs=0.02),
    )
    wrong = energy(normal, other, masks(), ("right_lung",))
    assert (wrong.where_said, wrong.inside) == (False, 0.0)
    same = energy(normal, normal, masks(), ("heart",))
    assert (same.total, same.inside, same.where_said) == (0.0, None, None)
    without = {part: mask for part, mask in masks().items() if part != "heart"}
    assert energy(normal, other, without, ("heart",)).inside is None
    with pytest.raises(SynthesisError):
        region_mask(without, "heart")


def test_the_picture_of_a_pair_has_the_map_and_its_scale() -> None:
    normal = np.full((256, 256), 100, dtype=np.uint8)
    other = normal.copy()
    other[150:180, 165:215] += 60
    picture = side_by_side(normal, other, masks(), ("left_lower",), ("Normal", "Finding " * 40, "Difference"))
    pixels = np.asarray(picture).astype(int)
    heat = pixels[:, 2 * 512 + 36 :]
    bright, dark = heat[26 + 330, 380], heat[26 + 100, 100]
    assert bright.sum() > 500  # the hot end of the scale
    assert dark.sum() < 40
    assert picture.width == 3 * 512 + 4 * 12


def test_a_pair_is_one_seed_and_its_picture_is_marked(lit: Context, tmp_path: Path) -> None:
    out = tmp_path / "pair.png"
    result = run(PairRequest(prompt="Кардиомегалия.", normal="Норма.", steps=2, seed=4, out=out), lit)
    assert (result.made.seed, result.normal.seed, result.normal.prompt) == (4, 4, "Норма.")
    assert result.energy.total > 0
    assert result.energy.asked == ("heart",)
    assert result.said
    with Image.open(out) as picture:
        assert picture.mode == "RGB"
        assert "Кардиомегалия" in picture.text["Prosvet-Synthetic"]  # type: ignore[attr-defined]
