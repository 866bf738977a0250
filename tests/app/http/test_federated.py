"""/federated and /v1/federated: plans, rounds and hashes in both languages; the round's file; who may look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.core.context import Context
from prosvet.training.federated.exchange import answer, merge_files, read_round
from prosvet.training.federated.federation import Federation
from prosvet.training.federated.films import FilmSet
from prosvet.training.federated.plan import Plan

from .people import add_people, browser, signed_in


@pytest.fixture
def federation(app: FastAPI, tmp_path: Path) -> Federation:
    """Two sites that have finished one round on numbers drawn at random."""
    context: Context = app.state.context
    plan = Plan(name="trio", base="compact@1", findings=("pneumonia", "hernia"), sites=("north", "south"))
    made = Federation.create(context.settings.home, plan)
    random, paths = np.random.default_rng(0), []
    for site in plan.sites:
        films = FilmSet(
            plan.base, plan.findings, random.integers(0, 2, (30, 2)).astype(np.int8), random.uniform(0.1, 0.9, (30, 2)),
            random.normal(0, 0.05, (30, 512)).astype(np.float16),
        )  # fmt: skip
        paths.append(tmp_path / f"{site}.npz")
        answer(made.state_path(), films, site, made.key(site), paths[-1])
    merge_files(made, paths)
    return made


def test_the_page_shows_rounds_sites_and_hashes_in_both_languages(client: TestClient, federation: Federation) -> None:
    made = federation.rounds()[0]
    english = client.get("/federated").text
    russian = client.get("/federated", headers={"Accept-Language": "ru"}).text
    for shown in (english, russian):
        assert made.state_sha256 in shown
        assert all(one.sha256 in shown and one.site in shown for one in made.answers)
    assert "Learning together" in english
    assert "round 2 is open" in english
    assert "Совместное обучение" in russian
    assert "снимков: 30" in russian
    assert "Federated" not in russian


def test_an_empty_archive_says_how_to_begin(client: TestClient) -> None:
    assert "prosvet federate create" in client.get("/federated").text


def test_routes_tell_the_same_and_hand_out_the_round_without_keys(
    client: TestClient, federation: Federation, tmp_path: Path
) -> None:
    (told,) = client.get("/v1/federated").json()["federations"]
    assert told["rounds"][0]["counts"] == [60, 60, 60]
    assert client.get("/v1/federated/trio").json()["federations"] == [told]
    content = client.get("/v1/federated/trio/round").content
    (tmp_path / "round.npz").write_bytes(content)
    opened = read_round(tmp_path / "round.npz", "north", federation.key("north"))
    assert opened.number == 1
    for site in federation.plan.sites:
        assert federation.key(site) not in content
        assert federation.key(site).hex().encode() not in content


@pytest.mark.parametrize("name", ["nowhere", "..", "%2e%2e%2fkeys", "A B"])
def test_another_name_is_not_found(client: TestClient, federation: Federation, name: str) -> None:
    for address in (f"/v1/federated/{name}", f"/v1/federated/{name}/round"):
        assert client.get(address).status_code in {404, 422}


def test_only_seniors_look(app: FastAPI) -> None:
    add_people(app)
    locked = create_app(app.state.context.settings, accounts=True)
    assert signed_in(locked, "reader").get("/federated").status_code == 403
    assert signed_in(locked, "senior").get("/federated").status_code == 200
    assert browser(locked).get("/v1/federated").status_code == 401
