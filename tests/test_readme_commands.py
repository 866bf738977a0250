"""What the README's two commands do, from a clean clone: the demo whole, and every step that `make test` names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the last commit: what is not committed is not there."""
    if not (ROOT / ".git").exists():
        pytest.fail("the tests run in a git checkout")
    folder = tmp_path_factory.mktemp("clone") / "prosvet"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def demo(clone: Path, pydicom_data: Path, openi_reports: Path) -> tuple[Path, str]:
    """The demo run in the clone: the folder that it wrote and what it printed."""
    data = pydicom_data.parent
    environment = os.environ | {"PYTHONPATH": str(clone / "src"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "scripts/demo.py", "--data", str(data.resolve()), "--out", "demo"],
        cwd=clone, env=environment, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return clone / "demo", done.stdout


@pytest.mark.timeout(1000)
def test_demo_does_the_main_job(demo: tuple[Path, str]) -> None:
    folder, printed = demo
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 5
    assert not re.search(r'(?:src|href)="(?!data:)', page), "the page must stand alone"
    assert "Заключение" in page and "не медицинское изделие" in page
    assert "отчётов: 39" in printed
    assert "негатив распознан" in printed and "поворот на 90° распознан" in printed


@pytest.mark.timeout(1000)
def test_demo_page_is_drawn_by_a_browser(demo: tuple[Path, str], tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    shot = tmp_path / "page.png"
    subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
         f"--screenshot={shot}", "--window-size=1366,2400", (demo[0] / "index.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with Image.open(shot) as picture:
        assert picture.size == (1366, 2400)
        assert len(set(picture.convert("L").resize((64, 64)).tobytes())) > 40, "the page is all but empty"


def test_every_step_of_make_test_is_in_the_clone(clone: Path) -> None:
    printed = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout
    scripts = set(re.findall(r"scripts/\w+\.py", printed))
    assert scripts and all((clone / script).is_file() for script in scripts)
    for tool in ("ruff check", "mypy", "lint-imports", "pytest"):
        assert tool in printed
    assert (clone / ".ci" / "run").read_text(encoding="utf-8").count("make test") >= 1
