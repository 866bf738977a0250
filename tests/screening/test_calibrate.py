"""Calibration as a capability: what it reports, keeps and refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prosvet.core.context import Actor, Context
from prosvet.core.errors import Forbidden, RecordsDiffer, ScreeningError, TargetNotProvable
from prosvet.screening.calibrate_api import CalibrateRequest, run
from prosvet.screening.calibrations import versions
from prosvet.screening.table import read_scores


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """400 abnormal and 600 normal studies; every fourth abnormal one is critical; two studies a patient."""
    random = np.random.default_rng(5)
    scores, labels = tmp_path / "s.csv", tmp_path / "l.csv"
    rows = [(f"x{n}", n < 400) for n in range(1000)]
    values = [random.beta(6, 2) if sick else random.beta(2, 6) for _, sick in rows]
    scores.write_text("id,score\n" + "".join(f"{i},{v:.6f}\n" for (i, _), v in zip(rows, values, strict=True)))
    lines = (f"{i},{int(sick)},{int(sick and n % 4 == 0)},p{n // 2}\n" for n, (i, sick) in enumerate(rows))
    labels.write_text("id,abnormal,critical,patient\n" + "".join(lines))
    return scores, labels


def without(labels: Path, columns: int) -> Path:
    path = labels.with_name(f"l{columns}.csv")
    path.write_text("".join(",".join(line.split(",")[:columns]) + "\n" for line in labels.read_text().splitlines()))
    return path


def test_the_figures_are_those_of_the_tables(tables: tuple[Path, Path], context: Context) -> None:
    scores, labels = tables
    plain = without(labels, 2)
    found = run(CalibrateRequest(labels=plain, scores=scores, max_missed=0.02, prevalence=0.3), context)
    values = read_scores(scores)
    sick = np.array([values[f"x{n}"] for n in range(400)])
    well = np.array([values[f"x{n}"] for n in range(400, 1000)])
    assert found.threshold in sick and (found.n_abnormal, found.n_normal, found.unit) == (400, 600, "study")
    assert found.misses == (sick < found.threshold).sum() and found.cleared.k == (well < found.threshold).sum()
    assert found.sensitivity.low >= 0.98 and found.sensitivity.value >= found.sensitivity.low
    assert found.cleared.low < found.cleared.value < found.cleared.high  # type: ignore[operator]
    assert found.released is not None and found.released.missed < found.released.missed_high < 0.03
    assert found.distance_limit is None and found.warnings  # no film of this set is in the archive
    assert "98" not in found.guarantee and "2 %" in found.guarantee and "95 %" in found.guarantee


def test_every_calibration_is_a_version_with_the_hash_of_its_data(tables: tuple[Path, Path], context: Context) -> None:
    scores, labels = tables
    first, second = (
        run(CalibrateRequest(labels=without(labels, 2), scores=scores, max_missed=target), context)
        for target in (0.02, 0.05)
    )
    assert (first.version, second.version) == (1, 2) and first.data_sha256 == second.data_sha256
    assert second.threshold > first.threshold
    kept = versions(context, "local")
    assert [one.version for one in kept] == [2, 1] and kept[1].threshold == first.threshold
    assert not any(f'"x{n}"' in str(kept[0].report) for n in range(1000))
    other = run(CalibrateRequest(labels=without(labels, 3), scores=scores, max_missed=0.02), context)
    assert other.data_sha256 != first.data_sha256


def test_patients_are_counted_where_they_are_named(tables: tuple[Path, Path], context: Context) -> None:
    scores, labels = tables
    found = run(CalibrateRequest(labels=labels, scores=scores, max_missed=0.02), context)
    assert (found.unit, found.n_abnormal) == ("patient", 200)
    alone = run(CalibrateRequest(labels=without(labels, 2), scores=scores, max_missed=0.02), context)
    assert found.threshold <= alone.threshold


def test_a_second_target_only_lowers_the_threshold(tables: tuple[Path, Path], context: Context) -> None:
    scores, labels = tables
    plain = without(labels, 3)
    one = run(CalibrateRequest(labels=plain, scores=scores, max_missed=0.1), context)
    asked = CalibrateRequest(labels=plain, scores=scores, max_missed=0.1, max_missed_critical=0.04)
    both = run(asked, context)
    assert both.threshold <= one.threshold and [risk.n for risk in both.risks] == [400, 100]
    assert all(risk.bound <= risk.max_missed for risk in both.risks)
    with pytest.raises(TargetNotProvable) as caught:
        run(asked.model_copy(update={"max_missed_critical": 0.01}), context)
    assert caught.value.details["kind"] == "critical_studies"
    with pytest.raises(ScreeningError):
        run(asked.model_copy(update={"labels": without(labels, 2)}), context)


def test_what_cannot_be_proved_or_read_leaves_nothing(tables: tuple[Path, Path], context: Context) -> None:
    scores, labels = tables
    plain = without(labels, 2)
    with pytest.raises(TargetNotProvable):
        run(CalibrateRequest(labels=plain, scores=scores, max_missed=0.001), context)
    with pytest.raises(RecordsDiffer):
        run(CalibrateRequest(labels=plain, max_missed=0.02), context)  # the archive has no scores for them
    sick = plain.with_name("sick.csv")
    sick.write_text("".join(plain.read_text().splitlines(True)[:401]))
    short = plain.with_name("short.csv")
    short.write_text("".join(scores.read_text().splitlines(True)[:401]))
    with pytest.raises(ScreeningError):
        run(CalibrateRequest(labels=sick, scores=short, max_missed=0.02), context)
    with pytest.raises(Forbidden):
        asked = CalibrateRequest(labels=plain, scores=scores, max_missed=0.02)
        run(asked, context.child(actor=Actor("ivanov", "reader")))
    assert versions(context, "local") == ()
