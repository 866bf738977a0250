"""How this program names itself in DICOM: to its peers and in every file that it writes."""

from __future__ import annotations

from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID

from prosvet import __version__

__all__ = ["IMPLEMENTATION_UID", "IMPLEMENTATION_VERSION", "written_by_us"]

# Under 2.25 (PS3.5, annex B.2): a UUID made once, so that no registration is needed.
IMPLEMENTATION_UID = UID("2.25.295041437185211366063911938405718269467")
IMPLEMENTATION_VERSION = f"PROSVET_{__version__}"[:16]


def written_by_us(meta: FileMetaDataset) -> None:
    """Say in the meta information of a file that this program wrote it.

    Examples
    --------
    >>> meta = FileMetaDataset()
    >>> written_by_us(meta)
    >>> meta.ImplementationVersionName.startswith("PROSVET_")
    True
    """
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
