"""BM25: the weights of the formula, words in both languages, and the same after a save."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from prosvet.index.text import TextIndex
from prosvet.language.stem import tokens

TEXTS = [
    "Правосторонний плевральный выпот. Сердце не расширено.",
    "Лёгкие без очаговых теней. Плевральные синусы свободны.",
    "Large right pleural effusion. The heart is enlarged.",
    "Clear lungs. No effusion, no effusions at all.",
]
IDS = np.array([4, 8, 15, 16])


def index() -> TextIndex:
    return TextIndex.build(IDS, TEXTS)


def test_scores_follow_the_formula() -> None:
    documents = [tokens(text) for text in TEXTS]
    average = sum(map(len, documents)) / len(documents)
    stem = tokens("effusion")[0]
    holding = sum(stem in d for d in documents)
    idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
    count = documents[3].count(stem)
    expected = idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * len(documents[3]) / average))
    assert index().scores("effusion")[3] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("query", "first"),
    [("плевральным выпотом", 4), ("сердца", 4), ("effusions", 16), ("HEART enlargement", 15), ("легкими", 8)],
)
def test_finds_inflected_forms(query: str, first: int) -> None:
    assert index().search(query, 3).ids[0] == first


def test_finds_only_what_is_allowed() -> None:
    assert index().search("effusion", 9, np.array([15])).ids.tolist() == [15]
    assert index().search("effusion", 9, np.zeros(4, dtype=bool)).ids.tolist() == []


def test_unknown_words_find_nothing() -> None:
    assert len(index().search("автомобиль", 5).ids) == 0
    assert len(index().search("", 5).ids) == 0


def test_gives_at_most_k_in_falling_order() -> None:
    hits = index().search("плевральный effusion", 2)
    assert len(hits.ids) == 2 and hits.scores[0] >= hits.scores[1] > 0


def test_answers_the_same_after_a_save(tmp_path: Path) -> None:
    index().save(tmp_path)
    again = TextIndex.load(tmp_path)
    for query in ("выпот", "effusion lungs", "nothing"):
        assert (again.scores(query) == index().scores(query)).all()
    assert (again.ids == IDS).all()


def test_names_the_words_that_matched() -> None:
    assert index().matched_words("Выпоты в сердце или auto", TEXTS[0]) == ["выпоты", "сердце"]


def test_empty_archive_has_an_index() -> None:
    empty = TextIndex.build(np.zeros(0, dtype=np.int64), [])
    assert len(empty) == 0 and len(empty.search("выпот", 3).ids) == 0


def test_each_text_needs_its_own_id() -> None:
    with pytest.raises(ValueError):
        TextIndex.build(np.array([1, 1]), ["a", "b"])
    with pytest.raises(ValueError):
        TextIndex.build(np.array([1]), ["a", "b"])


def test_four_thousand_reports_are_indexed_at_once() -> None:
    draw = np.random.default_rng(0)
    words = [f"слово{n}" for n in range(2000)]
    texts = [" ".join(words[i] for i in draw.zipf(1.4, 60) % 2000) for _ in range(4000)]
    start = time.perf_counter()
    made = TextIndex.build(np.arange(4000), texts)
    assert time.perf_counter() - start < 10  # 0.3 s alone; the bound only catches a return to loops
    assert len(made) == 4000
