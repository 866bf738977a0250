"""The steps as an Airflow run: the real `dags test` over real films. Slow, in an environment of Airflow's own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.models.deployed import deploy, history
from prosvet.training.pipeline.api import RetrainRequest, run

from .plans import forgetful

DAG = Path(__file__).resolve().parents[3] / "deploy" / "airflow" / "prosvet_retrain.py"
AIRFLOW = Path(os.environ.get("AIRFLOW_VENV", ".airflow"))


def test_the_dag_file_holds_nothing_but_calls_of_our_verbs() -> None:
    tree = ast.parse(DAG.read_text(encoding="utf-8"))
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.With, ast.Assign)
    assert all(isinstance(node, allowed) for node in statements)
    commands = [
        keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "bash_command" and isinstance(keyword.value, ast.Constant)
    ]
    assert [command.split()[:3] for command in commands] == [
        ["prosvet", "retrain", step] for step in ("freeze", "train", "evaluate", "card", "promote")
    ]


@pytest.fixture
def airflow(tmp_path: Path, own_home: Path) -> dict[str, str]:
    """The environment of an Airflow of its own: its database, our folder of DAGs, our program on the path."""
    if not (AIRFLOW / "bin" / "airflow").is_file():
        pytest.skip("Airflow is not installed: make airflow-test")
    made = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__CORE__DAGS_FOLDER": str(DAG.parent),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PROSVET_HOME": str(own_home), "PROSVET_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    subprocess.run([AIRFLOW / "bin" / "airflow", "db", "migrate"], env=made, check=True, capture_output=True)
    return made


def dag_run(environment: dict[str, str], **params: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AIRFLOW / "bin" / "airflow", "dags", "test", "prosvet_retrain", "--conf", json.dumps(params)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_airflow_takes_every_step_and_promotes(airflow: dict[str, str], films: Path, own_home: Path) -> None:
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        forgetful("spoilt", "consolidation", context)
        deploy(context.settings, model="spoilt", by="Orlova", why="to be bettered")
        given = {"name": "monthly", "freeze": f"--no-archive --data {films}", "by": "Orlova", "why": "finds more"}
        done = dag_run(airflow, **given)
        assert "state=success" in done.stdout + done.stderr, (done.stdout + done.stderr)[-4000:]
        assert [one.model for one in history(context.settings)] == ["spoilt", "monthly"]
        view = run(RetrainRequest(action="show", name="monthly"), context).runs[0]
        assert [step.state for step in view.steps] == ["done"] * 5
        # The same again finds everything done; a promotion without a name fails in its task, and nothing changes.
        again = dag_run(airflow, **given | {"by": ""})
        assert "state=failed" in again.stdout + again.stderr
        assert len(history(context.settings)) == 2
