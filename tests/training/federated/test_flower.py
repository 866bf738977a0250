"""A real server and three real clients on this computer, over 127.0.0.1, with films of three sources."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from prosvet.core.errors import AddressTaken, FederationError
from prosvet.training.federated import heads
from prosvet.training.federated.average import total
from prosvet.training.federated.federation import Federation
from prosvet.training.federated.films import FilmSet, save_films
from prosvet.training.federated.flower import flower_python, serve
from prosvet.training.federated.plan import Plan

NO_FLOWER = "Flower is not installed: make flower"
PORT = 9090
FLOWER = os.environ.get("PROSVET_FLOWER", "")
"""Read here: a test of its own home is told nothing of the shell's settings."""


@pytest.fixture
def federation(sites: Mapping[str, FilmSet], tmp_path: Path) -> Federation:
    one = next(iter(sites.values()))
    for site, films in sites.items():
        save_films(tmp_path / f"{site}.npz", films)
    plan = Plan(name="trio", base=one.base, findings=one.findings, sites=tuple(sites), largest=100)
    return Federation.create(tmp_path, plan)


def run_with_sites(federation: Federation, rounds: int, *, secure: bool) -> None:
    """Serve while each site joins from a process of its own; all of them are ended, whatever happens."""
    folder = federation.folder.parent.parent
    joined = []
    try:
        for number, site in enumerate(federation.plan.sites):
            command = [
                sys.executable, "-m", "prosvet", "federate", "join", f"127.0.0.1:{PORT}", str(folder / f"{site}.npz"),
                "--port", str(PORT + 1 + number), "--minutes", "4",
            ]  # fmt: skip
            environment = os.environ | {"PROSVET_SITE": site, "PROSVET_HOME": str(folder / f"home-{site}")}
            joined.append(subprocess.Popen(command, env=environment, start_new_session=True))
        serve(federation, rounds, secure=secure, port=PORT, limit=240)
    finally:
        for one in joined:
            one.terminate()
        for one in joined:
            one.wait(timeout=60)
    for port in range(PORT, PORT + 4):  # nothing is left that listens
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def directly(sites: Mapping[str, FilmSet], plan: Plan, rounds: int) -> np.ndarray:
    theta = heads.begin(len(plan.findings))["theta"]
    parts = [films.design(plan) for films in sites.values()]
    for _ in range(rounds):
        theta = heads.following(theta, total([heads.contribution(theta, part, plan) for part in parts]), plan)
    return theta


@pytest.mark.skipif(not FLOWER, reason=NO_FLOWER)
@pytest.mark.timeout(330)
@pytest.mark.parametrize(("secure", "rounds"), [(False, 2), (True, 1)])
def test_a_server_and_three_sites_end_where_files_do(
    sites: Mapping[str, FilmSet], federation: Federation, secure: bool, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROSVET_FLOWER", FLOWER)
    run_with_sites(federation, rounds, secure=secure)
    made, wanted = federation.state().arrays["theta"], directly(sites, federation.plan, rounds)
    # Secure aggregation rounds what it adds; the corrections themselves are of the order of one.
    assert np.abs(made - wanted).max() < (0.02 if secure else 1e-5)
    assert np.abs(wanted).max() > 0.1
    last = federation.rounds()[-1]
    assert sorted(one.site for one in last.answers) == sorted(sites)
    assert last.counts[-1] == sum(map(len, sites.values()))
    assert last.by == ("flower-secagg" if secure else "flower")
    told = {one.site: one.counts[-1] for one in last.answers if one.counts}
    assert told == ({} if secure else {site: len(films) for site, films in sites.items()})


def test_without_flower_the_error_says_how_to_get_it(
    federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROSVET_FLOWER", str(tmp_path / "bin" / "python"))
    with pytest.raises(FederationError) as caught:
        flower_python()
    assert "make flower" in caught.value.message("en")
    assert "make flower" in caught.value.message("ru")


def test_an_address_of_others_needs_tls_and_a_free_port(
    federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flower-superlink").touch()
    monkeypatch.setenv("PROSVET_FLOWER", str(tmp_path / "python"))
    with pytest.raises(FederationError) as caught:
        serve(federation, 1, host="0.0.0.0", port=PORT)
    assert caught.value.details["reason"] == "tls_needed"
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(AddressTaken):
            serve(federation, 1, port=busy.getsockname()[1])
