"""A site's own file of films, from its archive: what the model in force keeps of them, beside the site's labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import FederationError, SiteError
from prosvet.models.card import load_card
from prosvet.models.deployed import deployed
from prosvet.training.federated.films import FilmSet
from prosvet.training.site.archived import from_archive
from prosvet.training.site.fit_api import LabelSource, patient_key

__all__ = ["films_of_archive"]


def films_of_archive(labels: Path | None, context: Context) -> FilmSet:
    """Films of the archive with labels from a table (``id`` and findings), or from the marks when None.

    Raises
    ------
    FederationError
        ``no_films``.
    NotFound, MissingColumns, InvalidRecord
        For a table that cannot be used.
    """
    settings = context.settings
    base = load_card(deployed(settings).model, settings.home)
    said, source = LabelSource(labels=labels, marks=labels is None).said(base, context)
    try:
        every, _unknown = from_archive(said, base, context)
    except SiteError:
        raise FederationError(reason="no_films") from None
    labelled: NDArray[np.bool_] = np.asarray(np.isfinite(every.labels).any(axis=1))
    cases = every.rows(labelled)
    if not len(cases):
        raise FederationError(reason="no_films")
    data = cases.digest()
    people = sorted({patient_key(settings.site, data, str(one)) for one in cases.patients})
    return FilmSet(
        base=f"{base.name}@{base.revision}", findings=base.labels, scores=cases.scores,
        labels=np.where(np.isnan(cases.labels), -1, cases.labels).astype(np.int8),
        vectors=cases.vectors.astype(np.float16), labels_from=source, data_sha256=data, seen=tuple(people),
    )  # fmt: skip
