"""Which gates a site has loosened: part of its calibration, and versioned with it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.types import Frozen

__all__ = ["Policy"]

_Choice = Literal["abstain", "accept"]


class Policy(Frozen):
    """What keeps a study from being released, whatever its score. By default everything that is not plain does.

    A gate only takes studies away from the released ones, so that loosening one never breaks the promise on misses; it
    was made for studies like those of the calibration, though.
    """

    min_age: float = Field(default=18.0, ge=0, le=120, description="Years; younger patients go to a doctor.")
    unknown_age: _Choice = Field(default="abstain", description="Studies without an age: abstain or accept.")
    lateral: _Choice = Field(default="abstain", description="Studies with a side view, which nothing assesses.")
    repaired: _Choice = Field(default="abstain", description="Films that came inverted or turned and were repaired.")
    quality: _Choice = Field(default="abstain", description="Films with a reason for caution: clipped, cut lungs, ...")
