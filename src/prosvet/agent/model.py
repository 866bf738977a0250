"""The planner with a language model: pydantic-ai speaks to the server; the tools, limits and trace are ours."""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, Field, ValidationError

from prosvet.agent.planner import Call, Decision, Finish, Lost, Move, Seen
from prosvet.agent.server import chat_model, planner_card
from prosvet.agent.tools.tool import Arguments, Tool
from prosvet.agent.trace import Conclusion, Reason, Step, Want
from prosvet.core.context import Context
from prosvet.core.i18n import Lang, text
from prosvet.core.optional import require
from prosvet.language.stem import sentence_spans

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
    from pydantic_ai.models import Model, ModelRequestParameters

__all__ = ["ModelPlanner"]

_RESULT = 6000
"""Characters of a tool's result that the model is shown; the trace has all of it."""
_ANSWER_TOKENS = 1024
_CITED = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


class _Because(Arguments):
    text: str = Field(min_length=1, max_length=4000)
    steps: tuple[int, ...] = ()


class _Answer(Arguments):
    text: str = Field(min_length=1, max_length=8000)
    reasons: tuple[_Because, ...] = ()
    abstained: bool = False
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)


class ModelPlanner:
    """Plans with the language model of a card.

    Attributes
    ----------
    name : str
        Of the card.
    prompt : str
        The first message, word for word.
    """

    def __init__(self, name: str, model: Model) -> None:
        self.name, self.prompt = name, ""
        self._model = model
        self._messages: list[ModelMessage] = []
        self._queue: list[ToolCallPart] = []
        self._running: ToolCallPart | None = None
        self._returns: list[Any] = []
        self._loop = asyncio.new_event_loop()
        self._apart = ThreadPoolExecutor(1)  # whoever asks may have a loop running, as notebooks do

    @classmethod
    def open(cls, name: str, context: Context) -> Self:
        """The planner of the card `name`.

        Raises
        ------
        ModelNotFound, VlmRefused, MissingExtra
        """
        card, server = planner_card(name, context)
        return cls(card.name, chat_model(card, server))

    def close(self) -> None:
        """Let the connection go."""
        self._apart.submit(self._loop.close).result()
        self._apart.shutdown()

    def next(self, seen: Seen) -> Move:
        """The model's next call, want or answer; `Lost` where it says nothing that can be used."""
        lang = seen.case.lang
        if not self._messages:
            self._begin(seen)
        self._take(seen.steps, lang)
        if self._queue:
            return Move(self._decided(self._queue.pop(0)))
        try:
            response = self._apart.submit(self._loop.run_until_complete, self._answer_of(seen)).result()
        except TimeoutError:
            return Move(_lost("vlm_timeout", lang, fatal=True))
        except self._errors() as error:
            return Move(self._failed(error, lang))
        return self._answered(response, lang)

    async def _answer_of(self, seen: Seen) -> ModelResponse:
        return await asyncio.wait_for(self._ask(seen), max(0.1, seen.known.seconds_left))

    # ------------------------------------------------------------ the conversation

    def _begin(self, seen: Seen) -> None:
        messages = require("pydantic_ai.messages", "vlm")
        words, case = _words()[seen.case.lang], seen.case
        told = [words["task"].format(task=seen.task), words["archive" if case.study else "file"]]
        told.append(words["prior" if case.prior else "no_prior"])
        told += [words["report"].format(report=case.report)] if case.report else []
        system, user = words["system"].strip(), "\n".join(told)
        self.prompt = f"{system}\n\n{user}"
        parts = [messages.SystemPromptPart(content=system), messages.UserPromptPart(content=user)]
        self._messages.append(messages.ModelRequest(parts=parts))

    def _take(self, steps: Sequence[Step], lang: Lang) -> None:
        """Put what came of the last call before the model, once all calls of one response are done."""
        if self._running is None:
            return
        messages = require("pydantic_ai.messages", "vlm")
        part, self._running = self._running, None
        self._returns.append(
            messages.ToolReturnPart(
                tool_name=part.tool_name, content=_told(steps[-1], lang), tool_call_id=part.tool_call_id
            )
        )
        if not self._queue:
            self._messages.append(messages.ModelRequest(parts=self._returns))
            self._returns = []

    async def _ask(self, seen: Seen) -> ModelResponse:
        direct = require("pydantic_ai.direct", "vlm")
        settings = {"temperature": 0.0, "max_tokens": _ANSWER_TOKENS, "timeout": max(0.1, seen.known.seconds_left)}
        response: ModelResponse = await direct.model_request(
            self._model, self._messages, model_settings=settings,
            model_request_parameters=_parameters(seen.tools, seen.case.lang),
        )  # fmt: skip
        return response

    def _answered(self, response: ModelResponse, lang: Lang) -> Move:
        messages = require("pydantic_ai.messages", "vlm")
        tokens = response.usage.total_tokens or 0
        self._messages.append(response)
        self._queue = [part for part in response.parts if isinstance(part, messages.ToolCallPart)]
        said = " ".join(part.content for part in response.parts if isinstance(part, messages.TextPart)).strip()
        if self._queue:
            return Move(self._decided(self._queue.pop(0), why=said[:500]), tokens)
        if response.finish_reason == "length":
            return self._again(_lost("cut_short", lang), tokens)
        if not said:
            return self._again(_lost("empty", lang), tokens)
        return Move(Finish(_from_words(said)), tokens)

    def _again(self, lost: Lost, tokens: int) -> Move:
        messages = require("pydantic_ai.messages", "vlm")
        self._messages.append(messages.ModelRequest(parts=[messages.UserPromptPart(content=lost.message)]))
        return Move(lost, tokens)

    def _decided(self, part: ToolCallPart, why: str = "") -> Decision:
        """What a call of the model means; arguments that are not an object go to the tool's own validation."""
        try:
            given = json.loads(part.args) if isinstance(part.args, str) else dict(part.args or {})
        except ValueError:
            given = {"not_json": str(part.args)[:200]}
        arguments: dict[str, Any] = given if isinstance(given, dict) else {"not_an_object": str(given)[:200]}
        self._running = part
        try:
            if part.tool_name == "answer":
                return Finish(_concluded(_Answer.model_validate(arguments)))
            if part.tool_name == "want":
                return Want.model_validate(arguments)
        except ValidationError as error:
            return Lost("invalid_arguments", f"{part.tool_name}: {error.errors()[0]['msg']}")
        return Call(part.tool_name, arguments, why, part.tool_call_id)

    # ------------------------------------------------------------ what may go wrong

    @staticmethod
    def _errors() -> tuple[type[Exception], ...]:
        exceptions = require("pydantic_ai.exceptions", "vlm")
        return (exceptions.AgentRunError, require("openai", "vlm").OpenAIError)

    @staticmethod
    def _failed(error: Exception, lang: Lang) -> Lost:
        exceptions = require("pydantic_ai.exceptions", "vlm")
        if isinstance(error, exceptions.ModelTimeoutError):
            return _lost("vlm_timeout", lang, fatal=True)
        if isinstance(error, exceptions.ModelHTTPError):
            return _lost("server_status", lang, status=error.status_code)
        if isinstance(error, exceptions.ModelAPIError):
            return _lost("unreachable", lang, fatal=True)
        return _lost("not_the_protocol", lang)


