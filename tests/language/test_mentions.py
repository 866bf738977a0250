"""What a sentence says: over two hundred of them in two languages, and the rules one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.core.types import Side, Status
from prosvet.language.mentions import Mention, find_mentions

STATUS = {"+": "present", "-": "absent", "?": "uncertain", "!": "not_assessed"}
SIDES = {"L": "left", "R": "right", "B": "bilateral"}
Said = tuple[str, str, str | None, str | None]


def _expected(text: str) -> set[Said]:
    found = set()
    for claim in text.split(";"):
        head, *places = claim.split()
        side = next((SIDES[place] for place in places if place in SIDES), None)
        zone = next((place for place in places if place not in SIDES), None)
        found.add((head[:-1], STATUS[head[-1]], side, zone))
    return found


def _table() -> list[tuple[str, set[Said]]]:
    rows = []
    for lang in ("ru", "en"):
        lines = Path(__file__).with_name(f"sentences_{lang}.txt").read_text(encoding="utf-8").splitlines()
        pairs = [line.rsplit(" | ", 1) for line in lines if line and not line.startswith("#")]
        rows += [(sentence, _expected(claims)) for sentence, claims in pairs]
    return rows


def _said(mention: Mention) -> Said:
    side = mention.side.value if mention.side else None
    return mention.concept, mention.status.value, side, mention.zone.value if mention.zone else None


@pytest.mark.parametrize(("sentence", "claims"), _table(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_sentence_says(sentence: str, claims: set[Said]) -> None:
    assert {_said(mention) for mention in find_mentions(sentence)} == claims


def test_a_report_is_read_sentence_by_sentence() -> None:
    report = "Лёгочные поля без очаговых теней. Справа выпот. Сердце не увеличено."
    found = {mention.concept: mention for mention in find_mentions(report)}
    assert found["pleural_effusion"].side is Side.RIGHT
    assert found["cardiomegaly"].status is Status.ABSENT
    assert report[found["pleural_effusion"].start : found["pleural_effusion"].end] == "выпот"


@pytest.mark.parametrize(
    ("text", "severity"),
    [("Малый выпот справа", "small"), ("Массивный плевральный выпот", "large"), ("Умеренный отёк лёгких", "moderate"),
     ("small left effusion", "small"), ("Mild cardiomegaly", "small"), ("massive pneumothorax", "large")],
)  # fmt: skip
def test_severity_goes_to_its_concept(text: str, severity: str) -> None:
    assert [mention.severity for mention in find_mentions(text)] == [severity]


def test_words_may_stand_inside_a_phrase() -> None:
    (mention,) = find_mentions("плевральный небольшой правосторонний выпот")
    assert (mention.concept, mention.side, mention.severity) == ("pleural_effusion", Side.RIGHT, "small")


@pytest.mark.parametrize("text", ["без динамики, справа выпот", "No change in the right effusion."])
def test_no_change_denies_nothing(text: str) -> None:
    (mention,) = find_mentions(text)
    assert mention.status is Status.PRESENT


def test_one_language_can_be_asked_for() -> None:
    text = "выпот справа, pneumothorax on the left"
    assert [mention.concept for mention in find_mentions(text, "ru")] == ["pleural_effusion"]
    assert [mention.concept for mention in find_mentions(text, "en")] == ["pneumothorax"]


@pytest.mark.parametrize("text", ["", " ", "...", "123", "<br/>", "🫁", "XXXX XXXX"])
def test_text_without_concepts_has_no_mentions(text: str) -> None:
    assert find_mentions(text) == []


def test_a_megabyte_is_read() -> None:
    text = "Справа определяется плевральный выпот. " * 27_000
    assert len(find_mentions(text)) == 27_000
