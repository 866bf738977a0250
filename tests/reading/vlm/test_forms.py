"""A report is taken out of the form that was asked for; half a one, or another form, is none."""

from __future__ import annotations

import pytest

from prosvet.core.errors import VlmError
from prosvet.core.types import Finding, Measurement, Side, Status
from prosvet.models.vlm import Answer
from prosvet.reading.vlm.crosscheck import cross_check
from prosvet.reading.vlm.forms import report_text, said_of

GOOD = '{"findings": "Лёгкие без изменений.", "impression": "Норма."}'
FINDINGS = (
    Finding(concept="pleural_effusion", status=Status.PRESENT, probability=0.8, side=Side.RIGHT),
    Finding(concept="pneumothorax", status=Status.ABSENT, probability=0.01),
)
RATIO = (Measurement(name="cardiothoracic_ratio", value=0.47),)


def test_each_form_is_read() -> None:
    assert report_text(Answer(GOOD), "json", "ru") == "Лёгкие без изменений.\nЗаключение: Норма."
    assert report_text(Answer(f"```json\n{GOOD}\n```"), "json", "en").endswith("Impression: Норма.")
    assert report_text(Answer("effusion | female | 54 | Right effusion."), "line", "en") == "Right effusion."
    assert report_text(Answer(" Clear lungs. "), "free", "en") == "Clear lungs."
    assert said_of(Answer('{"answer": "No.", "abstained": false}')).answer == "No."


@pytest.mark.parametrize(
    ("text", "shape"),
    [("Clear lungs.", "json"), ('{"findings": "x"}', "json"), ("effusion | Right effusion.", "line"), ("{", "json")],
)
def test_another_form_is_an_error(text: str, shape: str) -> None:
    with pytest.raises(VlmError):
        report_text(Answer(text), shape, "en")  # type: ignore[arg-type]


def test_half_an_answer_is_none() -> None:
    with pytest.raises(VlmError):
        report_text(Answer("Clear lu", finish="length"), "free", "en")
    with pytest.raises(VlmError):
        said_of(Answer('{"answer": "No.", "abstained": false}', finish="cancelled"))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Right pleural effusion.", []),
        ("Right pleural effusion. Left pneumothorax.", ["invented"]),
        ("The lungs are expanded.", ["left_out"]),
        ("There is no pleural effusion.", ["denied"]),
        ("Left pleural effusion.", ["misplaced"]),
        ("Right pleural effusion. Rib fracture.", ["unconfirmed"]),
        ("Right pleural effusion, larger than on the previous film.", ["invented"]),
        ("Справа плевральный выпот. КТИ 0,61.", ["number"]),
    ],
)
def test_what_a_text_invents_omits_denies_or_misplaces_is_flagged(text: str, kinds: list[str]) -> None:
    lang = "en" if text.isascii() else "ru"
    found = [one.kind for one in cross_check(text, lang, FINDINGS, RATIO)]
    assert sorted(set(found)) == kinds


def test_an_answer_need_not_say_all_that_was_found() -> None:
    assert cross_check("No pneumothorax.", "en", FINDINGS, RATIO, whole=False) == ()
