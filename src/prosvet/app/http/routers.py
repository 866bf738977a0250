"""The groups of routes, as a literal table: name to module; each has a ``router``."""

from __future__ import annotations

__all__ = ["ROUTERS"]

ROUTERS: dict[str, str] = {
    "cohorts": "prosvet.app.http.routes.cohorts",
    "health": "prosvet.app.http.routes.health",
    "accounts": "prosvet.app.http.routes.accounts",
    "read": "prosvet.app.http.routes.read",
    "search": "prosvet.app.http.routes.search",
    "language": "prosvet.app.http.routes.language",
    "studies": "prosvet.app.http.routes.studies",
    "models": "prosvet.app.http.routes.models",
    "doctor": "prosvet.app.http.routes.doctor",
    "evaluate": "prosvet.app.http.routes.evaluate",
    "jobs": "prosvet.app.http.routes.jobs",
    "protocols": "prosvet.app.http.routes.protocols",
    "results": "prosvet.app.http.routes.results",
    "fhir": "prosvet.app.http.routes.fhir",
    "peers": "prosvet.app.http.routes.peers",
    "images": "prosvet.app.http.routes.images",
    "worklist": "prosvet.app.http.routes.worklist",
    "uploads": "prosvet.app.http.routes.uploads",
    "double_reading": "prosvet.app.http.routes.double_reading",
    "retrospective": "prosvet.app.http.routes.retrospective",
    "ask": "prosvet.app.http.routes.ask",
    "synthesis": "prosvet.app.http.routes.synthesis",
    "agent": "prosvet.app.http.routes.agent",
    "readings": "prosvet.app.http.routes.readings",
    "screening": "prosvet.app.http.routes.screening",
    "site": "prosvet.app.http.routes.site",
    "retraining": "prosvet.app.http.routes.retraining",
    "reader_study": "prosvet.app.http.routes.reader_study",
    "monitoring": "prosvet.app.http.routes.monitoring",
    "marks": "prosvet.app.http.routes.marks",
    "deidentify": "prosvet.app.http.routes.deidentify",
    "hospital": "prosvet.app.http.routes.hospital",
    "operations": "prosvet.app.http.routes.operations",
    "metrics": "prosvet.app.http.routes.metrics",
    "federated": "prosvet.app.http.routes.federated",
}
