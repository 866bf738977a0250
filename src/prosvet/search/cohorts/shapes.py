"""What goes into the capability `cohort` and what comes out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.types import Frozen, Moment
from prosvet.search.api import SearchRequest
from prosvet.search.query import ParsedQuery

__all__ = [
    "Action",
    "CohortComparison",
    "CohortFile",
    "CohortMember",
    "CohortOrigin",
    "CohortRequest",
    "CohortResult",
    "CohortView",
    "Format",
    "How",
]

Action = Literal["save", "list", "show", "rename", "remove", "delete", "compare", "export"]
Format = Literal["csv", "manifest", "dicom"]
How = Literal["all", "top", "chosen"]


class CohortRequest(Frozen):
    """What to do, and with which cohort. To save, give `name` with `search` or with `studies`."""

    action: Action = Field(default="list", description="save, list, show, rename, remove, delete, compare or export.")
    cohort: str | None = Field(default=None, description="Number or name of the cohort.")
    name: str | None = Field(default=None, description="Its name, or the new one.")
    search: SearchRequest | None = Field(default=None, description="Save what this finds.")
    how: Literal["all", "top"] = Field(
        default="all", description="Save all studies that meet the question, or the best `k` of the search."
    )
    studies: tuple[str, ...] = Field(default=(), description="Save or remove exactly these.")
    query: ParsedQuery | None = Field(default=None, description="The question that `studies` were chosen from.")
    others: tuple[str, ...] = Field(default=(), description="Cohorts to compare with `cohort`.")
    format: Format = Field(default="csv", description="csv, manifest or dicom.")
    folder: Path | None = Field(default=None, description="Write here; with a manifest, its films too.")
    limit: int = Field(default=50, ge=1, le=10_000, description="Show at most so many studies.")
    offset: int = Field(default=0, ge=0, le=10_000_000, description="Skip so many first.")


class CohortOrigin(Frozen):
    """The question behind a cohort, and what answered it.

    Attributes
    ----------
    how : str
        ``all`` that met the question, ``top`` of the search, or ``chosen`` one by one.
    text : str
        The query as given; of a film or a report nothing is kept but the findings in `query`.
    archive_version : int
        The archive's counter then: a later one means that it has changed.
    image_model, report_model : str
        ``NAME@REVISION`` of the vectors that were compared.
    operating_point, program : str
    """

    how: How
    asked: str = ""
    text: str = ""
    query: ParsedQuery | None = None
    archive_version: int
    image_model: str
    report_model: str
    operating_point: str
    program: str


class CohortView(Frozen):
    """A cohort; ``size`` counts the studies that the one who asks may see."""

    id: int
    name: str
    owner: str
    created: Moment
    size: int
    origin: CohortOrigin


class CohortMember(Frozen):
    """A study of a cohort. ``concepts`` are those that some origin says are present, ``said`` those a person says."""

    study: str
    sex: str | None
    age: float | None
    date: date | None
    date_shifted: bool
    source: str
    files: tuple[str, ...]
    images: tuple[int, ...]
    reports: int
    concepts: tuple[str, ...]
    said: tuple[str, ...] = ()


class CohortComparison(Frozen):
    """Cohorts beside each other.

    Attributes
    ----------
    cohorts : tuple of CohortView
    shared : tuple of tuple of int
        Studies that each pair has in common; the diagonal holds the sizes.
    women, median_age : tuple of float or None
        Share of women (0..1) among studies of known sex, and the median age in years, of each.
    concepts : dict of concept to counts
        The most frequent present findings: studies that have them, in each.
    """

    cohorts: tuple[CohortView, ...]
    shared: tuple[tuple[int, ...], ...]
    women: tuple[float | None, ...]
    median_age: tuple[float | None, ...]
    concepts: dict[str, tuple[int, ...]]


class CohortFile(Frozen):
    """An export.

    Attributes
    ----------
    rows : int
        Studies in a CSV, films in a manifest or a DICOM list.
    text : str
        The content; empty when it was written to a folder.
    left_out : tuple of str
        ``STUDY/FILE`` of each film that has no place in this format.
    """

    name: str
    media_type: str
    rows: int
    text: str = ""
    left_out: tuple[str, ...] = ()


class CohortResult(Frozen):
    """What was done: the cohorts concerned, and the studies, the comparison or the file asked for."""

    action: Action
    cohorts: tuple[CohortView, ...] = ()
    studies: tuple[CohortMember, ...] = ()
    total: int = 0
    comparison: CohortComparison | None = None
    file: CohortFile | None = None
