"""What was read of a study as DICOM objects of that same study: SR, SEG, Secondary Capture, PDF.

Pure: no database and no clock. The same sources, results, `made_of` and time give the same bytes.

    results = machine_results(reading, examination, "ru", film=sop_instance_uid)
    dataset = make("sr", sources, results, made_of="sha256 of films, model and round", at=moment)
    write(dataset)  # bytes of the file

Names are imported on use: highdicom, reportlab and pydicom come with the extra ``hospital``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from prosvet.hospital.objects.kinds import KINDS, Kind

if TYPE_CHECKING:
    from prosvet.hospital.objects.frame import write
    from prosvet.hospital.objects.making import make
    from prosvet.hospital.objects.results import Results, Signed, machine_results, signed_results

__all__ = ["KINDS", "Kind", "Results", "Signed", "machine_results", "make", "signed_results", "write"]

_HOMES = {
    "Results": "results",
    "Signed": "results",
    "machine_results": "results",
    "make": "making",
    "signed_results": "results",
    "write": "frame",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
