"""What a chain is made of, as ``chain.json`` beside its weights says: eyes, projector, how pictures are named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from prosvet.core.errors import ModelError
from prosvet.core.types import Frozen

__all__ = ["PLACE", "ROLES", "ChainFile", "EyesKind", "ProjectorShape", "Role", "ids_of", "own_role", "worded"]

PLACE = "<film>"
"""Stands for a picture in a prompt; as tokens it is as many places as the picture takes."""
Role = Literal["frontal", "lateral", "prior", "other"]
ROLES: tuple[Role, ...] = ("frontal", "lateral", "prior", "other")
EyesKind = Literal["compact", "siglip"]

_FILE = "chain.json"
_FRONTAL = ("film", "pa", "ap")


class ProjectorShape(Frozen):
    """The projector.

    Attributes
    ----------
    tokens : int
        Places that a picture takes after a ``resampler``; ``linear`` and ``mlp`` keep one a patch.
    """

    kind: Literal["linear", "mlp", "resampler"] = "mlp"
    tokens: int = Field(default=32, ge=1, le=1024)
    heads: int = Field(default=8, ge=1)
    layers: int = Field(default=2, ge=1)


class ChainFile(Frozen):
    """A chain's folder: ``projector.safetensors``, ``language/``, with a SigLIP ``eyes/``, and ``adapter/`` if tuned.

    Attributes
    ----------
    encoder_sha256 : str
        Of the compact encoder that it was trained with; empty for a SigLIP, which lies in the folder.
    instruction : str
        The words after the pictures in training.
    """

    eyes: EyesKind
    encoder_sha256: str = ""
    projector: ProjectorShape
    instruction: str

    def write(self, folder: Path) -> None:
        """Put it into a chain's folder."""
        (folder / _FILE).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, name: str, folder: Path) -> ChainFile:
        """From a chain's folder.

        Raises
        ------
        ModelError
            When it is not there or not valid.
        """
        try:
            return cls.model_validate(json.loads((folder / _FILE).read_text(encoding="utf-8")))
        except (OSError, ValidationError, ValueError) as error:
            raise ModelError(name=name, reason=f"{_FILE}: {str(error).splitlines()[0]}") from None


def own_role(role: str) -> Role:
    """The role by which a chain knows a picture.

    Examples
    --------
    >>> own_role("prior_frontal"), own_role("pa"), own_role("slice")
    ('prior', 'frontal', 'other')
    """
    if role.startswith("prior"):
        return "prior"
    if role in _FRONTAL:
        return "frontal"
    return next((known for known in ROLES if known == role), "other")


def worded(roles: Sequence[Role], instruction: str) -> str:
    """The prompt: a line a picture, then the instruction.

    Examples
    --------
    >>> worded(("frontal", "prior"), "Опиши.")
    'frontal: <film>\\nprior: <film>\\nОпиши.\\n'
    """
    return "".join(f"{role}: {PLACE}\n" for role in roles) + f"{instruction}\n"


def ids_of(tokenizer: Any, prompt: str, places: int) -> list[int]:
    """Tokens of a prompt, each picture as `places` of them; nothing is added in front or behind."""
    place = int(tokenizer.convert_tokens_to_ids(PLACE))
    ids: list[int] = []
    for number, words in enumerate(prompt.split(PLACE)):
        ids += [place] * places if number else []
        ids += tokenizer(words, add_special_tokens=False)["input_ids"] if words else []
    return ids
