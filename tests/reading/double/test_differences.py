"""What counts as a difference, and what does not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from prosvet.reading.double.differences import compare, differing
from prosvet.reading.double.form import FORM, OpinionFinding, filled


def said(status: str, side: str | None = None) -> OpinionFinding:
    return OpinionFinding.model_validate({"status": status, "side": side})


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (said("present"), said("absent"), "status"),
        (said("present"), said("uncertain"), "certainty"),
        (said("absent"), said("uncertain"), "certainty"),
        (said("present", "left"), said("present", "right"), "side"),
        (said("present", "left"), said("uncertain", "bilateral"), "side"),
        (said("present", "left"), said("present"), "agreed"),
        (said("absent"), said("absent"), "agreed"),
        (said("not_assessed"), said("present"), "not_compared"),
        (said("not_assessed"), said("not_assessed"), "not_compared"),
    ],
)
def test_kinds(first: OpinionFinding, second: OpinionFinding, kind: str) -> None:
    assert compare({"edema": first}, {"edema": second})[0].kind == kind
    assert compare({"edema": second}, {"edema": first})[0].kind == kind


def test_the_heart_has_no_side() -> None:
    assert differing({"cardiomegaly": said("present", "left")}, {"cardiomegaly": said("present", "right")}) == ()


def test_what_one_did_not_answer_is_no_difference() -> None:
    assert differing({"edema": said("present")}, {}) == ()
    assert set(filled({})) == set(FORM)
    assert differing(filled({}), filled({"edema": said("present")})) == ()


def test_a_side_needs_something_to_lie_there() -> None:
    with pytest.raises(ValidationError, match="side"):
        said("absent", "left")
