"""How much each entry of a reviewed plan matters to people, and whom it interrupts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.text import Location
from studioctl.review.causes import IDLE, VOLUME, plain
from studioctl.review.entry import Weight
from studioctl.review.facts import DOMAIN, PROFILE, SPACE, Facts
from studioctl.terraform.plan import AttributeChange, ResourceChange

# What holds people's data, and what a plan that destroys it says.
LOST = {
    SPACE: "",
    DOMAIN: "the domain is deleted and created anew: every home directory, every space and every volume is deleted",
    "aws_s3_bucket": "is deleted",
    "aws_ecr_repository": "is deleted with its images",
    "aws_secretsmanager_secret": "is deleted at once with any token in it, which stays valid at GitHub",
    "aws_kms_key": "is deleted: what it encrypts can never be read again",
    "aws_cloudwatch_log_group": "is deleted with the logs in it",
}
STOPS = "up needs --stop-apps, which stops it"
ALL_STOP = f"while any app runs, {STOPS}"


@dataclass(frozen=True)
class Part:
    """A resource that an entry concerns, with those of its attributes that belong to it."""

    change: ResourceChange
    attributes: tuple[AttributeChange, ...] = ()


Parts = Sequence[Part]


def weight(key: Location, parts: Parts, facts: Facts) -> Weight:
    """How much an entry matters to people."""
    changes = [part.change for part in parts]
    if any(c.type in LOST and c.destroys and not c.is_unfinished for c in changes):
        return "lost"
    if any(c.action == "replace" and not c.is_unfinished and c.type not in REMADE for c in changes):
        return "replaced"
    if deletes_older(key, parts) or leaves_with_spaces(changes, facts):
        return "lost"
    if stops(key, changes, facts):
        return "interrupts"
    if marked := _marked(key, parts, facts):
        return marked
    return "created" if all(_is_new(part) for part in parts) else "changed"


def leaves_with_spaces(changes: Collection[ResourceChange], facts: Facts) -> bool:
    """Whether a user goes while spaces do: those of the user go too."""
    leaves = any(change.type == PROFILE and change.action == "delete" for change in changes)
    return leaves and any(change.type == SPACE and change.action == "delete" for change in facts.summary.changes)


def interrupts(key: Location, parts: Parts, facts: Facts) -> bool:
    """Whether it stops apps, or takes something from them while they run."""
    return bool(stops(key, [part.change for part in parts], facts))


def _marked(key: Location, parts: Parts, facts: Facts) -> Weight | None:
    """The mark of a change that is large or cannot be taken back, although nobody notices it at once."""
    if key[:1] == ("storage",) and key[1:] == ("versioning",) and not facts.config.storage.versioning:
        return "unprotected"
    if key == ("iam", "permissions") and facts.config.iam.permissions == "managed":
        return "widens"
    values = [(plain(a.path), a.before, a.after) for part in parts for a in part.attributes if not a.unknown]
    if any(path == VOLUME and before is not None and after > before for path, before, after in values):
        return "final"
    never = any(path == IDLE and after == LONGEST_IDLE for path, _, after in values)
    return "costs" if never else None


def _is_new(part: Part) -> bool:
    """Whether it is added, or taken over as it is."""
    return part.change.action == "create" or (part.change.action == "import" and not part.attributes)


# AWS cannot change these. What people have is not in them, so they are made anew.
REMADE = {
    "aws_sagemaker_studio_lifecycle_config",
    "aws_sagemaker_image",
    "aws_sagemaker_image_version",
    "aws_sagemaker_app_image_config",
    "aws_iam_policy",
    "aws_iam_role_policy_attachment",
    "aws_route_table_association",
    "aws_ecr_lifecycle_policy",
}


def stops(key: Location, changes: Collection[ResourceChange], facts: Facts) -> str:
    """Whom it interrupts, in words; empty where nobody is. `operations/provisioning/up.py` asks who that is today."""
    if facts.is_new:
        return ""
    gone = {change.type for change in changes if change.destroys and not change.is_unfinished}
    fewer = key == ("network", "availability_zones") and "aws_subnet" in gone
    if key in {("network", "access"), ("iam", "per_user_roles")} or fewer:
        return ALL_STOP
    if key == ("network", "internet") and "aws_nat_gateway" in gone:
        return "editors that run lose the internet at once"
    return next((words for kind, words in _NEEDED_BY_APPS.items() if kind in gone), "")


_NEEDED_BY_APPS = {
    DOMAIN: ALL_STOP,
    PROFILE: f"while an app of the user runs, {STOPS}",
    SPACE: f"while an app runs in it, {STOPS}",
    "aws_sagemaker_studio_lifecycle_config": f"while an app with the old set-up script runs, {STOPS}",
    "aws_sagemaker_image": f"while an app with this image runs, {STOPS}",
    "aws_sagemaker_image_version": f"while an app with this image runs, {STOPS}",
}
# A smaller value makes AWS delete what is older.
KEPT: Mapping[Location, str] = {
    ("storage", "keep_old_versions_days"): "those that are older go within days",
    ("images", "keep_latest"): "those that are there now go within a day",
    ("images", "expire_untagged_days"): "those that are there now go within a day",
}


def deletes_older(key: Location, parts: Parts) -> bool:
    """Whether a smaller value makes AWS delete what is there."""
    values = [(a.before, a.after) for part in parts for a in part.attributes if not a.unknown]
    numbers = [(was, now) for was, now in values if isinstance(was, int) and isinstance(now, int)]
    return key in KEPT and any(now < was for was, now in numbers)
