"""`prosvet screen`: the tables in, the threshold out; status and envelope as they were promised."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from outcome import Cli


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
