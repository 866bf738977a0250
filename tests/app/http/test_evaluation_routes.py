"""Evaluation and comparison over HTTP: files come up, figures go down, the same as on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outcome import Cli
from starlette.testclient import TestClient

SCORES = "file,pneumonia\n" + "".join(f"f{n}.png,{(n * 7 % 20) / 20}\n" for n in range(20))
LABELS = "file,pneumonia\n" + "".join(f"f{n}.png,{int((n * 7 % 20) > 11)}\n" for n in range(20))


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    files = {"scores": tmp_path / "scores.csv", "labels": tmp_path / "labels.csv"}
    files["scores"].write_text(SCORES)
    files["labels"].write_text(LABELS)
    return files


def parts(files: dict[str, Path]) -> dict[str, tuple[str, bytes]]:
    return {name: (path.name, path.read_bytes()) for name, path in files.items()}


def test_findings_are_evaluated_as_on_the_command_line(client: TestClient, cli: Cli, tables: dict[str, Path]) -> None:
    asked = {"resamples": "100", "lang": "en", "thresholds": '{"*": 0.5}'}
    over_http = client.post("/v1/evaluate/findings", files=parts(tables), data=asked)
    assert over_http.status_code == 200
    here = cli("evaluate", "findings", "--scores", tables["scores"], "--labels", tables["labels"], "--resamples", 100,
               "--threshold", "0.5", "--lang", "en", "--json").result  # fmt: skip
    there = over_http.json()
    assert {**there, "at": ""} == {**here, "at": ""}
    assert there["metrics"]["auroc.pneumonia"]["value"] == 1.0


def test_a_missing_or_broken_file_is_told_by_name(client: TestClient, tables: dict[str, Path]) -> None:
    missing = client.post("/v1/evaluate/findings", files=parts({"scores": tables["scores"]}))
    assert (missing.status_code, missing.json()["error"]["details"]["name"]) == (422, "labels")
    broken = parts(tables) | {"labels": ("labels.csv", b"name\n1\n")}
    answer = client.post("/v1/evaluate/findings", files=broken)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "missing_columns")


def test_reports_are_evaluated_and_two_runs_compared(client: TestClient) -> None:
    rows = [
        {"id": str(n), "text": text} for n, text in enumerate(["No effusion.", "Left effusion.", "Heart enlarged."])
    ]
    lines = "\n".join(map(json.dumps, rows)).encode()
    other = "\n".join(json.dumps(row | {"text": "No effusion."}) for row in rows).encode()
    cards = []
    for written in (lines, other):
        files = {"predictions": ("p.jsonl", written), "references": ("r.jsonl", lines)}
        answer = client.post("/v1/evaluate/reports", files=files, data={"resamples": "100", "shuffles": "2"})
        assert answer.status_code == 200
        cards.append(answer.content)
    compared = client.post(
        "/v1/compare", files={"first": ("a.json", cards[0]), "second": ("b.json", cards[1])}, data={"resamples": "200"}
    )
    assert compared.status_code == 200
    assert compared.json()["metrics"]["bleu_1"]["second"] < compared.json()["metrics"]["bleu_1"]["first"]


def test_retrieval_is_evaluated(client: TestClient) -> None:
    run = b'{"query": "q1", "hits": ["d1", "d2"]}\n'
    answer = client.post("/v1/evaluate/retrieval", files={"run": ("run.jsonl", run), "qrels": ("q.jsonl", b"{}")})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in ("invalid_record", "invalid_request")


def test_a_benchmark_s_films_cannot_be_named(client: TestClient) -> None:
    files = {"data": ("d.json", b"[]")}
    for field in ("images", "answerer", "answers"):
        answer = client.post("/v1/evaluate/vqa", files=files, data={"benchmark": "vqa_rad", field: "/etc"})
        assert (answer.status_code, answer.json()["error"]["details"]["name"]) == (422, field)
