"""Image-text models behind the door: tiny random ones of every family, loaded and asked as real ones are."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prosvet.core.context import Context
from prosvet.core.errors import (
    InvalidRequest,
    ModelHashMismatch,
    VlmAnswerInvalid,
    VlmError,
    VlmRefused,
    VlmTimeout,
)
from prosvet.models.backends import transformers_vlm
from prosvet.models.vlm import Picture, Question, Turn, open_reader
from prosvet.models.vlm.form import four_field_line
from prosvet.models.vlm.types import Reader
from prosvet.models.vlm.weights import described
from prosvet.reading.vlm.forms import LINE
from tiny_models import VLMS

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "transformers")), reason="transformers is not installed"
)

FILM = np.linspace(0, 4000, 160 * 120, dtype=np.float32).reshape(160, 120)
SIDE = np.linspace(4000, 0, 160 * 120, dtype=np.float32).reshape(160, 120)
SCHEMA = {
    "type": "object", "properties": {"present": {"type": "boolean"}, "side": {"enum": ["left", "right", "none"]}},
    "required": ["present", "side"], "additionalProperties": False,
}  # fmt: skip
PLAIN = {
    "paligemma": '\n[prompt]\nstyle = "plain"\ntemplate = "{pictures}answer en {prompt}\\n"\npicture = "<image>"\n'
}


def write_card(home: Path, name: str, weights: Path, more: str = "", **keys: Any) -> Path:
    """A card for a folder of weights, with the hash of each of its files."""
    folder = home / "models"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'name = "{name}"', 'title = { ru = "проба", en = "trial" }', 'task = "vlm"', 'backend = "transformers"',
             'revision = "0123abc"', 'licence = "none"', f'weights = "{weights}"', 'limits = { ru = [], en = [] }',
             *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]  # fmt: skip
    for file, entry in described(weights).items():
        lines += [f'[files."{file}"]', f'path = "{file}"', f'sha256 = "{entry.sha256}"', f"bytes = {entry.bytes}"]
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines) + "\n" + more, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of weights, made once a module."""
    root, made = tmp_path_factory.mktemp("weights"), dict[str, Path]()

    def get(family: str) -> Path:
        if family not in made:
            made[family] = VLMS[family](root / family)
        return made[family]

    return get


@pytest.fixture
def reader(context: Context, weights: Callable[[str], Path]) -> Iterator[Reader]:
    """SmolVLM-Instruct's architecture."""
    write_card(context.settings.home, "tiny", weights("idefics3"))
    found = open_reader("tiny", context)
    yield found
    found.close()


@pytest.mark.parametrize("family", sorted(VLMS))
def test_every_family_answers_about_several_pictures(
    family: str, context: Context, weights: Callable[[str], Path]
) -> None:
    write_card(context.settings.home, family.replace("_", "-"), weights(family), PLAIN.get(family, ""))
    reader = open_reader(family.replace("_", "-"), context)
    both = (Picture(FILM, "frontal"), Picture(SIDE, "prior"))
    asked = Question("Describe the film.", both, max_tokens=6, logprobs=True)
    answer = reader.generate(asked)
    assert answer.logprobs is not None and len(answer.logprobs) == len(answer.tokens)
    assert all(value <= 0 for value in answer.logprobs)
    assert "".join(answer.tokens).strip() == answer.text != ""
    assert (answer.model, answer.revision) == (reader.name, "0123abc")
    if family != "paligemma":
        assert "frontal view" in answer.prompt and "earlier film" in answer.prompt
    # The picture matters: another one gives other probabilities.
    other = reader.generate(replace(asked, pictures=both[::-1]))
    assert other.logprobs is not None and other.logprobs[0] != answer.logprobs[0]
    assert reader.generate(asked) == answer


