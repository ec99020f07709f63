"""The effect of each entry of a reviewed plan, in a sentence, and how much it matters to people."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, count
from studioctl.review.causes import VOLUME, plain
from studioctl.review.entry import Weight
from studioctl.review.facts import DOMAIN, PROFILE, SPACE, Facts
from studioctl.review.nouns import listed, noun
from studioctl.terraform.plan import Action, AttributeChange, ResourceChange

# What holds people's data, and what a plan that destroys it says.
LOST = {
    SPACE: "",
    DOMAIN: "would be replaced: every home directory and every volume would be lost",
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
LATER = f"in editors that start afterwards; {NOBODY}"
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
    if any(c.action == "replace" and not c.is_unfinished and c.type not in _REMADE for c in changes):
        return "replaced"
    if _stops(key, changes, facts):
        return "interrupts"
    return "created" if all(_is_new(part) for part in parts) else "changed"


def _is_new(part: Part) -> bool:
    """Whether it is added, or taken over as it is."""
    return part.change.action == "create" or (part.change.action == "import" and not part.attributes)


# AWS cannot change these, and nobody notices that they are made anew.
_REMADE = {
    "aws_sagemaker_studio_lifecycle_config",
    "aws_sagemaker_image",
    "aws_sagemaker_image_version",
    "aws_sagemaker_app_image_config",
    "aws_iam_policy",
    "aws_iam_role_policy_attachment",
    "aws_route_table_association",
    "aws_ecr_lifecycle_policy",
}


def _stops(key: Location, changes: Collection[ResourceChange], facts: Facts) -> bool:
    """Whether AWS wants apps stopped for it."""
    if facts.is_new:
        return False
    if key in {("network", "access"), ("iam", "per_user_roles")}:
        return True
    fewer = key == ("network", "availability_zones") and any(c.type == "aws_subnet" and c.destroys for c in changes)
    return fewer or any(c.type == PROFILE and c.destroys for c in changes)


def effect(key: Location, parts: Parts, facts: Facts) -> str:
    """The sentence."""
    lost = _lost(parts)
    if facts.is_new:
        return _counted(parts, without=lost)
    special = _SENTENCES.get(_name(key))
    said = special(parts) if special else _simple(key, facts.config)
    return "; ".join(filter(None, (lost, said or _counted(parts, without=lost), _interrupts(key, parts, facts))))


def _name(key: Location) -> str:
    """A key without what is the person's in it: whose space, which tag."""
    if key[:1] in {("users",), ("groups",), ("studio",)}:
        return str(key[-1])
    return "tags" if key[:1] == ("tags",) else ".".join(map(str, key))


def _lost(parts: Parts) -> str:
    gone = [p.change for p in parts if p.change.type in LOST and p.change.destroys and not p.change.is_unfinished]
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


def _interrupts(key: Location, parts: Parts, facts: Facts) -> str:
    if _stops(key, [part.change for part in parts], facts):
        people = any(part.change.type == PROFILE and part.change.destroys for part in parts)
        return "their running apps have to stop first" if people else ALL_STOP
    return ""


def _spaces(parts: Parts) -> int:
    return sum(part.change.type == SPACE for part in parts)


def _volume(parts: Parts) -> str:
    grown = [a for p in parts if p.change.type == SPACE for a in p.attributes if plain(a.path) == VOLUME]
    if not grown:
        return f"the size of volumes of spaces that people make; {NOBODY}"
    if any(a.after < a.before for a in grown):
        return "AWS cannot shrink a volume"
    of = "the volume of 1 space grows" if len(grown) == 1 else f"the volumes of {len(grown)} spaces grow"
    return f"{of}; {NOBODY}"


def _instance(parts: Parts) -> str:
    number = _spaces(parts)
    whose = f"the next start of {count(number, 'space')}" if number else "the next start of spaces that people make"
    return f"it holds from {whose}; {NOBODY}"


def _idle(parts: Parts) -> str:
    where = f"in {count(number, 'space')}" if (number := _spaces(parts)) else "in spaces that people make"
    if any(a.after == LONGEST_IDLE for part in parts for a in part.attributes):
        return f"idle editors {where} run, and cost, until somebody stops them; {NOBODY}"
    return f"idle editors {where} stop after so many minutes; {NOBODY}"


def _remote(parts: Parts) -> str:
    gone = any(part.change.action == "delete" for part in parts)
    return f"a local editor may {'no longer ' if gone else ''}connect to a space" + ("" if gone else f"; {NOBODY}")


def _closing(parts: Parts) -> str:
    return _counted([part for part in parts if part.change.type in _WORTH_COUNTING], without="")


def _images(parts: Parts) -> str:
    if not any(part.change.type == DOMAIN for part in parts):
        return ""
    return f"people have another choice of images; {NOBODY}"


def _tags(parts: Parts) -> str:
    return f"the tags of {count(len(parts), 'resource')} change; {NOBODY}"


_WORTH_COUNTING = {"aws_nat_gateway", "aws_vpc_endpoint", "aws_security_group"}

_SENTENCES: Mapping[str, Callable[[Parts], str]] = {
    "volume_gb": _volume,
    "instance_type": _instance,
    "idle_timeout_minutes": _idle,
    "remote_access": _remote,
    "network.access": _closing,
    "images.custom": _images,
    "tags": _tags,
}
# The same, where nothing in the plan makes a difference; by the new value, where that does.
_SIMPLE: Mapping[str, str | Mapping[Any, str]] = {
    "docker": {True: f"Docker works {LATER}", False: f"Docker no longer works {LATER}"},
    "rootless_docker": {True: f"Docker runs without root {LATER}", False: f"Docker runs as root {LATER}"},
    "hidden_apps": f"the apps that Studio's pages show change; what runs goes on; {NOBODY}",
    "session_names": {
        "user": f"CloudTrail names whoever opened Studio {LATER}",
        "fixed": f"CloudTrail no longer names who opened Studio {LATER}",
    },
    "trusted_accounts": f"the accounts with which Docker may exchange images, {LATER}",
    "max_volume_gb": f"the largest volume that people may ask for; {NOBODY}",
    "push_images": {True: "the user may push images", False: "the user may no longer push images"},
    "editor": f"the set-up of editors changes; it runs at each editor's next start; {NOBODY}",
    "network.flow_logs": {
        True: "all connections are logged and kept for 90 days; AWS charges for each GB",
        False: "connections are no longer logged",
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
    "storage.extra_buckets": f"the other buckets that people may read and write; {NOBODY}",
    "storage.versioning": {
        True: f"the bucket keeps what is overwritten or deleted; {NOBODY}",
        False: f"what is overwritten or deleted in the bucket from now on cannot be had back; {NOBODY}",
    },
    "storage.keep_old_versions_days": "AWS deletes old versions in the bucket after so many days",
    "storage.access_logs": f"the bucket in which S3 logs who used the data bucket; {NOBODY}",
    "images.keep_latest": "so many of the latest images are kept; AWS deletes older ones",
    "images.expire_untagged_days": "AWS deletes images without a tag after so many days",
    "images.immutable_tags": {
        True: "a tag stays with the image that it was pushed with",
        False: "a tag can move on to another image",
    },
    "images.scan_on_push": {
        True: "ECR looks for known weaknesses in what is pushed",
        False: "ECR no longer looks for known weaknesses in what is pushed",
    },
    "encryption.deletion_days": f"AWS waits so many days before it deletes the key; {NOBODY}",
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
