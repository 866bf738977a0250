"""The real pipelines of diffusers on a tiny random SDXL: words and their weights, films, parts, adapters, failures."""

from __future__ import annotations

import gc
import weakref
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import Cancelled, ModelHashMismatch, SynthesisError
from prosvet.synthesis.api import SynthesizeRequest, run
from prosvet.synthesis.door import card_of
from prosvet.synthesis.gallery_api import GalleryRequest
from prosvet.synthesis.gallery_api import run as gallery
from prosvet.synthesis.loaded import Loaded
from prosvet.synthesis.make import Start, Task
from prosvet.synthesis.prompt import Clause
from prosvet.synthesis.sampling import SCHEDULERS
from prosvet.synthesis.sdxl.generator import SdxlGenerator
from sdxl_adapters import save_kohya, save_peft

NAME = "tiny-sdxl"
PROMPT = "(cardiomegaly:1.5), lungs are clear"

pytestmark = pytest.mark.timeout(300)  # diffusers and transformers are imported once; a busy machine takes its time


@pytest.fixture
def generator(sdxl: Context) -> SdxlGenerator:
    card = card_of(NAME, sdxl.settings.home)
    made = SdxlGenerator(card)  # type: ignore[arg-type]
    return made


def opened(generator: SdxlGenerator) -> Any:
    return generator._opened()[0]


def test_without_weights_the_words_are_as_diffusers_reads_them(generator: SdxlGenerator) -> None:
    import torch

    from prosvet.synthesis.sdxl.embeddings import both, embedded

    pipe, words = opened(generator), "Chest x-ray. Cardiomegaly."
    hidden, pooled = embedded(pipe, (Clause(words, 1.0),))
    with torch.no_grad():
        theirs, _, their_pooled, _ = pipe.encode_prompt(words, do_classifier_free_guidance=False)
    assert np.allclose(hidden.numpy(), theirs.numpy(), atol=1e-5)
    assert np.allclose(pooled.numpy(), their_pooled.numpy(), atol=1e-5)
    empty, none = embedded(pipe, (), 1)[0], embedded(pipe, (Clause(words, 0.0),))[0]
    strong = embedded(pipe, (Clause(words, 2.0),))[0]
    said = slice(1, 1 + len(pipe.tokenizer(words, add_special_tokens=False).input_ids))
    assert np.allclose(none[:, said].numpy(), empty[:, said].numpy(), atol=1e-5)
    assert np.allclose((strong - empty)[:, said].numpy(), 2 * (hidden - empty)[:, said].numpy(), atol=1e-4)
    long = both(pipe, (Clause("cardiomegaly " * 100, 1.0),), (Clause("pneumonia", 1.0),))
    assert {one.shape[1] for key, one in long.items() if "pooled" not in key} == {154}


def test_the_same_task_gives_the_same_picture_by_every_scheduler(generator: SdxlGenerator) -> None:
    pictures = {name: generator.make(Task(PROMPT, steps=3, scheduler=name, seed=3)) for name in SCHEDULERS}
    again = generator.make(Task(PROMPT, steps=3, scheduler="euler_a", seed=3))
    assert np.array_equal(pictures["euler_a"], again)
    made = list(pictures.values())
    assert all(one.shape == (64, 64) and one.min() >= 0 and one.max() <= 1 for one in made)
    assert all(np.abs(a - b).max() > 1e-3 for a, b in pairwise(made))
    weaker = generator.make(Task("(cardiomegaly:0.5), lungs are clear", steps=3, scheduler="euler_a", seed=3))
    avoided = generator.make(Task(PROMPT, negative="pneumonia", steps=3, scheduler="euler_a", seed=3))
    assert np.abs(weaker - again).max() > 1e-5  # a random pipeline hears little of its words
    assert np.abs(avoided - again).max() > 1e-5


def test_a_film_is_changed_by_its_strength_and_only_within_the_mask(generator: SdxlGenerator) -> None:
    picture = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    looks: list[tuple[int, int, tuple[int, ...]]] = []
    whole = generator.make(
        Task(PROMPT, steps=4, start=Start(picture, 0.5)), lambda n, of, so_far: looks.append((n, of, so_far().shape))
    )
    assert looks == [(1, 2, (64, 64)), (2, 2, (64, 64))]
    assert np.abs(whole - picture).max() > 0.01
    mask = np.zeros((64, 64), dtype=np.float32)
    mask[16:48, 20:44] = 1
    part = generator.make(Task(PROMPT, steps=4, start=Start(picture, 0.8, mask)))
    assert np.array_equal(part[mask == 0], picture[mask == 0])
    assert np.abs(part - picture)[mask > 0].max() > 0.01


def test_adapters_are_swapped_and_the_old_ones_memory_is_given_back(generator: SdxlGenerator, tmp_path: Path) -> None:
    one, other = save_peft(tmp_path / "one.safetensors"), save_kohya(tmp_path / "other.safetensors")
    before = {key: value.clone() for key, value in opened(generator).unet.state_dict().items()}
    plain = generator.make(Task(PROMPT, steps=2))
    generator.wear(one)
    first = generator.make(Task(PROMPT, steps=2))
    half = generator.make(Task(PROMPT, steps=2, adapter_strength=0.5))
    assert np.array_equal(generator.make(Task(PROMPT, steps=2, adapter_strength=0.0)), plain)
    assert np.abs(first - plain).max() > np.abs(half - plain).max() > 0
    held = [weakref.ref(p) for key, p in opened(generator).unet.named_parameters() if "lora_" in key]
    generator.wear(other)
    second = generator.make(Task(PROMPT, steps=2))
    gc.collect()
    assert len(held) == 6
    assert all(one() is None for one in held)
    assert np.abs(second - first).max() > 0
    generator.wear(None)
    assert np.array_equal(generator.make(Task(PROMPT, steps=2)), plain)
    after = opened(generator).unet.state_dict()
    assert set(after) == set(before)
    assert all(bool((after[key] == value).all()) for key, value in before.items())