def test_a_batch_answers_as_one_by_one(reader: Reader) -> None:
    asked = [
        Question("Is there an effusion?", (Picture(FILM, "frontal"),), max_tokens=5),
        Question("Describe.", (), max_tokens=5),
        Question("Есть ли выпот?", (Picture(SIDE, "lateral"),), max_tokens=5, lang="ru"),
        Question("Draw.", (Picture(SIDE, "lateral"),), max_tokens=5, temperature=1.0, seed=3),
    ]
    assert [a.text for a in reader.generate_many(asked)] == [reader.generate(q).text for q in asked]


def test_the_seed_repeats_a_draw(reader: Reader) -> None:
    asked = Question("Describe.", (Picture(FILM),), max_tokens=12, temperature=1.5, seed=7)
    first, second = reader.generate(asked), reader.generate(asked)
    assert first.text == second.text
    assert first.text != reader.generate(replace(asked, seed=8)).text


def test_history_stands_before_the_question(reader: Reader) -> None:
    turns = (Turn("Is the heart large?", "No, it is not."),)
    answer = reader.generate(Question("And the lungs?", (Picture(FILM),), turns, max_tokens=3))
    places = [answer.prompt.index(words) for words in ("Is the heart large?", "No, it is not.", "And the lungs?")]
    assert places == sorted(places)


def test_a_stream_is_the_answer_in_pieces(reader: Reader) -> None:
    asked = Question("Опишите снимок.", (Picture(FILM),), max_tokens=20)
    assert "".join(reader.stream(asked)).strip() == reader.generate(asked).text


def test_a_stream_left_early_leaves_no_thread(reader: Reader) -> None:
    stream = reader.stream(Question("Describe.", (Picture(FILM),), max_tokens=500))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stream of")]


def test_cancelling_stops_between_tokens(reader: Reader) -> None:
    calls = iter(range(100))
    answer = reader.generate(Question("Describe.", (Picture(FILM),), max_tokens=400), lambda: next(calls) >= 3)
    assert answer.finish == "cancelled" and len(answer.tokens) == 4


def test_time_runs_out(reader: Reader) -> None:
    def never_but_slowly() -> bool:
        time.sleep(0.2)
        return False

    begun = time.monotonic()
    with pytest.raises(VlmTimeout, match=r"0\.1 s"):
        reader.generate(Question("Describe.", (Picture(FILM),), max_tokens=2000, timeout=0.1), never_but_slowly)
    assert time.monotonic() - begun < 10


def test_marks_of_the_model_are_refused_in_the_words(reader: Reader) -> None:
    with pytest.raises(InvalidRequest, match="<image>"):
        reader.generate(Question("Ignore <image> this", (Picture(FILM),)))


def test_too_many_small_or_long(reader: Reader) -> None:
    with pytest.raises(VlmError, match="5 pictures"):
        reader.generate(Question("Describe.", (Picture(FILM),) * 5))
    with pytest.raises(VlmError, match="8 × 8"):
        reader.generate(Question("Describe.", (Picture(FILM[:8, :8]),)))
    with pytest.raises(VlmError, match="tokens"):
        reader.generate(Question("effusion 9 " * 3000, (Picture(FILM),)))


@pytest.mark.skipif(find_spec("llguidance") is None, reason="llguidance is not installed")
def test_decoding_is_held_to_a_schema(reader: Reader) -> None:
    answer = reader.generate(Question("Is there an effusion?", (Picture(FILM),), schema=SCHEMA, max_tokens=60))
    assert answer.constrained == "decoding"
    value = json.loads(answer.text)
    assert isinstance(value["present"], bool) and value["side"] in ("left", "right", "none")


@pytest.mark.skipif(find_spec("llguidance") is None, reason="llguidance is not installed")
def test_decoding_is_held_to_the_four_field_line(reader: Reader) -> None:
    line = four_field_line(labels="(effusion|normal)", caption=20)
    answer = reader.generate(Question("Describe.", (Picture(FILM),), pattern=line, max_tokens=120))
    assert re.fullmatch(line, answer.text) and "regular expression" not in answer.prompt


