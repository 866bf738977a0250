"""The words that ``hospital.toml`` is made of, checked one by one, and the certificates of a connection."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from prosvet.core.types import Frozen

__all__ = ["AeTitle", "Name", "NamedFile", "Network", "Port", "Tls", "network"]

_AET = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")  # PS3.5: 1..16 of printable ASCII but the backslash


def _ae_title(value: str) -> str:
    if not _AET.fullmatch(value.strip()):
        raise ValueError("an AE title is 1 to 16 printable ASCII characters without a backslash")
    return value.strip()


def _beside(path: Path, info: ValidationInfo) -> Path:
    """A relative name is beside the configuration file."""
    folder = (info.context or {}).get("folder")
    path = path.expanduser()
    return folder / path if folder is not None else path


def network(value: str) -> str:
    """`value`, an address or a network, as a network.

    Raises
    ------
    ValueError
        When it is a name, or nothing of the kind.
    """
    return str(ipaddress.ip_network(value, strict=False))


AeTitle = Annotated[str, AfterValidator(_ae_title)]
NamedFile = Annotated[Path, AfterValidator(_beside)]
Network = Annotated[str, AfterValidator(network)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class Tls(Frozen):
    """Files (PEM) of a connection where both sides show a certificate."""

    cert: NamedFile
    key: NamedFile
    ca: NamedFile = Field(description="Who signs the certificates of the other side.")
