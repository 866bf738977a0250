"""The planner without a language model: a plan by the parts of the task, and an answer out of the results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prosvet.agent.planner import Call, Finish, Move, Seen
from prosvet.agent.tasks import Part, missing, parts_of, plan
from prosvet.agent.trace import Conclusion, Reason, Step, Want
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Finding, Status
from prosvet.reading.ask.confidence import certainty

__all__ = ["FixedPlanner"]

_TESTS = {"nodule": "ct", "mass": "ct", "pneumothorax": "expiration", "fracture": "ribs"}
_VIEWS = {"pleural_effusion": "lateral", "atelectasis": "lateral", "hiatal_hernia": "lateral"}
"""What would decide a finding that this film leaves open."""


class FixedPlanner:
    """Does what the task names, in its order, and asks for what is missing. The same task, the same trace."""

    name = "fixed"
    prompt = ""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._todo: list[Call] | None = None
        self._asked: set[str] = set()

    def next(self, seen: Seen) -> Move:
        """The next call of the plan; then what has to be asked for; then the answer."""
        if self._todo is None:
            self._parts = parts_of(seen.task)
            understood = any(part.kind != "unknown" for part in self._parts) or seen.case.reader is not None
            self._todo = plan(self._parts, seen.case) if understood else []
        if self._unreadable(seen.steps):
            self._todo = []
        if self._todo:
            return Move(self._todo.pop(0))
        want = next((one for one in self._wants(seen) if one.what not in self._asked), None)
        if want is not None and len(seen.steps) < seen.limits.steps:
            self._asked.add(want.what)
            return Move(want)
        return Move(Finish(_conclude(self._parts, seen)))

    @staticmethod
    def _unreadable(steps: Sequence[Step]) -> bool:
        """No other tool can do with a film that cannot be read."""
        return bool(steps) and steps[0].tool == "read" and steps[0].failed is not None

    def _wants(self, seen: Seen) -> Iterable[Want]:
        lang = seen.case.lang
        codes = {step.tool: step.failed.code for step in seen.steps if step.failed is not None and step.tool}
        if codes.get("read") == "not_frontal":
            yield Want(kind="view", what=text("agent.wanted.frontal", lang))
        if any(missing(part, seen.case) == "prior" for part in self._parts):
            yield Want(kind="prior", what=text("agent.wanted.prior", lang))
        for finding in _open(seen.steps):
            if finding in _VIEWS:
                yield Want(kind="view", what=text(f"agent.wanted.{_VIEWS[finding]}", lang))
            elif finding in _TESTS:
                yield Want(kind="test", what=text(f"agent.wanted.{_TESTS[finding]}", lang))


def _open(steps: Sequence[Step]) -> list[str]:
    """Findings that were asked for and left uncertain."""
    asked = [step.result for step in steps if step.tool == "ask" and step.result is not None]
    told = (one for result in asked if result["abstained"] for one in result["evidence"])
    return [one["concept"] for one in told if one["status"] == Status.UNCERTAIN.value]


def _conclude(parts: Sequence[Part], seen: Seen) -> Conclusion:
    """The answer: what each part came to, in the order of the task; what failed and what was not understood is said."""
    lang = seen.case.lang
    done = [step for step in seen.steps if step.kind == "tool" and step.failed is None]
    failed = [step for step in seen.steps if step.kind == "tool" and step.failed is not None]
    said = [_said(step, parts, seen) for step in done]
    words = [one for one in said if one]
    lost = [part.text for part in parts if part.kind == "unknown"] if seen.case.reader is None else []
    notes = [text("agent.fixed.not_understood", lang, text=one) for one in lost]
    notes += [text(f"agent.fixed.no_{one}", lang) for part in parts if (one := missing(part, seen.case)) is not None]
    notes += [_failure(step, lang) for step in failed]
    reasons = tuple(Reason(text=step.said, steps=(step.number,)) for step in done if step.said)
    if failed and not done:
        notes = [text("agent.fixed.none_done", lang), *notes]
    abstained = not words or _only_abstentions(done, parts)
    return Conclusion(
        text="\n".join([*words, *notes]) or text("agent.fixed.nothing", lang),
        reasons=reasons,
        abstained=abstained,
        confidence=None if abstained else _confidence(done, parts, seen),
    )


def _failure(step: Step, lang: Lang) -> str:
    words = step.failed.message.rstrip(".") if step.failed is not None else ""
    return text("agent.fixed.failed", lang, number=step.number, reason=words)


def _said(step: Step, parts: Sequence[Part], seen: Seen) -> str:
    """What a step adds to the answer; what it says of other patients' films stays in its row."""
    lang, result = seen.case.lang, step.result or {}
    if step.tool == "read":
        return seen.known.draft if any(part.kind == "describe" for part in parts) else ""
    if step.tool in ("search_similar", "search_text") and result["hits"]:
        return text("agent.fixed.hits", lang, count=len(result["hits"]), total=result["total"], number=step.number)
    if step.tool == "ask" and result["abstained"] and _answered_by_reader(seen.steps):
        return ""
    if step.tool == "ask_reader" and (result["abstained"] or not _compact_abstained(seen.steps)):
        return ""
    return step.said


def _answered_by_reader(steps: Sequence[Step]) -> bool:
    return any(s.tool == "ask_reader" and s.result is not None and not s.result["abstained"] for s in steps)


def _compact_abstained(steps: Sequence[Step]) -> bool:
    asked = [step.result for step in steps if step.tool == "ask" and step.result is not None]
    return all(one["abstained"] for one in asked)


def _only_abstentions(done: Sequence[Step], parts: Sequence[Part]) -> bool:
    """A task of questions alone, none of which was answered."""
    asked = [step.result for step in done if step.tool in ("ask", "ask_reader") and step.result is not None]
    alone = all(part.kind in ("question", "unknown") for part in parts)
    return alone and all(one["abstained"] for one in asked)


def _confidence(done: Sequence[Step], parts: Sequence[Part], seen: Seen) -> float | None:
    """Of the least certain thing that is said."""
    sure: list[float] = []
    for step in done:
        result = step.result or {}
        if step.tool in ("ask", "ask_reader") and not result["abstained"] and result["confidence"] is not None:
            sure.append(float(result["confidence"]))
    if any(part.kind == "describe" for part in parts):
        sure += _of_reading([finding for finding, _ in seen.known.findings.values()])
    return min(sure, default=None)


def _of_reading(findings: Sequence[Finding]) -> list[float]:
    """Of what the draft states as present; of a normal film, that it is normal."""
    present = [one for one in findings if one.status is Status.PRESENT]
    whole = [one for one in findings if one.concept == "abnormal" and one.status is Status.ABSENT]
    return [sure for one in present or whole if (sure := certainty(one)) is not None]
