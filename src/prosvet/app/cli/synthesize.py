"""`prosvet synthesize PROMPT`, `… inspect FILE`, `… pair PROMPT`, `… list`: chest X-rays from words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.i18n import numeral

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.imaging.provenance import Provenance
    from prosvet.synthesis.api import SynthesizeResult
    from prosvet.synthesis.inspect_api import InspectResult
    from prosvet.synthesis.pair_api import PairResult
    from prosvet.synthesis.said import Understood

__all__ = ["inspect", "list_", "made_from", "make", "pair", "set_"]

Prompt = Annotated[str, typer.Argument(metavar="PROMPT", show_default=False)]
Negative = Annotated[str, typer.Option("--negative", metavar="WORDS", show_default=False)]
Seed = Annotated[int | None, typer.Option("--seed", min=0, show_default=False)]
Steps = Annotated[int, typer.Option("--steps", min=2, max=150)]
Guidance = Annotated[float, typer.Option("--guidance", min=0, max=20)]
SchedulerName = Annotated[str, typer.Option("--scheduler", metavar="NAME")]
Style = Annotated[str, typer.Option("--style", metavar="NAME", show_default=False)]
Generator = Annotated[str, typer.Option("--generator", metavar="NAME")]
Adapter = Annotated[str, typer.Option("--adapter", metavar="NAME|FILE", show_default=False)]
AdapterStrength = Annotated[float, typer.Option("--adapter-strength", min=0, max=2)]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", dir_okay=False, show_default=False)]

_SCHEDULER, _GENERATOR = "dpmpp_2m_karras", "compact-generator"


def make(
    session: Session,
    prompt: Prompt,
    negative: Negative = "",
    seed: Seed = None,
    steps: Steps = 20,
    guidance: Guidance = 3.0,
    scheduler: SchedulerName = _SCHEDULER,
    style: Style = "",
    generator: Generator = _GENERATOR,
    adapter: Adapter = "",
    adapter_strength: AdapterStrength = 1.0,
    start: Annotated[Path | None, typer.Option("--start", metavar="FILE", dir_okay=False, show_default=False)] = None,
    study: Annotated[str | None, typer.Option("--study", metavar="ID", show_default=False)] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="NAME", show_default=False)] = None,
    strength: Annotated[float, typer.Option("--strength", min=0.01, max=1)] = 0.6,
    burn_in: Annotated[bool, typer.Option("--burn-in")] = False,
    out: Out = None,
) -> Answer:
    """One image."""
    from prosvet.synthesis.api import SynthesizeRequest, run

    request = session.request(
        SynthesizeRequest, prompt=prompt, negative=negative, seed=seed, steps=steps, guidance=guidance,
        scheduler=scheduler, style=style, generator=generator, start=start, study=study, region=region,
        strength=strength, burn_in=burn_in, out=out, adapter=adapter, adapter_strength=adapter_strength,
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, session, console))


def pair(
    session: Session,
    prompt: Prompt,
    normal: Annotated[str | None, typer.Option("--normal", metavar="PROMPT", show_default=False)] = None,
    negative: Negative = "",
    seed: Seed = None,
    steps: Steps = 20,
    guidance: Guidance = 3.0,
    scheduler: SchedulerName = _SCHEDULER,
    style: Style = "",
    generator: Generator = _GENERATOR,
    adapter: Adapter = "",
    adapter_strength: AdapterStrength = 1.0,
    out: Out = None,
) -> Answer:
    """Two images of one seed and the map of their difference."""
    from prosvet.synthesis.pair_api import PairRequest, run

    request = session.request(
        PairRequest, prompt=prompt, normal=normal or session.say("synthesis.prompts.normal"), negative=negative,
        seed=seed, steps=steps, guidance=guidance, scheduler=scheduler, style=style, generator=generator, out=out,
        adapter=adapter, adapter_strength=adapter_strength,
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show_pair(result, session, console))


def inspect(
    session: Session, file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, show_default=False)]
) -> Answer:
    """Which marks a file carries; exit status 0 whether it is synthetic or not."""
    from prosvet.synthesis.inspect_api import InspectRequest, run

    result = run(session.request(InspectRequest, file=file), session.context)
    return Answer(result, lambda console: _show_marks(result, session, console))


def set_(
    session: Session,
    finding: Annotated[str, typer.Argument(metavar="FINDING", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    films: Annotated[int, typer.Option("--films", min=1, max=2000)] = 36,
    zone: Annotated[list[str] | None, typer.Option("--zone", metavar="NAME", show_default=False)] = None,
    severity: Annotated[list[str] | None, typer.Option("--severity", metavar="NAME", show_default=False)] = None,
    generator: Generator = _GENERATOR,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 1,
    steps: Steps = 20,
    guidance: Guidance = 4.0,
) -> Answer:
    """A balanced set of one finding for retraining."""
    from prosvet.synthesis.collection.api import SetRequest, run

    asked = {"severities": tuple(severity)} if severity else {}
    request = session.request(
        SetRequest, finding=finding, name=name, films=films, zones=tuple(zone or ()), generator=generator, seed=seed,
        steps=steps, guidance=guidance, **asked,
    )  # fmt: skip
    result = run(request, session.context)

    def show(console: Console) -> None:
        record = result.record
        console.print(session.say("synthesis.collection.show.written", folder=result.folder), markup=False)
        counts = {"films": sum(record.films.values()), "asked": record.asked, "sha256": record.sha256[:12]}
        console.print(session.say("synthesis.collection.show.films", **counts), markup=False)
        for cell, number in record.films.items():
            console.print(f"  {number:4d}  {cell}", markup=False)
        for reason, number in record.refused.items():
            what = session.say(f"synthesis.collection.refused.{reason}")
            console.print(session.say("synthesis.collection.show.refused", what=what, n=number), markup=False)
        if result.short:
            console.print(session.say("synthesis.collection.show.short"), style="yellow", markup=False)

    return Answer(result, show)


def list_(session: Session) -> Answer:
    """What was kept here."""
    from prosvet.synthesis.gallery_api import GalleryRequest, run

    result = run(GalleryRequest(), session.context)

    def show(console: Console) -> None:
        for one in result.generators:
            console.print(one.problem or f"{one.name} {one.revision}: {one.title}", markup=False)
            if one.hint:
                console.print(one.hint, style="dim", markup=False)
        for picture in result.pictures:
            console.print(
                f"{picture.name}  {picture.kind}  seed {picture.made.seed}  {picture.made.prompt}", markup=False
            )
        if not result.pictures:
            console.print(session.say("synthesis.page.gallery_empty"), style="dim", markup=False)

    return Answer(result, show)


def made_from(made: Provenance, session: Session, key: str = "from", **values: object) -> str:
    """What an image was made with, in a line."""
    guidance = numeral(f"{made.guidance:g}", session.lang)
    return session.say(
        f"synthesis.show.{key}", generator=made.generator, revision=made.revision, seed=made.seed, steps=made.steps,
        guidance=guidance, scheduler=session.say(f"synthesis.schedulers.{made.scheduler}"),
        date=made.date.strftime("%Y-%m-%d %H:%M UTC"), **values,
    )  # fmt: skip


def _where_it_is(result: SynthesizeResult | PairResult, session: Session, console: Console) -> None:
    if result.file:
        console.print(session.say("synthesis.show.written", file=result.file), markup=False)
    if result.name:
        path = session.context.settings.home / "synthetic" / result.name
        console.print(session.say("synthesis.show.kept", name=result.name, path=path), markup=False)


def _show(result: SynthesizeResult | PairResult, session: Session, console: Console) -> None:
    _where_it_is(result, session, console)
    console.print(made_from(result.made, session, "made", seconds=session.decimal(result.seconds, 1)), markup=False)
    if result.made.adapter:
        strength = session.decimal(result.made.adapter_strength or 0.0, 2)
        console.print(session.say("synthesis.show.adapter", name=result.made.adapter, strength=strength), markup=False)
    if result.understood:
        names = ", ".join(" ".join([_name(session, one), *_place(session, one.side, one.zone)])
                          for one in result.understood)  # fmt: skip
        console.print(session.say("synthesis.show.understood", names=names), markup=False)
    for warning in result.warnings:
        console.print(warning, style="yellow", markup=False)


def _name(session: Session, one: Understood) -> str:
    return session.say("synthesis.show.absent", name=one.name) if one.status == "absent" else one.name


def _place(session: Session, side: str | None, zone: str | None) -> list[str]:
    said = [session.say(f"ask.sides.{side}")] if side else []
    return said + ([session.say(f"ask.zones.{zone}")] if zone else [])


def _show_pair(result: PairResult, session: Session, console: Console) -> None:
    _show(result, session, console)
    found = result.energy
    shares = {
        name: "—" if value is None else f"{round(100 * value)} %"
        for name, value in (("lungs", found.lungs), ("heart", found.heart), ("outside", found.outside))
    }
    total = session.decimal(255 * found.total, 1) + " / 255"
    console.print(session.say("synthesis.show.energy", total=total, **shares), markup=False)
    console.print(result.said, style="green" if found.where_said else "yellow", markup=False)


def _show_marks(result: InspectResult, session: Session, console: Console) -> None:
    console.print(result.said, style="yellow" if result.synthetic else "", markup=False)
    for key, ways in (("survived", result.survived), ("lost", result.lost)):
        if ways:
            console.print(session.say(f"synthesis.show.{key}", names=_ways(ways, session)), markup=False)
    score, limit = session.decimal(result.score, 1), session.decimal(result.threshold, 1)
    console.print(session.say("synthesis.show.score", score=score, threshold=limit), style="dim", markup=False)
    made = result.provenance
    if made is not None:
        console.print(session.say("synthesis.show.prompt", prompt=made.prompt), markup=False)
        if made.negative:
            console.print(session.say("synthesis.show.negative", negative=made.negative), markup=False)
        console.print(made_from(made, session), markup=False)


def _ways(ways: Sequence[str], session: Session) -> str:
    return ", ".join(session.say(f"synthesis.marks.{way}") for way in ways)
