"""What changed since an earlier film: presence is compared, sizes never."""

from __future__ import annotations

import pytest

from prosvet.core.types import Finding, Gates, ModelRef, Status, View
from prosvet.reading.ask.change import change_reply
from prosvet.reading.ask.understand import understand
from prosvet.reading.ask.wording import reply_words
from prosvet.reading.several import Looked

GATES = Gates(
    is_chest_xray=True, chest_xray_probability=1.0, view=View.FRONTAL, lateral_probability=0.0, inverted=False,
    inverted_probability=0.0, rotated=0,
)  # fmt: skip
MODEL = ModelRef(name="compact", revision="1", operating_point="balanced")
P, A, U = Status.PRESENT, Status.ABSENT, Status.UNCERTAIN


def looked(**statuses: Status) -> Looked:
    found = tuple(Finding(concept=name, status=one, probability=0.5) for name, one in statuses.items())
    return Looked(gates=GATES, model=MODEL, findings=found)


BEFORE = looked(pleural_effusion=P, pneumonia=A, mass=P, nodule=A, atelectasis=U)
NOW = looked(pleural_effusion=P, pneumonia=P, mass=A, nodule=A, atelectasis=P)


@pytest.mark.parametrize(
    ("question", "said", "answered"),
    [
        ("Что изменилось по сравнению с предыдущим снимком?", "change", True),
        ("Is the pneumonia new?", "change_new", True),
        ("Появилась ли пневмония?", "change_new", True),
        ("Было ли образование раньше?", "change_gone", True),
        ("Был ли выпот раньше?", "change_same", True),
        ("Is the atelectasis new?", "change_unclear", False),
        ("Is the nodule new?", "change_neither", True),
        ("Is the fracture new?", "not_assessed", False),
    ],
)
def test_a_course_is_said_of_presence_alone(question: str, said: str, answered: bool) -> None:
    asked = understand(question)
    assert asked is not None and asked.kind == "change"
    found, since = change_reply(asked.claims, NOW, BEFORE)
    assert (found.said, found.answered) == (said, answered)
    for lang in ("ru", "en"):
        words = reply_words(found, asked, lang, since)
        assert "{" not in words and words[0].isupper()


def test_growth_is_not_answered() -> None:
    assert understand("Is the effusion larger than before?") is None
    assert understand("Увеличился ли выпот?") is None


def test_without_an_earlier_film_there_is_nothing_to_compare() -> None:
    found, _ = change_reply((), NOW, None)
    assert (found.said, found.answered) == ("no_prior", False)
    lateral = Looked(gates=GATES.model_copy(update={"view": View.LATERAL}), model=MODEL)
    assert change_reply((), NOW, lateral)[0].said == "prior_not_read"


def test_the_whole_change_names_every_course() -> None:
    asked = understand("Что изменилось?")
    found, since = change_reply((), NOW, BEFORE)
    words = reply_words(found, asked, "ru", since)
    assert since == {
        "new": ("pneumonia",),
        "gone": ("mass",),
        "same": ("pleural_effusion",),
        "unclear": ("atelectasis",),
    }
    assert "появилось: пневмония" in words and "не определяется: объёмное образование" in words
