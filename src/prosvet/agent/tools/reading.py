"""Tools over the film itself: read, measure, ask, ask a vision-language model, compare with the prior, segment."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from prosvet.agent.case import Case, Known
from prosvet.agent.tools.tool import Arguments, NoArguments, Told, Tool
from prosvet.core.errors import NotFound, Retold
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Finding, Measurement, Status
from prosvet.reading.api import Reading, ReadRequest, ReadResult
from prosvet.reading.api import run as read
from prosvet.reading.ask.api import AskRequest, AskResult
from prosvet.reading.ask.api import run as ask
from prosvet.reading.ask.wording import name_of, number, place_of
from prosvet.reading.evidence_api import EvidenceRequest, EvidenceResult
from prosvet.reading.evidence_api import run as evidence
from prosvet.reading.prior_api import PriorRequest, PriorResult
from prosvet.reading.prior_api import run as compare_prior

__all__ = ["ASK", "ASK_READER", "COMPARE_PRIOR", "MEASURE", "READ", "SEGMENT"]


class Measure(Arguments):
    """What to measure."""

    what: Literal["cardiothoracic_ratio"] = "cardiothoracic_ratio"


class Question(Arguments):
    """What to ask of the film."""

    question: str = Field(min_length=1, max_length=500)


# ---------------------------------------------------------------- read, measure


def _read(_: NoArguments, case: Case, __: Known) -> ReadRequest:
    return ReadRequest(files=[case.film], lang=case.lang)


def _measure(_: Measure, case: Case, __: Known) -> ReadRequest:
    return ReadRequest(files=[case.film], lang=case.lang, report=False)


def _reading(result: ReadResult) -> Reading:
    """The one reading; a row with an error is an error again."""
    item = result.items[0]
    if item.result is None:
        error = item.error
        raise Retold(error.code, error.message, error.hint) if error else NotFound(kind="image", name=item.file)
    return item.result


def _tell_read(result: ReadResult, lang: Lang) -> Told:
    reading = _reading(result)
    spoken = [one for one in reading.findings if one.status in (Status.PRESENT, Status.UNCERTAIN)]
    named = "; ".join(_with_status(one, lang) for one in spoken if one.concept != "abnormal")
    report = reading.report.text if reading.report is not None else ""
    return Told(
        facts={
            "view": reading.gates.view.value,
            "caution": list(reading.gates.quality),
            "findings": [_plain(one) for one in reading.findings],
            "measurements": [_measured(one) for one in reading.measurements],
            "draft": report,
        },
        said=text("agent.said.read", lang, list=named) if named else text("agent.said.read_nothing", lang),
        findings=reading.findings,
        measurements=reading.measurements,
        draft=report,
    )


def _tell_measure(result: ReadResult, lang: Lang) -> Told:
    reading = _reading(result)
    ratio = next((one for one in reading.measurements if one.name == "cardiothoracic_ratio"), None)
    if ratio is None:
        raise NotFound(kind="measurement", name="cardiothoracic_ratio")
    lines = {name: [list(point) for point in line] for name, line in ratio.lines.items()}
    return Told(
        facts={**_measured(ratio), "lines": lines},
        said=text("agent.said.measure", lang, ratio=number(ratio.value, 2, lang)),
        measurements=(ratio,),
    )


# ---------------------------------------------------------------- ask


def _ask(given: Question, case: Case, _: Known) -> AskRequest:
    where: dict[str, Any] = {"study": case.study, "image": case.image} if case.study else {"film": case.film}
    return AskRequest(question=given.question, lang=case.lang, **where)


def _ask_reader(given: Question, case: Case, known: Known) -> AskRequest:
    timeout = max(1.0, min(known.seconds_left, 3600.0))
    return _ask(given, case, known).model_copy(update={"reader": case.reader, "timeout": timeout})


def _tell_ask(result: AskResult, lang: Lang) -> Told:
    facts: dict[str, Any] = {
        "answer": result.answer,
        "abstained": result.abstained,
        "verdict": result.verdict,
        "confidence": result.confidence,
        "evidence": [_plain(one.finding) for one in result.evidence],
    }
    if result.reader is not None:
        facts["reader"] = {"name": result.reader.name, "flags": list(result.reader.flags)}
    measured = (result.measurement,) if result.measurement is not None else ()
    return Told(facts, result.answer, tuple(one.finding for one in result.evidence), measured, result.prior is not None)


# ---------------------------------------------------------------- prior, segment


def _prior(_: NoArguments, case: Case, __: Known) -> PriorRequest:
    return PriorRequest(study=case.study or "", image=case.image, prior=case.prior)


def _tell_prior(result: PriorResult, lang: Lang) -> Told:
    rows = [{"concept": one.concept, "course": one.course} for one in result.changes]
    named = "; ".join(
        f"{name_of(one.concept, lang)}: {text(f'agent.courses.{one.course}', lang)}" for one in result.changes
    )
    ratios = [one.ratio.value if one.ratio is not None else None for one in (result.before, result.now)]
    said = text("agent.said.prior", lang, study=result.before.study, list=named or text("agent.said.no_change", lang))
    if None not in ratios:
        before, now = (number(one or 0.0, 2, lang) for one in ratios)
        said += " " + text("agent.said.ratios", lang, before=before, now=now)
    facts = {"prior": result.before.study, "changes": rows, "ratio_before": ratios[0], "ratio_now": ratios[1]}
    return Told(facts, said, tuple(one.now for one in result.changes if one.now is not None), compared=True)


def _segment(_: NoArguments, case: Case, __: Known) -> EvidenceRequest:
    return EvidenceRequest(image=case.image or 0)


def _tell_segment(result: EvidenceResult, lang: Lang) -> Told:
    if result.reason is not None or not result.contours:
        raise NotFound(kind="contours", name=str(result.image))
    area = float(result.rows * result.cols)
    shares = {name: round(sum(map(_area, parts)) / area, 4) for name, parts in result.contours.items()}
    named = "; ".join(
        f"{text(f'agent.parts.{name}', lang)} {number(100 * share, 1, lang)} %" for name, share in shares.items()
    )
    boxes = [{"concept": one.concept, "box": [round(v, 1) for v in one.box]} for one in result.findings]
    return Told({"shares": shares, "boxes": boxes}, text("agent.said.segment", lang, list=named))


def _area(polygon: tuple[tuple[float, float], ...]) -> float:
    """Of a polygon, in its own units squared, by the shoelace formula."""
    pairs = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


# ---------------------------------------------------------------- plain


def _plain(finding: Finding) -> dict[str, Any]:
    box = next((one.box for one in finding.evidence if one.box is not None), None)
    return {
        "concept": finding.concept,
        "status": finding.status.value,
        "probability": finding.probability,
        "side": finding.side.value if finding.side else None,
        "zone": finding.zone.value if finding.zone else None,
        "box": [round(v, 1) for v in box] if box else None,
    }


def _measured(one: Measurement) -> dict[str, Any]:
    return {"name": one.name, "value": one.value, "unit": one.unit}


def _with_status(finding: Finding, lang: Lang) -> str:
    place = place_of(finding, lang)
    words = f"{name_of(finding.concept, lang)}{f' ({place})' if place else ''}"
    return f"{text(f'ask.statuses.{finding.status.value}', lang)}: {words}"


READ = Tool("read", "read", NoArguments, ReadRequest, ReadResult, _read, read, _tell_read)
MEASURE = Tool("measure", "read", Measure, ReadRequest, ReadResult, _measure, read, _tell_measure)
ASK = Tool("ask", "ask", Question, AskRequest, AskResult, _ask, ask, _tell_ask)
ASK_READER = Tool(
    "ask_reader", "ask", Question, AskRequest, AskResult, _ask_reader, ask, _tell_ask,
    fits=lambda case: case.reader is not None,
)  # fmt: skip
COMPARE_PRIOR = Tool(
    "compare_prior", "compare-readings.prior", NoArguments, PriorRequest, PriorResult, _prior, compare_prior,
    _tell_prior, fits=lambda case: case.study is not None,
)  # fmt: skip
SEGMENT = Tool(
    "segment", "viewer", NoArguments, EvidenceRequest, EvidenceResult, _segment, evidence, _tell_segment,
    fits=lambda case: case.image is not None,
)  # fmt: skip
