"""What was read of a study as FHIR: DiagnosticReport, Observations, ImagingStudy, Device, Provenance.

Pure: no database, no clock, no network. The same sources, results and time give the same bytes.

    made = bundle(sources, results, at=moment, version="R4")   # a transaction, checked against the standard's types
    write(made)                                                # its JSON

R4 is checked by the types of R4B (4.3.0), which has these resources as 4.0.1 has them but for kinds of subject that are
not written here; R5 by those of 5.0.0.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prosvet.hospital.fhir.making import bundle, write

__all__ = ["bundle", "write"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.making"), name)
