"""The loop with planners and tools of the test's own: limits, failures as failures, and everything on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from prosvet.agent.case import Case, Known
from prosvet.agent.planner import Call, Decision, Finish, Lost, Move, Seen
from prosvet.agent.pursue import Pursuit
from prosvet.agent.tools.tool import Arguments, Told, Tool
from prosvet.agent.trace import Conclusion, Limits, Want
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Finding, Status

CASE = Case(Path("a.png"), Path("."), "en")
MASS = Finding(concept="mass", status=Status.PRESENT, probability=0.9)
END = Finish(Conclusion(text="There is a mass."))


class Number(Arguments):
    n: int = Field(ge=1)


class Scripted:
    """Says one decision after another; the last one again and again."""

    name, prompt = "scripted", ""

    def __init__(self, *decisions: Decision, tokens: int = 0) -> None:
        self.decisions, self.tokens, self.seen = list(decisions), tokens, list[Seen]()

    def next(self, seen: Seen) -> Move:
        self.seen.append(seen)
        decision = self.decisions.pop(0) if len(self.decisions) > 1 else self.decisions[0]
        return Move(decision, self.tokens)


def tool(name: str, run: Callable[[Any, Context], Any]) -> Tool:
    return Tool(
        name, "read", Number, Number, Number, lambda given, _, __: given, run,
        lambda result, _: Told({"n": result}, f"said {result}", findings=(MASS,)),
    )  # fmt: skip


def broken(_: Any, __: Context) -> Any:
    raise NotFound(kind="image", name="a.png")


TOOLS = {"count": tool("count", lambda given, _: given.n), "broken": tool("broken", broken)}


def pursued(planner: Scripted, limits: Limits | None = None, **more: Any) -> Pursuit:
    made = Pursuit("task", CASE, planner, TOOLS, limits or Limits(), Context(), **more)
    list(made.run())
    return made


def test_every_step_is_on_record_with_arguments_result_and_time() -> None:
    ticks: Iterable[float] = iter(range(100))
    done = pursued(Scripted(Call("count", {"n": 2}, why="to see"), END), clock=lambda: float(next(ticks)))  # type: ignore[call-overload]
    [step] = done.trace().steps
    assert (step.number, step.kind, step.tool, step.capability) == (1, "tool", "count", "read")
    assert (step.arguments, step.result, step.said, step.why) == ({"n": 2}, {"n": 2}, "said 2", "to see")
    assert step.seconds > 0
    assert done.trace().stopped == "answered"
    assert done.known.findings["mass"] == (MASS, 1)


def test_a_failure_is_a_failed_step_that_the_planner_sees_and_never_a_value() -> None:
    planner = Scripted(Call("broken", {"n": 1}), Call("nothing", {}), Call("count", {"n": 0}), Call("count", {}), END)
    done = pursued(planner)
    codes = [step.failed.code if step.failed else None for step in done.steps]
    assert codes == ["not_found", "unknown_tool", "invalid_arguments", "invalid_arguments"]
    assert all(step.result is None and not step.said for step in done.steps)
    assert planner.seen[-1].steps == tuple(done.steps)
    assert done.known.findings == {}


def test_the_same_call_again_is_not_made_and_a_circle_is_left() -> None:
    made: list[int] = []
    counting = {"count": tool("count", lambda given, _: made.append(given.n) or given.n)}
    done = Pursuit("task", CASE, Scripted(Call("count", {"n": 1})), counting, Limits(), Context())
    list(done.run())
    assert made == [1]
    assert (done.stopped, len(done.steps)) == ("stuck", 3)
    assert [step.failed.code for step in done.steps[1:] if step.failed] == ["repeated", "repeated"]


def test_steps_tokens_and_time_are_limits() -> None:
    endless = [Call("count", {"n": n}) for n in range(1, 40)]
    assert (few := pursued(Scripted(*endless), Limits(steps=3))).stopped == "steps" and len(few.steps) == 3
    assert pursued(Scripted(*endless, tokens=60), Limits(tokens=100)).stopped == "tokens"
    ticks = iter(range(0, 1000, 10))
    assert pursued(Scripted(*endless), Limits(seconds=50), clock=lambda: float(next(ticks))).stopped == "time"
    assert pursued(Scripted(*endless), cancelled=lambda: True).stopped == "cancelled"


def test_an_answer_may_come_when_the_steps_are_used_up() -> None:
    done = pursued(Scripted(Call("count", {"n": 1}), END), Limits(steps=1))
    assert (done.stopped, done.conclusion) == ("answered", END.conclusion)


def test_a_planner_that_is_lost_three_times_is_given_up() -> None:
    done = pursued(Scripted(Lost("empty", "nothing said")))
    assert (done.stopped, len(done.steps)) == ("planner", 3)
    assert pursued(Scripted(Lost("unreachable", "no server", fatal=True))).stopped == "planner"
    mended = pursued(Scripted(Lost("empty", "nothing said"), Call("count", {"n": 1}), END))
    assert [step.kind for step in mended.steps] == ["planner", "tool"]
    assert mended.stopped == "answered"


def test_what_is_asked_of_a_person_is_a_step() -> None:
    done = pursued(Scripted(Want(kind="view", what="a lateral view"), END))
    assert (done.steps[0].kind, done.steps[0].arguments["kind"]) == ("want", "view")
    assert "lateral" in done.steps[0].said


def test_known_is_shared_with_the_planner() -> None:
    planner = Scripted(Call("count", {"n": 1}), END)
    assert isinstance(pursued(planner).known, Known)
    assert "mass" in planner.seen[-1].known.findings
