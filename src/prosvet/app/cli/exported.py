"""How the verbs of `export` answer: the file that was written, what became of what was sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.objects.export import Export

__all__ = ["exported"]


def exported(result: Export, out: Path | None, session: Session, *, pushed: str | None = None) -> Answer:
    """Write the file and say so. What was sent is written only where a file is named: it names the patient.

    Parameters
    ----------
    out
        File or folder; by default the folder one stands in.
    pushed
        What became of it at the other system; None when it was not sent.
    """
    path = None
    if out is not None or pushed is None:
        path = Path(result.file) if out is None else out / result.file if out.is_dir() else out
        path.write_bytes(result.data)
    made = {**result.model_dump(mode="json"), "file": str(path) if path else None}

    def show(console: Console) -> None:
        if path is not None:
            words = session.say(f"cli.export.{result.basis}", file=path, bytes=result.size)
            console.print(words, markup=False, soft_wrap=True)
        if pushed is not None:
            console.print(session.say(f"cli.export.pushed.{pushed}"), markup=False, soft_wrap=True)
        if not result.identified:
            console.print(session.say("cli.export.pseudonyms"), style="yellow", markup=False, soft_wrap=True)

    return Answer(made, show)