def test_a_refused_adapter_leaves_the_worn_one_on(generator: SdxlGenerator, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    generator.wear(save_peft(tmp_path / "good.safetensors"))
    worn = generator.make(Task(PROMPT, steps=2))
    (tmp_path / "text.safetensors").write_text("words, not weights", encoding="utf-8")
    with pytest.raises(SynthesisError):
        generator.wear(tmp_path / "text.safetensors")
    assert np.array_equal(generator.make(Task(PROMPT, steps=2)), worn)
    broken = load_file(str(tmp_path / "good.safetensors"))
    next(iter(broken.values()))[0, 0] = torch.nan
    save_file(broken, str(tmp_path / "nan.safetensors"))
    chosen = generator._asked
    generator.wear(tmp_path / "nan.safetensors")
    with pytest.raises(SynthesisError, match=r"nan\.safetensors"):
        generator.make(Task(PROMPT, steps=2))
    generator._asked = chosen
    assert np.array_equal(generator.make(Task(PROMPT, steps=2)), worn)


def test_planted_nans_and_a_cancel_are_survived(generator: SdxlGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, pipe = generator.make(Task(PROMPT, steps=3)), opened(generator)
    for part in (pipe.unet.conv_out, pipe.vae.decoder.conv_out):
        hook = part.register_forward_hook(lambda _module, _given, made: made * float("nan"))
        with pytest.raises(SynthesisError) as caught:
            generator.make(Task(PROMPT, steps=3))
        assert caught.value.details["reason"] == "not_finite"
        hook.remove()
    steps: list[int] = []
    with pytest.raises(Cancelled):
        generator.make(Task(PROMPT, steps=3), lambda n, *_: steps.append(n), lambda: len(steps) >= 1)
    assert steps == [1]
    assert np.array_equal(generator.make(Task(PROMPT, steps=3)), plain)


def test_too_little_memory_frees_the_model_and_the_next_request_works(sdxl: Context, tmp_path: Path) -> None:
    request = SynthesizeRequest(prompt=PROMPT, steps=2, seed=1, generator=NAME, out=tmp_path / "a.png")
    run(request, sdxl)
    loaded = sdxl.get(Loaded)
    assert loaded.state().name == NAME
    held: Any = loaded._held
    pipe = opened(held[1])
    weights = weakref.ref(next(pipe.unet.parameters()))

    def short(*_: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    pipe.unet.conv_out.register_forward_hook(short)
    del held, pipe
    with pytest.raises(SynthesisError) as caught:
        run(request, sdxl)
    assert caught.value.details["reason"] == "out_of_memory"
    gc.collect()
    assert weights() is None  # although the error, with all its frames, is still held
    assert loaded.state().name is None
    made = run(request.model_copy(update={"out": tmp_path / "b.png"}), sdxl).made
    assert (made.generator, made.adapter) == (NAME, None)
    with Image.open(tmp_path / "a.png") as one, Image.open(tmp_path / "b.png") as other:
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_requests_reach_the_pipeline_and_its_adapters(sdxl: Context, tmp_path: Path) -> None:
    adapter = save_peft(sdxl.settings.home / "models" / "mine.safetensors")
    request = SynthesizeRequest(
        prompt="Кардиомегалия, ёлка", steps=2, seed=1, generator=NAME, adapter="mine.safetensors", adapter_strength=0.7,
        out=tmp_path / "a.png",
    )  # fmt: skip
    result = run(request, sdxl)
    assert result.made.adapter is not None
    assert result.made.adapter.startswith("mine.safetensors sha256:")
    assert result.made.adapter_strength == 0.7
    assert any("cardiomegaly" in words for words in result.warnings)
    with pytest.raises(SynthesisError) as caught:
        run(request.model_copy(update={"prompt": "ёлка в снегу"}), sdxl)
    assert caught.value.details["reason"] == "not_translated"
    outside = save_peft(tmp_path / "outside.safetensors")
    others = sdxl.child(actor=Actor("ivanova", "reader"))
    for path in (str(outside), "../../outside.safetensors", "/etc/passwd"):
        with pytest.raises(SynthesisError) as caught:
            run(request.model_copy(update={"adapter": path}), others)
        assert caught.value.details["reason"] == "adapter_place"
    assert run(request.model_copy(update={"adapter": str(outside)}), sdxl).made.adapter != result.made.adapter
    state = gallery(GalleryRequest(), sdxl)
    assert state.memory is not None
    assert state.memory.adapter is not None
    view = next(one for one in state.generators if one.name == NAME)
    assert (view.problem, view.adapters) == ("", ())
    adapter.unlink()


def test_a_changed_pipeline_is_refused(sdxl: Context) -> None:
    path = sdxl.settings.home / "models" / "tiny" / "unet" / "config.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(ModelHashMismatch):
        SdxlGenerator(card_of(NAME, sdxl.settings.home))  # type: ignore[arg-type]
