"""A month as AWS itself counts it, beside our count: Cost Explorer, for those who ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from studioctl.aws.cost_explorer import USD_PER_REQUEST, Counted, ask
from studioctl.aws.errors import DeniedError
from studioctl.errors import AwsError
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.costs.month import Month
from studioctl.operations.environment import Account

NOT_ENABLED = "User not enabled"  # what AWS says to those who have the permission all the same


@dataclass(frozen=True)
class Explored:
    """Cost Explorer's count of a month.

    Args:
        unavailable: Why there is none; "" where there is one. All that follows is empty then.
        by_tag: Whether it is what has the environment's tag, and not SageMaker in the account and region as a whole.
        until: The last day of which it knows a cost, and may not know all; "" where it knows none.
        hours_usd: US dollars of apps and training jobs.
        other_usd: US dollars of all else that SageMaker costs, such as volumes.
        ours_usd: Our count of apps and training jobs up to the end of that day, as far as prices are known.
        asked_usd: US dollars that asking cost.
        tag: The name of the environment's tag.
    """

    unavailable: str = ""
    by_tag: bool = False
    until: str = ""
    hours_usd: float = 0.0
    other_usd: float = 0.0
    ours_usd: float = 0.0
    asked_usd: float = 0.0
    tag: str = ENVIRONMENT_TAG


def explored(account: Account, month: Month) -> Explored:
    """Cost Explorer's count of a month; where there is none, the reason."""
    start = datetime.strptime(month.month, "%Y-%m").replace(tzinfo=UTC).date()
    end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    try:
        answer = ask(account.session, start, end, ENVIRONMENT_TAG)
    except DeniedError as error:
        if NOT_ENABLED in error.message:
            return Explored(
                "nobody has enabled it in this account. Open it once in the Billing console, where an organization's"
                " management account may have to allow it; a day later it answers."
            )
        return Explored("you may not ask it (ce:GetCostAndUsage).")
    except AwsError as error:
        if "DataUnavailable" in error.message:
            return Explored("it has no data of this month yet. After it is enabled, that takes a day.")
        return Explored(f"{error.message}.".replace("..", "."))
    return read(answer.counted, month, asked_usd=round(answer.requests * USD_PER_REQUEST, 2))


def read(counted: Sequence[Counted], month: Month, *, asked_usd: float) -> Explored:
    """The sums of what was counted."""
    tagged = [each for each in counted if each.tag == month.name]
    taken = tagged or counted
    until = max((each.day for each in counted if each.usd), default="")
    return Explored(
        by_tag=bool(tagged),
        until=until,
        hours_usd=round(sum(each.usd for each in taken if each.is_hours), 4),
        other_usd=round(sum(each.usd for each in taken if not each.is_hours), 4),
        ours_usd=round(sum(day.usd for day in month.days if day.day <= until), 4),
        asked_usd=asked_usd,
    )
