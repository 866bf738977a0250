"""A text encoder and a language model adapted to Russian radiology: before and after, on frozen texts.

    python benchmarks/text_adaptation.py [--steps 150] [--out results/text_adaptation.json]

No public weights are at hand here, so both models are tiny and start from random numbers (two layers, width 128, our
own byte-level tokens): "before" is a model that knows nothing; the figures show that the recipes work, not how well a
real model would do. The language model first reads English renderings, then goes on with Russian ones: what it forgets
of English is told as well. The frozen sentence encoder of the compact pack stands beside as a reference.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from common import figure, finish, parser
from prosvet.core.context import Context
from prosvet.core.optional import require
from prosvet.evaluation.resampling import Weighted, bootstrap, paired
from prosvet.models.text import SentenceEncoder
from prosvet.training.vlm.chain.contrastive import Retrieval, first_hits, frozen_pairs, train_contrastive
from prosvet.training.vlm.chain.language_model import Perplexity, train_language
from prosvet.training.vlm.chain.recipe import Contrastive, Language
from prosvet.training.vlm.chain.states import report, split, states

STATES = 2000
MEAN = Weighted(lambda weights, x: weights @ x / weights.sum(1))
PERPLEXITY = Weighted(lambda weights, loss, length: np.exp(weights @ loss / (weights @ length)))


def tokenizer() -> Any:
    """Byte-level BPE of 1,500 tokens over renderings, as transformers has it."""
    tokenizers, transformers = require("tokenizers", "vlm"), require("transformers", "vlm")
    learned, _ = split(states(300))
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=1500,
        special_tokens=["<pad>", "</s>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator([report(state, lang) for state in learned for lang in ("ru", "en")], trainer)  # type: ignore[arg-type]
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="</s>",
                                                padding_side="right", model_max_length=512)  # fmt: skip


def saved(kind: str, folder: Path, words: Any) -> Path:
    """A random model of two layers, in `folder`."""
    torch, transformers = require("torch", "train"), require("transformers", "vlm")
    torch.manual_seed(0)
    shape = {"vocab_size": len(words), "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2,
             "num_attention_heads": 4, "max_position_embeddings": 512, "pad_token_id": words.pad_token_id}  # fmt: skip
    if kind == "bert":
        model = transformers.BertModel(transformers.BertConfig(**shape))
    else:
        shape |= {"eos_token_id": words.eos_token_id, "bos_token_id": words.eos_token_id, "num_key_value_heads": 4}
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**shape, tie_word_embeddings=True))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def retrieval(folder: Path, words: Any, steps: int) -> list[dict[str, Any]]:
    """Frozen pairs found by the tuned encoder, before and after, and by the frozen sentence encoder."""
    recipe = Contrastive.model_validate({
        "kind": "contrastive", "name": "bench", "encoder": saved("bert", folder / "bert", words), "states": STATES,
        "loop": {"steps": steps, "batch": 32, "lr": 1e-3},
    })  # fmt: skip
    found = train_contrastive(recipe, folder / "contrastive", Context())
    reference, rows = SentenceEncoder(1), []
    for kind, (asked, wanted) in frozen_pairs(recipe).items():
        sentences = first_hits(reference.encode(asked), reference.encode(wanted))
        for when, one in (("before", found["before"][kind]), ("after", found["after"][kind]),
                          ("frozen sentence encoder", sentences)):  # fmt: skip
            rows.append(_hits(f"{kind}: first hit, {when}", one))
        change = paired(MEAN, [_numbers(found["before"][kind])], [_numbers(found["after"][kind])])
        rows.append(figure(f"{kind}: first hit, after less before", "frozen pairs", change.difference))
    return rows


def reading_on(folder: Path, words: Any, steps: int) -> list[dict[str, Any]]:
    """Perplexity of frozen Russian and English before Russian was read and after."""
    loop = {"steps": steps, "batch": 16, "lr": 2e-3}
    english = {"kind": "language", "name": "en", "model": {"path": saved("llama", folder / "llama", words)},
               "rendered": "en", "states": STATES, "loop": loop}  # fmt: skip
    train_language(Language.model_validate(english), folder / "en", Context())
    russian = english | {"name": "ru", "rendered": "ru", "model": {"path": folder / "en" / "model"}}
    found = train_language(Language.model_validate(russian), folder / "ru", Context())
    return [
        figure(f"{lang}: perplexity, {when} reading Russian", "frozen renderings", bootstrap(PERPLEXITY, _losses(one)))
        for lang in ("ru", "en")
        for when, one in ((when, found[when][lang]) for when in ("before", "after"))
    ]


def _hits(metric: str, one: Retrieval) -> dict[str, Any]:
    return figure(metric, "frozen pairs", bootstrap(MEAN, [_numbers(one)]), mrr=round(one.mrr, 4))


def _numbers(one: Retrieval) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(one.hits, dtype=np.float64)


def _losses(one: Perplexity) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    return [np.array(one.losses), np.array(one.lengths, dtype=np.float64)]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--steps", type=int, default=150)
    given = arguments.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    require("torch", "train").set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder, words = Path(place), tokenizer()
        rows = retrieval(folder, words, given.steps) + reading_on(folder, words, given.steps)
    finish("text_adaptation", given.out, steps=given.steps, figures=rows,
           model="two layers, width 128, from random numbers")  # fmt: skip


if __name__ == "__main__":
    main()
