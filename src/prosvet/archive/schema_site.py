"""The table of base scores: what the model itself said of a film whose scores in the archive a site's adapter made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = ["BaseScores"]


class BaseScores(Base):
    """Scores of ``model`` at its own ``revision``, beside an image whose ``scores`` are adapted; no others are here."""

    __tablename__ = "base_scores"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str]
    revision: Mapped[str]
    scores: Mapped[dict[str, Any]]
