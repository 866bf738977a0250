"""The card of an SDXL pipeline: its folder file by file, the adapters that belong to it, its known limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from prosvet.core.errors import NotFound
from prosvet.core.types import Frozen
from prosvet.models.card import Figure, Source, WeightFile, load_task_card
from prosvet.models.vlm.weights import described

__all__ = ["AdapterEntry", "SdxlCard", "card_text", "load_sdxl_card"]


class AdapterEntry(Frozen):
    """An adapter that the card knows by name.

    Attributes
    ----------
    path : str
        From the card's folder.
    trigger : str
        The phrase that stands in front of what it learned as positive; empty where it has none.
    """

    path: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    title: dict[str, str]
    trigger: str = ""


class SdxlCard(Frozen):
    """Everything a user of an SDXL pipeline must know.

    Attributes
    ----------
    weights : str
        Folder of the pipeline, from the card's folder.
    files : dict of str to WeightFile
        Every file of that folder, paths from there.
    dtype : str
        Of the UNet and the text encoders on a GPU; the VAE and everything on a processor computes in float32.
    size : int
        Side of its pictures, pixels, a multiple of 8.
    findings : tuple of str
        Concept ids that it or its adapters were told of; empty: not known.
    films_of : dict of str to int
        Training films with each finding.
    adapters : dict of str to AdapterEntry
    adapter : str
        The one that is worn when none is asked for; empty for none.
    """

    name: str
    title: dict[str, str]
    task: Literal["synthesis"]
    backend: Literal["diffusers"]
    revision: str
    licence: str
    weights: str
    files: dict[str, WeightFile]
    dtype: Literal["float16", "bfloat16", "float32"] = "float16"
    size: int = Field(default=1024, ge=64, le=2048, multiple_of=8)
    findings: tuple[str, ...] = ()
    films_of: dict[str, int] = Field(default_factory=dict)
    styles: dict[str, int] = Field(default_factory=dict)
    adapters: dict[str, AdapterEntry] = Field(default_factory=dict)
    adapter: str = ""
    training: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    limits: dict[str, tuple[str, ...]]
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def home(self) -> Path:
        """Where the pipeline lies."""
        return (self.folder / self.weights).resolve()


def load_sdxl_card(name: str, home: Path | None = None) -> SdxlCard:
    """Read and check the card of the SDXL pipeline `name`.

    Raises
    ------
    ModelNotFound, ModelError
    """
    return load_task_card(name, SdxlCard, "synthesis", home)


def card_text(name: str, weights: Path, *, revision: str = "1", licence: str = "", **more: Any) -> str:
    """TOML of a card for the pipeline in the folder `weights`, every file with its size and hash.

    Raises
    ------
    NotFound
        When there is no pipeline.
    """
    if not (weights / "model_index.json").is_file():
        raise NotFound(kind="model", name=str(weights))
    content: dict[str, Any] = {
        "name": name,
        "title": {"ru": f"SDXL: {name}", "en": f"SDXL: {name}"},
        "task": "synthesis",
        "backend": "diffusers",
        "revision": revision,
        "licence": licence or "see the publisher of the base",
        "weights": str(weights.resolve()),
        "limits": _LIMITS,
        **more,
        "files": {key: entry.model_dump() for key, entry in described(weights).items()},
    }
    SdxlCard.model_validate(content)
    return _toml(content)


_LIMITS = {
    "ru": (
        "Понимает английский; русский запрос переводится через словарь находок.",
        "Снимок не предназначен для диагностики. Запоминание обучающих снимков этой карточкой не проверено.",
    ),
    "en": (
        "Understands English; a Russian prompt is translated through the vocabulary of findings.",
        "Not for diagnosis. Whether training films are memorised was not checked for this card.",
    ),
}


def _toml(content: Mapping[str, Any]) -> str:
    """Plain values first, then tables."""
    lines: list[str] = []

    def table(values: Mapping[str, Any], path: tuple[str, ...]) -> None:
        plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
        if path and (plain or not values):
            lines.append(f"\n[{'.'.join(json.dumps(part, ensure_ascii=False) for part in path)}]")
        lines.extend(f"{json.dumps(key, ensure_ascii=False)} = {_value(value)}" for key, value in plain.items())
        for key, value in values.items():
            if isinstance(value, Mapping):
                table(value, (*path, key))

    table(content, ())
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A string, number or true/false is written alike in JSON and TOML; lists hold them or inline tables."""
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(key, ensure_ascii=False)} = {_value(one)}" for key, one in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)
