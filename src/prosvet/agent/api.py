"""The capability `agent`: a task about a film, done with the other capabilities as tools, every step on record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from prosvet.agent.agreement import agreement, lowered
from prosvet.agent.case import Case
from prosvet.agent.fixed import FixedPlanner
from prosvet.agent.model import ModelPlanner
from prosvet.agent.planner import Planner
from prosvet.agent.pursue import Pursuit
from prosvet.agent.shapes import AgentRequest, AgentResult
from prosvet.agent.tools import available
from prosvet.agent.trace import Conclusion, Step, Want
from prosvet.archive.files import FileStore
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.i18n import text
from prosvet.language.detect import detect_language
from prosvet.models.examine import Examiner
from prosvet.reading.chosen import chosen_image
from prosvet.reading.stored import prior_of

__all__ = ["AgentRequest", "AgentResult", "run", "stream"]


def run(request: AgentRequest, context: Context) -> AgentResult:
    """Do the task; returns when it is answered, given up, or a limit is reached.

    Raises
    ------
    QueryLanguage
        For a task in a third language.
    NotFound
        When there is no such study, film or file for the context's actor.
    ModelNotFound, VlmRefused, MissingExtra
        When the planner's model cannot be used at all.
    """
    *_, last = stream(request, context)
    if not isinstance(last, AgentResult):
        raise RuntimeError("a run ended without a result")
    return last


def stream(
    request: AgentRequest, context: Context, *, cancelled: Callable[[], bool] = lambda: False,
    planner: Planner | None = None, clock: Callable[[], float] = time.monotonic,
) -> Iterator[Step | AgentResult]:  # fmt: skip
    """Each step of :func:`run` as it is done, then the result."""
    detect_language(request.task)
    with TemporaryDirectory(prefix="prosvet-agent-") as place, _planner(request, context, planner) as chosen:
        case = _case(request, Path(place), context)
        AuditLog.from_context(context).write(
            "agent", planner=chosen.name, **({"study": case.study} if case.study is not None else {})
        )
        pursuit = Pursuit(
            request.task, case, chosen, available(case), request.limits, context, cancelled=cancelled, clock=clock
        )
        yield from pursuit.run()
        yield _result(request, pursuit, context)


@contextmanager
def _planner(request: AgentRequest, context: Context, given: Planner | None) -> Iterator[Planner]:
    if given is not None or request.planner == "fixed":
        yield given or FixedPlanner()
        return
    opened = ModelPlanner.open(request.planner, context)
    try:
        yield opened
    finally:
        opened.close()


def _case(request: AgentRequest, folder: Path, context: Context) -> Case:
    lang = request.lang or context.lang
    if request.film is not None:
        if not request.film.is_file():
            raise NotFound(kind="file", name=request.film.name)
        return Case(request.film, folder, lang, reader=request.reader, report=request.report)
    image = chosen_image(request.study or "", request.image, context)
    film = folder / (Path(image.file).name or "film")
    film.write_bytes(context.get(FileStore).read(image.sha256))
    whole = Case(film, folder, lang, image.study, image.id, reader=request.reader, report=request.report)
    return replace(whole, prior=prior_of(image.study, context))


def _result(request: AgentRequest, pursuit: Pursuit, context: Context) -> AgentResult:
    case = pursuit.case
    conclusion = pursuit.conclusion or Conclusion(
        text=text(f"agent.stopped.{pursuit.stopped}", case.lang), abstained=True
    )  # fmt: skip
    held = agreement(conclusion, pursuit.steps, pursuit.known, case)
    return AgentResult(
        task=request.task,
        answer=conclusion.text,
        abstained=conclusion.abstained,
        confidence=None if conclusion.abstained else lowered(conclusion.confidence, held),
        reasons=conclusion.reasons,
        wants=tuple(Want.model_validate(one.arguments) for one in pursuit.steps if one.kind == "want"),
        agreement=held,
        trace=pursuit.trace(),
        file=case.film.name,
        study=case.study,
        image=case.image,
        model=context.get(Examiner).ref,
    )
