"""`GET /metrics` for Prometheus: counts and states of the site, never a study or a patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from prosvet import __version__
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.hospital_metrics import HospitalMetrics
from prosvet.app.http.site_metrics import SiteMetrics
from prosvet.monitoring.api import MonitorRequest, MonitorResult, run
from prosvet.monitoring.variables import CAUSES

__all__ = ["router"]

router = APIRouter(tags=["monitoring"])


@router.get(
    "/metrics", summary="Metrics for Prometheus", response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text."}},
)  # fmt: skip
def metrics(context: ContextDep) -> Response:
    """How things stand now, in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Site(run(MonitorRequest(), context)))
    registry.register(HospitalMetrics(context))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Site(SiteMetrics):
    """The metrics of one site, made of one look at the database."""

    def __init__(self, result: MonitorResult) -> None:
        super().__init__(result.site)
        self._result = result

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        result, totals = self._result, self._result.totals
        info = GaugeMetricFamily("prosvet_build_info", "Version of the program.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield self.counter("studies_observed", "Studies that monitoring has seen.", totals.observed)
        yield self.counter("screen_decisions", "Studies that screening has decided on.", totals.decided)
        yield self.counter("screen_released", "Studies that screening has released as normal.", totals.released)
        yield self.counter("monitor_checks", "Checks against a reference.", totals.checks)
        yield self.gauge("monitor_waiting_studies", "Studies observed since the last check.", totals.waiting)
        yield self.gauge("monitor_reference", "1 where a reference is frozen.", float(result.reference is not None))
        yield self.gauge("screen_line_open", "1 where the line releases studies.", float(result.line.state == "open"))
        yield self.gauge("monitor_false_alarms_spent", "False alarms to be expected of a year's checks.", result.spent)
        if totals.last_check is not None:
            age = (result.at - totals.last_check).total_seconds()
            yield self.gauge("monitor_last_check_age_seconds", "Since the last check.", age)
        yield from self._days()
        yield self._gates()
        yield self._alarms()
        yield self._drift()

    def _days(self) -> Iterator[Metric]:
        last = self._result.days[-7:]
        decided, released = sum(one.decided for one in last), sum(one.released for one in last)
        if decided:
            yield self.gauge("screen_cleared_share", "Share released, of the last 7 days.", released / decided)
        hours = [one.hours_to_signature for one in last if one.hours_to_signature is not None]
        if hours:
            mean = sum(hours) / len(hours)
            yield self.gauge("hours_to_signature", "Mean hours to the signature, of the last 7 days.", mean)

    def _gates(self) -> Metric:
        about = "Studies by what the gates said."
        return self.by("gate", about, "gate", self._result.totals.gates, CounterMetricFamily)

    def _alarms(self) -> Metric:
        open_ = Counter(alarm.cause for alarm in self._result.alarms if alarm.closed is None)
        counts: dict[str, float] = {cause: open_[cause] for cause in CAUSES}
        return self.by("monitor_open_alarms", "Alarms not closed, by cause.", "cause", counts)

    def _drift(self) -> Metric:
        about = "The last check's largest effect over the smallest that may raise an alarm, by cause."
        causes = self._result.drift[-1].causes if self._result.drift else {}
        return self.by("monitor_drift_ratio", about, "cause", causes)
