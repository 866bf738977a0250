"""An archive of studies without films, a calibration to screen them by, and a line to open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from prosvet.archive.schema import Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.screening.calibrations import Calibration, calibration, keep
from prosvet.screening.known import packed
from prosvet.screening.policy import Policy

REPORT: dict[str, Any] = {
    "audit_limit": 0.01, "n_abnormal": 299, "cleared": {"k": 5, "n": 10, "value": 0.5, "low": 0.2, "high": 0.8},
    "risks": [{"kind": "abnormal_studies", "n": 299, "missed": 0, "allowed": 0, "max_missed": 0.01, "bound": 0.01}],
}  # fmt: skip


@pytest.fixture
def studies(context: Context) -> list[str]:
    """Twenty studies of as many patients, in the worklist."""
    names = [f"S{n:02}" for n in range(20)]
    with context.get(Store).write() as db:
        for name in names:
            db.execute(insert(Patient).values(id=f"P{name}"))
            db.execute(
                insert(Study).values(
                    id=name, patient_id=f"P{name}", age=50.0, date_shifted=False, source="t", description=""
                )
            )
            db.execute(
                insert(WorkItem).values(
                    study_id=name, arrived=now("millisecond"), updated=now("millisecond"), priority=0, status="new"
                )
            )
    return names


@pytest.fixture
def calibrated(context: Context) -> Callable[..., Calibration]:
    """``calibrated(threshold=0.3, vectors=...)`` keeps a calibration of the site ``local`` by the settings' model."""

    def make(
        threshold: float = 0.3, model: str = "compact@2026.11.2", limit: float | None = 0.5,
        policy: Policy | None = None, known: dict[str, np.ndarray[Any, Any]] | None = None,
    ) -> Calibration:  # fmt: skip
        values = {
            "site": "local", "created": now("millisecond"), "created_by": "local", "model": model,
            "data_sha256": "0" * 64,
            "max_missed": 0.01, "confidence": 0.95, "threshold": threshold, "distance_limit": limit,
            "policy": (policy or Policy()).model_dump(mode="json"), "report": REPORT,
        }  # fmt: skip
        rows = [
            {"study_id": name, "score": 0.5, "abnormal": True, "critical": None, "vector": packed(vector)}
            for name, vector in (known or {}).items()
        ]
        with context.get(Store).note() as db:
            number, _ = keep(db, values, rows)
        return calibration(context, number)

    return make
