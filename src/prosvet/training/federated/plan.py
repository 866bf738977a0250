"""What a federation has agreed on before its first round. Every site can read it; nothing in it is of a patient."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.types import Frozen

__all__ = ["Method", "Plan"]

Method = Literal["newton", "average", "full"]


class Plan(Frozen):
    """The agreement.

    Attributes
    ----------
    base : str
        ``MODEL@REVISION`` whose findings are corrected; for ``full``, ``FindingNet@`` and a hash of its first weights.
    findings : tuple of str
        Concept ids in the order of the arrays.
    method : str
        ``newton``: sums of gradients and second derivatives, the pooled fit exactly. ``average``: federated averaging
        of the sites' own fits, weights alone leave. ``full``: federated averaging of the whole network.
    penalty : float
        Of the square of the correction, beside the mean log loss of a film.
    proximal : float
        ``average``: how strongly a site's fit is held near the common one (FedProx, Li et al. 2020).
    largest : int
        No site has more films than this. It scales what is sent, so that no count is told under secure aggregation.
    steps, batch, rate : int, int, float
        ``full``: what a site does in a round.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    base: str = Field(pattern=r"^[^@\s]{1,80}@[^@\s]{1,120}$")
    findings: tuple[str, ...] = Field(min_length=1, max_length=64)
    sites: tuple[str, ...] = Field(min_length=2, max_length=200)
    method: Method = "newton"
    penalty: float = Field(default=0.003, gt=0, le=10)
    proximal: float = Field(default=0.01, ge=0, le=10)
    largest: int = Field(default=20_000, ge=10, le=10_000_000)
    steps: int = Field(default=50, ge=1, le=100_000)
    batch: int = Field(default=16, ge=2, le=1024)
    rate: float = Field(default=3e-4, gt=0, le=1)