@pytest.mark.skipif(find_spec("llguidance") is None, reason="llguidance is not installed")
@pytest.mark.parametrize("family", ["idefics3", "llava"])
def test_the_line_of_reports_is_held_where_the_model_forbids_a_lone_space(
    family: str, context: Context, weights: Callable[[str], Path]
) -> None:
    """After ``|`` only the space is open, and these models' settings forbid it: token 0 was chosen instead."""
    write_card(context.settings.home, "held", weights(family))
    reader = open_reader("held", context)
    model, processor = reader.parts  # type: ignore[attr-defined]
    space = processor.tokenizer.convert_tokens_to_ids("Ġ")
    assert space in model.generation_config.suppress_tokens
    answer = reader.generate(Question("Describe.", (Picture(FILM),), pattern=LINE, max_tokens=1024, timeout=300))
    assert answer.constrained == "decoding" and re.fullmatch(LINE, answer.text)
    assert space in model.generation_config.suppress_tokens  # lifted for that answer alone
    reader.close()


@pytest.mark.skipif(find_spec("llguidance") is None, reason="llguidance is not installed")
def test_a_form_that_leaves_nothing_to_choose_is_an_error() -> None:
    import torch

    from prosvet.models.backends.guided import Guide, vocabulary_of
    from tiny_models import causal_tokenizer

    words = causal_tokenizer()
    guide = Guide("tiny", vocabulary_of(words), 0, {words.eos_token_id}, pattern="effusion")
    none, ids = torch.full((1, len(words)), float("-inf")), torch.zeros((1, 0), dtype=torch.long)
    with pytest.raises(VlmError, match="forbidden"):
        guide(ids, none)
    with pytest.raises(VlmError, match="breaks the form"):
        guide(torch.zeros((1, 1), dtype=torch.long), torch.zeros((1, len(words))))


@pytest.mark.skipif(find_spec("llguidance") is None, reason="llguidance is not installed")
def test_a_form_cut_short_is_no_answer(reader: Reader) -> None:
    with pytest.raises(VlmAnswerInvalid, match="cut at 2 tokens"):
        reader.generate(Question("Describe.", (Picture(FILM),), schema=SCHEMA, max_tokens=2))


def test_without_a_grammar_engine_a_wrong_form_is_asked_for_again_and_refused(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transformers_vlm, "available", lambda: False)
    with caplog.at_level("INFO", "prosvet"), pytest.raises(VlmAnswerInvalid):
        reader.generate(Question("Describe.", (Picture(FILM),), schema=SCHEMA, max_tokens=5))
    assert sum("not in the form" in record.message for record in caplog.records) == 3


def test_without_a_grammar_engine_a_right_form_passes(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers_vlm, "available", lambda: False)
    answer = reader.generate(Question("Describe.", (Picture(FILM),), pattern=r"(?s).{1,400}", max_tokens=5))
    assert answer.constrained == "retry" and "regular expression" in answer.prompt


# -- loading ---------------------------------------------------------------------------------------------------------


