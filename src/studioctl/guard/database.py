"""The database of studies: the capacity that it has used, as CloudWatch knows it, and whether it may run.

It is the environment's: its dollars count for all together, and for no user. AWS bills the metric
ServerlessDatabaseCapacity, which is 0 while the database pauses and has no value while it is stopped; the bill may
differ a little where that is so for a part of an hour, or where CloudWatch has missed something.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from studioctl.guard.limits import month_of
from studioctl.guard.stored import flag, number, numbers, table

PERIOD = 300
"""Seconds for which CloudWatch tells an average, and for which it does so 63 days later, too."""
MOST = 1440  # averages in one answer
LATE = 2 * 3600.0
"""Seconds after which an average is taken to be final."""
KNOWN = 62 * 86400.0
# As `infrastructure.naming` has them, which the guard's archive lacks.
ENVIRONMENT_TAG, WORKERS_TAG = "studioctl:environment", "studioctl:workers"
RUNS, RESTS = "available", frozenset({"stopping", "stopped"})
STOPPED = "stopped"
# There is none yet; or it is being changed, backed up or started. The next look tries again.
NOT_NOW = frozenset(
    {"DBClusterNotFoundFault", "InvalidDBClusterStateFault", "InvalidDBInstanceState", "InvalidDBInstanceStateFault"}
)


@dataclass(frozen=True)
class Meter:
    """ACU hours by month, and whether the guard lets the database rest.

    Args:
        until: Up to when `final` counts.
        final: The use that is counted for good.
        recent: The use after `until`; each look reads it anew.
        rests: Whether the guard has stopped it, or is about to: only what it has stopped itself it starts again.
    """

    until: float
    final: Mapping[str, float] = field(default_factory=dict)
    recent: Mapping[str, float] = field(default_factory=dict)
    rests: bool = False

    def hours(self, month: str) -> float:
        """ACU hours of a month."""
        return self.final.get(month, 0.0) + self.recent.get(month, 0.0)

    @property
    def months(self) -> tuple[str, ...]:
        """The months with known use."""
        return tuple(sorted({*self.final, *self.recent}))

    def since(self, month: str) -> "Meter":
        """The meter without earlier months."""
        return replace(self, final={name: hours for name, hours in self.final.items() if name >= month})

    def to_json(self) -> dict[str, Any]:
        """The meter as the ledger stores it."""
        return asdict(self)

    @classmethod
    def of(cls, told: Any) -> "Meter | None":
        """Read a meter from `to_json`. Raises UnreadableError for anything else."""
        if told is None:
            return None
        meter = table(told, "database")
        return cls(
            number(meter.get("until"), "database.until"),
            numbers(meter.get("final"), "database.final"),
            numbers(meter.get("recent"), "database.recent"),
            flag(meter.get("rests"), "database.rests"),
        )


def measured(meter: Meter | None, cloudwatch: Any, instance: str, since: float, at: float) -> Meter:
    """The meter after one more look; the same look twice gives the same."""
    meter = meter or Meter(_whole(since))
    start = max(meter.until, _whole(at - KNOWN))
    settled = max(start, _whole(at - LATE))
    final, recent = dict(meter.final), dict[str, float]()
    for moment, acu in capacity(cloudwatch, instance, start, at):
        sums = final if moment < settled else recent
        month = month_of(moment)[0]
        sums[month] = sums.get(month, 0.0) + acu * min(PERIOD, at - moment) / 3600
    return replace(meter, until=settled, final=final, recent=recent)


def capacity(cloudwatch: Any, instance: str, start: float, end: float) -> Iterator[tuple[float, float]]:
    """ACUs on the average of each five minutes, by their beginning; none where it was stopped."""
    while start < end:
        until = min(end, start + MOST * PERIOD)
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="ServerlessDatabaseCapacity",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": instance}],
            StartTime=start,
            EndTime=until,
            Period=PERIOD,
            Statistics=["Average"],
        )
        points = ((point["Timestamp"].timestamp(), point["Average"]) for point in answer["Datapoints"])
        yield from sorted((moment, acu) for moment, acu in points if start <= moment < until)
        start = until


def hours(points: Iterable[tuple[float, float]], end: float) -> float:
    """ACU hours of such averages."""
    return sum(acu * min(PERIOD, end - moment) / 3600 for moment, acu in points)


def cost(usd: float | None, meter: Meter | None, month: str) -> float:
    """US dollars of a month at a price for the ACU hour; nothing where nobody knows that."""
    return (usd or 0.0) * meter.hours(month) if meter else 0.0


def is_ours(cluster: Mapping[str, Any], environment: str) -> bool:
    """Whether it is the environment's database of studies, and not another of the same name; and has an instance."""
    tags = {tag["Key"]: tag["Value"] for tag in cluster.get("TagList", ())}
    return tags.get(ENVIRONMENT_TAG) == environment and WORKERS_TAG in tags and bool(cluster.get("DBClusterMembers"))


def turn(
    rds: Any, name: str, environment: str, meter: Meter | None, *, rests: bool, note: Callable[[bool], object]
) -> str:
    """Stops the database where it is to rest, and starts it again afterwards: what was done, "" for nothing.

    AWS starts what was stopped for seven days: then it is stopped again. What somebody else has stopped stays so.

    Args:
        rds: The client.
        name: The cluster.
        environment: The environment that it must belong to: see `is_ours`. Any other is left alone.
        meter: As the ledger has it.
        rests: Whether it is to.
        note: Writes down whether the guard has stopped it: before, so that a guard that dies in between has not
            forgotten it.

    Raises:
        ClientError: AWS refused, for a reason that does not pass.
    """
    cluster = {"DBClusterIdentifier": name}
    try:
        found = rds.describe_db_clusters(**cluster)["DBClusters"][0]
        if not is_ours(found, environment):
            return ""
        status = found["Status"]
        was_stopped_here = meter is not None and meter.rests
        if rests and status == RUNS:
            note(True)
            rds.stop_db_cluster(**cluster)
            return "stopped"
        if not rests and was_stopped_here and status == STOPPED:
            rds.start_db_cluster(**cluster)
            return "started"
        if not rests and was_stopped_here and status not in RESTS:
            note(False)
    except rds.exceptions.ClientError as error:
        if error.response.get("Error", {}).get("Code") not in NOT_NOW:
            raise
    return ""


def _whole(moment: float) -> float:
    return moment // PERIOD * PERIOD
