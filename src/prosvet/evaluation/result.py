"""The shape of every evaluation: figures with intervals, the controls beside them, and what it takes to repeat them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen, ModelRef

__all__ = ["Curve", "DataRef", "Evaluation", "Figure", "Items", "Table"]

Cell = bool | str | int | float | None
Kind = Literal["reports", "findings", "retrieval", "robustness", "vqa", "reader_study", "synthesis"]


class Figure(Frozen):
    """One number with its 95 % interval.

    Attributes
    ----------
    value : float or None
        ``None`` when the data cannot say (no positives, for example); never a stand-in number.
    low, high : float or None
        The ends of the 95 % interval.
    n : int or None
        Cases behind the number.
    method : str
        How the interval was made: ``bootstrap``, ``bootstrap_patients``, ``wilson``; empty without one.
    statistic : str
        Name in :data:`prosvet.evaluation.statistics.STATISTICS` that gives the value again from ``Evaluation.items``,
        with its columns after a colon (``mean:bertscore_f1``, ``auroc:score.pneumonia,label.pneumonia``); empty when
        two runs cannot be compared on it.
    higher_is_better : bool or None
        ``None`` when neither is.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    method: str = ""
    statistic: str = ""
    higher_is_better: bool | None = True


class DataRef(Frozen):
    """A file or a set that was evaluated: its name (no folders), sha256 of its bytes, and how many cases it gave.

    Attributes
    ----------
    role : str
        ``answers`` is what a model wrote (predictions, scores, a run): it differs between two runs that are compared.
        ``reference`` is what it is measured against: two runs are compared on the same bytes only. ``other`` (training
        reports for the copy rate, a lexicon) is named on the card and may differ.
    """

    name: str
    sha256: str
    n: int
    role: Literal["reference", "answers", "other"] = "reference"


class Items(Frozen):
    """Per-case numbers, all columns of one length: what a paired comparison of two runs resamples.

    Attributes
    ----------
    ids : tuple of str
        Cases, in the order of every column.
    groups : tuple of str
        The patient of each case, drawn together; empty or equal to `ids` when unknown.
    columns : dict of str to tuple of float or None
        Named columns; ``None`` where a case has no value.
    """

    ids: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    columns: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        lengths = {name: len(column) for name, column in self.columns.items()}
        lengths |= {"groups": len(self.groups)} if self.groups else {}
        for name, length in lengths.items():
            if length != len(self.ids):
                raise ValueError(f"{name}: {length} values for {len(self.ids)} cases")
        return self


class Table(Frozen):
    """Rows for people: `id` and the column names are keys of the locales under ``evaluation.tables``."""

    id: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Curve(Frozen):
    """Lines of one plot: each series is (x, y) points; names are keys of the locales under ``evaluation.curves``."""

    id: str
    x: str
    y: str
    series: dict[str, tuple[tuple[float, float], ...]]


class Evaluation(Frozen):
    """What one run of ``prosvet evaluate`` found.

    Attributes
    ----------
    settings : dict
        Everything that moves a published number: tokenisation, case, section, smoothing, operating point, seed.
    metrics : dict
        Names as users type them: ``bleu_1``, ``recall@5``; a figure of one finding is ``auroc.pneumonia``. Their words
        stand in the locales under ``evaluation.metrics`` by the part before ``@`` or the first dot.
    controls : dict
        The same figures for answers that ignore the image, and verdicts in words; a claim without them is worth
        nothing. ``shuffled.bleu_4`` is the metric ``bleu_4`` of the control ``shuffled``: the card draws it beside the
        figure that it puts in doubt. ``image_use`` is ``shown``, ``not_shown`` or ``not_tested``.
    notes : tuple of str
        What the data could not say, in words, in the language of the request.
    schema_version : int
        Of this shape, for cards that are read back by a later version.
    """

    schema_version: Literal[1] = 1
    kind: Kind
    data: tuple[DataRef, ...]
    settings: dict[str, Cell]
    metrics: dict[str, Figure]
    controls: dict[str, Figure | Cell] = Field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    curves: tuple[Curve, ...] = ()
    items: Items = Field(default_factory=Items)
    notes: tuple[str, ...] = ()
    model: ModelRef | None = None
    code_version: str = ""
    at: datetime
