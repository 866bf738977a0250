"""Prompts with weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosvet.synthesis.prompt import Clause, plain, weighted


@pytest.mark.parametrize(
    ("prompt", "clauses"),
    [
        ("левосторонняя пневмония", [("левосторонняя пневмония", 1.0)]),
        ("(кардиомегалия:1.5), выпот справа", [("кардиомегалия", 1.5), (", выпот справа", 1.0)]),
        ("((a)) [b]", [("a", 1.21), ("b", 0.9091)]),
        ("(a (b:2):1.5)", [("a", 1.5), ("b", 3.0)]),
        ("(open to the end", [("open to the end", 1.1)]),
        ("closes) too much", [("closes too much", 1.0)]),
        (r"\(as is\)", [("(as is)", 1.0)]),
        ("ratio 1:2", [("ratio 1:2", 1.0)]),
        ("(a:99) (b:-1)", [("a", 3.0), ("b", 0.0)]),
        ("", []),
        ("(), .", []),
    ],
)
def test_weights_are_read(prompt: str, clauses: list[tuple[str, float]]) -> None:
    assert [(c.text.strip(), c.weight) for c in weighted(prompt)] == [(t.strip(), w) for t, w in clauses]


@given(st.text(alphabet="ab ()[]:.\\1-,", max_size=60))
def test_whatever_is_typed_gives_bounded_weights(prompt: str) -> None:
    for clause in weighted(prompt):
        assert isinstance(clause, Clause) and 0 <= clause.weight <= 3 and clause.text.strip()


def test_words_alone() -> None:
    assert plain("normal lungs, (cardiomegaly:1.5)") == "normal lungs, cardiomegaly"
