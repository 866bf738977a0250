"""The weekly report of monitoring: one HTML file, without a script, a link to elsewhere or a study's name."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from prosvet import __version__
from prosvet.app.web.monitoring_views import alarm_words, charts, drift_rows
from prosvet.app.web.words import filters
from prosvet.core.i18n import Lang, text
from prosvet.monitoring.api import MonitorResult

__all__ = ["report_html"]

_STYLES = ("charts.css", "monitoring_report.css")


def report_html(result: MonitorResult, lang: Lang) -> str:
    """The report of a result of the action ``report``, in `lang`."""
    made = Environment(
        loader=PackageLoader("prosvet.app.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(filters(lang))
    made.globals["t"] = lambda key, **places: text(key, lang, **places)
    static = resources.files("prosvet.app.web").joinpath("static")
    style = "\n".join(static.joinpath(name).read_text(encoding="utf-8") for name in _STYLES)
    return made.get_template("monitoring_report.html").render(
        result=result, lang=lang, style=style, charts=charts(result, lang), drift=drift_rows(result, lang),
        alarms=[(alarm, alarm_words(alarm, lang)) for alarm in result.alarms], version=__version__,
    )  # fmt: skip
