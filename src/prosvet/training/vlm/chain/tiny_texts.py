"""What the tiny model learns to say: prompts, and answers rendered from what a manifest row really knows.

Three kinds of prompt in both languages: describe the film, give the conclusion, is there such a finding. A label that
a row does not know is neither said nor asked: silence is no denial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Report, Status
from prosvet.language import render
from prosvet.language.vocabulary import vocabulary

__all__ = ["ASK", "DESCRIBE", "SUM_UP", "YES_NO", "Kind", "Known", "answer", "every_text", "known_of", "prompts"]

Kind = Literal["describe", "sum_up", "ask"]
Known = tuple[tuple[str, bool], ...]
"""Findings that a film is known to have or not to have, in the order of the networks' outputs."""

DESCRIBE: dict[Lang, tuple[str, ...]] = {
    "ru": ("Опиши рентгенограмму.", "Опиши снимок.", "Составь протокол.", "Что видно на снимке?"),
    "en": ("Describe the X-ray.", "Describe the film.", "Write the report.", "What does the film show?"),
}
SUM_UP: dict[Lang, tuple[str, ...]] = {
    "ru": ("Дай заключение.", "Напиши заключение.", "Каково заключение?"),
    "en": ("Give the impression.", "Write the impression.", "What is the impression?"),
}
ASK: dict[Lang, tuple[str, ...]] = {
    "ru": ("Есть ли {name}?", "На снимке есть {name}?", "Определяется ли {name}?", "{name}: есть или нет?"),
    "en": ("Is there {name}?", "Does the film show {name}?", "Any {name}?", "{name}: yes or no?"),
}
YES_NO: dict[Lang, tuple[str, str]] = {"ru": ("Да.", "Нет."), "en": ("Yes.", "No.")}

_BODY = ("lungs", "hila", "pleura", "heart", "bones", "devices")


def known_of(labels: Sequence[float], weights: Sequence[float], concepts: Sequence[str]) -> Known:
    """What one row of the label matrix knows: cells with a weight, as present or absent."""
    cells = zip(concepts, labels, weights, strict=True)
    return tuple((concept, bool(label > 0.5)) for concept, label, weight in cells if weight > 0)


def prompts(kind: Kind, lang: Lang, concept: str = "") -> tuple[str, ...]:
    """The wordings of a prompt; `concept` is what ``ask`` asks about.

    Examples
    --------
    >>> prompts("ask", "ru", "pleural_effusion")[0]
    'Есть ли плевральный выпот?'
    """
    if kind == "ask":
        made = (form.format(name=vocabulary()[concept].names[lang]) for form in ASK[lang])
        return tuple(text[0].upper() + text[1:] for text in made)
    return (DESCRIBE if kind == "describe" else SUM_UP)[lang]


@lru_cache(maxsize=100_000)
def answer(kind: Kind, known: Known, lang: Lang, seed: int = 0, concept: str = "") -> str:
    """The answer that `known` supports, in the wording that `seed` chooses.

    Raises
    ------
    KeyError
        When ``ask`` asks about what is not known.

    Examples
    --------
    >>> answer("ask", (("pleural_effusion", True),), "en", concept="pleural_effusion")
    'Yes. There is a pleural effusion.'
    >>> answer("sum_up", (("pneumothorax", True), ("mass", False)), "ru")
    'Заключение: Пневмоторакс.'
    """
    states: Mapping[str, bool] = dict(known)
    if kind == "ask":
        said = _sentences(_report({concept: states[concept]}, lang, seed), _BODY)
        return f"{YES_NO[lang][0 if states[concept] else 1]} {said}"
    report = _report(states, lang, seed)
    impression = next(section for section in report.sections if section.name == "impression")
    # The last sentence asks for a radiologist's eyes: the product adds it to every draft by itself.
    last = f"{impression.title}: {' '.join(s.text for s in impression.sentences[:-1])}"
    body = _sentences(report, _BODY)
    return last if kind == "sum_up" or not body else f"{body}\n{last}"


def every_text(states: Sequence[Known], seeds: int, concepts: Sequence[str]) -> list[str]:
    """All wordings of all answers and prompts, each once: what the tokenizer is trained on."""
    texts: dict[str, None] = {}
    langs: tuple[Lang, ...] = ("ru", "en")
    for lang in langs:
        texts.update(dict.fromkeys([*DESCRIBE[lang], *SUM_UP[lang]]))
        for concept in concepts:
            texts.update(dict.fromkeys(prompts("ask", lang, concept)))
            for state in (True, False):
                for seed in range(seeds):
                    texts[answer("ask", ((concept, state),), lang, seed, concept)] = None
        for known in states:
            texts.update(dict.fromkeys(answer("describe", known, lang, seed) for seed in range(seeds)))
    return list(texts)


def _report(states: Mapping[str, bool], lang: Lang, seed: int) -> Report:
    findings = [
        Finding(concept=concept, status=Status.PRESENT if present else Status.ABSENT)
        for concept, present in states.items()
    ]
    return render(findings, [], lang, seed=seed)


def _sentences(report: Report, names: Sequence[str]) -> str:
    return " ".join(s.text for section in report.sections if section.name in names for s in section.sentences)