def _lost(code: str, lang: Lang, *, fatal: bool = False, **facts: object) -> Lost:
    return Lost(code, text(f"agent.lost.{code}", lang, **facts), fatal)


def _told(step: Step, lang: Lang) -> str:
    """A step as the model sees it: with its number, and a failure as a failure."""
    body: dict[str, Any] = {"step": step.number}
    if step.failed is not None:
        body |= {"failed": step.failed.code, "message": step.failed.message}
    elif step.kind == "want":
        body |= {"noted": step.said}
    else:
        body |= {"said": step.said, "result": step.result}
    told = json.dumps(body, ensure_ascii=False)
    return told if len(told) <= _RESULT else told[:_RESULT] + text("agent.cut", lang)


def _parameters(tools: Mapping[str, Tool], lang: Lang) -> ModelRequestParameters:
    """The tools as the protocol describes them, with the two that end or ask."""
    definition = require("pydantic_ai.tools", "vlm").ToolDefinition
    shapes: dict[str, tuple[str, type[BaseModel]]] = {
        tool.name: (tool.description(lang), tool.arguments) for tool in tools.values()
    }
    shapes |= {"want": (text("agent.tools.want", lang), Want), "answer": (text("agent.tools.answer", lang), _Answer)}
    made = [
        definition(name=name, description=words, parameters_json_schema=kind.model_json_schema())
        for name, (words, kind) in shapes.items()
    ]
    parameters: ModelRequestParameters = require("pydantic_ai.models", "vlm").ModelRequestParameters(
        function_tools=made
    )
    return parameters


def _concluded(given: _Answer) -> Conclusion:
    reasons = tuple(Reason(text=one.text, steps=one.steps) for one in given.reasons)
    return Conclusion(text=given.text, reasons=reasons, abstained=given.abstained, confidence=given.confidence)


def _from_words(said: str) -> Conclusion:
    """An answer in plain words: each sentence that cites steps, ``[2]``, is a reason tied to them."""
    reasons = []
    for start, end in sentence_spans(said):
        cited = [int(n) for found in _CITED.findall(said[start:end]) for n in found.split(",")]
        words = _CITED.sub("", said[start:end]).strip()
        if cited and words:
            reasons.append(Reason(text=words, steps=tuple(dict.fromkeys(cited))))
    bare = re.sub(r"\s+([.,;])", r"\1", _CITED.sub("", said)).strip() or said
    return Conclusion(text=bare[:8000], reasons=tuple(reasons))


@cache
def _words() -> dict[str, dict[str, str]]:
    raw = resources.files("prosvet.agent").joinpath("model.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, str]] = tomllib.loads(raw)
    return table
