"""The pages, as a literal table: name to module; each has a ``router``."""

from __future__ import annotations

__all__ = ["PAGES"]

PAGES: dict[str, str] = {
    "language": "prosvet.app.web.pages.language",
    "settings": "prosvet.app.web.pages.settings",
    "help": "prosvet.app.web.pages.help",
    "study": "prosvet.app.web.pages.study",
    "viewer": "prosvet.app.web.pages.viewer",
}
