"""CloudWatch with the one metric that AWS writes itself and studioctl reads: the capacity of a cluster of Aurora.

Source: CloudWatch API reference, "GetMetricStatistics". The sentences are AWS's own, seen in public logs.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from moto.cloudwatch import urls
from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, Statistics
from moto.rds.models import rds_backends

from studio_emulator.clock import clock
from studio_emulator.database.clusters import Cluster

NAMESPACE, CAPACITY = "AWS/RDS", "ServerlessDatabaseCapacity"
MOST = 1440
# How old data may be that has this period, in days; what is older has been added up.
KEPT = ((15, 60), (63, 300), (455, 3600))
DAY = 86400.0


class MeasuringCloudWatchBackend(CloudWatchBackend):
    """CloudWatch of one account and region."""

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def get_metric_statistics(
        self,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: list[str],
        dimensions: list[dict[str, str]],
        unit: str | None = None,
    ) -> list[Statistics]:
        """The capacity, and what moto has of all else."""
        if (namespace, metric_name) != (NAMESPACE, CAPACITY):
            return super().get_metric_statistics(
                namespace, metric_name, start_time, end_time, period, stats, dimensions, unit
            )
        start, end = _seconds(start_time), _seconds(end_time)
        _check(start, end, period)
        found = self._cluster(dimensions)
        return [] if found is None else list(_averages(found, start // period * period, end, period, stats))

    def _cluster(self, dimensions: Sequence[dict[str, str]]) -> Cluster | None:
        (wanted,) = [(each["Name"], each["Value"]) for each in dimensions] or [("", "")]
        for cluster in rds_backends[self.account_id][self.region_name].clusters.values():
            names = {("DBClusterIdentifier", cluster.db_cluster_identifier)}
            names |= {("DBInstanceIdentifier", each.db_instance_identifier) for each in cluster.members}
            if isinstance(cluster, Cluster) and wanted in names:
                return cluster
        return None


def _check(start: float, end: float, period: int) -> None:
    if start >= end:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    if period < 60 or period % 60:
        raise InvalidParameterValue("The parameter Period must be a multiple of 60.")
    if (points := int((end - start) // period)) > MOST:
        raise InvalidParameterCombination(
            f"You have requested up to {points:,} datapoints, which exceeds the limit of 1,440. You may reduce the"
            " datapoints requested by increasing Period, or decreasing the time range."
        )


def _averages(cluster: Cluster, start: float, end: float, period: int, stats: list[str]) -> Iterator[Statistics]:
    _ = cluster.status  # AWS may have ended its stop by now
    while start < end:
        samples = [acu for moment, acu in cluster.meter.samples(start, min(start + period, end))]
        if samples and _is_kept(start, period):
            told = Statistics(stats, datetime.fromtimestamp(start, UTC), "None")
            told.metric_data = [_datum(acu) for acu in samples]
            yield told
        start += period


def _is_kept(moment: float, period: int) -> bool:
    """Whether a value is kept: of old ones, only longer periods are."""
    age = (clock.time() - moment) / DAY
    least = next((seconds for days, seconds in KEPT if age < days), None)
    return least is not None and period % least == 0


def _datum(acu: float) -> Any:
    return MetricDatum(NAMESPACE, CAPACITY, acu, [], None)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
