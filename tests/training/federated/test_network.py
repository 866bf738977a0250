"""The whole network: real films of two sites, a few real steps, weights averaged by films."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not installed")

from prosvet.core.errors import FederationError  # noqa: E402
from prosvet.training.data import prepare  # noqa: E402
from prosvet.training.federated.average import averaged, total  # noqa: E402
from prosvet.training.federated.exchange import answer, merge_files  # noqa: E402
from prosvet.training.federated.federation import Federation  # noqa: E402
from prosvet.training.federated.films import FilmSet  # noqa: E402
from prosvet.training.federated.network import from_state, initial_state, network_update, write_encoder  # noqa: E402
from prosvet.training.federated.packet import digest  # noqa: E402
from prosvet.training.federated.plan import Plan  # noqa: E402
from training.federated.conftest import FEW, few_labels, few_rows, pictures  # noqa: E402


@pytest.fixture(scope="module")
def films(shared_data: Path) -> dict[str, FilmSet]:
    rows = {"north": few_rows(shared_data, "nih")[:8], "south": few_rows(shared_data, "kermany")[-6:]}
    found = pictures(shared_data, [row for part in rows.values() for row in part])
    made = {}
    for site, part in rows.items():
        greys = [Image.open(io.BytesIO(found[Path(row["file"]).name])).convert("L") for row in part]
        pixels = np.stack([np.round(prepare(np.asarray(g, dtype=np.float32)) * 255).astype(np.uint8) for g in greys])
        made[site] = FilmSet("", FEW, few_labels(part), pixels=pixels)
    return made


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    return initial_state(None, len(FEW))


@pytest.fixture
def plan(state: dict[str, np.ndarray]) -> Plan:
    base = f"FindingNet@{digest(state)[:16]}"
    return Plan(name="net", base=base, findings=FEW, sites=("north", "south"), method="full", steps=2, batch=4)


def test_a_round_by_file_gives_a_network_that_reads(
    films: dict[str, FilmSet], state: dict[str, np.ndarray], plan: Plan, tmp_path: Path
) -> None:
    federation = Federation.create(tmp_path, plan, state)
    paths = []
    for site, part in films.items():
        paths.append(tmp_path / f"{site}.npz")
        answer(federation.state_path(), part, site, federation.key(site), paths[-1])
    made = merge_files(federation, paths)
    assert made.moved > 1e-4
    assert made.counts[-1] == 14
    write_encoder(federation.state().arrays, len(FEW), tmp_path / "encoder.pt")
    net = from_state(initial_state(tmp_path / "encoder.pt", len(FEW)), len(FEW)).eval()
    with torch.inference_mode():
        logits = net(torch.zeros(1, 1, 224, 224))[0]
    assert logits.shape == (1, 3)
    assert torch.isfinite(logits).all()


def test_the_average_is_by_films_and_the_classifier_by_labels(
    films: dict[str, FilmSet], state: dict[str, np.ndarray], plan: Plan
) -> None:
    parts = list(films.values())
    assert not (parts[1].labels[:, 2] >= 0).any(), "children's films say nothing of tuberculosis where they are ill"
    updates = [network_update(state, part, plan, seed=1) for part in parts]
    own = [{name: array / _behind(name, array, one.counts) for name, array in one.sums.items()} for one in updates]
    made = averaged(total(updates), state, frozenset(n for n in state if n.startswith("classifier.")))
    stem = "trunk.stem.0.weight"
    np.testing.assert_allclose(made[stem], (8 * own[0][stem] + 6 * own[1][stem]) / 14, atol=1e-9)
    assert np.abs(own[0][stem] - own[1][stem]).max() > 0
    np.testing.assert_allclose(made["classifier.weight"][2], own[0]["classifier.weight"][2], atol=1e-9)


def _behind(name: str, array: np.ndarray, counts: np.ndarray) -> np.ndarray | float:
    if not name.startswith("classifier."):
        return float(counts[-1])
    return np.maximum(counts[:-1], 1).reshape((-1,) + (1,) * (array.ndim - 1))


def test_films_without_pictures_are_refused(state: dict[str, np.ndarray], plan: Plan) -> None:
    with pytest.raises(FederationError) as caught:
        network_update(state, FilmSet("", FEW, np.ones((3, 3), dtype=np.int8)), plan, seed=0)
    assert caught.value.details["reason"] == "no_pixels"
