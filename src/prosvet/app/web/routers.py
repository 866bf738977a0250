"""The pages, as a literal table: name to module; each has a ``router``."""

from __future__ import annotations

__all__ = ["PAGES"]

PAGES: dict[str, str] = {
    "language": "prosvet.app.web.pages.language",
    "account": "prosvet.app.web.pages.account",
    "accounts": "prosvet.app.web.pages.accounts",
    "jobs": "prosvet.app.web.pages.jobs",
    "search": "prosvet.app.web.pages.search",
    "cohorts": "prosvet.app.web.pages.cohorts",
    "settings": "prosvet.app.web.pages.settings",
    "help": "prosvet.app.web.pages.help",
    "study": "prosvet.app.web.pages.study",
    "viewer": "prosvet.app.web.pages.viewer",
    "worklist": "prosvet.app.web.pages.worklist",
    "double_reading": "prosvet.app.web.pages.double_reading",
    "retrospective": "prosvet.app.web.pages.retrospective",
    "screening": "prosvet.app.web.pages.screening",
    "site": "prosvet.app.web.pages.site",
    "confidence": "prosvet.app.web.pages.confidence",
    "ask": "prosvet.app.web.pages.ask",
    "synthesize": "prosvet.app.web.pages.synthesize",
    "agent": "prosvet.app.web.pages.agent",
    "models": "prosvet.app.web.pages.models",
    "compare": "prosvet.app.web.pages.compare",
    "retraining": "prosvet.app.web.pages.retraining",
    "reader_study": "prosvet.app.web.pages.reader_study",
    "monitoring": "prosvet.app.web.pages.monitoring",
    "federated": "prosvet.app.web.pages.federated",
    "marking": "prosvet.app.web.pages.marking",
    "deidentify": "prosvet.app.web.pages.deidentify",
    "hospital": "prosvet.app.web.pages.hospital",
}
