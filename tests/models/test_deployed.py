"""What a site reads with: the last whole line of an append-only history, whoever writes at the same time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prosvet.core.errors import DeploymentError, ModelHashMismatch, ModelNotFound
from prosvet.core.settings import Settings, load_settings
from prosvet.models.card import load_card
from prosvet.models.deployed import card_in_force, deploy, deployed, history, roll_back

WHO = {"by": "petrova", "why": "a test"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, home=tmp_path)


def _file(settings: Settings) -> Path:
    return settings.home / "sites" / settings.site / "deployments.jsonl"


def test_without_a_history_it_is_the_model_of_the_settings(settings: Settings) -> None:
    found = deployed(settings)
    assert (found.version, found.model, found.adapter) == (0, "compact", None)
    assert card_in_force(settings) == load_card("compact")
    assert history(settings) == ()
    assert not _file(settings).exists()


def test_the_last_deployment_is_in_force_and_is_kept(settings: Settings) -> None:
    made = deploy(settings, "compact-int8", **WHO, evidence={"auroc": 0.91})
    assert made.version == 1
    assert made.revision == load_card("compact-int8").revision
    assert deployed(settings) == made
    assert card_in_force(settings).name == "compact-int8"
    assert json.loads(_file(settings).read_text())["evidence"] == {"auroc": 0.91}
    assert deployed(load_settings({}, home=settings.home, site="other")).version == 0


def test_an_explicit_model_wins(settings: Settings) -> None:
    deploy(settings, "compact-int8", **WHO)
    named = load_settings({"PROSVET_MODEL": "compact"}, home=settings.home)
    assert deployed(named).model == "compact"
    assert deployed(settings.model_copy(update={"lang": "en"})).model == "compact-int8"
    assert deployed(settings.model_copy(update={"model": "compact"})).model == "compact"


def test_roll_back_adds_a_line_and_a_second_one_goes_further_back(settings: Settings) -> None:
    deploy(settings, "compact-int8", **WHO)
    deploy(settings, "compact", **WHO)
    first = roll_back(settings, **WHO)
    assert (first.version, first.model, first.restores) == (3, "compact-int8", 1)
    second = roll_back(settings, **WHO)
    assert (second.version, second.model, second.restores) == (4, "compact", 0)
    with pytest.raises(DeploymentError) as refused:
        roll_back(settings, **WHO)
    assert refused.value.details["reason"] == "nothing_before"
    assert [one.version for one in history(settings)] == [1, 2, 3, 4]


def test_roll_back_to_a_version(settings: Settings) -> None:
    for name in ("compact-int8", "compact", "compact"):
        deploy(settings, name, **WHO)
    assert roll_back(settings, 1, **WHO).model == "compact-int8"
    with pytest.raises(DeploymentError):
        roll_back(settings, 9, **WHO)


@pytest.mark.parametrize(("by", "why"), [("", "reason"), ("petrova", "  ")])
def test_a_name_and_a_reason_are_needed(settings: Settings, by: str, why: str) -> None:
    with pytest.raises(DeploymentError):
        deploy(settings, "compact", by=by, why=why)
    assert not _file(settings).exists()


def test_what_is_not_whole_is_not_deployed(settings: Settings) -> None:
    with pytest.raises(ModelNotFound):
        deploy(settings, "nowhere", **WHO)
    card = load_card("compact")
    (settings.home / "models").mkdir()
    shutil.copytree(card.folder.parent / "weights", settings.home / "weights")
    shutil.copy(card.folder / "compact.toml", settings.home / "models")
    spoilt = settings.home / "weights" / card.files["gates"].path.split("weights/")[-1]
    spoilt.write_bytes(spoilt.read_bytes() + b"!")
    with pytest.raises(ModelHashMismatch):
        deploy(settings, "compact", **WHO)
    assert history(settings) == ()


def test_a_torn_last_line_does_not_count_and_is_cut_off(settings: Settings) -> None:
    deploy(settings, "compact-int8", **WHO)
    with _file(settings).open("ab") as stream:
        stream.write(b'{"version": 2, "model": "comp')  # the machine stopped here
    assert deployed(settings).version == 1
    deploy(settings, "compact", **WHO)
    assert [one.model for one in history(settings)] == ["compact-int8", "compact"]
    assert len(_file(settings).read_bytes().splitlines()) == 2


def test_a_damaged_line_is_an_error_and_never_another_model(settings: Settings) -> None:
    deploy(settings, "compact-int8", **WHO)
    deploy(settings, "compact", **WHO)
    lines = _file(settings).read_text().splitlines()
    _file(settings).write_text("\n".join(["{}", lines[1]]) + "\n")
    with pytest.raises(DeploymentError) as refused:
        deployed(settings)
    assert refused.value.details["line"] == 1


def test_two_processes_writing_at_once_lose_nothing(settings: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from prosvet.core.settings import load_settings\n"
        "from prosvet.models.deployed import deploy\n"
        "s = load_settings({}, home=Path(sys.argv[1]))\n"
        "[deploy(s, 'compact', by=sys.argv[2], why=str(n)) for n in range(8)]\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(settings.home), name]) for name in ("one", "two")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    kept = history(settings)
    assert [one.version for one in kept] == list(range(1, 17))
    for name in ("one", "two"):
        assert [one.why for one in kept if one.by == name] == [str(n) for n in range(8)]
