"""The pages say what the code does, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
READMES = ("README.md", "README.ru.md")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(600)  # the help of every verb in two languages: a minute of processor time
@pytest.mark.parametrize("script", ["docs", "figures", "card"])
def test_generated_pages_are_fresh(script: str) -> None:
    done = run(f"scripts/{script}.py", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if not re.match(r"https?://|mailto:", link)]
    assert not [link for link in local if not (page.parent / link).exists()]


@pytest.mark.parametrize("name", READMES)
def test_the_first_screen_is_one_sentence_two_commands_and_six_lines(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    first = page.split("\n## ")[0]
    commands = re.findall(r"^make \w+", first, re.M)
    assert commands == ["make demo", "make test"]
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{command.removeprefix('make ')}:" in targets for command in commands)


@pytest.mark.parametrize("name", READMES)
def test_commands_in_the_readmes_exist(name: str) -> None:
    from prosvet.app.cli.verbs import VERBS

    groups = {verb.split(".")[0] for verb in VERBS}
    named = set(re.findall(r"^prosvet (\w+)", (ROOT / name).read_text(encoding="utf-8"), re.M))
    assert named
    assert named <= groups


@pytest.mark.parametrize(("name", "word"), [("README.md", "Impression"), ("README.ru.md", "Заключение")])
def test_the_python_example_of_the_readme_prints_a_draft(
    name: str, word: str, pydicom_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shutil.copy(pydicom_data / "RG1_UNCR.dcm", tmp_path / "film.dcm")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)
    exec(compile(code, name, "exec"), {})
    assert word in capsys.readouterr().out


def test_every_result_file_of_a_benchmark_names_its_command_and_data() -> None:
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        assert result["command"].startswith("python benchmarks/"), path.name
        for figure in result.get("figures", []):
            assert {"metric", "value"} <= set(figure), path.name


def test_the_version_is_one() -> None:
    import tomllib

    import prosvet

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert cited is not None
    assert project["version"] == prosvet.__version__ == cited[1]


def test_what_is_pinned_satisfies_what_is_asked_for() -> None:
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in pairs}
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["train"], *extras["dev"]]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)], prereleases=True), str(
            requirement
        )
