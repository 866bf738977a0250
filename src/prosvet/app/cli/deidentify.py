"""`prosvet deidentify IN OUT`: films and reports for research, without the people in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.deidentify.api import DeidentifyResult

__all__ = ["deidentify"]

_ON_SCREEN = 20  # files


def deidentify(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="IN", show_default=False)],
    out: Annotated[Path, typer.Argument(metavar="OUT", show_default=False)],
    check: Annotated[bool, typer.Option("--check")] = False,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE")] = None,
    no_key: Annotated[bool, typer.Option("--throw-key-away")] = False,
    dates: Annotated[str, typer.Option("--dates", metavar="shift|remove")] = "shift",
    no_patient: Annotated[bool, typer.Option("--no-patient-characteristics")] = False,
    device: Annotated[bool, typer.Option("--device-identity")] = False,
    no_descriptors: Annotated[bool, typer.Option("--no-descriptors")] = False,
    no_pixels: Annotated[bool, typer.Option("--no-pixels")] = False,
    keep_markers: Annotated[bool, typer.Option("--keep-markers")] = False,
    keep_uids: Annotated[bool, typer.Option("--keep-uids")] = False,
    safe_private: Annotated[list[str] | None, typer.Option("--safe-private", metavar="CREATOR:GGGG:EE")] = None,
) -> Answer:
    """Exit status 1 when something was withheld or is left."""
    from prosvet.hospital.deidentify.api import DeidentifyRequest, run
    from prosvet.hospital.deidentify.options import Options

    options = session.request(
        Options, dates=dates, patient=not no_patient, device=device, descriptors=not no_descriptors,
        pixels=not no_pixels, keep_markers=keep_markers, keep_uids=keep_uids, safe_private=tuple(safe_private or ()),
    )  # fmt: skip
    action: Literal["check", "run"] = "check" if check else "run"
    request = session.request(
        DeidentifyRequest, action=action, source=source, out=out, key=key, keep_key=not no_key, options=options
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, out, session, console), status=int(bool(result.left)))


def _show(result: DeidentifyResult, out: Path, session: Session, console: Console) -> None:
    if result.action == "run" and result.report is not None:
        totals = result.report.totals
        console.print(
            session.say("cli.deidentify.exported", count=totals.exported, masked=totals.pictures_masked,
                        pictures=totals.pictures),
            markup=False,
        )  # fmt: skip
        if totals.left_out:
            console.print(session.say("cli.deidentify.left_out", count=totals.left_out), markup=False)
        if totals.withheld:
            console.print(session.say("cli.deidentify.withheld", count=totals.withheld), style="red", markup=False)
        key = "key_kept" if result.report.key == "kept" else "key_gone"
        console.print(session.say(f"cli.deidentify.{key}"), markup=False)
        console.print(session.say("cli.deidentify.report", path=out / "report.html"), markup=False)
    for file in result.left[:_ON_SCREEN]:
        places = ", ".join(file.left) or session.say(f"deidentify_reasons.{file.reason}", name="")
        console.print(session.say("cli.deidentify.left", file=file.file, places=places), style="red", markup=False)
    if not result.left:
        console.print(session.say("cli.deidentify.clean"), style="green", markup=False)
