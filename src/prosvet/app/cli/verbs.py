"""The verbs, as a literal table: name (``group.verb`` or ``verb``) to function, in the order of the help page."""

from __future__ import annotations

from collections.abc import Callable

from prosvet.app.cli import studies
from prosvet.app.cli.doctor import doctor
from prosvet.app.cli.ingest import ingest
from prosvet.app.cli.read import read
from prosvet.app.cli.session import Answer

__all__ = ["VERBS"]

VERBS: dict[str, Callable[..., Answer]] = {
    "ingest": ingest,
    "read": read,
    "studies.list": studies.list_,
    "studies.show": studies.show,
    "studies.erase": studies.erase,
    "doctor": doctor,
}
