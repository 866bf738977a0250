"""Search over films: concepts lead, vectors break ties, exclusions hold, normals go with normals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import insert

from prosvet.archive.schema import Finding, Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Status
from prosvet.index.service import Indexes
from prosvet.models.text import SentenceEncoder
from prosvet.search.api import SearchRequest, SearchResult, run
from prosvet.search.ask import Question
from prosvet.search.engine import find
from prosvet.search.match import Matcher, Thresholds, agreement, lift
from prosvet.search.query import ParsedQuery, QueryConcept
from prosvet.search.reasons import possible_concepts, present_concepts

LABELS = ("pleural_effusion", "cardiomegaly", "pneumonia", "nodule", "abnormal")
POINTS = Thresholds({"pleural_effusion": 0.3, "cardiomegaly": 0.4, "pneumonia": 0.5, "nodule": 0.1, "abnormal": 0.5})


def unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class Films:
    """Writes films one by one into a store."""

    def __init__(self, store: Store) -> None:
        self.store, self.count = store, 0

    def add(
        self, scores: Mapping[str, float], vector: NDArray[np.floating], *, labels: Mapping[str, str] | None = None,
        sides: Mapping[str, str] | None = None, sex: str = "F", age: float = 50, view: str = "frontal",
    ) -> int:  # fmt: skip
        self.count += 1
        n = self.count
        with self.store.write() as db:
            db.execute(insert(Patient).values(id=f"P{n}", sex=sex))
            db.execute(insert(Study).values(id=f"S{n}", patient_id=f"P{n}", age=age, date_shifted=False, source="test",
                                            description=""))  # fmt: skip
            db.execute(insert(Image).values(
                id=n, study_id=f"S{n}", sha256=f"a{n}", source_sha256=f"b{n}", file=f"{n}.png", format="png", view=view,
                rows=8, cols=8, gates={}, scores=dict(scores), state="ready"))  # fmt: skip
            half = unit(vector).astype("<f2").tobytes()
            db.execute(insert(ImageVector).values(image_id=n, model="compact", revision="1", vector=half))
            for concept, status in (labels or {}).items():
                db.execute(insert(Finding).values(study_id=f"S{n}", concept=concept, status=status, origin="manifest"))
            for concept, side in (sides or {}).items():
                db.execute(insert(Finding).values(study_id=f"S{n}", image_id=n, concept=concept, status="present",
                                                  side=side, origin="model:compact@1"))  # fmt: skip
        return n


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    """Loaded once for all tests: it is frozen."""
    return SentenceEncoder(1)


@pytest.fixture
def films(context: Context, encoder: SentenceEncoder) -> Films:
    context._services[SentenceEncoder] = encoder
    return Films(context.get(Store))


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating points of this file's little model."""
    monkeypatch.setattr(Thresholds, "of", classmethod(lambda cls, context: POINTS))


def scores(**high: float) -> dict[str, float]:
    return {label: high.get(label, 0.02) for label in LABELS}


def noise(seed: int) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).normal(size=512))


def ask(context: Context, text: str, **more: object) -> SearchResult:
    return run(SearchRequest(text=text, **more), context)  # type: ignore[arg-type]


def images(result: SearchResult) -> list[int | None]:
    return [hit.image for hit in result.hits]


def test_concepts_lead_and_vectors_break_ties(context: Context, films: Films, points: None) -> None:
    meaning = context.get(SentenceEncoder).encode(["плевральный выпот", "pleural effusion"]).sum(axis=0)
    near = films.add(scores(), meaning)
    tied = films.add(scores(pleural_effusion=0.8), noise(1))
    first = films.add(scores(pleural_effusion=0.8), unit(meaning) + noise(2))
    for text in ("плевральный выпот", "pleural effusion"):
        assert images(ask(context, text)) == [first, tied, near]


def test_labels_stand_above_the_model(context: Context, films: Films, points: None) -> None:
    denied = films.add(scores(nodule=0.9), noise(1), labels={"nodule": "absent"})
    scored = films.add(scores(nodule=0.9), noise(1))
    labelled = films.add(scores(nodule=0.02), noise(1), labels={"nodule": "present"})
    result = ask(context, "nodule")
    assert images(result) == [labelled, scored] and denied not in images(result)
    assert result.hits[0].reasons[0].endswith(": labelled")
    assert "probability 0.90" in result.hits[1].reasons[0]


def test_excluded_findings_are_really_excluded(context: Context, films: Films, points: None) -> None:
    clean = films.add(scores(cardiomegaly=0.9), noise(1))
    films.add(scores(cardiomegaly=0.9, pleural_effusion=0.3), noise(1))
    films.add(scores(cardiomegaly=0.9), noise(1), labels={"pleural_effusion": "present"})
    assert images(ask(context, "кардиомегалия без выпота", k=1000)) == [clean]
    assert len(images(ask(context, "кардиомегалия", k=1000))) == 3


