"""How this program names itself to its peers and in the files that it writes."""

from __future__ import annotations

from prosvet import __version__

__all__ = ["IMPLEMENTATION_UID", "IMPLEMENTATION_VERSION"]

# Under 2.25 (PS3.5, annex B.2): a UUID made once, so that no registration is needed.
IMPLEMENTATION_UID = "2.25.295041437185211366063911938405718269467"
IMPLEMENTATION_VERSION = f"PROSVET_{__version__}"[:16]
