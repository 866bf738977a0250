"""`prosvet site`: from labels to an adapter in force and back, as a person and as a program see it."""

from __future__ import annotations

from pathlib import Path

from outcome import Cli

from prosvet.core.context import Context
from training.site.sites import BASE, fill, table, world


def test_fit_compare_use_back(cli: Cli, context: Context, tmp_path: Path) -> None:
    cases = world(60, scale=0.5, shift=2.5)
    fill(cases, context)
    labels = table(cases, tmp_path / "may.csv")
    assert cli("site", "list", "--json").result["model"] == f"compact@{BASE.revision}"
    made = cli("site", "fit", "--labels", labels, "--name", "май", "--by", "petrova", "--json").result
    assert made["card"]["by"] == "petrova" and made["card"]["version"] == 1
    shown = cli("site", "show", "1", "--lang", "ru")
    assert shown.status == 0 and "Адаптер 1" in shown.out
    compared = cli("site", "compare", "--lang", "en")
    assert compared.status == 0 and "each judged by an adapter fitted without its patient" in compared.out
    assert cli("site", "use", "1", "--json").error["code"] == "deployment_error"  # nobody's decision
    assert cli("site", "list", "--json").result["history"] == []
    used = cli("site", "use", "1", "--by", "petrova", "--why", "лучше", "--json").result
    assert used["model"] == f"compact@{BASE.revision}+local.1" and used["rescored"] == 60
    assert cli("site", "rescore", "--json").result["films"] == 0  # all done
    told = cli("site", "list", "--lang", "ru")
    assert "petrova: лучше" in told.out and "+local.1" in told.out
    back = cli("site", "back", "--by", "petrova", "--why", "проба", "--json").result
    assert back["model"] == f"compact@{BASE.revision}" and back["rescored"] == 60
    assert [one["restores"] for one in back["history"]] == [0, None]


def test_refusals_are_spoken(cli: Cli, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("id,wisdom\n1,1\n")
    assert cli("site", "fit", "--labels", bad, "--json").error["code"] == "invalid_record"
    assert cli("site", "fit", "--json").error["code"] == "invalid_request"
    assert cli("site", "compare", "--json").error["code"] == "site_error"
    assert cli("site", "back", "--by", "petrova", "--why", "x", "--json").error["code"] == "deployment_error"
