"""Write ``stems.json``: the forms of vocabulary words that Snowball cuts unlike the rest of their word.

Snowball cuts ``спайка`` to ``спайк`` but ``спаек`` to ``спаек``, and ``плеврит`` to the stem of ``плевра``. The
morphology of pymorphy3 knows all forms of a word, so each stray form is led to the stem that most share. Run
after a change of the vocabulary::

    python -m prosvet.language.build_stems
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymorphy3
import snowballstemmer

from prosvet.language.stem import KEPT_WHOLE
from prosvet.language.vocabulary import load_toml

__all__ = ["merges"]

log = logging.getLogger(__name__)
_RUSSIAN = re.compile(r"\b[а-яё]{3,}\b")  # abbreviations are written in capitals and have no forms
_INFLECTED = {"NOUN", "ADJF"}


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)


def _words() -> list[str]:
    texts = [*_strings(load_toml("concepts.toml")), *_strings(load_toml("cues.toml"))]
    return sorted({word for text in texts for word in _RUSSIAN.findall(text)})


def _stray(word: str, morph: pymorphy3.MorphAnalyzer, stemmer: snowballstemmer.stemmer) -> dict[str, str]:
    parse = morph.parse(word)[0]
    if parse.tag.POS not in _INFLECTED or "Apro" in parse.tag:
        return {}
    forms = [f for f in parse.lexeme if f.tag.POS == parse.tag.POS and not {"Supr", "V-be"} & set(f.tag.grammemes)]
    stems = {form.word.replace("ё", "е"): "" for form in forms}
    for form in stems:
        stems[form] = stemmer.stemWord(form) if len(form) > KEPT_WHOLE else form
    home = Counter(stems[form.word.replace("ё", "е")] for form in forms).most_common(1)[0][0]
    return {form: home for form, stem in stems.items() if stem != home}


def merges() -> dict[str, str]:
    """Stray form to the stem that most forms of its word share, for every Russian noun and adjective used."""
    morph, stemmer = pymorphy3.MorphAnalyzer(), snowballstemmer.stemmer("russian")
    found: dict[str, str] = {}
    for word in _words():
        found |= _stray(word, morph, stemmer)
    return dict(sorted(found.items()))


def main() -> None:
    """Write the file beside this module."""
    path = Path(__file__).with_name("stems.json")
    path.write_text(json.dumps(merges(), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    log.info("wrote %s", path)


if __name__ == "__main__":
    main()
