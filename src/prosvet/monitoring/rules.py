"""The numbers that monitoring goes by; they are frozen with the reference that they hold for."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen
from prosvet.monitoring.shifts.shift import Measure
from prosvet.monitoring.variables import Cause

__all__ = ["Rules"]

_STOPS: tuple[Cause, ...] = ("tags", "images", "embedding", "predictions", "gates")


class Rules(Frozen):
    """How often false alarms may come, what is compared, how large a change must be, and which stop the line.

    An alarm needs both: a p-value that passes the level of its check, and an effect of at least the size named here.
    """

    false_alarms_a_year: float = Field(
        default=1.0, gt=0, le=365, description="Expected checks with a false alarm a year."
    )
    studies_a_day: float = Field(default=100.0, gt=0, le=100_000, description="What a year is counted in.")
    step: int = Field(default=25, ge=1, le=10_000, description="New studies that a check waits for.")
    windows: tuple[int, ...] = Field(
        default=(50, 100, 200), min_length=1, max_length=5, description="The last so many studies."
    )
    days: int = Field(default=7, ge=0, le=366, description="And those of the last so many days; 0 for none.")
    device_window: int = Field(default=100, ge=30, le=10_000, description="The last so many studies of each device.")
    least_wasserstein: float = Field(default=0.25, ge=0, description="Standard deviations of the reference.")
    least_total_variation: float = Field(default=0.05, ge=0, le=1, description="Share of studies.")
    least_auroc: float = Field(default=0.6, ge=0.5, le=1, description="Of a classifier of old and new.")
    stops: tuple[Cause, ...] = Field(default=_STOPS, description="Causes whose alarms stop the line.")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.windows) != sorted(set(self.windows)) or self.windows[0] < 20:
            raise ValueError("windows: rising numbers of at least 20")
        return self

    def least(self, measure: Measure) -> float:
        """The smallest effect that may raise an alarm."""
        sizes = {"wasserstein": self.least_wasserstein, "total_variation": self.least_total_variation}
        return sizes.get(measure, self.least_auroc)
