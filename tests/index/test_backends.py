"""Every vector index keeps one contract; the approximate one also finds what exact search finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prosvet.core.errors import UnknownName
from prosvet.index.base import BACKENDS, as_mask, choose, unit_rows

NAMES = sorted(BACKENDS)


def clustered(count: int, width: int = 64, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors around 40 centres, with as much noise as there is signal."""
    draw = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(40, width))
    return unit_rows(centres[draw.integers(0, 40, count)] + draw.normal(size=(count, width)))


def exact(matrix: NDArray[np.float32], queries: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    return np.argsort(-(queries @ matrix.T), axis=1)[:, :k]


@pytest.mark.parametrize("name", NAMES)
class TestContract:
    def test_finds_the_nearest_under_their_ids(self, name: str) -> None:
        matrix = clustered(500)
        ids = np.arange(500) * 7 + 3
        index = BACKENDS[name].build(ids, matrix, threads=1)
        found = index.search(matrix[:20], 1)
        assert (found.ids[:, 0] == ids[:20]).all()
        np.testing.assert_allclose(found.scores[:, 0], 1.0, atol=2e-3)
        assert len(index) == 500 and index.width == 64 and index.memory_bytes() > 0

    def test_scores_are_cosines_in_falling_order(self, name: str) -> None:
        matrix = clustered(500)
        index = BACKENDS[name].build(np.arange(500), 3 * matrix, threads=1)
        found = index.search(5 * matrix[:3], 10)
        assert (np.diff(found.scores, axis=1) <= 0).all()
        for query, ids, scores in zip(matrix, found.ids, found.scores, strict=False):
            np.testing.assert_allclose(scores, matrix[ids] @ query, atol=2e-3)

    @pytest.mark.parametrize("as_ids", [True, False])
    def test_finds_only_what_is_allowed(self, name: str, as_ids: bool) -> None:
        matrix, ids = clustered(500), np.arange(500) + 10
        index = BACKENDS[name].build(ids, matrix, threads=1)
        mask = np.zeros(500, dtype=bool)
        mask[::25] = True
        found = index.search(matrix[:5], 10, ids[mask] if as_ids else mask)
        assert set(found.ids.ravel().tolist()) <= set(ids[mask].tolist())
        best = np.argsort(-(matrix[:5] @ matrix[mask].T), axis=1)[:, :10]
        assert np.mean([len(np.intersect1d(a, ids[mask][b])) for a, b in zip(found.ids, best, strict=True)]) > 9.5

    def test_fills_missing_places_with_minus_one(self, name: str) -> None:
        matrix = clustered(500)
        index = BACKENDS[name].build(np.arange(500), matrix, threads=1)
        found = index.search(matrix[:1], 5, np.array([4, 9, 10_000]))
        assert set(found.ids[0, :2].tolist()) == {4, 9}
        assert found.ids[0, 2:].tolist() == [-1, -1, -1] and np.isneginf(found.scores[0, 2:]).all()
        assert (index.search(matrix[:1], 3, np.zeros(0, dtype=np.int64)).ids == -1).all()

    def test_answers_the_same_after_a_save(self, name: str, tmp_path: Path) -> None:
        matrix = clustered(500)
        index = BACKENDS[name].build(np.arange(500), matrix, threads=1)
        index.save(tmp_path)
        again = BACKENDS[name].load(tmp_path, threads=1)
        before, after = index.search(matrix[:9], 7), again.search(matrix[:9], 7)
        assert (before.ids == after.ids).all() and (before.scores == after.scores).all()
        assert (again.ids == index.ids).all()

    def test_holds_a_single_vector(self, name: str) -> None:
        index = BACKENDS[name].build(np.array([5]), np.ones((1, 8), dtype=np.float32), threads=1)
        assert index.search(np.ones((1, 8)), 3).ids[0].tolist() == [5, -1, -1]

    @pytest.mark.parametrize("ids", [[1, 1, 2], [1, 2]])
    def test_refuses_ids_that_do_not_fit(self, name: str, ids: list[int]) -> None:
        with pytest.raises(ValueError):
            BACKENDS[name].build(np.array(ids), np.eye(3, dtype=np.float32), threads=1)

    def test_refuses_vectors_that_are_not_finite(self, name: str) -> None:
        index = BACKENDS[name].build(np.arange(500), clustered(500), threads=1)
        with pytest.raises(ValueError):
            index.search(np.full((1, 64), np.nan), 1)
        with pytest.raises(ValueError):
            BACKENDS[name].build(np.arange(3), np.full((3, 4), np.inf), threads=1)


def test_inverted_lists_find_what_exact_search_finds() -> None:
    matrix, queries = clustered(20_000), clustered(100, seed=1)
    index = BACKENDS["faiss_ivf"].build(np.arange(20_000), matrix.astype(np.float16), threads=1)
    found, true = index.search(queries, 10).ids, exact(matrix, queries, 10)
    recall = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found, true, strict=True)])
    assert recall >= 0.9  # random clouds are the hard case; real embeddings are in benchmarks/search_scale.py


def test_inverted_lists_keep_a_quarter_of_the_memory() -> None:
    matrix = clustered(5000, width=512)
    flat, lists = (BACKENDS[name].build(np.arange(5000), matrix, threads=1) for name in NAMES)
    assert lists.memory_bytes() < 0.35 * flat.memory_bytes()


def test_exact_search_up_to_fifty_thousand() -> None:
    assert (choose(0), choose(50_000), choose(50_001), choose(10**6)) == (
        "faiss_flat", "faiss_flat", "faiss_ivf", "faiss_ivf",
    )  # fmt: skip


def test_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(UnknownName) as error:
        BACKENDS["annoy"]
    assert error.value.details["known"] == "faiss_flat, faiss_ivf"


def test_mask_must_fit_the_index() -> None:
    with pytest.raises(ValueError, match="mask"):
        as_mask(np.arange(3), np.ones(2, dtype=bool))
