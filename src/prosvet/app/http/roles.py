"""Who may do what: a literal table of every route and the least role that may use it.

A route that is not here is refused to everybody who signs in (a test finds it before that).
"""

from __future__ import annotations

from typing import Literal

from prosvet.core.context import Role

__all__ = ["LEAST", "OPEN", "READING", "Least"]

Least = Role | Literal["everybody"]

LEAST: dict[str, Least] = {
    # Without signing in: the process's health, the choice of a language, signing in itself.
    "GET /healthz": "everybody",
    "GET /readyz": "everybody",
    "POST /choose": "everybody",
    "GET /sign-in": "everybody",
    "POST /sign-in": "everybody",
    # One's own account.
    "GET /": "researcher",
    "POST /sign-out": "researcher",
    "GET /account": "researcher",
    "POST /account/password": "researcher",
    "POST /account/tokens": "researcher",
    "POST /account/tokens/{token}/revoke": "researcher",
    "GET /v1/me": "researcher",
    "GET /v1/accounts/{name}/tokens": "researcher",
    "POST /v1/accounts/{name}/tokens": "researcher",
    "DELETE /v1/accounts/{name}/tokens/{token}": "researcher",
    # Everybody's accounts.
    "GET /accounts": "admin",
    "POST /accounts": "admin",
    "POST /accounts/{name}": "admin",
    "GET /v1/accounts": "admin",
    "POST /v1/accounts": "admin",
    "PATCH /v1/accounts/{name}": "admin",
    "DELETE /v1/accounts/{name}": "admin",
    # Looking: the list, a study, its films, how they came to be read as they are.
    "GET /worklist": "researcher",
    "GET /worklist/next": "reader",
    "GET /v1/worklist": "researcher",
    "GET /v1/worklist/next": "reader",
    "GET /v1/studies": "researcher",
    "GET /v1/studies/{study}": "researcher",
    "GET /v1/studies/{study}/images": "researcher",
    "GET /v1/images/{image}/thumbnail": "researcher",
    "GET /v1/images/{image}/pixels": "researcher",
    "GET /v1/images/{image}/evidence": "researcher",
    "GET /study/{study}": "researcher",
    "GET /study/{study}/similar": "researcher",
    "GET /study/{study}/protocol": "researcher",
    "GET /study/{study}/history": "researcher",
    "GET /study/{study}/print": "researcher",
    "GET /viewer/{study}": "researcher",
    # Reading: taking films in, drafting, signing.
    "POST /v1/uploads": "reader",
    "POST /worklist/row": "reader",
    "POST /v1/worklist/{study}/take": "reader",
    "POST /v1/worklist/{study}/release": "reader",
    "POST /study/{study}/open": "reader",
    "GET /study/{study}/sign": "reader",
    "GET /v1/studies/{study}/protocol": "researcher",
    "GET /v1/studies/{study}/protocol/history": "researcher",
    "GET /v1/studies/{study}/protocol/text": "researcher",
    "POST /v1/studies/{study}/protocol": "reader",
    "PATCH /v1/studies/{study}/protocol": "reader",
    "POST /v1/studies/{study}/protocol/check": "researcher",
    "POST /v1/studies/{study}/protocol/sign": "reader",
    "POST /v1/studies/{study}/protocol/addenda": "reader",
    "DELETE /v1/studies/{study}": "admin",
    # Double reading, and reading the archive again.
    "GET /v1/double-readings": "reader",
    "POST /v1/double-readings": "reader",
    "GET /v1/double-readings/agreement": "reader",
    "GET /v1/double-readings/{study}": "reader",
    "POST /v1/double-readings/{study}/begin": "reader",
    "PUT /v1/double-readings/{study}/opinion": "reader",
    "POST /v1/double-readings/{study}/sign": "reader",
    "POST /v1/double-readings/{study}/resolve": "senior",
    "GET /v1/retrospective/runs": "senior",
    "POST /v1/retrospective/runs": "senior",
    "GET /v1/retrospective/runs/{number}": "senior",
    "GET /v1/retrospective/runs/{number}/tally": "senior",
    "GET /v1/retrospective/runs/{number}/export": "senior",
    "GET /v1/retrospective/runs/{number}/studies/{study}": "senior",
    "PUT /v1/retrospective/runs/{number}/studies/{study}/verdict": "senior",
    # Research: searching, asking, comparing, measuring.
    "POST /v1/read": "researcher",
    "POST /v1/search": "researcher",
    "POST /v1/label": "researcher",
    "POST /v1/check": "researcher",
    "POST /v1/ask": "researcher",
    "GET /ask": "researcher",
    "POST /ask": "researcher",
    "POST /ask/film": "researcher",
    "POST /v1/compare": "researcher",
    "POST /v1/compare-readings": "researcher",
    "GET /v1/readings/{study}/picture": "researcher",
    "POST /v1/evaluate/findings": "researcher",
    "POST /v1/evaluate/reports": "researcher",
    "POST /v1/evaluate/retrieval": "researcher",
    "POST /v1/evaluate/vqa": "researcher",
    # The house.
    "GET /models": "researcher",
    "GET /models/{name}": "researcher",
    "POST /models/{name}/verify": "reader",
    "GET /v1/models": "researcher",
    "GET /v1/models/{name}": "researcher",
    "POST /v1/models/{name}/verify": "reader",
    "GET /jobs": "researcher",
    "GET /jobs/{job}": "researcher",
    "POST /jobs/{job}/cancel": "researcher",
    "POST /jobs/{job}/resume": "researcher",
    "GET /v1/jobs": "researcher",
    "GET /v1/jobs/{job}": "researcher",
    "DELETE /v1/jobs/{job}": "researcher",
    "POST /v1/jobs/{job}/resume": "researcher",
    "GET /v1/jobs/{job}/events": "researcher",
    "POST /v1/ingest": "admin",
    "GET /settings": "researcher",
    "POST /settings/doctor": "admin",
    "GET /v1/doctor": "admin",
    "GET /help": "researcher",
}

OPEN = frozenset(key.partition(" ")[2] for key, least in LEAST.items() if least == "everybody")
"""Paths that are answered without signing in; files under ``/static/`` are too."""

READING = frozenset(
    {
        "POST /v1/read", "POST /v1/search", "POST /v1/label", "POST /v1/check", "POST /v1/ask", "POST /v1/compare",
        "POST /v1/compare-readings", "POST /v1/evaluate/findings", "POST /v1/evaluate/reports",
        "POST /v1/evaluate/retrieval", "POST /v1/evaluate/vqa", "POST /v1/studies/{study}/protocol/check",
    }
)  # fmt: skip
"""Questions too long for an address: they change nothing, and a token to read is enough for them."""
