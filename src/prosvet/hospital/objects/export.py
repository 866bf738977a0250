"""What every export of a study's results tells of itself, whatever the format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, Self

from pydantic import Field

from prosvet.archive.files import sha256
from prosvet.core.types import Frozen
from prosvet.hospital.objects.study_results import StudyResults

__all__ = ["Export"]


class Export(Frozen, ABC):
    """One file for another system.

    Attributes
    ----------
    basis : {"signed", "program"}
        A signed protocol wins over the program's own reading.
    identified : bool
        False: made from the archive's copy, so that patient and study are pseudonyms.
    data : bytes
        The file itself. JSON has its size and hash.
    """

    study: str
    basis: Literal["signed", "program"]
    identified: bool
    size: int
    sha256: str
    data: bytes = Field(exclude=True, repr=False)

    @classmethod
    def of(cls, found: StudyResults, data: bytes, **own: Any) -> Self:
        """`data`, made of `found`; `own` are the fields of the format."""
        return cls(
            study=found.study, basis=found.basis, identified=found.sources.identified,
            size=len(data), sha256=sha256(data), data=data, **own,
        )  # fmt: skip

    @property
    @abstractmethod
    def file(self) -> str:
        """A name for it that tells nothing of the patient."""
