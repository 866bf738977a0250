"""A language model that plans, as a scripted server: good, wrong, endless, slow, broken and lying ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from prosvet.agent.api import AgentRequest, run
from prosvet.agent.shapes import AgentResult
from prosvet.core.context import Context
from prosvet.core.errors import ModelNotFound, VlmRefused
from scripted_chat import Chat, Reply, call, raw, said, scripted_chat, slow, status, write_card

pytestmark = pytest.mark.skipif(find_spec("pydantic_ai") is None, reason="transformers is not installed")

GOLDEN = Path(__file__).parent / "golden"
ANSWER = {
    "text": "Pneumonia in the right lung.",
    "reasons": [{"text": "The model finds pneumonia on the right.", "steps": [1]}],
    "confidence": 0.8,
}


@contextmanager
def planned(context: Context, film: Path, *replies: Reply, **more: Any) -> Iterator[tuple[AgentResult, Chat]]:
    """A run with a planner that says `replies`."""
    with scripted_chat(*replies) as chat:
        name = write_card(context.settings.home, chat.url)
        yield run(AgentRequest(task="Is there pneumonia?", film=film, planner=name, **more), context), chat


def codes(found: AgentResult) -> list[str | None]:
    return [step.failed.code if step.failed is not None else None for step in found.trace.steps]


def test_a_model_calls_a_tool_and_answers_with_what_it_stands_on(film: Path, warm: Context) -> None:
    with planned(warm, film, call("read", {}), call("answer", ANSWER)) as (found, chat):
        assert (found.answer, found.trace.stopped, found.trace.planner) == (ANSWER["text"], "answered", "scripted")
        assert [(one.text, one.steps) for one in found.reasons] == [("The model finds pneumonia on the right.", (1,))]
        assert (found.confidence, found.agreement.problems) == (0.8, ())
        assert found.trace.spent.tokens == 80
        tools = {one["function"]["name"] for one in chat.asked[0]["tools"]}
        assert {"read", "ask", "want", "answer"} <= tools and "compare_prior" not in tools
        result = chat.asked[1]["messages"][-1]
        assert result["role"] == "tool" and '"step": 1' in result["content"] and "pneumonia" in result["content"]


def test_a_loop_that_runs_where_it_is_called_is_no_obstacle(film: Path, warm: Context) -> None:
    async def as_in_a_notebook() -> str | None:
        with planned(warm, film, call("read", {}), call("answer", ANSWER)) as (found, _):
            return found.answer

    with ThreadPoolExecutor(1) as apart:  # a browser's test before this one leaves its own loop running here
        assert apart.submit(asyncio.run, as_in_a_notebook()).result() == ANSWER["text"]


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_first_prompt_is_the_golden_one(lang: str, film: Path, warm: Context) -> None:
    with planned(warm, film, said("x"), lang=lang, report="Лёгкие чистые.") as (found, chat):
        assert found.trace.prompt == (GOLDEN / f"prompt_{lang}.txt").read_text(encoding="utf-8").rstrip("\n")
        sent = "\n\n".join(one["content"] for one in chat.asked[0]["messages"])
        assert sent == found.trace.prompt


def test_plain_words_with_numbers_of_steps_are_an_answer_too(film: Path, warm: Context) -> None:
    words = "There is pneumonia on the right [1]. It was also asked about [2]."
    with planned(warm, film, call("read", {}), call("ask", {"question": "Is there pneumonia?"}), said(words)) as (
        found,
        _,
    ):
        assert found.answer == "There is pneumonia on the right. It was also asked about."
        assert [one.steps for one in found.reasons] == [(1,), (2,)]
        assert found.agreement.problems == ()


def test_a_lying_answer_is_flagged_and_its_certainty_lowered(film: Path, warm: Context) -> None:
    lie = {**ANSWER, "text": "Tuberculosis on the left. The cardiothoracic ratio is 0.72."}
    with planned(warm, film, call("read", {}), call("answer", lie)) as (found, _):
        assert found.agreement.contradictions >= 2
        assert found.confidence == pytest.approx(0.8 * 0.5**found.agreement.contradictions)
        assert ("tuberculosis", False) in [(one.concept, one.agrees) for one in found.agreement.claims]


def test_an_answer_without_looking_is_not_borne_out(film: Path, warm: Context) -> None:
    with planned(warm, film, call("answer", ANSWER)) as (found, _):
        assert found.trace.steps == ()
        assert found.agreement.contradictions >= 1 and found.confidence is not None and found.confidence < 0.8


def test_a_wrong_name_and_wrong_arguments_are_failures_that_the_model_sees(film: Path, warm: Context) -> None:
    script = [
        call("x_ray_vision", {}), call("ask", {"q": "?"}), call("ask", "not json"), call("ask", "[1]"),
        call("answer", {"words": "?"}), call("read", {}), call("answer", ANSWER),
    ]  # fmt: skip
    with planned(warm, film, *script) as (found, chat):
        wrong = "invalid_arguments"
        assert codes(found) == ["unknown_tool", wrong, wrong, wrong, wrong, None]
        assert "x_ray_vision" in chat.asked[1]["messages"][-1]["content"]
        assert found.trace.stopped == "answered"


def test_several_calls_at_once_are_done_one_by_one(film: Path, warm: Context) -> None:
    with planned(warm, film, call("read", {}, ("measure", {})), call("answer", ANSWER)) as (found, chat):
        assert [step.tool for step in found.trace.steps] == ["read", "measure"]
        assert [one["role"] for one in chat.asked[1]["messages"][-2:]] == ["tool", "tool"]


def test_an_endless_loop_is_left(film: Path, warm: Context) -> None:
    with planned(warm, film, call("read", {})) as (found, _):
        assert (found.trace.stopped, found.abstained, len(found.trace.steps)) == ("stuck", True, 3)
    loop = [call("ask", {"question": f"Is there a nodule {n}?"}) for n in range(9)]
    with planned(warm, film, *loop, steps=4) as (found, _):
        assert (found.trace.stopped, len(found.trace.steps)) == ("steps", 4)
    with planned(warm, film, call("read", {}, tokens=5000), tokens=6000) as (found, _):
        assert found.trace.stopped == "tokens"


def test_a_slow_model_runs_out_of_time(film: Path, warm: Context) -> None:
    with planned(warm, film, slow(3.0, call("read", {})), seconds=0.5) as (found, _):
        assert (found.trace.stopped, found.abstained) == ("time", True)
        assert found.trace.spent.seconds < 2.5


def test_a_broken_server_is_a_failed_run_and_not_an_answer(film: Path, warm: Context) -> None:
    for reply in (status(500), raw("<html>"), said(""), said("half a", finish="length")):
        with planned(warm, film, reply) as (found, _):
            assert (found.trace.stopped, found.abstained, found.confidence) == ("planner", True, None)
            assert {step.kind for step in found.trace.steps} == {"planner"}
    name = write_card(warm.settings.home, "http://127.0.0.1:9/v1")
    found = run(AgentRequest(task="Is there pneumonia?", film=film, planner=name), warm)
    assert (found.trace.stopped, codes(found)) == ("planner", ["unreachable"])


def test_a_view_may_be_asked_for(film: Path, warm: Context) -> None:
    want = call("want", {"kind": "view", "what": "a lateral film"})
    end = call("answer", {"text": "A lateral film is needed.", "abstained": True})
    with planned(warm, film, want, end) as (found, _):
        assert [(one.kind, one.what) for one in found.wants] == [("view", "a lateral film")]
        assert found.abstained and found.agreement.contradictions == 0


def test_nothing_goes_to_another_machine_without_the_word(film: Path, warm: Context) -> None:
    name = write_card(warm.settings.home, "http://models.example.org/v1")
    with pytest.raises(VlmRefused):
        run(AgentRequest(task="Is there pneumonia?", film=film, planner=name), warm)
    with pytest.raises(ModelNotFound):
        run(AgentRequest(task="Is there pneumonia?", film=film, planner="nobody"), warm)
