"""What every verb is given, and what it gives back."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import Lang, numeral, text
from prosvet.core.logs import LogFormat, set_up

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from prosvet.core.context import Context

__all__ = ["Answer", "Session"]

M = TypeVar("M", bound="BaseModel")


@dataclass(frozen=True)
class Answer:
    """A verb's outcome.

    Attributes
    ----------
    result : pydantic model, dict or list
        What ``--json`` prints under ``result``.
    show : callable
        Prints the same for a person.
    status : int
        Exit status: 0, or 1 when part of the work failed or a check did not hold.
    """

    result: Any
    show: Callable[[Console], None]
    status: int = 0


@dataclass
class Session:
    """The options that all verbs share, and the context built from them on first use."""

    lang: Lang
    home: Path | None = None
    json: bool = False
    verbosity: int = 0
    log_format: LogFormat = "text"
    _context: Context | None = field(default=None, repr=False)

    def say(self, key: str, **values: object) -> str:
        """The string `key` of the locales in the session's language."""
        return text(key, self.lang, **values)

    def decimal(self, value: float, digits: int) -> str:
        """A number with the decimal sign of the session's language."""
        return numeral(f"{value:.{digits}f}", self.lang)

    @property
    def context(self) -> Context:
        """Settings, services and a progress bar (on a terminal only)."""
        if self._context is None:
            from prosvet.app.cli.progress import BarProgress
            from prosvet.core.context import Context
            from prosvet.core.progress import SilentProgress
            from prosvet.core.settings import load_settings

            bar = sys.stderr.isatty() and self.verbosity >= 0
            settings = load_settings(home=self.home, lang=self.lang)
            self._context = Context(settings, BarProgress(self.lang) if bar else SilentProgress())
        return self._context

    def request(self, model: type[M], /, **values: object) -> M:
        """A capability's request; a value that its model refuses is the user's error, not a defect.

        Raises
        ------
        InvalidRequest
        """
        from pydantic import ValidationError

        try:
            return model(**values)
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidRequest(name=".".join(map(str, first["loc"])), reason=first["msg"]) from None

    def __enter__(self) -> Self:
        level = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(self.verbosity, logging.DEBUG)
        set_up(level, self.log_format)
        return self

    def __exit__(self, *_: object) -> None:
        if self._context is not None:
            self._context.close()
