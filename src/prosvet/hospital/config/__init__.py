"""What a hospital tells the node: ``HOME/hospital.toml``, strict, and without a secret in it.

Unknown keys are refused, so that a misspelt word never passes for a default. Secrets (keys, tokens, passwords) stand
in files of their own that are named here, beside this one when the name is relative.
"""

from __future__ import annotations

from prosvet.hospital.config.dicom import Node, Peer, parse_peer
from prosvet.hospital.config.parts import AeTitle, Tls
from prosvet.hospital.config.secret import read_secret
from prosvet.hospital.config.services import DicomWeb, Fhir, Hl7
from prosvet.hospital.config.whole import FILE, HospitalConfig, Results, Retention, Routing, load_config

__all__ = [
    "FILE",
    "AeTitle",
    "DicomWeb",
    "Fhir",
    "Hl7",
    "HospitalConfig",
    "Node",
    "Peer",
    "Results",
    "Retention",
    "Routing",
    "Tls",
    "load_config",
    "parse_peer",
    "read_secret",
]
