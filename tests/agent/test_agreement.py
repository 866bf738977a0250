"""An answer held against the evidence: claims with their steps, contradictions named, certainty lowered."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.agent.agreement import agreement, lowered
from prosvet.agent.case import Case, Known
from prosvet.agent.trace import Conclusion, Failed, Reason, Step
from prosvet.core.types import Finding, Measurement, Side, Status

CASE = Case(Path("a.png"), Path("."), "en")
STEPS = (
    Step(number=1, kind="tool", tool="read", said="…", result={}),
    Step(number=2, kind="tool", tool="ask", failed=Failed(code="not_found", message="no")),
)
KNOWN = Known(
    findings={
        "pleural_effusion": (
            Finding(concept="pleural_effusion", status=Status.PRESENT, probability=0.8, side=Side.RIGHT), 1),
        "mass": (Finding(concept="mass", status=Status.ABSENT, probability=0.02), 1),
        "pneumonia": (Finding(concept="pneumonia", status=Status.UNCERTAIN, probability=0.4), 1),
    },
    measurements={"cardiothoracic_ratio": (Measurement(name="cardiothoracic_ratio", value=0.47), 1)},
)  # fmt: skip
TIED = (Reason(text="The film was read.", steps=(1,)),)


def held(
    text: str, reasons: tuple[Reason, ...] = TIED, abstained: bool = False
) -> tuple[int, list[tuple[str, bool | None]]]:
    found = agreement(Conclusion(text=text, reasons=reasons, abstained=abstained), STEPS, KNOWN, CASE)
    return found.contradictions, [(one.concept, one.agrees) for one in found.claims]


@pytest.mark.parametrize(
    ("text", "contradictions", "claims"),
    [
        ("There is a right pleural effusion.", 0, [("pleural_effusion", True)]),
        ("There is a left pleural effusion.", 1, [("pleural_effusion", False)]),
        ("There is a mass.", 1, [("mass", False)]),
        ("There is no mass.", 0, [("mass", True)]),
        ("There is no pleural effusion.", 1, [("pleural_effusion", False)]),
        ("There is pneumonia.", 1, [("pneumonia", False)]),
        ("Pneumonia is possible.", 0, [("pneumonia", True)]),
        ("There is a rib fracture.", 1, [("fracture", False)]),
        ("The cardiothoracic ratio is 0.61.", 1, []),
        ("Справа плевральный выпот.", 0, [("pleural_effusion", True)]),
    ],
)
def test_claims_are_compared_with_what_the_tools_returned(
    text: str, contradictions: int, claims: list[tuple[str, bool]]
) -> None:
    assert held(text) == (contradictions, claims)


def test_a_reason_must_be_tied_to_a_step_that_was_done() -> None:
    text = "There is no mass."
    assert held(text, ())[0] == 1
    assert held(text, (Reason(text="I think so."),))[0] == 1
    assert held(text, (Reason(text="It was asked.", steps=(2,)),))[0] == 1
    assert held(text, (Reason(text="It was measured.", steps=(7,)),))[0] == 1


def test_an_abstention_claims_nothing() -> None:
    assert held("There is a mass.", (), abstained=True) == (0, [])


def test_each_contradiction_halves_the_confidence() -> None:
    found = agreement(Conclusion(text="There is a mass and a left effusion.", reasons=TIED), STEPS, KNOWN, CASE)
    assert lowered(0.8, found) == 0.8 * 0.5**found.contradictions < 0.8
    assert found.claims[0].steps == (1,)
