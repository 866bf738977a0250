"""The loop: ask the planner, do what it says within the limits, and keep a record of each step."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from prosvet.agent.case import Case, Known
from prosvet.agent.planner import Call, Finish, Lost, Planner, Seen
from prosvet.agent.tools.tool import Told, Tool
from prosvet.agent.trace import Conclusion, Failed, Limits, Spent, Step, Stopped, Trace, Want
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.core.i18n import text

__all__ = ["Pursuit"]

_SAME = 3  # the same call for the third time is going in circles
_LOST = 3  # failures of the planner, one after another


class Pursuit:
    """One run.

    Parameters
    ----------
    cancelled : callable
        Asked before each step; true ends the run.
    clock : callable
        Seconds; for tests.

    Attributes
    ----------
    steps, known
        What was done and found so far.
    conclusion : Conclusion or None
        Once the planner has answered.
    stopped : str
        Why it ended.
    """

    def __init__(
        self, task: str, case: Case, planner: Planner, tools: Mapping[str, Tool], limits: Limits, context: Context, *,
        cancelled: Callable[[], bool] = lambda: False, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.task, self.case, self.planner, self.tools, self.limits = task, case, planner, tools, limits
        self._context, self._cancelled, self._clock = context, cancelled, clock
        self.steps: list[Step] = []
        self.known = Known(seconds_left=limits.seconds)
        self.conclusion: Conclusion | None = None
        self.stopped: Stopped = "planner"
        self._tokens, self._calls, self._lost = 0, Counter[str](), 0
        self._spent = 0.0

    def run(self) -> Iterator[Step]:
        """Each step as it is done. Afterwards `conclusion` and `stopped` say how it ended."""
        start = self._clock()
        ended: Stopped | None = None
        while ended is None:
            self._spent = self._clock() - start
            ended = self._over()
            if ended is None:
                before = len(self.steps)
                ended = self._move()
                yield from self.steps[before:]
        self._spent = self._clock() - start
        self.stopped = ended

    def trace(self) -> Trace:
        """The record."""
        return Trace(
            planner=self.planner.name,
            prompt=self.planner.prompt,
            tools=tuple(self.tools),
            steps=tuple(self.steps),
            limits=self.limits,
            spent=Spent(steps=len(self.steps), seconds=round(self._spent, 3), tokens=self._tokens),
            stopped=self.stopped,
        )

    def _over(self) -> Stopped | None:
        """The limit that is reached, if any."""
        self.known.seconds_left = self.limits.seconds - self._spent
        if self._cancelled():
            return "cancelled"
        if self.known.seconds_left <= 0:
            return "time"
        if self._tokens >= self.limits.tokens:
            return "tokens"
        # A planner that has used up its steps may still answer: `_move` refuses anything else.
        return "steps" if len(self.steps) > self.limits.steps else None

    def _move(self) -> Stopped | None:
        begun = self._clock()
        seen = Seen(self.task, self.case, self.tools, tuple(self.steps), self.known, self.limits)
        move = self.planner.next(seen)
        self._tokens += move.tokens
        decision = move.decision
        if isinstance(decision, Finish):
            self.conclusion = decision.conclusion
            return "failed" if decision.conclusion.abstained and self._nothing_done() else "answered"
        if len(self.steps) >= self.limits.steps:
            return "steps"
        if isinstance(decision, Lost):
            return self._lose(decision, begun, move.tokens)
        self._lost = 0
        if isinstance(decision, Want):
            said = text(f"agent.wants.{decision.kind}", self.case.lang, what=decision.what)
            self._add(begun, kind="want", arguments=decision.model_dump(), said=said, tokens=move.tokens)
            return None
        return self._call(decision, begun, move.tokens)

    def _nothing_done(self) -> bool:
        """Tools were called, and not one of the calls has a result."""
        called = [step for step in self.steps if step.kind == "tool"]
        return bool(called) and all(step.failed is not None for step in called)

    def _lose(self, lost: Lost, begun: float, tokens: int) -> Stopped | None:
        self._lost += 1
        self._add(begun, kind="planner", failed=Failed(code=lost.code, message=lost.message), tokens=tokens)
        if lost.code == "vlm_timeout":
            return "time"
        return "planner" if lost.fatal or self._lost >= _LOST else None

    def _call(self, call: Call, begun: float, tokens: int) -> Stopped | None:
        key = call.name + json.dumps(dict(call.arguments), sort_keys=True, ensure_ascii=False, default=str)
        self._calls[key] += 1
        told, failed = (None, self._again()) if self._calls[key] > 1 else self._done(call)
        tool = self.tools.get(call.name)
        self._add(
            begun, kind="tool", tool=call.name, capability=tool.capability if tool is not None else None,
            arguments=dict(call.arguments), why=call.why, result=told.facts if told is not None else None,
            said=told.said if told is not None else "", failed=failed, tokens=tokens,
        )  # fmt: skip
        if told is not None:
            self._learn(told, len(self.steps))
        return "stuck" if self._calls[key] >= _SAME else None

    def _done(self, call: Call) -> tuple[Told | None, Failed | None]:
        """What came of a call: a result, or a failure that the planner sees; never a value in its place."""
        lang = self.case.lang
        tool = self.tools.get(call.name)
        if tool is None:
            known = ", ".join(self.tools)
            return None, Failed(
                code="unknown_tool", message=text("agent.failed.tool", lang, name=call.name, known=known)
            )
        try:
            arguments = tool.arguments.model_validate(dict(call.arguments))
            return tool.call(arguments, self.case, self.known, self._context), None
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "?"
            said = text("agent.failed.arguments", lang, field=field, reason=first["msg"])
            return None, Failed(code="invalid_arguments", message=said)
        except ProsvetError as error:
            return None, Failed(code=error.code, message=error.message(lang))

    def _again(self) -> Failed:
        return Failed(code="repeated", message=text("agent.failed.repeated", self.case.lang))

    def _learn(self, told: Told, number: int) -> None:
        """Keep what was found on this film; the first to say it is named."""
        for finding in told.findings:
            self.known.findings.setdefault(finding.concept, (finding, number))
        for measured in told.measurements:
            self.known.measurements.setdefault(measured.name, (measured, number))
        self.known.compared = self.known.compared or told.compared
        self.known.draft = self.known.draft or told.draft

    def _add(self, begun: float, **facts: Any) -> None:
        seconds = max(0.0, round(self._clock() - begun, 3))
        self.steps.append(Step(number=len(self.steps) + 1, seconds=seconds, **facts))
