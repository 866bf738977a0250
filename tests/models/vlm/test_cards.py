"""Cards of vision-language models: the shipped ones pin nothing; one of the user's is checked and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.errors import CardRefused, ModelHashMismatch, NotFound, VlmError
from prosvet.models.api import ModelsRequest, ModelsResult, run
from prosvet.models.vlm import open_reader, readers
from prosvet.models.vlm.door import load_vlm_card

SHIPPED = sorted(set(readers()) - {"tiny"})  # whose weights are shipped too


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder that only looks like weights: nothing here loads it."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"\0" * 100)
    (folder / "README.md").write_text("left out")
    return folder


def add(context: Context, name: str, **more: object) -> ModelsResult:
    return run(ModelsRequest.model_validate({"action": "add", "name": name, **more}), context)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_cards_are_whole_and_pin_nothing(name: str, context: Context) -> None:
    card = load_vlm_card(name)
    assert card.name == name and card.licence
    assert (card.revision, card.files, card.weights, card.figures) == ("", {}, "", ())
    assert len(card.limits["ru"]) == len(card.limits["en"]) > 0
    with pytest.raises(VlmError, match="no pinned revision"):
        open_reader(name, context)


def test_the_list_says_that_weights_are_not_here(context: Context) -> None:
    rows = {row.name: row for row in run(ModelsRequest(), context.child(lang="en")).models}
    assert rows["smolvlm-instruct"].problem == "weights not here" and rows["compact"].problem == ""
    assert run(ModelsRequest(action="verify"), context).ok


def test_a_shipped_card_is_taken_in_with_its_weights(context: Context, weights: Path) -> None:
    row = add(context, "smolvlm-instruct", weights=weights, revision="0a1b2c3").models[0]
    assert (row.revision, row.problem) == ("0a1b2c3", "")
    card = load_vlm_card("smolvlm-instruct", context.settings.home)
    assert card.weights_folder == weights and set(card.files) == {"config.json", "model.safetensors"}
    assert card.images == load_vlm_card("smolvlm-instruct").images
    events = [json.loads(line) for line in (context.settings.home / "audit.jsonl").read_text().splitlines()]
    assert events[-1]["event"] == "model_added" and events[-1]["revision"] == "0a1b2c3"
    assert run(ModelsRequest(action="verify", name="smolvlm-instruct"), context).ok
    with pytest.raises(CardRefused, match="there already"):
        add(context, "smolvlm-instruct", weights=weights, revision="9")
    assert add(context, "smolvlm-instruct", weights=weights, revision="9", replace=True).models[0].revision == "9"
    (weights / "config.json").write_text("[]")
    assert not run(ModelsRequest(action="verify", name="smolvlm-instruct"), context).ok
    with pytest.raises(ModelHashMismatch):
        pytest.importorskip("transformers", reason="transformers is not installed")
        open_reader("smolvlm-instruct", context)


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("radvlm", {}, "pins no revision"),
        ("radvlm", {"revision": "1"}, "folder of its weights is not named"),
    ],
)
def test_what_is_not_whole_is_not_taken_in(name: str, more: dict[str, object], said: str, context: Context) -> None:
    with pytest.raises(CardRefused, match=said):
        add(context, name, **more)
    assert not (context.settings.home / "models").exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("task = 'dance'", "its task"),
        ("task = 'vlm'\nsurprise = 1", "name: Field required"),
        ("task = ", "TOML|Invalid"),
    ],
)
def test_a_file_that_is_no_card(body: str, said: str, context: Context, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(body)
    with pytest.raises(CardRefused, match=said):
        add(context, str(tmp_path / "c.toml"))


def test_nothing_there(context: Context, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        add(context, "no-such-card")
    with pytest.raises(NotFound):
        add(context, "radvlm", weights=tmp_path / "no", revision="1")


def test_a_server_needs_only_its_revision(context: Context) -> None:
    assert add(context, "local-server", revision="qwen2.5-vl-7b-q4").models[0].problem == ""
    assert open_reader("local-server", context).revision == "qwen2.5-vl-7b-q4"
