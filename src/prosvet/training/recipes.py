"""Recipes of training: one TOML file a run, every key known, every number with its range."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from prosvet.core.errors import InvalidSettings, NotFound

__all__ = ["read_recipe"]

T = TypeVar("T")


def read_recipe(path: Path, validate: Callable[[Any], T]) -> T:
    """Read a recipe and check it with `validate`, a pydantic model's. Its paths are taken from the current folder.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidSettings
        With the key and the reason, for anything that is not understood.
    """
    if not path.is_file():
        raise NotFound(kind="file", name=str(path))
    try:
        return validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(name=path.name, reason=str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidSettings(name=".".join(map(str, first["loc"])) or path.name, reason=first["msg"]) from None
