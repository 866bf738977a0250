"""What a task is about: a film (of the archive or a file), whose it is, and what was found on it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Measurement

__all__ = ["Case", "Known"]


@dataclass(frozen=True)
class Case:
    """The film, as the tools get it; a planner never names files or studies.

    Attributes
    ----------
    film : Path
        A file that lies there for as long as the run lasts.
    study, image
        Of the archive; None for a file from elsewhere.
    prior : str or None
        The same patient's earlier study.
    reader : str or None
        Card of the vision-language model that may be asked.
    report : str
        A report that came with the task; empty when none did.
    folder : Path
        For files that a tool needs; it goes when the run ends.
    """

    film: Path
    folder: Path
    lang: Lang
    study: str | None = None
    image: int | None = None
    prior: str | None = None
    reader: str | None = None
    report: str = ""


@dataclass
class Known:
    """What the tools found so far, of this film; the checks are held against it.

    Attributes
    ----------
    findings : dict of str to (Finding, step)
        By concept, with the step that said it.
    compared : bool
        An earlier film was compared with.
    draft : str
        The compact draft, when the film was read.
    seconds_left : float
    """

    findings: dict[str, tuple[Finding, int]] = field(default_factory=dict)
    measurements: dict[str, tuple[Measurement, int]] = field(default_factory=dict)
    compared: bool = False
    draft: str = ""
    seconds_left: float = 120.0
