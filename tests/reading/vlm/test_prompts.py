"""What is put to a model is the golden prompt, word for word, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.core.types import Finding, Measurement, Side, Status, Zone
from prosvet.language.checks.registry import check_text
from prosvet.language.checks.subject import Subject
from prosvet.language.refine import Brief
from prosvet.reading.vlm.prompts import ask_prompt, report_prompt

GOLDEN = Path(__file__).parent / "golden"
FINDINGS = (
    Finding(concept="pneumonia", status=Status.PRESENT, probability=0.7, side=Side.RIGHT, zone=Zone.LOWER),
    Finding(concept="atelectasis", status=Status.UNCERTAIN, probability=0.3),
    Finding(concept="pneumothorax", status=Status.ABSENT, probability=0.01, side=Side.LEFT),
)
PRIOR = (Finding(concept="pleural_effusion", status=Status.PRESENT, probability=0.9, side=Side.LEFT),)


def brief(lang: str) -> Brief:
    ratio = Measurement(name="cardiothoracic_ratio", value=0.486)
    return Brief(lang=lang, findings=FINDINGS, measurements=(ratio,), not_assessed=("fracture",))  # type: ignore[arg-type]


def prompts(lang: str) -> dict[str, str]:
    """Every prompt that there is."""
    text = "Pneumothorax on the left. " if lang == "en" else "Слева пневмоторакс. "
    issues = check_text(Subject(text, lang, FINDINGS), ("status", "missing"))  # type: ignore[arg-type]
    return {
        "json": report_prompt(brief(lang), "json"),
        "alone": report_prompt(brief(lang), "free", findings=False),
        "prior": report_prompt(brief(lang), "line", prior=PRIOR),
        "again": report_prompt(brief(lang), "json", before=text, issues=issues),
        "ask": ask_prompt("Is there a mass?", lang),  # type: ignore[arg-type]
    }


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("name", ["json", "alone", "prior", "again", "ask"])
def test_a_prompt_is_the_golden_one(lang: str, name: str) -> None:
    golden = (GOLDEN / f"{name}_{lang}.txt").read_text(encoding="utf-8")
    assert prompts(lang)[name] + "\n" == golden


def test_a_model_that_reads_alone_is_told_nothing() -> None:
    alone = prompts("en")["alone"]
    assert "pneumonia" not in alone and "0.49" not in alone
    assert "0.49" in prompts("en")["json"] and "0,49" in prompts("ru")["json"]
