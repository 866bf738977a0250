"""Who asks, and what their role lets them do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ROLES", "Actor", "Role"]

Role = Literal["researcher", "reader", "senior", "admin"]
ROLES: tuple[Role, ...] = ("researcher", "reader", "senior", "admin")
"""In rising order. A researcher reads and searches; a reader also writes and signs; a senior sees what belongs to
others and resolves; an admin also manages accounts."""


@dataclass(frozen=True)
class Actor:
    """Who asks. On one's own computer there is one, ``local``, who may do everything.

    Examples
    --------
    >>> Actor("petrova", "reader").may("senior")
    False
    """

    name: str = "local"
    role: Role = "admin"

    def may(self, role: Role) -> bool:
        """Whether this role is `role` or stands above it."""
        return ROLES.index(self.role) >= ROLES.index(role)
