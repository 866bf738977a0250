"""Metrics of one site in Prometheus's form."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["SiteMetrics"]


class SiteMetrics(Collector):
    """Names begin with ``prosvet_``, and every metric is labelled with the site."""

    def __init__(self, site: str) -> None:
        self.site = site

    def gauge(self, name: str, about: str, value: float) -> Metric:
        """A number that goes up and down."""
        made = GaugeMetricFamily(f"prosvet_{name}", about, labels=["site"])
        made.add_metric([self.site], value)
        return made

    def counter(self, name: str, about: str, value: float) -> Metric:
        """A count that only grows."""
        made = CounterMetricFamily(f"prosvet_{name}", about, labels=["site"])
        made.add_metric([self.site], value)
        return made

    def by(
        self, name: str, about: str, label: str, values: Mapping[str, float],
        kind: type[GaugeMetricFamily] | type[CounterMetricFamily] = GaugeMetricFamily,
    ) -> Metric:  # fmt: skip
        """A number for each value of `label`, in their order."""
        made = kind(f"prosvet_{name}", about, labels=["site", label])
        for key, value in sorted(values.items()):
            made.add_metric([self.site, key], value)
        return made
