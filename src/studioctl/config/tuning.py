"""The place of hyperparameter tuning studies that many workers share."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, WithJsonSchema

from studioctl.config.closed import Model
from studioctl.config.plain import list_in
from studioctl.config.text import Violation

NONE: Final = "none"
MOST_ACU = (
    256  # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
)
MOST_BACKUP_DAYS = 35  # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html


def _halves(value: float) -> float:
    if not (value * 2).is_integer():
        raise ValueError("must be a multiple of 0.5")
    return value


def _least(value: float) -> float:
    if not 0 <= value <= MOST_ACU:
        raise ValueError(f"must be from 0 to {MOST_ACU}")
    return _halves(value)


def _most(value: float) -> float:
    if not 1 <= value <= MOST_ACU:
        raise ValueError(f"must be from 1 to {MOST_ACU}")
    return _halves(value)


def _days(value: int) -> int:
    if not 1 <= value <= MOST_BACKUP_DAYS:
        raise ValueError(f"must be from 1 to {MOST_BACKUP_DAYS} days")
    return value


def _number(least: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "number", "minimum": least, "maximum": MOST_ACU, "multipleOf": 0.5})


LeastAcu: TypeAlias = Annotated[StrictFloat, AfterValidator(_least), _number(0)]
MostAcu: TypeAlias = Annotated[StrictFloat, AfterValidator(_most), _number(1)]
BackupDays: TypeAlias = Annotated[
    StrictInt, AfterValidator(_days), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_BACKUP_DAYS})
]


class Tuning(Model):
    """The database of studies that many workers share. Without one, studies are files, and each trial is a job."""

    database: Literal["none", "aurora-postgresql"] = Field(
        NONE,
        description="The database's engine, by AWS's name. aurora-postgresql: Aurora Serverless v2 in the private"
        " subnets, which pauses while nobody is connected. Needs [network] access vpc-only. down keeps its data.",
    )
    min_acu: LeastAcu = Field(
        0.0,
        description="The smallest capacity in ACU, of about 2 GB of memory each. With 0 the database pauses five"
        " minutes after the last connection, and only its storage costs money; the next connection waits about 15"
        " seconds.",
        examples=[0.5],
    )
    max_acu: MostAcu = Field(
        4.0,
        description="The largest capacity in ACU. It limits the number of connections: 823 with 4, 1,669 with 8, and"
        " at most 2,000 while min_acu is 0 or 0.5. A change needs a restart.",
        examples=[8.0],
    )
    backup_days: BackupDays = Field(7, description="Days for which AWS keeps the database's automatic backups.")

    @property
    def has_database(self) -> bool:
        """Whether there is a database."""
        return self.database != NONE


def violations(tuning: Mapping[str, Any], network: Mapping[str, Any]) -> Iterator[Violation]:
    """A database is in private subnets of two zones: nobody reaches it from an open domain's apps, which are AWS's."""
    least, most = tuning.get("min_acu"), tuning.get("max_acu")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        yield ("min_acu",), f"{least:g} is above max_acu, {most:g}; write at most {most:g}"
    if tuning.get("database") in (None, NONE):
        return
    if network.get("access") != "vpc-only":
        yield (
            ("database",),
            (
                "is in private subnets, which the apps and jobs of an open network do not reach;"
                ' write access = "vpc-only" under [network], or database = "none"'
            ),
        )
    vpc = network.get("vpc")
    subnets = list_in(vpc, "subnet_ids") if isinstance(vpc, Mapping) else None
    zones = network.get("availability_zones") if subnets is None else len(subnets)
    if zones == 1:
        key = (
            "availability_zones = 2 under [network]" if subnets is None else "a subnet in another zone under subnet_ids"
        )
        yield ("database",), f"takes subnets in two zones, and there is one; write {key}"
