"""Two models joined, encoders pretrained: the real code on tiny random models."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, InvalidSettings, ModelHashMismatch, NotFound, TuningError
from prosvet.core.settings import load_settings
from prosvet.models.backends.chain_net import Chained
from prosvet.models.backends.stepping import pieces_of
from prosvet.models.vlm import Picture, Question, Turn, open_reader
from prosvet.models.vlm.add import add_card
from prosvet.training.vlm.chain import stages
from prosvet.training.vlm.chain.api import ChainRequest, run
from prosvet.training.vlm.chain.chained import open_chain, save_chained
from prosvet.training.vlm.chain.listing import Sample, read_listing
from prosvet.training.vlm.chain.loop import run_loop, trained_state
from prosvet.training.vlm.chain.masked import blocks
from prosvet.training.vlm.chain.pairs import Study, sigmoid_loss, viewed
from prosvet.training.vlm.chain.recipe import Loop, ProjectorRecipe, digest, load_chain_recipe
from prosvet.training.vlm.chain.stages import train_projector

pytestmark = pytest.mark.timeout(300)  # torch is imported and films are read: slow where other tests run beside
ONE_CORE = Context(load_settings({}, threads=1))


def projector_recipe(listing: Path, llama: Path, siglip: Path, kind: str = "mlp", **more: object) -> ProjectorRecipe:
    loop = {"steps": 6, "batch": 2, "lr": 0.01, "save_every": 3}
    given: dict[str, object] = {
        "kind": "projector", "name": "tiny", "eyes": {"kind": "siglip", "path": siglip},
        "language": {"path": llama},
        "projector": {"kind": kind, "tokens": 4, "heads": 4, "layers": 1},
        "lora": {"targets": r".*layers\.\d+\..*_proj", "rank": 4}, "data": listing, "first": loop, "second": loop,
    }  # fmt: skip
    return ProjectorRecipe.model_validate(given | more)


@pytest.mark.parametrize(("kind", "eyes"), [("linear", "siglip"), ("mlp", "siglip"), ("resampler", "compact")])
def test_both_stages_learn_and_the_door_says_what_was_said_at_the_end(
    kind: str, eyes: str, listing: Path, llama: Path, siglip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Chained] = []

    def keep(model: Chained, *given: Any) -> None:
        held.append(model)
        save_chained(model, *given)

    monkeypatch.setattr(stages, "save_chained", keep)
    more: dict[str, object] = {"eyes": {"kind": "compact"}} if eyes == "compact" else {}
    recipe = projector_recipe(listing, llama, siglip, kind, **more)
    with Context(load_settings({}, home=tmp_path / "home", threads=1)) as context:
        done = train_projector(recipe, tmp_path / "run", context)
        assert done.dev[2] < done.dev[0]
        assert done.trained[1] > done.trained[0]  # adapters joined the projector
        for stage, trains in (("first", ("projector.",)), ("second", ("projector.", "language."))):
            names = torch.load(tmp_path / "run" / stage / "last.pt", weights_only=True)["model"]
            assert names and all(name.startswith(trains) for name in names)
        (model,), sample = held, read_listing(listing, "dev", context.settings)[1]
        said = _said(model, recipe, sample)
        _the_door_says(said, recipe, sample, tmp_path, context)


def _said(model: Chained, recipe: ProjectorRecipe, sample: Sample) -> list[str]:
    """Tokens of the model that was trained, as it stands in memory."""
    _, words = open_chain(recipe, 1)
    ids = torch.tensor([words.prompt(sample.roles)])
    made = model.eval().generate(ids, torch.ones_like(ids), model.eyes.prepare(sample.pictures), max_new_tokens=8,
                                 do_sample=False)  # fmt: skip
    said = [n for n in made[0, ids.shape[1] :].tolist() if n != words.tokenizer.eos_token_id]
    return pieces_of(words.tokenizer, said)


def _the_door_says(said: list[str], recipe: ProjectorRecipe, sample: Sample, folder: Path, context: Context) -> None:
    name = add_card(str(folder / "run" / "card.toml"), context)
    reader = open_reader(name, context)
    pictures = tuple(Picture(one, role) for one, role in zip(sample.pictures, sample.roles, strict=True))
    asked = Question(recipe.instruction, pictures, max_tokens=8, logprobs=True)
    answer = reader.generate(asked)
    assert list(answer.tokens) == said != []
    assert answer.prompt.count("<film>") == len(pictures) == 3
    assert answer.logprobs is not None and len(answer.logprobs) == len(answer.tokens)
    assert "".join(reader.stream(asked)).strip() == answer.text
    short = replace(asked, prompt="Есть ли выпот?")  # of another length: padded beside the first
    assert [one.text for one in reader.generate_many([asked, short])] == [answer.text, reader.generate(short).text]
    other = reader.generate(replace(asked, pictures=pictures[::-1]))
    assert other.logprobs != answer.logprobs  # it looks at the films
    for wrong in (replace(asked, prompt="<film>"), replace(asked, history=(Turn("a", "b"),))):
        with pytest.raises(InvalidRequest):
            reader.generate(wrong)
    reader.close()
    weights = folder / "run" / "chained" / "projector.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(ModelHashMismatch):
        open_reader(name, context)


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


def test_a_run_is_told_by_the_bytes_it_starts_from(listing: Path, siglip: Path, tmp_path: Path) -> None:
    recipe = load_chain_recipe(_masked(tmp_path, listing, siglip, 3))
    weights = tmp_path / "w" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"abc")
    first = digest(recipe, weights.parent, listing)
    weights.write_bytes(b"abd")  # as long as before
    assert digest(recipe, weights.parent, listing) != first != digest(recipe)


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
    before = _pairs_loss(siglip, listing, views)
    result = run(ChainRequest(recipe=recipe, out=tmp_path / "run"), ONE_CORE)
    assert _pairs_loss(result.path, listing, views) < 0.8 * before


def _pairs_loss(folder: Path, listing: Path, views: str) -> float:
    """The loss over all studies at once, of an encoder as it lies on disk."""
    from safetensors.torch import load_file
    from transformers import AutoTokenizer, SiglipImageProcessorPil, SiglipModel

    samples = read_listing(listing, "train", Context().settings)
    study = Study(SiglipModel.from_pretrained(folder), SiglipImageProcessorPil.from_pretrained(folder),
                  AutoTokenizer.from_pretrained(folder), 64).eval()  # fmt: skip
    if (folder / "views.safetensors").is_file():
        study.load_state_dict(load_file(folder / "views.safetensors"), strict=False)
    with torch.no_grad():
        return float(study(**study.batch([viewed(samples[n], views, 4) for n in range(len(samples))])))


def test_masked_modelling_learns_and_its_tower_is_a_siglip_again(listing: Path, siglip: Path, tmp_path: Path) -> None:
    recipe = _masked(tmp_path, listing, siglip, 30)
    result = run(ChainRequest(recipe=recipe, out=tmp_path / "run"), ONE_CORE)
    # A tenth of the steps at either end; what is covered differs from step to step.
    assert result.figures["loss.last"] < result.figures["loss.first"]
    from transformers import SiglipVisionModel

    assert SiglipVisionModel.from_pretrained(result.path).config.patch_size == 14


@pytest.mark.slow
def test_two_processes_train_as_one(listing: Path, siglip: Path, tmp_path: Path) -> None:
    recipe, out = _masked(tmp_path, listing, siglip, 3), tmp_path / "run"
    # `accelerate launch` starts one process where there is no GPU, whatever number it is given; torchrun starts two.
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "prosvet",
               "train", "projector", "--recipe", str(recipe), "--out", str(out)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true",
                                "PROSVET_HOME": str(tmp_path / "home")}  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    saved = torch.load(out / "last.pt", weights_only=True)
    assert (len(saved["losses"]), saved["processes"]) == (3, 2)


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
