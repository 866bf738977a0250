"""De-identification for research: headers by a keep-list, letters in pixels, reports, and a look back at the result."""

from prosvet.hospital.deidentify.options import Options

__all__ = ["Options"]
