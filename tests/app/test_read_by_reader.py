"""What a vision-language model invents is shown to a person as such, in Russian: on every face."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from outcome import Cli
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.core.settings import load_settings
from scripted_chat import Chat, said, scripted_chat, write_card

pytestmark = pytest.mark.skipif(find_spec("openai") is None, reason="transformers is not installed")

REPORT = {
    "findings": "Справа в среднем лёгочном поле пневмония. Слева туберкулёз с полостью распада.",
    "impression": "Правосторонняя пневмония, туберкулёз.",
}


@pytest.fixture
def film(shared_data: Path) -> Path:
    return shared_data / "fullsize" / "cxr18995.png"


@pytest.fixture
def inventing(own_home: Path) -> Iterator[Chat]:
    """A server whose model sees a tuberculosis that the compact model finds absent."""
    with scripted_chat(said(json.dumps(REPORT, ensure_ascii=False))) as chat:
        write_card(own_home, chat.url)
        yield chat


def test_an_invented_finding_of_a_report_is_named_on_the_terminal_and_over_http(
    cli: Cli, film: Path, own_home: Path, inventing: Chat
) -> None:
    told = cli("read", film, "--reader", "scripted", "--alone", "--lang", "ru", "--home", own_home)
    assert told.status == 0
    words = " ".join(told.out.split())
    assert "Протокол составила модель scripted r1, без подсказки находок" in words
    after = words.partition("Расхождения с находками компактной модели")[2]
    assert "лишнее:" in after and "туберкул" in after.partition("лишнее:")[2]
    given = load_settings({}, home=own_home, threads=1, lang="ru")
    with TestClient(create_app(given), base_url="http://127.0.0.1", headers={"Accept-Language": "ru"}) as client:
        token = client.get("/ask").text.split('name="csrf" content="')[1].split('"')[0]
        answer = client.post(
            "/v1/read", data={"reader": "scripted", "told_findings": "false"}, headers={"X-CSRF-Token": token},
            files={"file": (film.name, film.read_bytes(), "image/png")},
        )  # fmt: skip
    assert answer.status_code == 200, answer.text
    flags = answer.json()["reader"]["flags"]
    invented = [one for one in flags if one["kind"] == "invented"]
    assert {one["concept"] for one in invented} == {"tuberculosis"}
    assert "туберкул" in invented[0]["said"].lower()


def test_an_invented_finding_of_an_answer_is_named_beside_it_on_the_page(own_home: Path, film: Path) -> None:
    answer = {"answer": "Да, слева определяется туберкулёз.", "abstained": False}
    with scripted_chat(said(json.dumps(answer, ensure_ascii=False))) as chat:
        write_card(own_home, chat.url, more="logprobs = false")
        given = load_settings({}, home=own_home, threads=1, lang="ru")
        with TestClient(create_app(given), base_url="http://127.0.0.1", headers={"Accept-Language": "ru"}) as client:
            token = client.get("/ask").text.split('name="csrf" content="')[1].split('"')[0]
            sent = {"question": "Есть ли туберкулёз?", "reader": "scripted"}
            part = client.post(
                "/ask", data=sent, headers={"X-CSRF-Token": token},
                files={"film": (film.name, film.read_bytes(), "image/png")},
            ).text  # fmt: skip
    assert "Да, слева определяется туберкулёз." in part and 'class="alert"' in part
    assert "лишнее:" in part.partition("Расхождения с находками")[2]
