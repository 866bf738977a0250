"""Rounds by file: real films of three sources; what was changed, is late, or comes twice is refused by its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from prosvet.core.errors import FederationError, NotFound
from prosvet.training.federated import heads
from prosvet.training.federated.average import total
from prosvet.training.federated.exchange import answer, merge_files, read_round
from prosvet.training.federated.federation import Federation, federations
from prosvet.training.federated.films import FilmSet, load_films, save_films
from prosvet.training.federated.packet import read_packet, write_packet
from prosvet.training.federated.plan import Plan

Answers = Callable[[Federation], list[Path]]


@pytest.fixture
def federation(sites: Mapping[str, FilmSet], tmp_path: Path) -> Federation:
    one = next(iter(sites.values()))
    return Federation.create(tmp_path, Plan(name="trio", base=one.base, findings=one.findings, sites=tuple(sites)))


@pytest.fixture
def answers(sites: Mapping[str, FilmSet], tmp_path: Path) -> Answers:
    def made(federation: Federation) -> list[Path]:
        number, out = len(federation.rounds()), []
        for site, films in sites.items():
            out.append(tmp_path / "post" / f"{site}-{number}.npz")
            answer(federation.state_path(), films, site, federation.key(site), out[-1])
        return out

    return made


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(FederationError) as caught:
        call()
    return str(caught.value.details["reason"])


def test_rounds_by_file_are_the_fit_of_pooled_films(
    sites: Mapping[str, FilmSet], federation: Federation, answers: Answers
) -> None:
    for _ in range(3):
        merge_files(federation, answers(federation))
    plan, theta = federation.plan, heads.begin(3)["theta"]
    parts = [films.design(plan) for films in sites.values()]
    for _ in range(3):
        theta = heads.following(theta, total([heads.contribution(theta, part, plan) for part in parts]), plan)
    np.testing.assert_allclose(federation.state().arrays["theta"], theta, atol=2e-4)
    rounds = federation.rounds()
    assert [one.number for one in rounds] == [0, 1, 2]
    assert rounds[0].loss is not None
    assert rounds[-1].loss is not None
    assert rounds[-1].loss < rounds[0].loss
    assert rounds[0].counts[-1] == sum(map(len, sites.values()))
    assert federations(federation.folder.parent.parent)[0].plan == plan


def test_nothing_of_a_film_is_in_an_answer(federation: Federation, answers: Answers) -> None:
    path = answers(federation)[0]
    packet = read_packet(path, "update")
    assert set(packet.header) == {
        "kind", "federation", "round", "site", "base", "state_sha256", "n", "arrays_sha256"
    }  # fmt: skip
    assert {name: array.shape for name, array in packet.arrays.items()} == {
        "sum.slope": (3, 516), "sum.bend": (3, 516 * 517 // 2), "sum.loss": (3,), "counts": (4,)
    }  # fmt: skip


def test_a_tampered_answer_is_refused(federation: Federation, answers: Answers) -> None:
    paths = answers(federation)
    packet = read_packet(paths[0], "update")
    packet.arrays["counts"][0] += 1
    write_packet(paths[0], packet.header, packet.arrays, {"north": bytes(32)})
    assert refusal(lambda: merge_files(federation, paths)) == "tampered"
    content = bytearray(paths[1].read_bytes())
    content[len(content) // 2] ^= 1
    paths[1].write_bytes(bytes(content))
    assert refusal(lambda: merge_files(federation, paths[1:])) in {"tampered", "not_a_packet"}
    assert federation.rounds() == ()


def test_a_round_file_of_somebody_else_is_refused_by_the_site(federation: Federation, tmp_path: Path) -> None:
    packet = federation.state()
    forged = tmp_path / "forged.npz"
    write_packet(forged, packet.header, {"theta": packet.arrays["theta"] + 1}, {"north": bytes(32)})
    assert refusal(lambda: read_round(forged, "north", federation.key("north"))) == "tampered"


def test_a_late_answer_is_refused(federation: Federation, answers: Answers) -> None:
    late = answers(federation)
    merge_files(federation, late)
    assert refusal(lambda: merge_files(federation, late)) == "stale"
    assert len(federation.rounds()) == 1


def test_a_second_answer_of_a_site_is_refused(federation: Federation, answers: Answers) -> None:
    north, south, west = answers(federation)
    assert refusal(lambda: merge_files(federation, [north, south, north, west])) == "repeated"


def test_an_answer_about_another_base_is_refused(federation: Federation, answers: Answers) -> None:
    paths = answers(federation)
    packet = read_packet(paths[0], "update")
    write_packet(paths[0], packet.header | {"base": "other@9"}, packet.arrays, {"north": federation.key("north")})
    assert refusal(lambda: merge_files(federation, paths)) == "wrong_base"


def test_films_of_another_base_or_of_other_findings_do_not_answer(
    sites: Mapping[str, FilmSet], federation: Federation, tmp_path: Path
) -> None:
    films, key = sites["north"], federation.key("north")
    other = FilmSet("other@9", films.findings, films.labels, films.scores, films.vectors)
    assert refusal(lambda: answer(federation.state_path(), other, "north", key, tmp_path / "a")) == "other_base"
    turned = FilmSet(films.base, films.findings[::-1], films.labels, films.scores, films.vectors)
    assert refusal(lambda: answer(federation.state_path(), turned, "north", key, tmp_path / "a")) == "other_findings"
    assert not (tmp_path / "a").exists()


def test_strangers_and_missing_sites(federation: Federation, answers: Answers) -> None:
    paths = answers(federation)
    assert refusal(lambda: merge_files(federation, paths[:2])) == "sites_missing"
    assert refusal(lambda: merge_files(federation, paths[:1], partial=True)) == "too_few_sites"
    packet = read_packet(paths[0], "update")
    write_packet(paths[0], packet.header | {"site": "nowhere"}, packet.arrays, {})
    assert refusal(lambda: merge_files(federation, paths)) == "stranger"
    assert len(merge_files(federation, answers(federation)[1:], partial=True).answers) == 2


def test_numbers_that_are_none_and_pickles_are_refused(
    federation: Federation, answers: Answers, tmp_path: Path
) -> None:
    paths = answers(federation)
    packet = read_packet(paths[0], "update")
    packet.arrays["sum.slope"][0, 0] = np.nan
    write_packet(paths[0], packet.header, packet.arrays, {"north": federation.key("north")})
    assert refusal(lambda: merge_files(federation, paths)) == "not_finite"
    bad = tmp_path / "bad.npz"
    header = np.frombuffer(json.dumps({"kind": "update", "site": "north"}).encode(), dtype=np.uint8)
    np.savez(bad, header=header, **{"a.counts": np.array([{"a": 1}], dtype=object)})
    assert refusal(lambda: merge_files(federation, [bad])) == "not_a_packet"
    bad.write_bytes(b"PK\x03\x04 nothing")
    assert refusal(lambda: merge_files(federation, [bad])) == "not_a_packet"
    with pytest.raises(NotFound):
        merge_files(federation, [tmp_path / "nowhere.npz"])


def test_a_torn_line_of_the_book_is_done_again(federation: Federation, answers: Answers) -> None:
    paths = answers(federation)
    (federation.folder / "rounds.jsonl").write_bytes(b'{"number": 0, "at')
    assert federation.rounds() == ()
    merge_files(federation, paths)
    assert [one.number for one in federation.rounds()] == [0]


def test_keys_are_for_the_owner_alone(federation: Federation) -> None:
    keys = sorted((federation.folder / "keys").iterdir())
    assert [path.stem for path in keys] == ["north", "south", "west"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys)
    assert len({path.read_text() for path in keys}) == 3


def test_a_file_of_films_is_read_as_it_was_written(sites: Mapping[str, FilmSet], tmp_path: Path) -> None:
    save_films(tmp_path / "n.npz", sites["north"])
    films, _ = load_films(tmp_path / "n.npz")
    assert films.counts == sites["north"].counts
    assert np.array_equal(films.vectors, sites["north"].vectors)
    assert films.base == sites["north"].base
