"""What reads: an encoder that learns which texts say the same, a language model that reads on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prosvet.core.context import Context
from prosvet.training.vlm.chain.api import ChainRequest, run
from prosvet.training.vlm.chain.contrastive import first_hits, frozen_pairs
from prosvet.training.vlm.chain.language_model import texts_of
from prosvet.training.vlm.chain.recipe import Contrastive, Language
from prosvet.training.vlm.chain.states import report, split, states

pytestmark = pytest.mark.timeout(300)  # torch is imported and films are read: slow where other tests run beside


def test_a_text_encoder_finds_the_other_language_better_after_tuning(bert: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "c.toml"
    recipe.write_text(f'''kind = "contrastive"
name = "c"
encoder = "{bert}"
states = 150
longest = 48
loop = {{steps = 16, batch = 8, lr = 0.003}}
''', encoding="utf-8")  # fmt: skip
    figures = run(ChainRequest(verb="text", recipe=recipe, out=tmp_path / "run"), Context()).figures
    assert figures["before.ru_en.n"] >= 8
    assert figures["after.ru_en.mrr"] > figures["before.ru_en.mrr"]


def test_a_language_model_is_less_surprised_by_russian_after_reading_it(llama: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("\n".join(f"Клинический случай {n}: без динамики." for n in range(60)), encoding="utf-8")
    recipe = tmp_path / "l.toml"
    recipe.write_text(f'''kind = "language"
name = "l"
model = {{path = "{llama}"}}
texts = "{own}"
states = 150
longest = 64
loop = {{steps = 16, batch = 6, lr = 0.008}}
''', encoding="utf-8")  # fmt: skip
    figures = run(ChainRequest(verb="text", recipe=recipe, out=tmp_path / "run"), Context()).figures
    assert figures["after.ru.perplexity"] < 0.5 * figures["before.ru.perplexity"]
    assert figures["after.own.perplexity"] < figures["before.own.perplexity"]
    assert figures["after.own.texts"] >= 1


def test_nothing_frozen_is_learned_from() -> None:
    learned, held = split(states(400, 1))
    assert held
    assert not {repr(one) for one in learned} & {repr(one) for one in held}
    recipe = Language.model_validate({"kind": "language", "name": "l", "model": {"path": "m"}, "states": 400,
                                      "loop": {"steps": 1, "lr": 0.1, "seed": 1}})  # fmt: skip
    texts, frozen_sets = texts_of(recipe)
    assert set(frozen_sets) == {"ru", "en"}
    assert len(texts) == len(learned)


def test_a_frozen_pair_is_told_from_every_other() -> None:
    recipe = Contrastive.model_validate({"kind": "contrastive", "name": "c", "encoder": "e", "states": 400,
                                         "loop": {"steps": 1, "lr": 0.1}})  # fmt: skip
    for asked, found in frozen_pairs(recipe).values():
        assert len(set(asked)) == len(asked) == len(set(found))


def test_a_tie_is_no_hit() -> None:
    same = np.ones((3, 2)) / np.sqrt(2)
    assert first_hits(same, same).first == 0.0
    assert first_hits(np.eye(3), np.eye(3)).mrr == 1.0


def test_a_state_says_the_same_in_both_languages() -> None:
    from prosvet.core.types import Status
    from prosvet.language.labels import report_labels

    state = next(one for one in states(50, 3) if len(one.present) == 1)
    found = [{(f.concept, f.side) for f in report_labels(report(state, lang)) if f.status is Status.PRESENT}
             for lang in ("ru", "en")]  # fmt: skip
    assert {concept for concept, _ in state.present} <= {concept for concept, _ in found[0]}
    assert found[0] == found[1]
