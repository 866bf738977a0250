"""Which capabilities may run as jobs, as a literal table."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from typing import Any, NamedTuple

from pydantic import BaseModel

from prosvet.app.capabilities import CAPABILITIES
from prosvet.core.errors import UnknownName

__all__ = ["JOBS", "Runnable", "runnable", "subject_of"]

JOBS: dict[str, str] = {
    "ingest": "paths",
    "retrospective": "",
    "screen.run": "",
    "site.rescore": "",
    "retrain": "name",
    "deidentify": "name",
    "synthesize": "prompt",
    "synthesize.pair": "prompt",
    "synthesize.set": "name",
}
"""Capability to the field of its request that says what the job is about; empty for none."""


class Runnable(NamedTuple):
    """A capability's own function and the model of its request."""

    module: Any
    request: type[BaseModel]


def runnable(capability: str) -> Runnable:
    """The function (``module.run``) and the request of `capability`.

    Raises
    ------
    UnknownName
        When it may not run as a job.
    """
    if capability not in JOBS:
        raise UnknownName(kind="capability", name=capability, known=", ".join(JOBS))
    entry = CAPABILITIES[capability]
    module = import_module(entry.module)
    return Runnable(module, getattr(module, entry.request))


def subject_of(capability: str, request: BaseModel) -> str:
    """What a job is about, in a line: names of files and folders without where they lie.

    Examples
    --------
    >>> from prosvet.archive.api import IngestRequest
    >>> subject_of("ingest", IngestRequest(paths=["/data/may", "/data/june.zip"]))
    'may, june.zip'
    """
    field = JOBS[capability]
    value = getattr(request, field) if field else None
    if value is None:
        return ""
    many = value if isinstance(value, list | tuple) else [value]
    return ", ".join(one.name if isinstance(one, PurePath) else str(one) for one in many)
