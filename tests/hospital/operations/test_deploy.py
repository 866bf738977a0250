"""The shipped units, container file and compose file say what they must, and name what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from prosvet.app.cli.verbs import VERBS

ROOT = Path(__file__).resolve().parents[3]
UNITS = ROOT / "deploy" / "systemd"
CONTAINER = ROOT / "deploy" / "container"
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "UMask": "0077", "SystemCallFilter": "@system-service",
}  # fmt: skip


def options(unit: Path) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in unit.read_text().splitlines() if re.match(r"^[A-Z]\w*=", line))
    return {name: value for name, value in pairs}


@pytest.mark.parametrize("name", ["prosvet", "prosvet-node", "prosvet-backup"])
def test_a_unit_has_no_privileges(name: str) -> None:
    said = options(UNITS / f"{name}.service")
    assert {key: said.get(key) for key in HARDENED} == HARDENED
    assert said["User"] == "prosvet"
    if name != "prosvet-backup":
        assert said["Type"] == "notify"
        assert {"MemoryMax", "Restart", "WatchdogSec", "TimeoutStopSec"} <= set(said)


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda one: one.name)
def test_a_unit_calls_verbs_that_are_there(unit: Path) -> None:
    calls = re.findall(r"^ExecStart=/opt/prosvet/bin/prosvet (.+)$", unit.read_text(), re.MULTILINE)
    assert calls
    for call in calls:
        words = [word for word in call.split() if not word.startswith(("-", "/"))]
        assert any(".".join(words[:count]) in VERBS for count in (1, 2)), call


@pytest.mark.parametrize("unit", sorted([*UNITS.glob("*.service"), *UNITS.glob("*.timer")]), ids=lambda one: one.name)
def test_systemd_understands_a_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for other in UNITS.iterdir():  # a program that is there, else only its absence is told
        (tmp_path / other.name).write_text(other.read_text().replace("/opt/prosvet/bin/prosvet", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)], capture_output=True, text=True, timeout=60
    )
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []
    assert done.returncode == 0, done.stderr


def test_what_the_container_file_copies_is_there() -> None:
    words = (CONTAINER / "Containerfile").read_text().replace("\\\n", " ")
    copied = [line.split()[1:-1] for line in words.splitlines() if line.startswith("COPY ") and "--from" not in line]
    assert copied
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
    stages = words.split("FROM ")[1:]
    assert "USER 10001" in stages[-1]
    assert "HEALTHCHECK" in stages[-1]
    assert not re.search(r"\b(curl|wget)\b", words)
    assert '"127.0.0.1"' in stages[-1].splitlines()[-1]
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert "\nhospital = [" in pyproject
    assert 'readme = "README.md"' in pyproject
    assert 'license-files = ["LICENSE"]' in pyproject


def test_a_container_can_write_to_its_volume_alone() -> None:
    words = (CONTAINER / "compose.yaml").read_text()
    for said in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", 'user: "10001:10001"'):
        assert said in words
    mounted = re.findall(r"- (\.\./[^:]+):", words)
    assert mounted
    for path in mounted:
        assert (CONTAINER / path).resolve().is_file(), path
    assert "dockerfile: deploy/container/Containerfile" in words
    assert (CONTAINER / "../..").resolve() == ROOT


def test_the_container_is_built(tmp_path: Path) -> None:
    for program in ("podman", "buildah", "docker"):
        if shutil.which(program) and subprocess.run([program, "info"], capture_output=True).returncode == 0:
            break
    else:
        pytest.skip("no container builder is running")
    done = subprocess.run(
        [program, "build", "-f", str(CONTAINER / "Containerfile"), "-t", "prosvet-test", str(ROOT)],
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
