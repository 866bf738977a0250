"""What is a disagreement, and which comes first."""

from __future__ import annotations

from itertools import product

import pytest

from prosvet.core.types import Finding, Status
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.retrospective.claims import Claim, Record
from prosvet.reading.retrospective.disagree import _ALIKE, disagreements, kin
from prosvet.reading.retrospective.score import HARM, KINDS, WEIGHT, rank, score


def model(**said: tuple[str, float]) -> dict[str, Finding]:
    return {
        concept: Finding(concept=concept, status=Status(status), probability=p)
        for concept, (status, p) in said.items()
    }  # fmt: skip


def record(text: bool = True, **claims: str) -> Record:
    source = "report" if text else "manifest"
    return Record(
        {concept: Claim(Status(status), source, 1 if text else None) for concept, status in claims.items()},
        ("report", 1) if text else None,
    )


@pytest.mark.parametrize(
    ("on_record", "kind", "by"),
    [
        (record(mass="absent"), "denied", "mass"),
        (record(focal_opacity="absent"), "denied", "focal_opacity"),  # what is absent there is absent here
        (record(normal="present"), "denied_all", "normal"),
        (record(abnormal="absent"), "denied_all", "abnormal"),
        (record(edema="absent"), "silent", ""),
        (record(), "silent", ""),
    ],
)
def test_what_the_model_sees_and_the_record_does_not(on_record: Record, kind: str, by: str) -> None:
    (one,) = disagreements(model(mass=("present", 0.8)), on_record)
    assert (one.concept, one.kind, one.by, one.score) == ("mass", kind, by, round(0.8 * WEIGHT[one.kind] * 0.8, 4))


@pytest.mark.parametrize(
    "on_record",
    [
        record(mass="present"),
        record(mass="uncertain"),
        record(nodule="present"),  # another name for the same shadow
        record(lung_opacity="present", normal="present"),
        record(text=False),  # labels that do not speak of it leave nothing unmentioned
        record(text=False, pneumonia="absent"),
    ],
)
def test_what_is_no_disagreement(on_record: Record) -> None:
    assert disagreements(model(mass=("present", 0.8)), on_record) == ()


@pytest.mark.parametrize("status", ["not_assessed", "uncertain"])
def test_the_model_disagrees_only_where_it_is_sure(status: str) -> None:
    assert disagreements(model(mass=(status, 0.3)), record(mass="absent")) == ()
    assert disagreements(model(mass=(status, 0.3)), record(mass="present")) == ()


def test_what_is_reported_and_not_seen_is_the_reverse() -> None:
    (one,) = disagreements(model(pneumothorax=("absent", 0.0)), record(pneumothorax="present"))
    assert (one.kind, one.score) == ("reverse", 0.25)
    seen = model(pneumonia=("absent", 0.1), consolidation=("present", 0.6))
    assert [one.kind for one in disagreements(seen, record(pneumonia="present"))] == []


def test_the_whole_film_speaks_only_where_no_finding_does() -> None:
    both = model(abnormal=("present", 0.9), mass=("present", 0.8))
    assert [one.concept for one in disagreements(both, record(normal="present"))] == ["mass"]
    alone = model(abnormal=("present", 0.9))
    assert [one.concept for one in disagreements(alone, record(normal="present"))] == ["abnormal"]


def test_a_critical_finding_that_is_surely_seen_comes_before_every_reverse_one() -> None:
    critical = [concept for concept in HARM if vocabulary()[concept].critical] + ["mass", "tuberculosis"]
    direct = min(
        score(concept, kind, 0.5) for concept, kind in product(critical, KINDS) if kind != "reverse"
    )  # fmt: skip
    assert direct > max(score(concept, "reverse", 0.0) for concept in HARM)


def test_ties_go_to_the_study_with_more_beside() -> None:
    assert rank([0.4, 0.3]) > rank([0.4]) > rank([0.39, 0.39])
    assert rank([]) == 0


def test_every_concept_of_the_tables_is_in_the_vocabulary() -> None:
    words = vocabulary().concepts
    assert not {concept for group in _ALIKE for concept in group} - set(words)
    assert not set(HARM) - set(words)
    assert "abnormal" not in kin("mass")
