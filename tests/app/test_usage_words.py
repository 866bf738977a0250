"""A command line that cannot be taken is told in the language of the user, whatever typer itself says."""

from __future__ import annotations

from pathlib import Path

import pytest
from outcome import Cli

WRONG = {
    ("read",): "не указано: FILE.",
    ("ask", "--study"): "у ключа --study не указано значение.",
    ("read", "x", "--nope"): "ключа --nope нет",
    ("read", "x", "--reade", "tiny"): "похожие: --reader",
    ("read", "x", "--similar", "99"): "неверное значение --similar: нужно не больше 50.",
    ("read", "x", "--similar", "many"): "неверное значение --similar: нужно целое число.",
    ("read", "x", "--shape", "xml"): "«xml» не подходит, возможны: json, line, free.",
    ("read", "x", "--json=3"): "у ключа --json не бывает значения.",
    ("frobnicate",): "команды «frobnicate» нет.",
    ("reed", "x"): "команды «reed» нет; похожие: read",
    ("search", "a", "b", "c"): "лишние слова: b c.",
    ("evaluate", "findings"): "не указан ключ",
}


@pytest.mark.parametrize(
    ("words", "said"), WRONG.items(), ids=lambda one: " ".join(one) if isinstance(one, tuple) else ""
)
def test_a_wrong_command_line_is_told_in_russian(words: tuple[str, ...], said: str, cli: Cli) -> None:
    done = cli(*words, "--lang", "ru") if words[-1] != "--study" else cli("--lang", "ru", *words)
    assert done.status == 2
    assert said in done.err
    assert not any(word in done.err for word in ("Missing", "No such", "Invalid", "Option", "Input", "Got"))


def test_in_english_it_is_told_in_english(cli: Cli) -> None:
    assert "Missing option" in cli("evaluate", "findings", "--lang", "en").err


def test_what_a_request_refuses_is_told_in_russian_too(cli: Cli, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(b"")
    error = cli("ask", film, "?" * 501, "--lang", "ru", "--json").error
    assert error["code"] == "invalid_request"
    assert "не длиннее 500 знаков" in error["message"]
