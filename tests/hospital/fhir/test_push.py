"""A FHIR server that works, and ones that are slow, broken, or say that they did what they did not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from peer_systems import Asked, a_site
from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Fhir
from prosvet.hospital.fhir import bundle, write
from prosvet.hospital.objects.results import Signed
from prosvet.hospital.peers import fhir
from prosvet.imaging.geometry import Box
from result_films import AT, square_results, wrapped

JSON = {"Content-Type": "application/fhir+json"}
Told = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def data() -> bytes:
    film = wrapped(np.random.default_rng(2).random((64, 48), dtype=np.float32))
    return write(bundle([film], square_results(film, Box(20, 12, 40, 30)), at=AT))


class Server:
    """Keeps what a transaction puts there, as far as the tests ask."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def __call__(self, asked: Asked) -> Told:
        place = asked.path.lstrip("/")
        if asked.method == "GET":
            if place.startswith("metadata"):
                return 200, JSON, json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}).encode()
            one = self.kept.get(place)
            return (200, JSON, json.dumps(one).encode()) if one else (404, JSON, b"{}")
        entries = json.loads(asked.body)["entry"]
        self.kept |= {one["request"]["url"]: one["resource"] for one in entries}
        return 200, JSON, answer(["201 Created"] * len(entries))


def answer(statuses: list[str]) -> bytes:
    entries = [{"response": {"status": status}} for status in statuses]
    return json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}).encode()


def test_a_transaction_is_taken_and_twice_is_once(data: bytes) -> None:
    server = Server()
    with a_site(server) as site:
        config = Fhir(url=f"{site.url}/", timeout=5)
        assert fhir.echo(config) == "4.0.1"
        done = fhir.push(data, config)
        assert not done.newer
        count = len(server.kept)
        fhir.push(data, config)
    assert len(server.kept) == count == len(json.loads(data)["entry"])
    assert server.kept[done.report]["status"] == "preliminary"
    assert site.asked[2].headers["Content-Type"].startswith("application/fhir+json")


def test_what_waited_too_long_does_not_go_over_what_came_later() -> None:
    film = wrapped(np.random.default_rng(2).random((64, 48), dtype=np.float32))
    results = replace(square_results(film, Box(20, 12, 40, 30)), signed=Signed("Иванова", AT))
    old, new = (write(bundle([film], results, at=at)) for at in (AT, AT + timedelta(hours=1)))
    server = Server()
    with a_site(server) as site:
        config = Fhir(url=site.url, timeout=5)
        fhir.push(new, config)
        assert fhir.push(old, config).newer
    (report,) = [one for one in server.kept.values() if one["resourceType"] == "DiagnosticReport"]
    assert report["issued"].startswith("2026-11-22T11:30")


@pytest.mark.parametrize(
    ("told", "kind", "reason"),
    [
        (lambda n: (200, JSON, answer(["201 Created"] * n)), PeerUnreachable, "not_found_there"),
        (lambda n: (200, JSON, answer(["201 Created"] * (n - 1) + ["422 Unprocessable"])), PeerError, "http"),
        (lambda n: (200, JSON, answer(["201 Created"] * (n - 1))), PeerError, "not_understood"),
        (lambda _: (200, {}, b"<html>welcome</html>"), PeerError, "not_understood"),
        (lambda _: (200, JSON, b"[]"), PeerError, "not_understood"),
        (lambda _: (500, {}, b"Ivanova"), PeerUnreachable, "http"),
        (lambda _: (429, {}, b""), PeerUnreachable, "http"),
        (lambda _: (422, {}, b"Ivanova"), PeerError, "http"),
        (lambda _: (401, {}, b""), PeerError, "not_authorised"),
        (lambda _: (307, {"Location": "http://127.0.0.1:1/"}, b""), PeerError, "redirect"),
        (lambda _: lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
         PeerUnreachable, "no_connection"),
        (lambda _: lambda _: time.sleep(1.5), PeerUnreachable, None),
    ],
)  # fmt: skip
def test_a_server_that_fails_or_lies_is_not_believed(
    told: Callable[[int], Any], kind: type[PeerError], reason: str | None, data: bytes
) -> None:
    count = len(json.loads(data)["entry"])
    site = a_site(lambda asked: told(count) if asked.method == "POST" else (404, JSON, b"{}"))
    with site as place, pytest.raises(PeerError) as raised:
        fhir.push(data, Fhir(url=place.url, timeout=0.5))
    assert type(raised.value) is kind
    assert reason is None or raised.value.details["reason"] == reason
    assert "Ivanova" not in raised.value.message("en")
    assert sum(one.method == "POST" for one in place.asked) == 1
