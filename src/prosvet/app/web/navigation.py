"""What stands in the navigation, in its order: address, name of the words, name of the icon, and who sees it."""

from __future__ import annotations

from dataclasses import dataclass

from prosvet.core.actor import Role

__all__ = ["NAVIGATION", "Place"]


@dataclass(frozen=True)
class Place:
    """One entry; its words are ``web.nav.NAME``."""

    name: str
    path: str
    icon: str
    role: Role = "researcher"


NAVIGATION: tuple[tuple[Place, ...], ...] = (
    (
        Place("worklist", "/worklist", "list"),
        Place("search", "/search", "search"),
        Place("double", "/double-reading", "two", "reader"),
        Place("retrospective", "/retrospective", "clock", "senior"),
        Place("screening", "/screening", "check", "reader"),
    ),
    (
        Place("ask", "/ask", "question"),
        Place("agent", "/agent", "agent"),
        Place("compare", "/compare", "compare"),
        Place("synthesize", "/synthesize", "spark"),
        Place("reader_study", "/reader-study", "people"),
        Place("cohorts", "/cohorts", "folder"),
        Place("deidentify", "/deidentify", "lock", "admin"),
    ),
    (
        Place("marking", "/marking", "pen", "reader"),
        Place("site", "/site", "house", "reader"),
        Place("retraining", "/retraining", "up", "senior"),
        Place("federated", "/federated", "network", "senior"),
    ),
    (
        Place("hospital", "/hospital", "download", "reader"),
        Place("monitoring", "/monitoring", "eye", "reader"),
        Place("models", "/models", "model"),
        Place("jobs", "/jobs", "gear"),
        Place("settings", "/settings", "sliders"),
        Place("help", "/help", "help"),
    ),
)
"""Four groups: reading, research, learning, the house."""
