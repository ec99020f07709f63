"""Keys whose change a plan hides: another key makes anew all that would tell of it."""

from collections.abc import Iterator
from dataclasses import replace

from studioctl.catalog.kinds import POLICY
from studioctl.config.text import Location
from studioctl.infrastructure.iam import purposes
from studioctl.review import causes, marks
from studioctl.review.facts import CONTENT, SCRIPT, Facts
from studioctl.review.marks import Part
from studioctl.terraform.plan import AttributeChange, ResourceChange

BUCKETS = "s3"
GPUS: Location = ("limits", "idle_gpu_minutes")
LAKES = purposes.KEYS[BUCKETS]


def hidden(change: ResourceChange, facts: Facts) -> Iterator[tuple[Location, Part]]:
    """The keys that are behind a change, too, beside those that its attributes tell of."""
    if (
        change.action == "delete"
        and change.type == POLICY
        and purposes.told_apart(change.label)[0] == BUCKETS
        and causes.of_existence(change, facts) == purposes.PER_USER
    ):
        yield from _buckets(change, facts)
    if change.address == SCRIPT and facts.watches_gpus_otherwise and facts.behind_scripts != GPUS:
        yield GPUS, Part(change, tuple(a for a in change.attributes if a.path == CONTENT))


def _buckets(change: ResourceChange, facts: Facts) -> Iterator[tuple[Location, Part]]:
    """Further buckets, where roles are split or merged: nobody knows the text of new policies, so the file tells it."""
    own = facts.config.bucket_in("")
    named, _ = marks.buckets([Part(change, change.attributes)])
    before = {bucket for bucket in named if bucket != own and not bucket.startswith(f"{facts.config.name}-data-")}
    after = set(facts.config.storage.extra_buckets)
    if before != after:
        told = AttributeChange("policy", _arns(before), _arns(after))
        yield LAKES, Part(replace(change, action="update", attributes=(told,)), (told,))


def _arns(buckets: set[str]) -> str:
    return ", ".join(f"arn:aws:s3:::{bucket}" for bucket in sorted(buckets))
