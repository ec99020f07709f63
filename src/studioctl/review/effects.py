"""The effect of each entry of a reviewed plan, in a sentence, and how much it matters to people."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, count
from studioctl.review.causes import IDLE, VOLUME, plain
from studioctl.review.entry import Weight
from studioctl.review.facts import DOMAIN, PROFILE, SPACE, Facts
from studioctl.review.nouns import listed, noun
from studioctl.terraform.plan import Action, AttributeChange, ResourceChange

# What holds people's data, and what a plan that destroys it says.
LOST = {
    SPACE: "",
    DOMAIN: "the domain would be replaced: every home directory and every volume would be lost",
    "aws_s3_bucket": "is deleted",
    "aws_ecr_repository": "is deleted with its images",
    "aws_secretsmanager_secret": "is deleted with any token in it",
    "aws_kms_key": "is deleted: what it encrypts could never be read again",
}
_DONE: Mapping[Action, str] = {
    "create": "created",
    "delete": "deleted",
    "replace": "created anew",
    "import": "adopted: AWS has it already",
    "forget": "left alone from now on",
}
NOBODY = "nobody is interrupted"
NO_STOP = "no app has to stop"  # but work may meet the change at once
LATER = f"in editors that start afterwards; {NOBODY}"
AFTERWARDS = "in editors that start afterwards"
NEXT_START = "from their next start on"
ALL_STOP = "every running app has to stop first"


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
    if _deletes_older(key, parts):
        return "lost"
    if _interrupts(key, changes, facts):
        return "interrupts"
    return "created" if all(_is_new(part) for part in parts) else "changed"


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


def _interrupts(key: Location, changes: Collection[ResourceChange], facts: Facts) -> str:
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
    PROFILE: "their running apps have to stop first",
    SPACE: "a running app in it has to stop first",
    "aws_sagemaker_studio_lifecycle_config": "editors that run have to stop first",
    "aws_sagemaker_image": "apps that run with it have to stop first",
    "aws_sagemaker_image_version": "apps that run with it have to stop first",
}
# A smaller value makes AWS delete what is older.
_KEPT: Mapping[Location, str] = {
    ("storage", "keep_old_versions_days"): "those that are older go within days",
    ("images", "keep_latest"): "those that are there now go within a day",
    ("images", "expire_untagged_days"): "those that are there now go within a day",
}


def _deletes_older(key: Location, parts: "Parts") -> bool:
    values = [(a.before, a.after) for part in parts for a in part.attributes if not a.unknown]
    numbers = [(was, now) for was, now in values if isinstance(was, int) and isinstance(now, int)]
    return key in _KEPT and any(now < was for was, now in numbers)


def effect(key: Location, parts: Parts, facts: Facts) -> str:
    """The sentence."""
    lost = _lost(parts)
    if facts.is_new:
        return _counted(parts, without=lost)
    special = _SENTENCES.get(_name(key))
    said = special(parts, facts.config) if special else _simple(key, facts.config)
    if any(part.change.type == DOMAIN and part.change.destroys for part in parts):
        said = " "  # beside that, nothing else counts
    older = _KEPT[key] if _deletes_older(key, parts) else ""
    stops = _interrupts(key, [part.change for part in parts], facts)
    told = [lost, said or _counted(parts, without=lost), older, stops]
    if weight(key, parts, facts) == "changed" and NOBODY not in said:
        told.append(NO_STOP)
    return "; ".join(words for words in told if words.strip())


def _name(key: Location) -> str:
    """A key without what is the person's in it: whose space, which tag."""
    if key[:1] in {("users",), ("groups",), ("studio",)}:
        return str(key[-1])
    return "tags" if key[:1] == ("tags",) else ".".join(map(str, key))


def _lost(parts: Parts) -> str:
    gone = [p.change for p in parts if p.change.type in LOST and p.change.destroys and not p.change.is_unfinished]
    if any(change.type == DOMAIN for change in gone):
        return LOST[DOMAIN]
    spaces = sum(change.type == SPACE for change in gone)
    said = [f"the {noun(change.type)} {LOST[change.type]}" for change in gone if change.type != SPACE]
    if spaces == 1:
        said.insert(0, "the space is deleted with its volume and the files on it")
    elif spaces:
        said.insert(0, f"{spaces} spaces are deleted with their volumes and the files on them")
    return "; ".join(dict.fromkeys(said))


