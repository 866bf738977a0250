"""Who gets into the Orthanc of our configuration: a system that it knows, from its address, by Orthanc's own name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from beside_orthanc import DEPLOY, Orthanc, orthanc
from hospital_node import free_place
from result_films import wrapped

CLASSES = (Verification, ComputedRadiographyImageStorage, StudyRootQueryRetrieveInformationModelFind)


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with orthanc(tmp_path_factory.mktemp("door"), free_place()[1]) as made:
        yield made


def answered(pacs: Orthanc, calling: str, *, called: str = "ORTHANC", address: str = "127.0.0.1") -> list[int | None]:
    """Statuses of C-ECHO, C-STORE and C-FIND; None for what got no answer, nothing when nobody was let in."""
    caller = AE(ae_title=calling)
    caller.acse_timeout = caller.dimse_timeout = caller.network_timeout = 10
    for kind in CLASSES:
        caller.add_requested_context(kind)
    wire = caller.associate("127.0.0.1", pacs.dicom_port, ae_title=called, bind_address=(address, 0))
    if not wire.is_established:
        return []
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", ""
    film = wrapped(np.zeros((8, 8), dtype=np.float32))
    statuses: list[int | None] = []
    for question in (
        lambda: wire.send_c_echo(),
        lambda: wire.send_c_store(film),
        lambda: list(wire.send_c_find(asked, StudyRootQueryRetrieveInformationModelFind))[-1][0],
    ):
        try:
            statuses.append(question().get("Status"))
        except (RuntimeError, ValueError):  # it has hung up, or takes no objects of this kind from us
            statuses.append(None)
    wire.abort()
    return statuses


def test_the_node_is_let_in(pacs: Orthanc) -> None:
    assert answered(pacs, "PROSVET") == [0, 0, 0]


@pytest.mark.parametrize(
    ("calling", "called", "address"),
    [
        ("STRANGER", "ORTHANC", "127.0.0.1"),
        ("PROSVET", "ANOTHER", "127.0.0.1"),
        ("PROSVET", "ORTHANC", "127.0.0.2"),  # the name of a known system, from elsewhere
    ],
)
def test_nobody_else_is(pacs: Orthanc, calling: str, called: str, address: str) -> None:
    before = pacs.ask("/statistics")["CountInstances"]
    statuses = answered(pacs, calling, called=called, address=address)
    assert 0 not in statuses, statuses
    assert pacs.ask("/statistics")["CountInstances"] == before


def test_the_configuration_opens_nothing_by_itself() -> None:
    words = json.loads((DEPLOY / "orthanc" / "orthanc.json").read_text())
    opened = {name: value for name, value in words.items() if name.startswith("DicomAlwaysAllow")}
    assert len(opened) == 6
    assert not any(opened.values())
    assert words["DicomCheckCalledAet"] is words["DicomCheckModalityHost"] is True
    assert words["DicomModalitiesInDatabase"] is False
    rule = (DEPLOY / "orthanc" / "orthanc.nft").read_text()
    assert f'iifname != "lo" tcp dport {words["DicomPort"]} drop' in rule
    limits = re.findall(
        r"^IPAddress\w+=.*$", (DEPLOY / "orthanc/orthanc.service.d/local.conf").read_text(), re.MULTILINE
    )
    assert limits == ["IPAddressDeny=any", "IPAddressAllow=localhost"]


def test_systemd_understands_what_is_added_to_debians_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / "orthanc.service").write_text("[Service]\nExecStart=/bin/true\n")
    shutil.copytree(DEPLOY / "orthanc" / "orthanc.service.d", tmp_path / "orthanc.service.d")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "orthanc.service")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "local.conf" in line] == []
    assert done.returncode == 0, done.stderr
