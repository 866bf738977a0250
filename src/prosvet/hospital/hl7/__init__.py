"""What was read of a study as an HL7 v2.5 message, ORU^R01, for systems that know nothing newer.

Pure: no database, no clock, no network. The same sources, results and time give the same bytes.

    message = oru(sources, results, at=moment, config=config.hl7)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prosvet.hospital.hl7.message import oru

__all__ = ["oru"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.message"), name)
