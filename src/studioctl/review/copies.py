"""Advice to copy first what a plan would delete, in lines that name commands."""

from collections.abc import Iterator

from studioctl.catalog.kinds import BUCKET, REPOSITORY, SPACE
from studioctl.infrastructure.naming import Naming, label
from studioctl.review.facts import Facts
from studioctl.review.marks import Parts, is_lost
from studioctl.terraform.plan import ResourceChange

LOGS = "aws_cloudwatch_log_group"


def copies(parts: Parts, facts: Facts) -> Iterator[str]:
    """A line for each thing that would be lost and that can be copied."""
    for part in parts:
        if is_lost(part.change, facts) and (way := _way(part.change, facts)):
            yield f"Copy it first: {way}"


def _way(change: ResourceChange, facts: Facts) -> str:
    if change.type == SPACE:
        return f"studioctl backup s3://BUCKET --space {_called(change, facts)}"
    if change.type == BUCKET:
        was = next((str(a.before) for a in change.attributes if a.path == "bucket"), "OLD")
        return f"aws s3 sync s3://{was} s3://BUCKET   (without old versions of objects)"
    if change.type == LOGS:
        group = Naming.of(facts.config).flow_logs
        return f"aws logs filter-log-events --log-group-name {group} > logs.json" if change.label == "flow_logs" else ""
    return "docker pull every image that you need" if change.type == REPOSITORY else ""


def _called(change: ResourceChange, facts: Facts) -> str:
    """A space's name as AWS has it."""
    owners = facts.now.owners if facts.now else {}
    return next((name for name in owners if label(name) == change.label), change.label.lstrip("_"))
