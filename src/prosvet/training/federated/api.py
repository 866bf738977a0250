"""The capability `federate`: rounds of training in which films stay where they are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import FederationError, Forbidden
from prosvet.core.types import Frozen
from prosvet.models.card import load_card
from prosvet.models.deployed import deployed
from prosvet.training.federated.exchange import answer, merge_files, read_key, read_round
from prosvet.training.federated.federation import Answer, Federation, Round, federations
from prosvet.training.federated.films import load_films, save_films
from prosvet.training.federated.flower import Tls, join, serve
from prosvet.training.federated.packet import digest
from prosvet.training.federated.plan import Method, Plan

__all__ = ["FederateRequest", "FederateResult", "FederationView", "run"]

T = TypeVar("T", str, Path)
Action = Literal["show", "create", "prepare", "answer", "merge", "serve", "join", "adopt", "weights"]


class FederateRequest(Frozen):
    """One step.

    Attributes
    ----------
    action : str
        The coordinator: ``create`` a federation, ``merge`` update files, ``serve`` rounds through Flower. A site:
        ``prepare`` its films, ``answer`` a round file, ``join`` a served federation, ``adopt`` what was learned.
        Both: ``show``. ``weights`` writes the trained network of a federation of the method ``full``.
    name : str
        Of the federation, at the coordinator's.
    films : Path or None
        The site's file of films; ``prepare`` writes it, with ``labels`` or with the marks.
    round_file, key, out : Path or None
        What came, the site's key, and what is written.
    updates : tuple of Path
        The sites' answers.
    secure : bool
        ``serve``: SecAgg+.
    authority, certificate, private_key : Path or None
        TLS, PEM.
    """

    action: Action = "show"
    name: str = Field(default="", max_length=40)
    sites: tuple[str, ...] = ()
    method: Method = "newton"
    penalty: float = Field(default=0.003, gt=0, le=10)
    largest: int = Field(default=20_000, ge=10, le=10_000_000)
    steps: int = Field(default=50, ge=1, le=100_000)
    start: Path | None = None
    labels: Path | None = None
    films: Path | None = None
    round_file: Path | None = None
    key: Path | None = None
    out: Path | None = None
    updates: tuple[Path, ...] = ()
    partial: bool = False
    rounds: int = Field(default=5, ge=1, le=1000)
    secure: bool = False
    address: str = "127.0.0.1:9092"
    port: int = Field(default=9094, ge=1, le=65535)
    minutes: float = Field(default=60.0, gt=0, le=100_000)
    authority: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None


class FederationView(Frozen):
    """A federation: what was agreed, and its finished rounds."""

    plan: Plan
    rounds: tuple[Round, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Films behind the last round, by finding."""
        last = self.rounds[-1].counts if self.rounds else (0,) * (len(self.plan.findings) + 1)
        return dict(zip(self.plan.findings, last, strict=False))


class FederateResult(Frozen):
    """What a step came to.

    Attributes
    ----------
    federations : tuple of FederationView
        Those that this archive coordinates, or the one that was named.
    path : str
        What was written, by its name.
    films : int
        Films of the site.
    known : dict of concept to (int, int)
        Films with and without each finding.
    answer : Answer or None
    adapter : int or None
        The version under which what was learned is kept.
    """

    federations: tuple[FederationView, ...] = ()
    path: str = ""
    films: int = 0
    known: dict[str, tuple[int, int]] = Field(default_factory=dict)
    answer: Answer | None = None
    adapter: int | None = None


def run(request: FederateRequest, context: Context) -> FederateResult:
    """Do one step.

    Raises
    ------
    Forbidden
        For whoever is no senior; everybody may look.
    NotFound, FederationError
        When the step refuses; then nothing has changed.
    """
    if request.action == "show":
        return FederateResult(federations=_views(request, context))
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    result = _STEPS[request.action](request, context)
    AuditLog.from_context(context).write(
        f"federated_{request.action}", federation=request.name, site=context.settings.site, path=result.path,
        films=result.films, sha256=result.answer.sha256 if result.answer else "",
    )  # fmt: skip
    return result


