"""Flower's two ends of a round: the client that answers for one site, and the strategy that merges into the book.

This module is loaded inside Flower's own environment, by :mod:`prosvet.training.federated.flower`; it imports Flower,
and nothing of Prosvet that needs more than numpy and pydantic. Both ends carry the very numbers of the files.

Everything sent is divided by the largest number of films that a site may have, so that the numbers lie within the range
that secure aggregation rounds to, and every site has the same weight: its number of films is told to nobody.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import Context
from flwr.client import ClientApp, NumPyClient
from flwr.client.mod import secaggplus_mod
from flwr.common import FitIns, FitRes, Parameters, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import LegacyContext, ServerApp, ServerConfig, SimpleClientManager
from flwr.server.strategy import Strategy
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow
from flwr.serverapp import Grid

from prosvet.core.errors import FederationError
from prosvet.training.federated.average import Update
from prosvet.training.federated.exchange import OpenRound, local
from prosvet.training.federated.federation import Answer, Federation
from prosvet.training.federated.films import load_films
from prosvet.training.federated.plan import Plan

__all__ = ["client_app", "secure_client_app", "server_app"]

log = logging.getLogger(__name__)


# -- a site ----------------------------------------------------------------------------------------------------------


class Site(NumPyClient):  # type: ignore[misc]
    """One site: its films are read from the file that its own operator named, never from what the server says."""

    def __init__(self, films: Path, name: str) -> None:
        self._films, self._name = films, name

    def fit(self, parameters: list[Any], config: dict[str, Any]) -> tuple[list[Any], int, dict[str, Any]]:
        """Answer a round."""
        plan = Plan.model_validate_json(str(config["plan"]))
        if self._name not in plan.sites:
            raise FederationError(reason="stranger", site=self._name, known=", ".join(plan.sites))
        names = str(config["names"]).split()
        state = {name: array.astype(np.float64) for name, array in zip(names, parameters, strict=True)}
        films, _ = load_films(self._films)
        update = local(OpenRound(int(config["round"]), plan, state, ""), films, seed=0)
        sent = [array / plan.largest for array in (*update.sums.values(), update.counts)]
        told = {"site": self._name, "sums": " ".join(update.sums)}
        return sent, 1, told


def _site(context: Context) -> Any:
    return Site(Path(str(context.node_config["films"])), str(context.node_config["site"])).to_client()


client_app = ClientApp(client_fn=_site)
secure_client_app = ClientApp(client_fn=_site, mods=[secaggplus_mod])


# -- the coordinator -------------------------------------------------------------------------------------------------


class Book(Strategy):  # type: ignore[misc]
    """Rounds of a federation: all sites are asked, and the round is merged when all that must have answered."""

    def __init__(self, federation: Federation, secure: bool) -> None:
        self._federation, self._secure = federation, secure
        self._names = tuple(federation.state().arrays)
        self.problem: str = ""

    def _parameters(self) -> Parameters:
        arrays = self._federation.state().arrays
        return ndarrays_to_parameters([arrays[name] for name in self._names])

    def initialize_parameters(self, client_manager: Any) -> Parameters:
        """The state of the open round."""
        return self._parameters()

    def configure_fit(self, server_round: int, parameters: Parameters, client_manager: Any) -> list[Any]:
        """Ask every site."""
        plan = self._federation.plan
        config = {
            "plan": plan.model_dump_json(), "round": len(self._federation.rounds()), "names": " ".join(self._names)
        }  # fmt: skip
        if self.problem or not client_manager.wait_for(len(plan.sites), timeout=60):
            self.problem = self.problem or "sites are missing"
            return []
        return [(proxy, FitIns(self._parameters(), config)) for proxy in client_manager.all().values()]

    def aggregate_fit(
        self, server_round: int, results: list[tuple[Any, FitRes]], failures: Sequence[Any]
    ) -> tuple[Parameters | None, dict[str, Any]]:
        """Merge a round; under secure aggregation every result carries the same sum over all sites."""
        sites = [str(result.metrics["site"]) for _, result in results]
        if failures or sorted(sites) != sorted(self._federation.plan.sites):
            self.problem = f"answers of {sorted(sites)}, failures: {[str(one)[:400] for one in failures]}"
            log.error("round %d: %s", server_round, self.problem)
            return None, {}
        read = [self._read(result) for _, result in results]
        if self._secure:
            # Each result is the mean over sites of what was sent.
            k = len(sites)
            updates = [Update({n: a * k for n, a in read[0].sums.items()}, np.round(read[0].counts * k))]
            answers = [Answer(site=site) for site in sites]
        else:
            updates, answers = (
                read,
                [_told(site, one, r) for site, one, (_, r) in zip(sites, read, results, strict=True)],
            )
        self._federation.merge(updates, answers, "flower-secagg" if self._secure else "flower")
        return self._parameters(), {}

    def _read(self, result: FitRes) -> Update:
        largest = self._federation.plan.largest
        *sums, counts = (array.astype(np.float64) * largest for array in parameters_to_ndarrays(result.parameters))
        return Update(dict(zip(str(result.metrics["sums"]).split(), sums, strict=True)), counts)

    def configure_evaluate(self, server_round: int, parameters: Parameters, client_manager: Any) -> list[Any]:
        """Nothing is measured through Flower: a model is judged at home, against the one in force."""
        return []

    def aggregate_evaluate(self, server_round: int, results: Any, failures: Any) -> tuple[None, dict[str, Any]]:
        """See :meth:`configure_evaluate`."""
        return None, {}

    def evaluate(self, server_round: int, parameters: Parameters) -> None:
        """See :meth:`configure_evaluate`."""


def _told(site: str, update: Update, result: FitRes) -> Answer:
    tensors = result.parameters.tensors
    sha256 = hashlib.sha256(b"".join(tensors)).hexdigest()
    return Answer(
        site=site, sha256=sha256, bytes=sum(map(len, tensors)), counts=tuple(map(round, update.counts.tolist()))
    )


server_app = ServerApp()


@server_app.main()  # type: ignore[untyped-decorator]
def main(grid: Grid, context: Context) -> None:
    """Run the rounds that were asked for; the book says what came of them.

    Raises
    ------
    RuntimeError
        When a round could not be finished.
    """
    given = context.run_config
    federation = Federation.open(Path(str(os.environ["PROSVET_FEDERATION_HOME"])), str(given["federation"]))
    secure = bool(given["secure"])
    book = Book(federation, secure)
    legacy = LegacyContext(
        context=context, config=ServerConfig(num_rounds=int(given["rounds"])), strategy=book,
        client_manager=SimpleClientManager(),
    )  # fmt: skip
    fit = _secure(federation.plan) if secure else None
    DefaultWorkflow(fit_workflow=fit)(grid, legacy)
    if book.problem:
        raise RuntimeError(book.problem)


def _secure(plan: Plan) -> SecAggPlusWorkflow:
    """SecAgg+ with steps as fine as its 32 bits allow for so many sites; nothing that is sent reaches the clipping."""
    room = int(np.ceil(np.log2(len(plan.sites)))) + 1
    return SecAggPlusWorkflow(
        num_shares=1.0, reconstruction_threshold=1.0, max_weight=1.0, timeout=300,
        clipping_range=2.0 if plan.method == "newton" else 8.0, quantization_range=2 ** (31 - room),
    )  # fmt: skip
