"""Cards on disk: a page and its JSON side by side, written whole or not at all, read back strictly."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ValidationError

from prosvet.archive.files import write_whole
from prosvet.core.errors import InvalidCard, InvalidRequest, NotFound
from prosvet.core.i18n import Lang
from prosvet.evaluation.card.page import card_html
from prosvet.evaluation.card.shell import DATA_ID
from prosvet.evaluation.result import Evaluation

__all__ = ["card_paths", "check_place", "read_card", "write_card", "write_pair"]

_NAME = "card"
_LIMIT = 512 * 1024 * 1024


def card_paths(path: Path) -> tuple[Path, Path]:
    """The page and the JSON that ``--card PATH`` stands for: ``X.html`` and ``X.json``, or ``card.*`` in a folder.

    Examples
    --------
    >>> [file.as_posix() for file in card_paths(Path("out/may.html"))]
    ['out/may.html', 'out/may.json']
    >>> [file.as_posix() for file in card_paths(Path("out"))]
    ['out/card.html', 'out/card.json']
    """
    page = path if path.suffix.lower() in (".html", ".htm") else path / f"{_NAME}.html"
    return page, page.with_suffix(".json")


def check_place(path: Path) -> None:
    """Make sure, before an hour of work, that a card can be written at `path`; nothing is made yet.

    Raises
    ------
    InvalidRequest
        When it cannot.
    """
    page, _ = card_paths(path)
    folder = next(parent for parent in page.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK) or page.is_dir():
        raise InvalidRequest(name="card", reason="card_no_place", place=str(path))


def write_card(evaluation: Evaluation, path: Path, lang: Lang) -> tuple[Path, Path]:
    """Write the card of `evaluation` at `path` (a folder, or a file that ends in ``.html``); gives page and JSON."""
    return write_pair(card_html(evaluation, lang), evaluation, path)


def write_pair(page: str, result: BaseModel, path: Path) -> tuple[Path, Path]:
    """Write a page and the JSON of what it shows, each by a rename."""
    files = card_paths(path)
    for file, text in zip(files, (page, result.model_dump_json(indent=1) + "\n"), strict=True):
        write_whole(file, [text.encode()], mode=0o644)
    return files


def read_card(path: Path) -> Evaluation:
    """The evaluation of a card: its folder, its page, its JSON, or what ``--json`` printed.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidCard
        When it is not a card, or not one of this version; nothing is guessed.
    """
    file = path / f"{_NAME}.json" if path.is_dir() else path
    if not file.is_file():
        raise NotFound(kind="file", name=file.name)
    if file.stat().st_size > _LIMIT:
        raise InvalidCard(name=file.name, reason="card_too_large")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidCard(name=file.name, reason="card_not_text") from None
    return _evaluation(_from_page(text, file.name) if text.lstrip()[:1] == "<" else text, file.name)


def _evaluation(text: str, name: str) -> Evaluation:
    try:
        body = json.loads(text, parse_constant=_not_a_number)
    except (ValueError, RecursionError):
        raise InvalidCard(name=name, reason="card_not_json") from None
    if isinstance(body, dict) and body.get("ok") is True and isinstance(body.get("result"), dict):
        body = body["result"]  # the envelope of --json
    if not isinstance(body, dict) or not {"kind", "metrics"} <= body.keys():
        raise InvalidCard(name=name, reason="card_other_json")
    try:
        return Evaluation.model_validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "card"
        raise InvalidCard(name=name, reason="card_field", field=place, problem=first["msg"]) from None


def _not_a_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


class _Kept(HTMLParser):
    """Gathers the data block of a card's page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.inside, self.text, self.found = False, "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script" and ("id", DATA_ID) in attrs
        self.found = self.found or self.inside

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


def _from_page(text: str, name: str) -> str:
    parser = _Kept()
    parser.feed(text)
    if not parser.found:
        raise InvalidCard(name=name, reason="card_other_page")
    return parser.text