def _counted(parts: Parts, *, without: str) -> str:
    """Count what is created, changed and deleted, by its nouns."""
    said = []
    for action, word in (("create", "created"), ("replace", "created anew"), ("delete", "deleted"), ("import", "")):
        types = [
            part.change.type
            for part in parts
            if part.change.action == action and not (without and part.change.type in LOST and part.change.destroys)
        ]
        if types:
            verb = "is" if len(types) == 1 else "are"
            said.append(f"{listed(types)} {verb} {word or _DONE['import']}")
    changed = [part.change.type for part in parts if part.change.action == "update"]
    if changed and not said:
        said.append(f"{listed(changed)} {'changes' if len(changed) == 1 else 'change'}")
    return "; ".join(said)


def _spaces(parts: Parts) -> int:
    return sum(part.change.type == SPACE for part in parts)


def _where(parts: Parts) -> str:
    return count(number, "space") if (number := _spaces(parts)) else "spaces that people make"


def _volume(parts: Parts, _: EnvironmentConfig) -> str:
    grown = [a for p in parts if p.change.type == SPACE for a in p.attributes if plain(a.path) == VOLUME]
    if not grown:
        return f"the size of volumes of spaces that people make; {NOBODY}"
    if any(a.after < a.before for a in grown):
        return "AWS cannot shrink a volume"
    of = "the volume of 1 space grows" if len(grown) == 1 else f"the volumes of {len(grown)} spaces grow"
    return f"{of}; {NOBODY}"


def _instance(parts: Parts, _: EnvironmentConfig) -> str:
    return f"{_where(parts)} {'has' if _spaces(parts) == 1 else 'have'} it from the next start on; {NOBODY}"


def _idle(parts: Parts, _: EnvironmentConfig) -> str:
    values = {plain(a.path): a.after for part in parts for a in part.attributes}
    minutes = values.get(IDLE, LONGEST_IDLE)
    if minutes == LONGEST_IDLE:
        return f"idle editors in {_where(parts)} run, and cost, until somebody stops them, {NEXT_START}; {NOBODY}"
    return f"editors in {_where(parts)} stop after {minutes} minutes without use, {NEXT_START}; {NOBODY}"


def _remote(parts: Parts, _: EnvironmentConfig) -> str:
    if any(part.change.action == "delete" for part in parts):
        return "no local editor can connect to a space any more"
    return f"a local editor may connect to a space; {NOBODY}"


def _closing(parts: Parts, config: EnvironmentConfig) -> str:
    """Where editors find the internet from now on."""
    if config.network.access == "public":
        said = "editors reach the internet through SageMaker's own network"
    elif config.network.internet == "none":
        said = "editors have no internet, and reach AWS through private endpoints alone"
    else:
        said = "editors reach the internet through a NAT gateway of your VPC"
    return f"{said}; {_counted([part for part in parts if part.change.type in _WORTH_COUNTING], without='')}"


def _zones(parts: Parts, _: EnvironmentConfig) -> str:
    fewer = any(part.change.destroys for part in parts)
    return _counted(parts, without="") + ("" if fewer else f"; {NOBODY}")


def _images(parts: Parts, _: EnvironmentConfig) -> str:
    if not any(part.change.type == DOMAIN for part in parts):
        return ""
    return f"people have another choice of images; {NOBODY}"


def _tags(parts: Parts, _: EnvironmentConfig) -> str:
    return f"the tags of {count(len(parts), 'resource')} change; {NOBODY}"


def _buckets(_: Parts, config: EnvironmentConfig) -> str:
    if not config.storage.extra_buckets:
        return "people may no longer use other buckets"
    return f"people may read and write, beside the data bucket: {', '.join(config.storage.extra_buckets)}; {NOBODY}"


def _token(parts: Parts, _: EnvironmentConfig) -> str:
    secrets = {part.change.action for part in parts if part.change.type == "aws_secretsmanager_secret"}
    if secrets == {"create"}:
        return f"a place for a GitHub token, empty until studioctl secret set github; it is used {AFTERWARDS}"
    return f"no GitHub token {AFTERWARDS}" if secrets == {"delete"} else ""


def _kept(parts: Parts, config: EnvironmentConfig) -> str:
    days, unused = config.storage.keep_old_versions_days, config.images.expire_untagged_days
    paths = {plain(a.path) for part in parts for a in part.attributes}
    if any(path.startswith("lifecycle_rule") for path in paths):
        return f"AWS deletes old versions in the bucket after {count(days, 'day')}"
    return f"AWS deletes images without a tag after {count(unused, 'day')}"


