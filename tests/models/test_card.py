"""Cards: the shipped ones are valid and their weights are the ones described; a wrong one is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.errors import ModelError, ModelHashMismatch, ModelNotFound
from prosvet.language.vocabulary import vocabulary
from prosvet.models.api import ModelsRequest, run
from prosvet.models.card import Card, cards, load_card, verified_path

SHIPPED = sorted(cards())


@pytest.fixture
def copied(own_home: Path) -> Path:
    """The compact card with its weights in a home of its own, to be spoilt."""
    card = load_card("compact")
    folder = own_home / "models"
    shutil.copytree(card.folder.parent / "weights", own_home / "weights")
    folder.mkdir(parents=True)
    shutil.copy(card.folder / "compact.toml", folder)
    return folder / "compact.toml"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_card_is_whole(name: str) -> None:
    card = load_card(name)
    assert {verified_path(card, file).stat().st_size for file in card.files} == {f.bytes for f in card.files.values()}
    assert set(card.calibration) == set(card.labels)
    assert set(card.labels) <= set(vocabulary().concepts)
    assert set(card.limits) == {"ru", "en"}
    assert len(card.limits["ru"]) == len(card.limits["en"])
    assert all(source.licence and source.films > 0 for source in card.training)


@pytest.mark.parametrize("name", SHIPPED)
def test_operating_points_lie_in_order(name: str) -> None:
    points = load_card(name).operating_points
    assert set(points) == {"balanced", "sensitive"}
    for label, point in points["sensitive"].items():
        assert point.sensitivity >= 0.95
        assert point.threshold <= points["balanced"][label].threshold
        assert min(point.positives, point.negatives) >= 8


def test_all_weights_stay_small() -> None:
    total = sum(file.bytes for name in SHIPPED for file in load_card(name).files.values())
    assert total <= 60e6


def test_unknown_key_is_refused(copied: Path, own_home: Path) -> None:
    copied.write_text('surprise = "yes"\n' + copied.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ModelError, match="surprise"):
        load_card("compact", own_home)


def test_broken_toml_is_refused(copied: Path, own_home: Path) -> None:
    copied.write_text("labels = [", encoding="utf-8")
    with pytest.raises(ModelError):
        load_card("compact", own_home)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ModelNotFound) as caught:
        load_card("nothing")
    assert "compact" in caught.value.hint("ru")


def test_changed_weights_are_refused(copied: Path, own_home: Path) -> None:
    card = load_card("compact", own_home)
    path = verified_path(card, "gates")
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(ModelHashMismatch):
        verified_path(card, "gates")


def test_missing_weights_are_named(copied: Path, own_home: Path) -> None:
    card = load_card("compact", own_home)
    verified_path(card, "gates").unlink()
    with pytest.raises(ModelError, match="missing"):
        verified_path(card, "gates")


def test_verify_reports_the_spoilt_card(copied: Path, own_home: Path, context: Context) -> None:
    assert run(ModelsRequest(action="verify"), context).ok
    path = verified_path(load_card("compact", own_home), "gates")
    path.write_bytes(b"not a network")
    result = run(ModelsRequest(action="verify"), context)
    assert not result.ok
    assert [row.verified for row in result.models if row.name == "compact"] == [False]
    assert isinstance(run(ModelsRequest(action="show", name="compact"), context).card, Card)
