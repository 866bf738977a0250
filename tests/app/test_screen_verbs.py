"""`prosvet screen`: the tables in, the threshold out; status and envelope as they were promised."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from outcome import Cli

from prosvet.core.context import Context
from screening.confidence.worlds import archive, hidden


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """350 abnormal and 500 normal studies."""
    draw = random.Random(2)
    rows = [(f"x{n}", n < 350, draw.betavariate(6, 2) if n < 350 else draw.betavariate(2, 6)) for n in range(850)]
    scores, labels = tmp_path / "s.csv", tmp_path / "l.csv"
    scores.write_text("id,score\n" + "".join(f"{i},{s}\n" for i, _, s in rows))
    labels.write_text("id,abnormal\n" + "".join(f"{i},{int(sick)}\n" for i, sick, _ in rows))
    return scores, labels


def test_calibrate_run_audit_and_the_line(cli: Cli, tables: tuple[Path, Path]) -> None:
    scores, labels = tables
    given = ("screen", "calibrate", "--scores", scores, "--labels", labels)
    done = cli(*given, "--max-missed", "0.01", "--confidence", "0.95", "--json")
    result = json.loads(done.out)["result"]
    assert done.status == 0 and result["n_abnormal"] == 350
    values = dict(line.split(",") for line in scores.read_text().splitlines()[1:])
    missed = sum(float(values[f"x{n}"]) < result["threshold"] for n in range(350))
    assert missed == result["misses"] == 0

    refused = cli(*given, "--max-missed", "0.001", "--json")
    envelope = json.loads(refused.out)
    assert (refused.status, envelope["ok"], envelope["error"]["code"]) == (1, False, "target_not_provable")
    assert "2995" in envelope["error"]["message"] and "2645" in envelope["error"]["hint"]

    assert cli("screen", "run", "--all").status == 1  # the line was never opened
    assert cli("screen", "line", "--open", "--note", "looked").status == 2
    assert cli("screen", "line", "--open", "--by", "petrova", "--note", "looked").status == 0
    shown = cli("screen", "line", "--lang", "en")
    assert 'The line "local" is open' in shown.out and "petrova: looked" in shown.out
    done = cli("screen", "run", "--all", "--json")
    assert done.status == 0 and json.loads(done.out)["result"]["decisions"] == []
    assert "0" in cli("screen", "audit").out
    assert cli("screen", "line", "--stop", "--reason", "решётка").status == 0
    assert "решётка" in cli("screen", "line").out


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_person_is_told_what_is_promised(cli: Cli, tables: tuple[Path, Path], lang: str) -> None:
    scores, labels = tables
    words = ("screen", "calibrate", "--scores", scores, "--labels", labels, "--max-missed", "0.05", "--lang", lang)
    told = " ".join(cli(*words).out.split())
    assert ("не более 5 % — с доверием 95 %" if lang == "ru" else "no more than 5% lie below the threshold") in told


def test_a_wrong_share_or_both_switches_are_refused(cli: Cli, tables: tuple[Path, Path]) -> None:
    scores, labels = tables
    assert cli("screen", "calibrate", "--scores", scores, "--labels", labels, "--max-missed", "1").status == 2
    assert cli("screen", "line", "--open", "--stop").status == 2
    assert cli("screen", "run").status == 2
    assert cli("screen", "audit", "--verdict", "normal").status == 2


def test_confidence_compares_and_writes_the_curves(cli: Cli, context: Context, tmp_path: Path) -> None:
    labels = archive(hidden(np.random.default_rng(0), 900, width=512), context, tmp_path)
    out = tmp_path / "out"
    given = ("screen", "confidence", "--labels", labels, "--resamples", "100", "--out", out)
    done = cli(*given, "--json")
    result = json.loads(done.out)["result"]
    assert done.status == 0 and result["chosen"] in ("meta", "learned") and result["n"] == 900
    assert json.loads((out / "result.json").read_text()) == result
    rows = (out / "curves.csv").read_text().splitlines()
    assert rows[0] == "method,coverage,risk" and len(rows) == 1 + 60 * len(result["methods"])
    picture = (out / "curves.svg").read_text()
    assert picture.startswith("<svg xmlns=") and picture.count('class="curve curve-') == 2 * len(result["methods"])
    told = cli(*given)
    assert told.status == 0 and "модель ошибок" in told.out
    few = tmp_path / "few.csv"
    few.write_text("id,abnormal\nw1,1\n")
    refused = cli("screen", "confidence", "--labels", few, "--json")
    assert (refused.status, json.loads(refused.out)["error"]["code"]) == (2, "screening_error")


def test_calibrate_with_a_rule_tells_what_it_keeps_back(cli: Cli, context: Context, tmp_path: Path) -> None:
    labels = archive(hidden(np.random.default_rng(1), 900, width=512), context, tmp_path)
    given = ("screen", "calibrate", "--labels", labels, "--max-missed", "0.1", "--unsure-share", "0.4")
    done = cli(*given)
    assert done.status == 0 and "Воздержание при сомнении" in done.out
    result = json.loads(cli(*given, "--unsure-method", "learned", "--json").out)["result"]
    assert result["unsure"]["rule"]["method"] == "learned" and result["version"] == 2
