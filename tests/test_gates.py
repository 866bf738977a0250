"""Each gate can fail: a violation is planted in a small copy, and the gate turns red; without it, it is green."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PROSVET_"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, env=clean | environ
    )


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"gate_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------- lint and types

CLEAN = '"""A module."""\n\n\ndef twice(number: int) -> int:\n    """Double it."""\n    return 2 * number\n'


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (CLEAN, None),
        ("import os\n", "F401"),
        ("def f(x=[]):\n    return x\n", "B006"),
        ("x = 1\ny = " + "'a' + " * 30 + "'b'\n", "E501"),
        ("from typing import List\n\nx: List[int] = []\n", "UP006"),
    ],
)
def test_lint_bites(tmp_path: Path, code: str, rule: str | None) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(code, encoding="utf-8")
    done = run(BIN / "ruff", "check", "--no-cache", "--config", ROOT / "pyproject.toml", planted, cwd=tmp_path)
    assert (done.returncode != 0) == (rule is not None)
    assert rule is None or rule in done.stdout


def test_format_bites(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    command = (BIN / "ruff", "format", "--no-cache", "--check", "--config", ROOT / "pyproject.toml", planted)
    planted.write_text(CLEAN, encoding="utf-8")
    assert run(*command, cwd=tmp_path).returncode == 0
    planted.write_text("x = [1,2]\n", encoding="utf-8")
    assert run(*command, cwd=tmp_path).returncode == 1


def test_types_bite(tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text(CLEAN, encoding="utf-8")
    (tmp_path / "untyped.py").write_text("def f(x):\n    return x\n", encoding="utf-8")
    (tmp_path / "wrong.py").write_text("def f(x: int) -> str:\n    return x\n", encoding="utf-8")
    config = ("--config-file", ROOT / "pyproject.toml", "--cache-dir", os.devnull)
    done = run(BIN / "mypy", *config, "clean.py", "untyped.py", "wrong.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "clean.py" not in done.stdout
    assert "untyped.py:1: error: Function is missing a type annotation" in done.stdout
    assert "wrong.py:2: error: Incompatible return value type" in done.stdout


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize(
    ("where", "imports", "broken"),
    [
        ("app", "prosvet.core", False),
        ("core", "prosvet.app", True),
        ("language", "prosvet.imaging", True),
        ("archive", "prosvet.index", True),
    ],
)
def test_layers_bite(tmp_path: Path, where: str, imports: str, broken: bool) -> None:
    for layer in (ROOT / "src" / "prosvet").iterdir():
        if layer.is_dir() and not layer.name.startswith("__"):
            (tmp_path / "prosvet" / layer.name).mkdir(parents=True)
            (tmp_path / "prosvet" / layer.name / "__init__.py").touch()
    (tmp_path / "prosvet" / "__init__.py").touch()
    (tmp_path / "prosvet" / where / "planted.py").write_text(f"import {imports}\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = run(BIN / "lint-imports", "--no-cache", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert (done.returncode != 0) == broken, done.stdout
    assert broken == (f"prosvet.{where}.planted -> {imports}" in done.stdout)


# ---------------------------------------------------------------- skips


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small suite under the real conftest and the real list."""
    tests = tmp_path / "repo" / "tests"
    tests.mkdir(parents=True)
    for name in ("conftest.py", "allowed_skips.txt"):
        shutil.copy(ROOT / "tests" / name, tests)
    (tests / "test_small.py").write_text(
        "import os, pytest\n\n"
        "def test_runs():\n    assert True\n\n"
        "def test_skips():\n    pytest.skip(os.environ['REASON']) if os.environ['REASON'] else None\n\n"
        "def test_data(shared_data):\n    assert shared_data.is_dir()\n",
        encoding="utf-8",
    )
    return tests.parent


@pytest.mark.parametrize(
    ("reason", "shared", "ci", "workers", "passes"),
    [
        ("", True, "true", 1, True),
        ("I did not feel like it", False, "", 0, False),
        ("I did not feel like it", False, "", 1, False),
        ("shared data is absent", False, "", 0, True),
        ("shared data is absent", True, "true", 0, False),
        ("chromium is not installed", True, "true", 0, False),
    ],
)
def test_the_gate_of_skips_bites(
    suite: Path, tmp_path: Path, reason: str, shared: bool, ci: str, workers: int, passes: bool
) -> None:
    if shared:
        (tmp_path / "shared" / "data" / "cxr").mkdir(parents=True)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(workers))
    done = run(*command, cwd=suite, REASON=reason, CI=ci)
    assert (done.returncode == 0) == passes, done.stdout + done.stderr
    assert passes == ("SKIP NOT LISTED" not in done.stdout)


# ---------------------------------------------------------------- licences


def plant_package(folder: Path, name: str, *lines: str) -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    head = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0")
    (info / "METADATA").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def test_the_gate_of_licences_bites(tmp_path: Path) -> None:
    plant_package(tmp_path, "planted-root", "License-Expression: MIT", "Requires-Dist: planted-need")
    plant_package(
        tmp_path, "planted-need", "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
    )
    command = (sys.executable, ROOT / "scripts" / "check_licences.py", "planted-root")
    done = run(*command, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "NOT ALLOWED planted-need" in done.stdout
    assert "ok  planted-root" in done.stdout


def test_a_package_that_says_nothing_is_not_allowed(tmp_path: Path) -> None:
    plant_package(tmp_path, "planted-silent")
    command = (sys.executable, ROOT / "scripts" / "check_licences.py", "planted-silent")
    assert run(*command, cwd=tmp_path, PYTHONPATH=str(tmp_path)).returncode == 1


@pytest.mark.parametrize(
    ("licence", "good"),
    [("MIT", True), ("Apache-2.0 OR GPL-3.0-only", True), ("MIT AND GPL-3.0-only", False), ("LGPL-2.1", False)],
)
def test_licence_expressions_are_understood(licence: str, good: bool) -> None:
    assert script("check_licences").acceptable(licence) is good


# ---------------------------------------------------------------- figures and reference pages


def test_the_check_of_figures_bites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = script("figures")
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    figure = {"metric": "abnormal, AUROC", "value": 0.8421, "low": 0.8, "high": 0.88, "target": 0.84}
    slow = {"metric": "read, cold", "value": 1.7, "unit": "s", "n": 7, "target": 1.5}
    plain = {"metric": "mass, AUROC", "value": 0.8}
    result = {"command": "python benchmarks/x.py", "data": "test", "n": 419, "figures": [figure, slow, plain]}
    (tmp_path / "benchmarks" / "results" / "x.json").write_text(json.dumps(result), encoding="utf-8")
    for page in figures.PAGES:
        (tmp_path / page).write_text("# A\n<!-- figures -->\nold\n<!-- /figures -->\nrest\n", encoding="utf-8")
    assert figures.main("--check") == 1
    assert figures.main() == 0
    assert figures.main("--check") == 0
    words = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| abnormal, AUROC | test | 419 | 0.842 (0.800–0.880) | ≥ 0.84 ✓ | `python benchmarks/x.py` |" in words
    assert "| read, cold | test | 7 | 1.7 s | ≤ 1.5 ✗ |" in words
    assert "mass" not in words
    assert "mass" in (tmp_path / "docs" / "figures.md").read_text(encoding="utf-8")
    assert words.endswith("<!-- /figures -->\nrest\n")