def _views(request: FederateRequest, context: Context) -> tuple[FederationView, ...]:
    home = context.settings.home
    found = (Federation.open(home, request.name),) if request.name else federations(home)
    return tuple(FederationView(plan=one.plan, rounds=one.rounds()) for one in found)


def _create(request: FederateRequest, context: Context) -> FederateResult:
    settings = context.settings
    base = load_card(deployed(settings).model, settings.home)
    state, named = None, f"{base.name}@{base.revision}"
    if request.method == "full":
        from prosvet.training.federated.network import initial_state

        state = initial_state(request.start, len(base.labels))
        named = f"FindingNet@{digest(state)[:16]}"
    plan = Plan(
        name=_given(request.name, "name"), base=named, findings=base.labels, sites=request.sites, method=request.method,
        penalty=request.penalty, largest=request.largest, steps=request.steps,
    )  # fmt: skip
    made = Federation.create(settings.home, plan, state)
    return FederateResult(federations=_views(request, context), path=made.state_path().name)


def _prepare(request: FederateRequest, context: Context) -> FederateResult:
    from prosvet.training.federated.prepare import films_of_archive

    films, out = films_of_archive(request.labels, context), _given(request.out, "out")
    save_films(out, films)
    return FederateResult(path=out.name, films=len(films), known=films.counts)


def _answer(request: FederateRequest, context: Context) -> FederateResult:
    films, _ = load_films(_given(request.films, "films"))
    key, out = read_key(_given(request.key, "key")), _given(request.out, "out")
    _opened, made = answer(_given(request.round_file, "round_file"), films, context.settings.site, key, out)
    return FederateResult(path=out.name, films=len(films), known=films.counts, answer=made)


def _merge(request: FederateRequest, context: Context) -> FederateResult:
    federation = Federation.open(context.settings.home, _given(request.name, "name"))
    merge_files(federation, request.updates, partial=request.partial)
    return FederateResult(federations=_views(request, context), path=federation.state_path().name)


def _serve(request: FederateRequest, context: Context) -> FederateResult:
    federation = Federation.open(context.settings.home, _given(request.name, "name"))
    host, _, port = request.address.rpartition(":")
    if not host or not port.isdecimal():
        raise FederationError(reason="address", address=request.address)
    serve(
        federation, request.rounds, secure=request.secure, host=host, port=int(port), tls=_tls(request),
        limit=60 * request.minutes,
    )  # fmt: skip
    return FederateResult(federations=_views(request, context), path=federation.state_path().name)


def _join(request: FederateRequest, context: Context) -> FederateResult:
    path = _given(request.films, "films")
    films, _ = load_films(path)
    join(path, context.settings.site, request.address, tls=_tls(request), port=request.port, limit=60 * request.minutes)
    return FederateResult(path=path.name, films=len(films), known=films.counts)


def _adopt(request: FederateRequest, context: Context) -> FederateResult:
    from prosvet.training.federated.adopt import adopt

    films, _ = load_films(_given(request.films, "films"))
    key = read_key(_given(request.key, "key"))
    path = _given(request.round_file, "round_file")
    made = adopt(read_round(path, context.settings.site, key), films, context)
    return FederateResult(path=path.name, films=len(films), known=films.counts, adapter=made.card.version)


def _weights(request: FederateRequest, context: Context) -> FederateResult:
    from prosvet.training.federated.network import write_encoder

    federation = Federation.open(context.settings.home, _given(request.name, "name"))
    if federation.plan.method != "full":
        raise FederationError(reason="not_full", name=request.name)
    out = _given(request.out, "out")
    write_encoder(federation.state().arrays, len(federation.plan.findings), out)
    return FederateResult(path=out.name, answer=Answer(site="", sha256=hashlib.sha256(out.read_bytes()).hexdigest()))


def _tls(request: FederateRequest) -> Tls | None:
    if request.authority is None:
        return None
    return Tls(request.authority, request.certificate, request.private_key)


def _given(value: T | None, field: str) -> T:
    if not value:
        raise FederationError(reason="needed", field=field)
    return value


_STEPS = {
    "create": _create, "prepare": _prepare, "answer": _answer, "merge": _merge, "serve": _serve, "join": _join,
    "adopt": _adopt, "weights": _weights,
}  # fmt: skip
