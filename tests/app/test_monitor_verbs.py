"""The verbs of monitoring: exit 1 when an alarm is new, JSON for programs, the report as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitoring.streams import add_studies
from prosvet.app.cli.main import main
from prosvet.core.context import Context


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["--lang", "en", "monitor", *words])
    return code, capsys.readouterr().out


def test_a_new_alarm_is_exit_1_and_a_known_one_is_not(
    context: Context, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    add_studies(context, 220, 1)
    code, said = ran(capsys, "reference", "spring", "--studies", "220")
    assert code == 0 and "220 studies" in said
    code, said = ran(capsys, "check")
    assert code == 0 and "25 more" in said
    add_studies(context, 40, 2, inverted=True, day=1)
    code, said = ran(capsys, "check", "--json")
    answer = json.loads(said)["result"]
    assert code == 1 and answer["check"]["new_alarms"]
    assert "gate" in {alarm["variable"] for alarm in answer["alarms"]}
    add_studies(context, 40, 3, inverted=True, day=2)
    code, _ = ran(capsys, "check")
    assert code == 0
    out = tmp_path / "week.html"
    code, said = ran(capsys, "report", "--out", str(out))
    assert code == 0 and out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_refusals_have_their_codes(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = ran(capsys, "check", "--json")
    answer = json.loads(said)
    assert (code, answer["ok"], answer["error"]["code"]) == (2, False, "monitoring_error")
    code, said = ran(capsys, "open", "--by", "Orlova", "--note", "fine", "--json")
    assert json.loads(said)["error"]["code"] == "screening_error" and code == 2
    code, said = ran(capsys, "stop", "--json")
    assert json.loads(said)["error"]["code"] == "monitoring_error" and code == 2
