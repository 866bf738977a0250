"""The groups of routes, as a literal table: name to module; each has a ``router``."""

from __future__ import annotations

__all__ = ["ROUTERS"]

ROUTERS: dict[str, str] = {
    "health": "prosvet.app.http.routes.health",
    "images": "prosvet.app.http.routes.images",
}
