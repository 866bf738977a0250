"""The whole of ``hospital.toml``, and how it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.core.i18n import Lang
from prosvet.core.network import is_loopback
from prosvet.core.types import Frozen
from prosvet.hospital.config.dicom import Node, Peer, parse_peer
from prosvet.hospital.config.services import DicomWeb, Fhir, Hl7

__all__ = ["FILE", "HospitalConfig", "Results", "Retention", "Routing", "load_config"]

FILE = "hospital.toml"


class Routing(Frozen):
    """What is read, and when an exam counts as whole.

    Attributes
    ----------
    modalities, body_parts : tuple of str
        Read are objects of these; an object that names no body part is left to the image gate.
    end_of_study_seconds : float
        Silence after which an exam is whole.
    end_of_study_count : int or None
        Films with which it is whole at once.
    """

    modalities: tuple[str, ...] = ("CR", "DX", "DR", "RG", "SC", "OT")
    body_parts: tuple[str, ...] = ("CHEST", "THORAX", "LUNG", "RIB")
    end_of_study_seconds: float = Field(default=20.0, ge=0.0, le=3600.0)
    end_of_study_count: int | None = Field(default=None, ge=1, le=100)


class Results(Frozen):
    """What goes back, and where.

    ``destinations`` are names of peers; ``dicomweb``, ``fhir`` and ``hl7`` name the sections of this file.
    """

    kinds: tuple[Literal["sr", "text_sr", "seg", "sc", "pdf"], ...] = ("sr", "text_sr", "sc")
    destinations: tuple[str, ...] = ()
    lang: Lang = "ru"
    deadline_minutes: float = Field(default=10.0, gt=0.0, le=10080.0)


class Retention(Frozen):
    """Days that things are kept after an exam is done; ``None`` is for ever."""

    objects_days: int | None = Field(default=90, ge=1)
    results_days: int | None = Field(default=365, ge=1)
    exams_days: int | None = Field(default=None, ge=1)


class HospitalConfig(Frozen):
    """The whole of ``hospital.toml``."""

    node: Node = Node()
    peers: tuple[Peer, ...] = ()
    routing: Routing = Routing()
    results: Results = Results()
    dicomweb: DicomWeb | None = None
    fhir: Fhir | None = None
    hl7: Hl7 | None = None
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [peer.name for peer in self.peers]
        twice = sorted({name for name in names if names.count(name) > 1} | (set(names) & {"dicomweb", "fhir", "hl7"}))
        if twice:
            raise ValueError(f"peer {twice[0]}: the name is taken")
        known = {*names, *(part for part in ("dicomweb", "fhir", "hl7") if getattr(self, part) is not None)}
        missing = [name for name in self.results.destinations if name not in known]
        if missing:
            raise ValueError(f"results.destinations: there is no {missing[0]}")
        if not is_loopback(self.node.host) and not self.senders():
            raise ValueError(f"{self.node.host} is reached by others, and no peer has may_send = true")
        return self

    def peer(self, name: str) -> Peer:
        """The peer `name`.

        Raises
        ------
        InvalidSettings
            When there is none.
        """
        for peer in self.peers:
            if peer.name == name:
                return peer
        raise InvalidSettings(name=f"{FILE}: peers", reason=f"there is no {name}")

    def senders(self) -> tuple[Peer, ...]:
        """Peers that may send. None listed, on this computer's own address: whoever is on it may."""
        return tuple(peer for peer in self.peers if peer.may_send)

    def queriers(self) -> tuple[Peer, ...]:
        """Peers that may look for studies here; there are none that are not listed."""
        return tuple(peer for peer in self.peers if peer.may_query_us)

    def told(self, *, forward: Iterable[str] = (), **node: object) -> HospitalConfig:
        """This configuration with what the command line says of the node and of where results go.

        Raises
        ------
        InvalidSettings
        """
        given = {key: value for key, value in node.items() if value is not None}
        values = self.model_dump()
        values["node"] |= given
        for number, spoken in enumerate(forward, start=1):
            aet, host, port = parse_peer(spoken)
            values["peers"] = [*values["peers"], {"name": f"forward-{number}", "aet": aet, "host": host, "port": port}]
            values["results"]["destinations"] = [*values["results"]["destinations"], f"forward-{number}"]
        return _validated(values, None, "node")


def load_config(context: Context) -> HospitalConfig:
    """The configuration of the context's home; defaults where there is no file.

    Raises
    ------
    InvalidSettings
        A file that is no TOML, an unknown key, a value out of range, things that do not fit together.
    """
    path = context.settings.home / FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return HospitalConfig()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(name=FILE, reason=str(error)) from None
    return _validated(values, path.parent, FILE)


def _validated(values: dict[str, object], folder: Path | None, what: str) -> HospitalConfig:
    try:
        return HospitalConfig.model_validate(values, context={"folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidSettings(name=f"{what}: {where}" if where else what, reason=reason) from None
