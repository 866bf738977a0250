"""The capability site: what the site reads with and has read with; put an adapter in force, and go back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.archive.rescore import rescore
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import DeploymentError, Forbidden, ProsvetError
from prosvet.core.types import Frozen, Moment
from prosvet.models.adapter import AdapterCard
from prosvet.models.adapter_files import adapter_versions, load_adapter_card
from prosvet.models.card import load_card
from prosvet.models.deployed import Deployment, deploy, deployed, explicit, history, in_force, roll_back
from prosvet.training.site.compare_api import chosen_version

__all__ = ["AdapterRow", "SiteRequest", "SiteResult", "run"]

_NOBODY = ("", "local")  # the owner of a computer without accounts has no name to answer with


class SiteRequest(Frozen):
    """One step; ``use`` takes an adapter (or 0: none), ``back`` a version of the history or none."""

    action: Literal["list", "show", "use", "back"] = "list"
    adapter: int | None = Field(default=None, ge=0, description="Version of the adapter; 0 reads without one.")
    to: int | None = Field(default=None, ge=0, description="Version of the history to return to.")
    by: str = Field(default="", max_length=60, description="Who decides, where nobody signs in.")
    why: str = Field(default="", max_length=2000, description="The reason.")
    rescore: bool = Field(default=True, description="Score the films of the archive again at once.")


class AdapterRow(Frozen):
    """An adapter in one line; ``problem`` says why its card cannot be read."""

    version: int
    name: str = ""
    revision: str = ""
    created: Moment | None = None
    by: str = ""
    labels_from: str = ""
    films: int = 0
    patients: int = 0
    adapted: int = 0
    moved: int = 0
    fits: bool = False
    in_force: bool = False
    problem: str = ""


class SiteResult(Frozen):
    """The site.

    Attributes
    ----------
    model : str
        NAME@REVISION that reads.
    problem : str
        Why the model in force cannot be used, in words; empty where it can.
    explicit : bool
        A model is named by an argument or ``PROSVET_MODEL``: the history is not asked.
    rescored : int or None
        Films that this step scored again; None where it scored none.
    card : AdapterCard or None
        With ``show``.
    """

    site: str
    model: str
    problem: str = ""
    explicit: bool
    deployment: Deployment
    history: tuple[Deployment, ...]
    adapters: tuple[AdapterRow, ...]
    card: AdapterCard | None = None
    rescored: int | None = None


def run(request: SiteRequest, context: Context) -> SiteResult:
    """Take one step and show the site.

    Raises
    ------
    Forbidden
        For whoever may not read; to use and to go back, for whoever is not a senior.
    DeploymentError, NotFound
        When the adapter is not there, was changed, or was made for another base; nothing is changed then.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    rescored = None
    if request.action in ("use", "back"):
        _decide(request, context)
        rescored = _again(context) if request.rescore else None
    card = None
    if request.action == "show":
        card = load_adapter_card(context.settings, chosen_version(request.adapter, context))
    return _shown(context, card, rescored)


def _decide(request: SiteRequest, context: Context) -> Deployment:
    actor, settings = context.actor, context.settings
    if not actor.may("senior"):
        raise Forbidden(role="senior")
    name = (request.by if actor.name in _NOBODY else actor.name).strip()
    if name in _NOBODY:
        raise DeploymentError(reason="name_needed")
    if request.action == "back":
        made = roll_back(settings, request.to, by=name, why=request.why)
    else:
        if request.adapter is None:
            raise DeploymentError(reason="adapter_needed")
        evidence = _evidence(request.adapter, context) if request.adapter else {}
        made = deploy(settings, adapter=request.adapter or None, by=name, why=request.why, evidence=evidence)
    AuditLog.from_context(context).write(
        f"site_{request.action}", site=settings.site, deployment=made.version, model=made.model, revision=made.revision,
        adapter=made.adapter or 0, sha256=made.adapter_sha256 or "", person=name, reason=made.why,
        restores=made.restores if made.restores is not None else -1,
    )  # fmt: skip
    return made


def _evidence(version: int, context: Context) -> dict[str, object]:
    card = load_adapter_card(context.settings, version)
    return {
        "films": card.films, "patients": card.patients, "labels_from": card.labels_from,
        "data_sha256": card.data_sha256,
        "adapted": sorted(name for name, one in card.findings.items() if one.kind != "identity"),
    }  # fmt: skip


def _again(context: Context) -> int:
    settings = context.settings
    return rescore(context.get(Store), in_force(settings), settings.operating_point, context.progress)


def _shown(context: Context, card: AdapterCard | None, rescored: int | None) -> SiteResult:
    settings = context.settings
    used, problem = deployed(settings), ""
    try:
        reads = in_force(settings, used).card
        model = f"{reads.name}@{reads.revision}"
    except ProsvetError as error:  # what to go back to must be seen all the same
        model, problem = used.model, error.message(context.lang)
    return SiteResult(
        site=settings.site, model=model, problem=problem, explicit=explicit(settings), deployment=used,
        history=tuple(reversed(history(settings))),
        adapters=tuple(_row(version, context) for version in reversed(adapter_versions(settings))), card=card,
        rescored=rescored,
    )  # fmt: skip


def _row(version: int, context: Context) -> AdapterRow:
    settings, used = context.settings, deployed(context.settings)
    try:
        card = load_adapter_card(settings, version)
    except ProsvetError as error:
        return AdapterRow(version=version, problem=error.message(context.lang))
    findings = card.findings.values()
    return AdapterRow(
        version=version, name=card.name, revision=f"{card.revision}+{card.site}.{version}", created=card.created,
        by=card.by, labels_from=card.labels_from, films=card.films, patients=card.patients,
        adapted=sum(one.kind != "identity" for one in findings),
        moved=sum(any(point.moved for point in one.points.values()) for one in findings),
        fits=_fits(card, used, context), in_force=used.adapter == version,
    )  # fmt: skip


def _fits(card: AdapterCard, used: Deployment, context: Context) -> bool:
    """Whether the adapter was made for the model that reads."""
    base = load_card(used.model, context.settings.home)
    return (card.model, card.revision) == (base.name, base.revision)
