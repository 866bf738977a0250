"""Every error speaks both languages, from the facts that its docstring promises."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from prosvet.core import errors
from prosvet.core.errors import ModelNotFound, NotFound, ProsvetError, QueryError, Retold, by_code
from prosvet.core.i18n import LANGS, catalogue

CLASSES = sorted(by_code().values(), key=lambda kind: kind.__name__)


def promised(kind: type[ProsvetError]) -> set[str]:
    """The details that the docstring of `kind` or of its nearest documented parent names."""
    for ancestor in kind.__mro__:
        found = re.search(r"Details: (.*)", ancestor.__doc__ or "", re.S)
        if found:
            return set(re.findall(r"[a-z_]+", re.sub(r"\(.*?\)", "", found[1], flags=re.S)))
        if "No details" in (ancestor.__doc__ or ""):
            return set()
    return set()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.code)
def test_every_error_has_its_own_words_in_both_languages(kind: type[ProsvetError]) -> None:
    for lang in LANGS:
        for part in ("message", "hint"):
            words = catalogue(lang)[f"errors.{kind.code}.{part}"]
            needed = {name for _, name, _, _ in Formatter().parse(words) if name}
            assert needed <= promised(kind), f"{kind.__name__} does not promise {needed - promised(kind)}"


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.code)
def test_every_error_has_a_status_for_each_face(kind: type[ProsvetError]) -> None:
    assert 400 <= kind.http_status < 600
    assert 1 <= kind.exit_code < 256


def test_codes_are_unique_and_no_words_are_left_over() -> None:
    public = {getattr(errors, name) for name in errors.__all__ if name[0].isupper()} - {ImportError}
    with_code = [kind for kind in public if isinstance(kind, type) and "code" in vars(kind)]
    assert len({kind.code for kind in with_code}) == len(with_code)
    spoken = {key.split(".")[1] for key in catalogue("ru") if key.startswith("errors.")}
    assert spoken == set(by_code())


def test_a_detail_that_is_a_key_is_spoken_and_one_that_is_not_is_quoted() -> None:
    assert NotFound(kind="study", name="7").message("ru") == "Не найдено: исследование 7."
    assert "something odd" in QueryError(reason="something odd").message("ru")


def test_with_no_model_known_the_advice_is_how_to_get_one() -> None:
    assert ModelNotFound(name="x", known="compact, tiny").hint("ru") == "Известны: compact, tiny."
    for lang in LANGS:
        advice = ModelNotFound(name="x", known="").hint(lang)
        assert "prosvet models add" in advice and ": ." not in advice


def test_the_exception_itself_reads_in_english() -> None:
    assert str(NotFound(kind="study", name="7")) == "Not found: study 7."


def test_a_retold_error_keeps_code_words_and_exit_status() -> None:
    told = Retold("not_chest_xray", "слова", "совет")
    assert (told.code, told.exit_code, told.message("ru"), told.hint("ru")) == ("not_chest_xray", 2, "слова", "совет")
    assert NotFound(kind="study", name="7").code == "not_found", "the class of another error was not touched"
