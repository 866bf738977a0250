"""What the DICOM node and the flow behind it say of themselves, as metrics; nothing where no node has run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from prosvet.core.context import Context
from prosvet.hospital.flow.facts import FlowFacts
from prosvet.hospital.flow.facts import facts as flow_facts
from prosvet.hospital.node.facts import NodeFacts
from prosvet.hospital.node.facts import facts as node_facts

__all__ = ["HospitalMetrics"]


class HospitalMetrics(Collector):
    """The metrics of a site's node: numbers alone, no patient, no study, no address."""

    def __init__(self, context: Context) -> None:
        self._site = context.settings.site
        self._node, self._flow = node_facts(context), flow_facts(context)

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        if self._node is not None:
            yield from self._received(self._node)
        if self._flow is not None:
            yield from self._worked(self._flow)

    def _received(self, node: NodeFacts) -> Iterator[Metric]:
        yield self._gauge("node_up", "1 where the node runs.", float(node.running))
        yield self._gauge("node_associations", "Associations open now.", node.associations_now)
        yield self._counter("node_received", "Objects received and kept, since the node began.", node.received)
        yield self._counter("node_received_bytes", "Their bytes.", node.received_bytes)
        about = "Calls and objects refused, since the node began."
        yield self._by("node_refused", about, "reason", node.refused, CounterMetricFamily)

    def _worked(self, flow: FlowFacts) -> Iterator[Metric]:
        yield self._by("flow_exams", "Exams by state.", "state", flow.exams, GaugeMetricFamily)
        yield self._by("flow_results", "Results by state.", "state", flow.results, GaugeMetricFamily)
        yield self._gauge("flow_overdue", "Exams past their deadline.", flow.overdue)
        yield self._gauge("flow_oldest_exam_seconds", "Longest wait of an exam.", flow.oldest_exam_seconds)
        yield self._gauge("flow_oldest_result_seconds", "Longest wait of a result.", flow.oldest_result_seconds)

    def _gauge(self, name: str, about: str, value: float) -> Metric:
        made = GaugeMetricFamily(f"prosvet_{name}", about, labels=["site"])
        made.add_metric([self._site], value)
        return made

    def _counter(self, name: str, about: str, value: float) -> Metric:
        made = CounterMetricFamily(f"prosvet_{name}", about, labels=["site"])
        made.add_metric([self._site], value)
        return made

    def _by(
        self, name: str, about: str, label: str, values: Mapping[str, float],
        kind: type[GaugeMetricFamily] | type[CounterMetricFamily],
    ) -> Metric:  # fmt: skip
        made = kind(f"prosvet_{name}", about, labels=["site", label])
        for key, value in sorted(values.items()):
            made.add_metric([self._site, key], value)
        return made