def _changed(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a folder of weights with its tensors changed."""
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(source, target)
    tensors = load_file(target / "model.safetensors")
    change(tensors)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


def _drop(tensors: dict[str, Any]) -> None:
    del tensors[next(name for name in sorted(tensors) if "vision" in name and name.endswith("fc1.weight"))]


def _add(tensors: dict[str, Any]) -> None:
    tensors["model.text_model.layers.9.mlp.up_proj.weight"] = next(iter(tensors.values())).clone()


def _narrow(tensors: dict[str, Any]) -> None:
    name = next(name for name in sorted(tensors) if name.endswith("layers.0.mlp.up_proj.weight"))
    tensors[name] = tensors[name][:-1].contiguous()


@pytest.mark.parametrize(
    ("change", "said"), [(_drop, "missing .*fc1.weight"), (_add, "unexpected .*layers.9"), (_narrow, "shape .*up_proj")]
)
def test_weights_that_do_not_fit_are_refused(
    change: Callable[[dict[str, Any]], None], said: str, context: Context, weights: Callable[[str], Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    write_card(context.settings.home, "wrong", _changed(weights("idefics3"), tmp_path / "w", change))
    with pytest.raises(VlmError, match=said):
        open_reader("wrong", context)


def test_a_changed_or_added_file_is_refused(context: Context, weights: Callable[[str], Path], tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(weights("llava"), tmp_path / "w"))
    write_card(context.settings.home, "changed", folder)
    (folder / "modeling_own.py").write_text("raise SystemExit")
    with pytest.raises(ModelHashMismatch, match=r"modeling_own\.py"):
        open_reader("changed", context)
    (folder / "modeling_own.py").unlink()
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    with pytest.raises(ModelHashMismatch, match=r"config\.json"):
        open_reader("changed", context)


def test_remote_code_needs_the_word_of_the_card_and_of_the_caller(
    context: Context, weights: Callable[[str], Path]
) -> None:
    home = context.settings.home
    write_card(home, "own-code", weights("idefics3"), '\n[load]\nremote_code = "i-have-read-this-code"\n')
    write_card(home, "no-code", weights("idefics3"))
    with pytest.raises(VlmRefused, match="not allowed for this run"):
        open_reader("own-code", context)
    with pytest.raises(VlmRefused, match="lacks the word"):
        open_reader("no-code", context, remote_code=True)
    assert not (home / "audit.jsonl").exists()


@pytest.mark.parametrize("kind", ["nf4", "int8"])
def test_quantised_weights_answer_on_the_processor(kind: str, context: Context, weights: Callable[[str], Path]) -> None:
    write_card(context.settings.home, "small", weights("idefics3"), f'\n[load]\nquantisation = "{kind}"\n')
    reader = open_reader("small", context)
    layers = reader.parts[0].model.text_model.layers  # type: ignore[attr-defined]
    wanted = {"nf4": "Linear4bit", "int8": "Linear8bitLt"}[kind]
    assert type(layers[0].mlp.up_proj).__name__ == wanted
    if kind == "nf4":  # looked at before the first run, which packs it anew for the processor
        state = layers[0].mlp.up_proj.weight.quant_state
        assert state.nested and state.quant_type == "nf4"
    answer = reader.generate(Question("Describe.", (Picture(FILM),), max_tokens=4, logprobs=True))
    assert answer.logprobs is not None and np.isfinite(answer.logprobs).all()


def test_code_of_the_weights_runs_when_both_allow_it_and_is_written_down(
    own_home: Path, weights: Callable[[str], Path], tmp_path: Path
) -> None:
    from prosvet.core.settings import load_settings

    def modern(tensors: dict[str, Any]) -> None:  # its own kind of model is not known under its family's old names
        tensors["lm_head.weight"] = tensors.pop("language_model.lm_head.weight")

    folder = _changed(weights("llava"), tmp_path / "w", modern)
    config = json.loads((folder / "config.json").read_text())
    config |= {"auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForImageTextToText": "own.Own"},
               "model_type": "own_llava", "architectures": ["Own"]}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(
        "from transformers import LlavaConfig, LlavaForConditionalGeneration\n"
        "class OwnConfig(LlavaConfig):\n    model_type = 'own_llava'\n"
        "class Own(LlavaForConditionalGeneration):\n    config_class = OwnConfig\n"
    )
    write_card(own_home, "own", folder, '\n[load]\nremote_code = "i-have-read-this-code"\n')
    with Context(load_settings({}, home=own_home, threads=1, remote_code="own")) as context:
        reader = open_reader("own", context)
        assert type(reader.parts[0]).__name__ == "Own"  # type: ignore[attr-defined]
        assert reader.generate(Question("Describe.", (Picture(FILM),), max_tokens=4)).text
    event = json.loads((own_home / "audit.jsonl").read_text().splitlines()[0])
    assert (event["event"], event["model"], event["revision"]) == ("vlm_remote_code", "own", "0123abc")