def test_side_counts_where_it_is_known(context: Context, films: Films, points: None) -> None:
    left = films.add(scores(pleural_effusion=0.9), noise(1), sides={"pleural_effusion": "left"})
    unknown = films.add(scores(pleural_effusion=0.9), noise(1))
    right = films.add(scores(pleural_effusion=0.9), noise(1), sides={"pleural_effusion": "right"})
    result = ask(context, "правосторонний выпот")
    assert images(result) == [right, unknown, left]
    assert "справа" in result.hits[0].reasons[0]
    assert right not in images(ask(context, "выпот, но не справа")) or left in images(
        ask(context, "левосторонний выпот")
    )


def test_conditions_hold(context: Context, films: Films, points: None) -> None:
    old = films.add(scores(pneumonia=0.9), noise(1), sex="F", age=70)
    films.add(scores(pneumonia=0.9), noise(1), sex="F", age=30)
    films.add(scores(pneumonia=0.9), noise(1), sex="M", age=70)
    films.add(scores(pneumonia=0.9), noise(1), sex="F", age=70, view="lateral")
    result = ask(context, "пневмония у женщин старше 60, прямая проекция")
    assert images(result) == [old]
    assert result.hits[0].reasons[-1] == "условия: женщина, возраст 70, прямая проекция"


def test_rarity_does_not_bury_a_finding(context: Context, films: Films, points: None) -> None:
    common = films.add(scores(pneumonia=0.45), noise(1))
    rare = films.add(scores(nodule=0.15), noise(1))
    assert images(ask(context, "узел в лёгком"))[0] == rare
    assert images(ask(context, "пневмония"))[0] == common


def question(vector: NDArray[np.float32], **high: float) -> Question:
    """What a film with these scores asks."""
    degrees = {c: float(lift(np.array([v]), POINTS[c] or 0.5)[0]) for c, v in scores(**high).items()}
    degrees["normal"] = 1 - degrees["abnormal"]
    wanted = tuple(QueryConcept(id=c, status=Status.PRESENT) for c, d in degrees.items() if d >= 0.5)
    query = ParsedQuery(language="ru", concepts=wanted)
    return Question("image", query, degrees, vector=vector, vector_model="compact@1")


def neighbours(context: Context, asked: Question, k: int = 5) -> list[int]:
    return find("images", asked, k, context.get(Store), context.get(Indexes), POINTS, context.actor).ids.tolist()


def test_normal_film_gets_normals_although_abnormals_look_nearer(context: Context, films: Films) -> None:
    look = noise(0)
    abnormal = [films.add(scores(pneumonia=0.9, abnormal=0.95), look + 0.2 * noise(n)) for n in range(1, 9)]
    normal = [films.add(scores(abnormal=0.1), look + 1.0 * noise(n)) for n in range(11, 19)]
    assert set(neighbours(context, question(look, abnormal=0.1))) <= set(normal)
    assert set(neighbours(context, question(look, pneumonia=0.9, abnormal=0.9))) <= set(abnormal)


def test_among_alike_the_nearest_comes_first(context: Context, films: Films) -> None:
    look = noise(0)
    far, near = (films.add(scores(cardiomegaly=0.9, abnormal=0.9), look + x * noise(3)) for x in (2.0, 0.3))
    assert neighbours(context, question(look, cardiomegaly=0.9, abnormal=0.9)) == [near, far]


def test_vectors_of_another_model_are_not_compared(context: Context, films: Films) -> None:
    films.add(scores(abnormal=0.1), noise(1))
    asked = question(noise(1), abnormal=0.1)
    other = Question("image", asked.query, asked.findings, vector=asked.vector, vector_model="other@2")
    found = find("images", other, 5, context.get(Store), context.get(Indexes), POINTS, context.actor)
    assert len(found.ids) == 1 and np.isnan(found.cosines).all()


def test_agreement_is_one_for_the_same_and_low_for_others(context: Context, films: Films) -> None:
    films.add(scores(cardiomegaly=0.9, abnormal=0.9), noise(1))
    films.add(scores(abnormal=0.02), noise(1))
    films.add(scores(pneumonia=0.9, abnormal=0.9), noise(1))
    same, normal, other = agreement(
        question(noise(1), cardiomegaly=0.9, abnormal=0.9).findings,
        Matcher(context.get(Indexes).image_facts, POINTS),
        {},
    )
    assert same == pytest.approx(1, abs=0.01) and normal < 0.05 and 0.2 < other < 0.6


def test_what_the_model_thinks_possible_is_not_told_as_present(films: Films) -> None:
    scores = {"pleural_effusion": 0.35, "cardiomegaly": 0.8, "nodule": 0.2, "pneumonia": 0.1}
    film = films.add(scores, np.ones(4), labels={"nodule": "present"})
    row = films.store.lookup_images([film])[film]
    present = present_concepts(row, POINTS)
    assert set(present) == {"pleural_effusion", "cardiomegaly", "nodule"}
    assert possible_concepts(row, present) == ("pleural_effusion",)  # the label says that there is a nodule
