"""Evidently's data-drift preset over streams that ``monitoring.py`` wrote; run by a Python that has Evidently 0.7.

``python monitoring_evidently.py FOLDER WINDOW STEP`` reads ``N.reference.csv`` and ``N.stream.csv`` and prints a line
of JSON: for each stream and window its end, whether any column drifted, and whether half of the columns did (the
preset's own verdict on the data set).
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import evidently
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def drift(reference: pd.DataFrame, window: pd.DataFrame, end: int) -> dict[str, Any]:
    """The preset's verdict on one window, without columns that are empty on a side: it cannot take those."""
    there = [
        name for name in reference if name in window and reference[name].notna().any() and window[name].notna().any()
    ]
    numbers = [name for name in there if pd.api.types.is_numeric_dtype(reference[name])]
    words = [name for name in there if name not in numbers]
    parts = [frame[there].copy() for frame in (window, reference)]
    for frame in parts:
        frame[words] = frame[words].astype(str)
    shape = DataDefinition(numerical_columns=numbers, categorical_columns=words)
    report = Report([DataDriftPreset()]).run(*(Dataset.from_pandas(frame, shape) for frame in parts))
    first = report.dict()["metrics"][0]["value"]
    return {"end": end, "any_column": first["count"] > 0, "half_of_columns": first["share"] >= 0.5}


def main() -> None:
    folder, size, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    warnings.filterwarnings("ignore")
    streams = []
    for number in range(len(list(folder.glob("*.reference.csv")))):
        reference, stream = (pd.read_csv(folder / f"{number}.{part}.csv") for part in ("reference", "stream"))
        windows = range(size, len(stream) + 1, step)
        streams.append([drift(reference, stream.iloc[end - size : end], end) for end in windows])
    sys.stdout.write(json.dumps({"version": evidently.__version__, "streams": streams}, default=bool) + "\n")


if __name__ == "__main__":
    main()
