"""What every error is: facts, a code, a status for each face, words in the locales."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from prosvet.core.i18n import Lang, catalogue, text

__all__ = ["ProsvetError", "Retold", "by_code", "plain_details"]

_HOME = "prosvet.core.errors"


class ProsvetError(Exception):
    """Root of every error a user may see.

    Attributes
    ----------
    code : str
        Stable machine-readable name, for example ``not_an_image``.
    http_status, exit_code : int
        What the HTTP and the command-line faces answer.
    reasons : str
        Where in the locales the detail ``reason`` is looked up; one that is not there is quoted as it is.
        ``kind`` is looked up under ``kinds`` in the same way.
    details : dict
        The facts that fill the message's places; never patient identity.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    reasons: ClassVar[str] = "reasons"

    def __init_subclass__(cls) -> None:
        if cls.__module__.startswith(_HOME):  # its name for others, in a trace and between processes
            cls.__module__ = _HOME

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.message("en"))

    def __reduce__(self) -> tuple[Callable[[type[ProsvetError], dict[str, object]], ProsvetError], tuple[object, ...]]:
        """So that it can travel between processes."""
        return _again, (type(self), self.details)

    def message(self, lang: Lang) -> str:
        """What happened, in `lang`."""
        return text(f"errors.{self.code}.message", lang, **self._words(lang))

    def hint(self, lang: Lang) -> str:
        """What the user can do about it, in `lang`."""
        return text(f"errors.{self.code}.hint", lang, **self._words(lang))

    def _words(self, lang: Lang) -> dict[str, object]:
        """The details, with ``kind`` and ``reason`` in words; a reason may have places of its own."""
        words = dict(self.details)
        for name, place in (("reason", self.reasons), ("kind", "kinds"), ("role", "roles")):
            known = catalogue(lang).get(f"{place}.{words.get(name)}")
            if known is not None:
                words[name] = known.format(**self.details)
        return words


def _again(kind: type[ProsvetError], details: dict[str, object]) -> ProsvetError:
    return kind(**details)


def plain_details(error: ProsvetError) -> dict[str, str | int | float | bool]:
    """The facts of `error` that go into JSON: those that are plain values."""
    return {key: value for key, value in error.details.items() if isinstance(value, str | int | float | bool)}


def by_code() -> dict[str, type[ProsvetError]]:
    """Every error class under its code, in the order of the codes."""

    def below(kind: type[ProsvetError]) -> list[type[ProsvetError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    return {kind.code: kind for kind in sorted(below(ProsvetError), key=lambda kind: kind.code) if kind is not Retold}


class Retold(ProsvetError):
    """An error that travelled as a row's words, raised again: it says what the row said."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        kind = by_code().get(code, ProsvetError)
        self.code, self.http_status, self.exit_code = code, kind.http_status, kind.exit_code  # type: ignore[misc]
        self._told = {"message": message, "hint": hint}
        super().__init__()

    def message(self, lang: Lang) -> str:
        """The row's message, in the language it was written in."""
        return self._told["message"]

    def hint(self, lang: Lang) -> str:
        """The row's hint, in the language it was written in."""
        return self._told["hint"]
