"""Decoding held to a grammar: at each step only the tokens that keep the form can be chosen.

Done by `llguidance` (one wheel, no dependencies, no torchvision). Where it is not installed the caller asks for the
form in the prompt and checks the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from prosvet.core.errors import VlmError
from prosvet.core.optional import require

__all__ = ["UNHELD", "Guide", "available", "vocabulary_of"]

UNHELD: dict[str, None] = {"suppress_tokens": None, "begin_suppress_tokens": None, "bad_words_ids": None}
"""What the model's own settings forbid is lifted while a form is held: the form may leave only such a token open.

A lone space after `` |`` is one; with it forbidden, no score is left and the choice falls on token 0.
"""


def available() -> bool:
    """Whether decoding can be held to a form here."""
    return find_spec("llguidance") is not None


def vocabulary_of(tokenizer: Any) -> Any:
    """The tokenizer as the grammar engine sees it; about a second for a large one, so keep it."""
    require("llguidance", "vlm")
    from llguidance.hf import from_tokenizer

    return from_tokenizer(tokenizer)


class Guide:
    """A processor of logits for one answer: it follows what was chosen and closes off what may not come next.

    Parameters
    ----------
    schema, pattern
        One of them.
    start : int
        Tokens of the prompt.
    ends : set of int
        Tokens that end an answer; open only where the form is whole.
    """

    def __init__(
        self, name: str, vocabulary: Any, start: int, ends: set[int], *, schema: Mapping[str, Any] | None = None,
        pattern: str | None = None,
    ) -> None:  # fmt: skip
        matcher = require("llguidance", "vlm").LLMatcher
        try:
            grammar = (
                matcher.grammar_from_json_schema(json.dumps(schema), overrides={"whitespace_flexible": False})
                if schema is not None
                else matcher.grammar_from_regex(pattern)
            )
            problem = matcher.validate_grammar(grammar)
        except ValueError as error:
            problem = str(error)
        if problem:
            raise VlmError(name=name, reason="bad_schema", problem=problem.splitlines()[0])
        self._name, self._matcher = name, matcher(vocabulary, grammar)
        self._at, self._ends = start, ends

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Scores (1, V) with everything closed that would break the form."""
        torch = require("torch", "vlm")
        for token in ids[0, self._at :].tolist():
            if not self._matcher.is_stopped() and not self._matcher.consume_token(token):
                raise VlmError(name=self._name, reason="generation", problem=f"token {token} breaks the form")
        self._at = ids.shape[1]
        width, ends = scores.shape[1], sorted(self._ends)
        if self._matcher.is_stopped():
            return self._only(torch.tensor(ends, device=scores.device), scores)
        if self._matcher.is_error():
            raise VlmError(name=self._name, reason="bad_schema", problem=self._matcher.get_error().splitlines()[0])
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.zeros(width, dtype=np.bool_)
        mask = np.unpackbits(bits, bitorder="little").astype(np.bool_)[:width]
        allowed[: len(mask)] = mask
        allowed[ends] = self._matcher.is_accepting()
        return self._only(torch.from_numpy(np.flatnonzero(allowed)).to(scores.device), scores)

    def _only(self, open_: Any, scores: Any) -> Any:
        held = scores.new_full(scores.shape, float("-inf"))
        held[:, open_] = scores[:, open_]
        if not bool(held.isfinite().any()):
            # The largest of all closed scores is token 0, which no form has: say so instead of choosing it.
            raise VlmError(name=self._name, reason="generation", problem="every token that keeps the form is forbidden")
        return held
