"""Loads beforehand what the first search would wait for: indexes, vocabulary, the encoder of texts."""

from __future__ import annotations

import logging
import time

from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.search.api import SearchRequest, run

__all__ = ["warm"]

log = logging.getLogger(__name__)


def warm(context: Context) -> float:
    """Search once for nothing in particular; the seconds it took.

    A failure is left for the first search to tell: it will be in the language of whoever asks.
    """
    begun = time.perf_counter()
    try:
        if context.get(Store).counts().studies:
            run(SearchRequest(text="pneumothorax", k=1), context)
    except ProsvetError as error:
        log.warning("the indexes could not be loaded beforehand: %s", error)
    took = time.perf_counter() - begun
    log.info("the indexes were loaded in %.1f s", took)
    return took
