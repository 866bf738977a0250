"""Two models joined, encoders pretrained: the real code on tiny random models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings, NotFound, TuningError
from prosvet.training.vlm.chain.api import ChainRequest, run
from prosvet.training.vlm.chain.chained import ask, load_chained
from prosvet.training.vlm.chain.listing import read_listing
from prosvet.training.vlm.chain.loop import run_loop, trained_state
from prosvet.training.vlm.chain.masked import blocks
from prosvet.training.vlm.chain.pairs import sigmoid_loss
from prosvet.training.vlm.chain.recipe import Loop, ProjectorRecipe, load_chain_recipe
from prosvet.training.vlm.chain.stages import train_projector


def projector_recipe(listing: Path, llama: Path, siglip: Path, kind: str = "mlp", **more: object) -> ProjectorRecipe:
    loop = {"steps": 6, "batch": 2, "lr": 0.01, "save_every": 3}
    given: dict[str, object] = {
        "kind": "projector", "name": "tiny", "eyes": {"kind": "siglip", "path": siglip},
        "language": {"path": llama},
        "projector": {"kind": kind, "tokens": 4, "heads": 4, "layers": 1},
        "lora": {"targets": r".*layers\.\d+\..*_proj", "rank": 4}, "data": listing, "first": loop, "second": loop,
    }  # fmt: skip
    return ProjectorRecipe.model_validate(given | more)


@pytest.mark.parametrize("kind", ["linear", "mlp", "resampler"])
def test_both_stages_learn_and_what_was_saved_says_the_same(
    kind: str, listing: Path, llama: Path, siglip: Path, tmp_path: Path
) -> None:
    done = train_projector(projector_recipe(listing, llama, siglip, kind), tmp_path, Context())
    assert done.dev[2] < done.dev[0]
    assert done.second[-1] < done.first[0]
    assert done.trained[1] > done.trained[0]  # adapters joined the projector
    sample = read_listing(listing, "dev", Context().settings)[0]
    said = [ask(*load_chained(done.folder, 1), sample.pictures, sample.roles, 8) for _ in range(2)]
    assert said[0] == said[1]


def test_the_first_stage_leaves_both_models_as_they_were(
    listing: Path, llama: Path, siglip: Path, tmp_path: Path
) -> None:
    recipe = projector_recipe(listing, llama, siglip)
    train_projector(recipe, tmp_path, Context())
    names = torch.load(tmp_path / "first" / "last.pt", weights_only=True)["model"]
    assert names
    assert all(name.startswith("projector.") for name in names)
    assert not any("eyes" in name for name in torch.load(tmp_path / "second" / "last.pt", weights_only=True)["model"])


def test_the_compact_encoder_can_be_the_eyes(listing: Path, llama: Path, siglip: Path, tmp_path: Path) -> None:
    loop = {"steps": 3, "batch": 2, "lr": 0.01}
    recipe = projector_recipe(listing, llama, siglip, "resampler", eyes={"kind": "compact"}, first=loop, second=loop)
    done = train_projector(recipe, tmp_path, Context())
    assert done.dev[2] < done.dev[0]


class _Line(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.line, self.drop = torch.nn.Linear(3, 1), torch.nn.Dropout(0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.line(self.drop(x)) - x.sum(1, keepdim=True)).square().mean()


def test_a_run_that_was_killed_ends_with_the_weights_of_an_unbroken_one(tmp_path: Path) -> None:
    loop = Loop(steps=10, lr=0.05, save_every=4)

    def draw(generator: torch.Generator) -> dict[str, torch.Tensor]:
        return {"x": torch.randn(4, 3, generator=generator)}

    calls = 0

    def dies(generator: torch.Generator) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        if calls == 7:
            raise KeyboardInterrupt
        return draw(generator)

    whole, broken, again = _Line(), _Line(), _Line()
    losses = run_loop(whole, draw, loop, tmp_path / "whole", "r")
    with pytest.raises(KeyboardInterrupt):
        run_loop(broken, dies, loop, tmp_path / "broken", "r")
    assert run_loop(again, draw, loop, tmp_path / "broken", "r") == losses
    for name, tensor in trained_state(whole).items():
        assert torch.equal(tensor, trained_state(again)[name])
    with pytest.raises(TuningError):
        run_loop(_Line(), draw, loop, tmp_path / "broken", "another")


@pytest.mark.parametrize("views", ["single", "multi", "prior"])
def test_pairs_learn_which_report_belongs_to_which_study(
    views: str, listing: Path, siglip: Path, tmp_path: Path
) -> None:
    recipe = _written(
        tmp_path / "r.toml",
        f'''kind = "pairs"
name = "pairs"
encoder = "{siglip}"
data = "{listing}"
views = "{views}"
loop = {{steps = 12, batch = 6, lr = 0.003}}
''',
    )
    result = run(ChainRequest(recipe=recipe, out=tmp_path / "run"), Context())
    assert result.figures["loss.last"] < result.figures["loss.first"]
    assert (result.path / "views.safetensors").is_file()


def test_masked_modelling_learns_and_its_tower_is_a_siglip_again(listing: Path, siglip: Path, tmp_path: Path) -> None:
    recipe = _masked(tmp_path, listing, siglip, 10)
    result = run(ChainRequest(recipe=recipe, out=tmp_path / "run"), Context())
    assert result.figures["loss.last"] < result.figures["loss.first"]
    from transformers import SiglipVisionModel

    assert SiglipVisionModel.from_pretrained(result.path).config.patch_size == 14


@pytest.mark.slow
def test_two_processes_train_as_one(listing: Path, siglip: Path, tmp_path: Path) -> None:
    recipe, out = _masked(tmp_path, listing, siglip, 3), tmp_path / "run"
    command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines",
               "1",
               "--mixed_precision", "no", "--dynamo_backend", "no", "-m", "prosvet", "train", "projector", "--recipe",
               str(recipe), "--out", str(out)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PROSVET_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(torch.load(out / "last.pt", weights_only=True)["losses"]) == 3


def test_blocks_cover_their_share() -> None:
    covered = blocks(5, 16, 4, 0.5, torch.Generator().manual_seed(1))
    assert covered.sum(1).tolist() == [128] * 5


def test_studies_with_the_same_text_are_not_told_to_be_strangers() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(2, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    scale, bias = torch.tensor([1.0]), torch.tensor([0.0])
    same, other = torch.tensor([[1, 2], [1, 2]]), torch.tensor([[1, 2], [3, 4]])
    assert sigmoid_loss(vectors, vectors, same, scale, bias) < sigmoid_loss(vectors, vectors, other, scale, bias)


def test_a_recipe_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_chain_recipe(tmp_path / "none.toml")
    masked = 'kind = "masked"\nname = "a"\nencoder = "e"\ndata = "d"\nloop = {steps = 0, lr = 0.1}\n'
    with pytest.raises(InvalidSettings, match="steps"):
        load_chain_recipe(_written(tmp_path / "r.toml", masked))
    language = 'kind = "language"\nname = "a"\nmodel = {path = "m"}\nloop = {steps = 1, lr = 0.1}\n'
    with pytest.raises(InvalidSettings, match="projector"):
        run(ChainRequest(recipe=_written(tmp_path / "l.toml", language), out=tmp_path), Context())


def test_a_patient_on_two_sides_is_refused(tmp_path: Path) -> None:
    lines = ['{"images": ["a.png"], "text": "t", "patient": "1", "part": "train"}',
             '{"images": ["a.png"], "text": "t", "patient": "1", "part": "dev"}']  # fmt: skip
    with pytest.raises(TuningError):
        read_listing(_written(tmp_path / "l.jsonl", "\n".join(lines)), "train", Context().settings)


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[4] / "recipes" / "chain").glob("*.toml")), ids=str)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    assert load_chain_recipe(path).name == path.stem


def _masked(folder: Path, listing: Path, siglip: Path, steps: int) -> Path:
    return _written(
        folder / "m.toml",
        f'''kind = "masked"
name = "masked"
encoder = "{siglip}"
data = "{listing}"
loop = {{steps = {steps}, batch = 6, lr = 0.003}}
''',
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
