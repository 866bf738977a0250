"""Where an adapter that a request names lies: one of the card's, a file among the models, or any file for an admin."""

from __future__ import annotations

from pathlib import Path

from prosvet.core.context import Context
from prosvet.core.errors import SynthesisError
from prosvet.models.vlm.weights import digest
from prosvet.synthesis.sdxl.card import SdxlCard

__all__ = ["adapter_path"]

_NONE = "none"


def adapter_path(asked: str, card: SdxlCard, context: Context) -> Path | None:
    """The file of the adapter `asked`: the card's own where nothing is asked, None where ``none`` is.

    A file outside ``HOME/models`` may be named by whoever may do everything here: for others the server's folders are
    not to be felt for.

    Raises
    ------
    SynthesisError
        When there is no such adapter, or it may not be named.
    """
    name = asked or card.adapter
    if not name or name == _NONE:
        return None
    if name in card.adapters:
        entry = card.adapters[name]
        path = (card.folder / entry.path).resolve()
        if not path.is_file():
            raise SynthesisError(reason="adapter_not_found", file=path.name)
        if digest(path) != entry.sha256:
            raise SynthesisError(reason="adapter_changed", file=path.name)
        return path
    models = (context.settings.home / "models").resolve()
    path = (models / name).resolve() if not Path(name).is_absolute() else Path(name).resolve()
    inside = path.is_relative_to(models)
    if not inside and not context.actor.may("admin"):
        raise SynthesisError(reason="adapter_place")
    if not path.is_file() and not Path(name).is_absolute() and context.actor.may("admin"):
        path = Path(name).resolve()
    if not path.is_file():
        raise SynthesisError(reason="adapter_not_found", file=Path(name).name)
    return path
