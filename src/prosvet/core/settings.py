"""Settings: one frozen object, passed in. Environment variables ``PROSVET_*`` fill what is not given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from prosvet.core.errors import InvalidSettings
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen

__all__ = ["Settings", "load_settings"]


class Settings(Frozen):
    """What a run may be told. Each field is also ``PROSVET_<NAME>`` in the environment."""

    home: Path = Field(default=Path("~/.prosvet"), description="Folder of the archive: database, files, indexes.")
    lang: Lang = Field(default="ru", description="Language of messages and drafts: ru or en.")
    threads: int = Field(default=2, ge=1, le=256, description="Processor threads for models and indexes.")
    model: str = Field(default="compact", description="Card of the reading model.")
    encoder: str = Field(default="", description="Card of another image encoder for search; empty is the model's own.")
    remote_code: str = Field(default="", description="Card of a model whose own code may run; empty is none.")
    operating_point: str = Field(default="balanced", description="Operating point of the model's card.")
    site: str = Field(
        default="local",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="Short name of this site, as records name it.",
    )
    max_pixels: int = Field(default=120_000_000, ge=1_000_000, description="Largest image accepted, pixels.")
    max_bytes: int = Field(default=400_000_000, ge=1_000_000, description="Largest file accepted, bytes.")


def load_settings(environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Build settings from arguments, then the environment, then defaults.

    Arguments that are ``None`` count as not given.

    Raises
    ------
    InvalidSettings
        When a value is out of range or of the wrong kind.

    Examples
    --------
    >>> load_settings({"PROSVET_LANG": "en"}, threads=1).lang
    'en'
    """
    environ = os.environ if environ is None else environ
    values: dict[str, object] = {}
    for name in Settings.model_fields:
        value = given.get(name)
        if value is None:
            value = environ.get(f"PROSVET_{name.upper()}")
        if value not in (None, ""):
            values[name] = value
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidSettings(name=".".join(map(str, first["loc"])), reason=first["msg"]) from None
    return settings.model_copy(update={"home": settings.home.expanduser()})
