"""Learning together without pooling films: aggregation, file exchange, and Flower's client and server.

Import what you need from its modules: the package itself costs nothing, and what runs inside Flower's own environment
needs numpy and pydantic alone.
"""

from __future__ import annotations

__all__ = ["adopt", "api", "average", "exchange", "federation", "flower", "heads", "sets"]
