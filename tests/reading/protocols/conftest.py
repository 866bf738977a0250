"""An archive with one full-size film, and steps of its protocol in the name of any reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult, run

Step = Callable[..., ProtocolResult]


@pytest.fixture
def study(context: Context, pydicom_data: Path) -> str:
    """The id of the study of ``RG1_UNCR.dcm`` in this test's archive."""
    ingest(IngestRequest(paths=[pydicom_data / "RG1_UNCR.dcm"]), context)
    return studies(StudiesRequest(), context).studies[0].id


@pytest.fixture
def step(context: Context, study: str) -> Step:
    """``step("save", by="petrova", base=..., changes=[...])`` on the one study."""

    def made(action: str, by: str = "petrova", role: str = "reader", **values: object) -> ProtocolResult:
        asker = context.child(actor=Actor(by, role))  # type: ignore[arg-type]
        return run(ProtocolRequest.model_validate({"action": action, "study": study, **values}), asker)

    return made
