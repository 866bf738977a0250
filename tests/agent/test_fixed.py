"""The fixed plan on a real film: the same trace as the golden one, honest where something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldens_of_agent import FOLDER, TASKS, plain
from prosvet.agent.api import AgentRequest, run, stream
from prosvet.agent.shapes import AgentResult
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryLanguage


@pytest.mark.parametrize("name", TASKS)
def test_a_run_is_the_golden_one(name: str, film: Path, warm: Context) -> None:
    lang, task = TASKS[name]
    found = run(AgentRequest(task=task, film=film, lang=lang), warm)
    assert plain(found) == json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def test_steps_come_one_by_one_and_the_result_last(film: Path, warm: Context) -> None:
    *steps, last = stream(AgentRequest(task="Is there pneumonia?", film=film), warm)
    assert isinstance(last, AgentResult)
    assert tuple(steps) == last.trace.steps
    assert [one.tool for one in last.trace.steps] == ["read", "ask"]
    assert last.reasons[-1].steps == (2,)
    assert last.confidence == pytest.approx(0.62, abs=0.05)


def test_a_report_is_checked_and_the_draft_is_measured_against_it(film: Path, warm: Context) -> None:
    request = AgentRequest(
        task="Check the report and evaluate the draft", film=film, report="No pneumonia. The heart is not enlarged."
    )
    found = run(request, warm)
    check, measured = found.trace.steps[1:3]
    assert check.result is not None and not check.result["clean"]
    assert "pneumonia" in check.said.casefold()
    assert measured.result is not None and measured.result["n"] == 1
    assert 0 <= measured.result["figures"]["rouge_l"] <= 1


def test_a_limit_is_an_abstention_that_says_so(film: Path, warm: Context) -> None:
    found = run(
        AgentRequest(task="Describe the film. Measure the heart. Find similar films.", film=film, steps=1), warm
    )
    assert (found.abstained, found.trace.stopped, found.confidence) == (True, "steps", None)
    assert len(found.trace.steps) == 1


def test_a_film_that_is_no_chest_film_ends_the_plan(shared_data: Path, warm: Context, tmp_path: Path) -> None:
    from PIL import Image

    other = tmp_path / "grey.png"
    Image.new("L", (400, 300), 120).save(other)
    found = run(AgentRequest(task="Describe the film", film=other), warm)
    assert found.abstained
    assert len(found.trace.steps) == 1 and found.trace.steps[0].failed is not None
    assert found.trace.stopped == "failed", "nothing was answered"
    assert found.answer.startswith("The task could not be done.\nStep 1 failed: ")


def test_a_search_of_an_empty_archive_says_how_films_come_into_it(film: Path, warm: Context) -> None:
    found = run(AgentRequest(task="Найди похожие снимки", film=film, lang="ru"), warm)
    assert "Архив пуст" in found.answer and "prosvet ingest" in found.answer
    assert "Найдено 0" not in found.answer


def test_a_third_language_and_a_missing_film_are_errors(warm: Context, tmp_path: Path) -> None:
    with pytest.raises(QueryLanguage):
        run(AgentRequest(task="患者に肺炎はありますか", study="S1"), warm)
    with pytest.raises(NotFound):
        run(AgentRequest(task="Describe the film", film=tmp_path / "none.png"), warm)
    with pytest.raises(NotFound):
        run(AgentRequest(task="Describe the film", study="S1"), warm)
