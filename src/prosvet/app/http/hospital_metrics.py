"""What the DICOM node and the flow behind it say of themselves, as metrics; nothing where no node has run."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from prosvet.app.http.site_metrics import SiteMetrics
from prosvet.core.context import Context
from prosvet.hospital.flow.facts import FlowFacts
from prosvet.hospital.flow.facts import facts as flow_facts
from prosvet.hospital.node.facts import NodeFacts
from prosvet.hospital.node.facts import facts as node_facts

__all__ = ["HospitalMetrics"]


class HospitalMetrics(SiteMetrics):
    """The metrics of a site's node: numbers alone, no patient, no study, no address."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.settings.site)
        self._node, self._flow = node_facts(context), flow_facts(context)

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        if self._node is not None:
            yield from self._received(self._node)
        if self._flow is not None:
            yield from self._worked(self._flow)

    def _received(self, node: NodeFacts) -> Iterator[Metric]:
        yield self.gauge("node_up", "1 where the node runs.", float(node.running))
        yield self.gauge("node_associations", "Associations open now.", node.associations_now)
        yield self.counter("node_received", "Objects received and kept, since the node began.", node.received)
        yield self.counter("node_received_bytes", "Their bytes.", node.received_bytes)
        yield self.counter("node_queries", "Queries of other systems answered, since the node began.", node.queries)
        yield self.counter("node_given", "Objects given to other systems, since the node began.", node.given)
        about = "Calls and objects refused, since the node began."
        yield self.by("node_refused", about, "reason", node.refused, CounterMetricFamily)

    def _worked(self, flow: FlowFacts) -> Iterator[Metric]:
        yield self.by("flow_exams", "Exams by state.", "state", flow.exams)
        yield self.by("flow_results", "Results by state.", "state", flow.results)
        yield self.gauge("flow_overdue", "Exams past their deadline.", flow.overdue)
        yield self.gauge("flow_oldest_exam_seconds", "Longest wait of an exam.", flow.oldest_exam_seconds)
        yield self.gauge("flow_oldest_result_seconds", "Longest wait of a result.", flow.oldest_result_seconds)
