"""Adapters: identity is exact, what is kept comes back, and a stored film scored again is the film read again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from prosvet.core.errors import DeploymentError, NotFound
from prosvet.core.settings import Settings, load_settings
from prosvet.models.adapter import Adapter, AdapterCard, FindingAdaptation, SitePoint, Weights, adapted, log_odds
from prosvet.models.adapter_files import adapter_versions, load_adapter, save_adapter
from prosvet.models.card import load_card

BASE = load_card("compact")
K = len(BASE.labels)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, home=tmp_path)


def _card(**changed: object) -> AdapterCard:
    point = SitePoint(threshold=0.3, sensitivity=0.9, specificity=0.8, moved=True)
    finding = FindingAdaptation(
        kind="recalibrated", why="recalibrated", positives=30, negatives=40, patients=60, points={"balanced": point}
    )  # fmt: skip
    facts = {
        "site": "local", "version": 1, "model": BASE.name, "revision": BASE.revision, "sha256": "0" * 64, "bytes": 1,
        "created": datetime(2026, 5, 2), "by": "petrova", "labels_from": "may.csv", "data_sha256": "1" * 64,
        "films": 70, "studies": 70, "patients": 60, "folds": 5, "seed": 0, "labels": BASE.labels,
        "findings": {"abnormal": finding},
    }  # fmt: skip
    return AdapterCard.model_validate(facts | changed)


def _weights() -> Weights:
    made = Weights.identity(K)
    made.active[0], made.scale[0], made.shift[0] = True, 0.7, 0.4
    made.logits[0, 3], made.vector[0, 7] = 0.2, 3.0
    return made


def _films(n: int = 50) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    vectors = random.normal(0, 1, (n, 512))
    return random.random((n, K)).round(4), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_identity_leaves_every_score_as_it_was() -> None:
    scores, vectors = _films()
    scores[0], scores[1] = 0.0, 1.0
    assert np.array_equal(Weights.identity(K)(scores, vectors), scores)
    changed = _weights()(scores, vectors)
    assert np.array_equal(changed[:, 1:], scores[:, 1:]) and not np.array_equal(changed[:, 0], scores[:, 0])


def test_the_formula_is_the_documented_one() -> None:
    scores, vectors = _films(1)
    z = log_odds(scores)[0]
    halved = float(np.float16(vectors[0, 7]))
    expected = 1 / (1 + np.exp(-(0.7 * z[0] + 0.4 + 0.2 * z[3] + 3.0 * halved)))
    assert _weights()(scores, vectors)[0, 0] == pytest.approx(expected, abs=5.1e-5)


def test_scored_from_what_is_kept_is_the_same_as_scored_when_read() -> None:
    scores, vectors = _films()
    read = _weights()(scores, vectors.astype(np.float32))
    stored = np.frombuffer(vectors.astype(np.float32).astype("<f2").tobytes(), dtype="<f2").reshape(vectors.shape)
    assert np.array_equal(_weights()(scores, stored), read)


def test_what_is_kept_comes_back_and_versions_rise(settings: Settings) -> None:
    first, second = (save_adapter(settings, _card(), _weights()) for _ in range(2))
    assert (first.card.version, second.card.version, adapter_versions(settings)) == (1, 2, (1, 2))
    loaded = load_adapter(settings, 2, BASE)
    assert loaded.card == second.card and loaded.revision == f"{BASE.revision}+local.2"
    scores, vectors = _films()
    assert np.allclose(loaded.weights(scores, vectors), _weights()(scores, vectors), atol=1e-4)
    assert loaded.card.bytes < 100_000


def test_another_site_base_or_hash_is_refused(settings: Settings) -> None:
    made = save_adapter(settings, _card(), _weights())
    with pytest.raises(NotFound):
        load_adapter(settings, 9, BASE)
    with pytest.raises(DeploymentError, match="made for"):
        load_adapter(settings, 1, BASE.model_copy(update={"revision": "2027.1"}))
    with pytest.raises(DeploymentError, match="changed"):
        load_adapter(settings, 1, BASE, sha256="f" * 64)
    assert load_adapter(settings, 1, BASE, sha256=made.sha256).card == made.card


def test_numbers_with_a_pickle_inside_are_not_read(settings: Settings) -> None:
    import hashlib

    made = save_adapter(settings, _card(), _weights())
    folder = settings.home / "sites" / "local" / "adapters" / "1"
    with (folder / "adapter.npz").open("wb") as stream:
        np.savez(stream, active=np.array([object()], dtype=object), scale=1, shift=1, logits=1, vector=1)
    digest = hashlib.sha256((folder / "adapter.npz").read_bytes()).hexdigest()
    card = (folder / "card.json").read_text().replace(made.card.sha256, digest)
    (folder / "card.json").write_text(card)
    with pytest.raises(DeploymentError, match="damaged"):
        load_adapter(settings, 1, BASE)


def test_the_adapted_card_has_the_sites_thresholds_and_its_own_revision() -> None:
    adapter = Adapter(_card(version=3), _weights(), "2" * 64)
    card = adapted(BASE, adapter)
    assert card.revision == f"{BASE.revision}+local.3" and card.name == BASE.name
    assert card.operating_points["balanced"]["abnormal"].threshold == 0.3
    assert card.operating_points["balanced"]["pneumonia"] == BASE.operating_points["balanced"]["pneumonia"]
    assert card.operating_points["sensitive"] == BASE.operating_points["sensitive"]
    assert card.figures == () and card.files == BASE.files