def _latest(_: Parts, config: EnvironmentConfig) -> str:
    kept = count(config.images.keep_latest, "image")
    return f'the newest {kept} whose tags begin with "latest" are kept, and AWS deletes older ones'


def _person(parts: Parts, _: EnvironmentConfig) -> str:
    if not any(part.change.type == PROFILE and part.change.action == "delete" for part in parts):
        return ""
    return "the user can no longer open Studio; the home directory is kept"


_WORTH_COUNTING = {"aws_nat_gateway", "aws_vpc_endpoint"}

_SENTENCES: Mapping[str, Callable[[Parts, EnvironmentConfig], str]] = {
    "users": _person,
    "volume_gb": _volume,
    "instance_type": _instance,
    "idle_timeout_minutes": _idle,
    "remote_access": _remote,
    "network.access": _closing,
    "network.internet": _closing,
    "network.availability_zones": _zones,
    "images.custom": _images,
    "images.keep_latest": _latest,
    "images.expire_untagged_days": _kept,
    "storage.keep_old_versions_days": _kept,
    "storage.extra_buckets": _buckets,
    "secrets.github": _token,
    "github": _token,
    "tags": _tags,
}
# The same, where nothing in the plan makes a difference; by the new value, where that does.
_SIMPLE: Mapping[str, str | Mapping[Any, str]] = {
    "app": "AWS cannot change what a space is for",
    "docker": {True: f"Docker works {AFTERWARDS}", False: f"Docker no longer works {AFTERWARDS}"},
    "rootless_docker": {True: f"Docker runs without root {LATER}", False: f"Docker runs as root {LATER}"},
    "hidden_apps": f"the apps that Studio's pages show change; what runs goes on; {NOBODY}",
    "session_names": {
        "user": f"CloudTrail names whoever opened Studio {LATER}",
        "fixed": f"CloudTrail no longer names who opened Studio {LATER}",
    },
    "trusted_accounts": f"the accounts with which Docker may exchange images, {LATER}",
    "max_volume_gb": f"the largest volume that people may ask for; {NOBODY}",
    "push_images": {True: "the user may push images", False: "the user may no longer push images"},
    "editor": "the set-up of editors changes; it runs at each editor's next start",
    "limits": "what people may spend, from the guard's next look on",
    "network.flow_logs": {
        True: f"all connections are logged and kept for 90 days; AWS charges for each GB; {NOBODY}",
        False: f"connections are no longer logged; {NOBODY}",
    },
    "network.public_ips": {
        True: f"what starts in the subnets gets a public address; {NOBODY}",
        False: f"what starts in the subnets gets no public address; {NOBODY}",
    },
    "iam.permissions": {
        "scoped": "people may do what this environment needs and no more, from their next request on",
        "managed": "people may do what AWS's managed policies allow, in the whole account, from their next request on",
    },
    "iam.permissions_boundary": "the limit of what any role may do, from the next request on",
    "iam.extra_statements": "what people may do in AWS, from their next request on",
    "iam.per_user_roles": {
        True: "each user gets a separate role, with a separate part of the bucket",
        False: "all users share one role, and with it all of the bucket",
    },
    "storage.versioning": {
        True: f"the bucket keeps what is overwritten or deleted; {NOBODY}",
        False: f"what is overwritten or deleted in the bucket from now on cannot be had back; {NOBODY}",
    },
    "storage.access_logs": f"the bucket in which S3 logs who used the data bucket; {NOBODY}",
    "images.immutable_tags": {
        True: f"a tag stays with the image that it was pushed with; {NOBODY}",
        False: f"a tag can move on to another image; {NOBODY}",
    },
    "images.scan_on_push": {
        True: f"ECR looks for known weaknesses in what is pushed; {NOBODY}",
        False: f"ECR no longer looks for known weaknesses in what is pushed; {NOBODY}",
    },
    "encryption.deletion_days": f"AWS waits for so long before it deletes the key; {NOBODY}",
}


def _simple(key: Location, config: EnvironmentConfig) -> str:
    said = _SIMPLE.get(_name(key), "")
    return said if isinstance(said, str) else said.get(_now(key, config), "")


def _now(key: Location, config: EnvironmentConfig) -> Any:
    """The value of a key in the file."""
    found: Any = config
    for part in key:
        found = getattr(found, str(part)) if hasattr(found, str(part)) else found[part]
    return found
