"""The effect of each entry of a reviewed plan, in a sentence."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, count
from studioctl.review.causes import IDLE, VOLUME, plain
from studioctl.review.facts import DOMAIN, PROFILE, SPACE, Facts
from studioctl.review.marks import KEPT, LOST, Parts, deletes_older, leaves_with_spaces, stops, weight
from studioctl.review.nouns import joined, listed, noun
from studioctl.terraform.plan import Action

_DONE: Mapping[Action, str] = {
    "create": "created",
    "delete": "deleted",
    "replace": "created anew",
    "import": "adopted: AWS has it already",
    "forget": "left alone from now on",
}
NOBODY = "nobody is interrupted"
GUARD = "at which it may stop apps"
NO_STOP = "apps run on"  # but work may meet the change at once
LATER = f"in editors that start afterwards; {NOBODY}"
AFTERWARDS = "in editors that start afterwards"
NEXT_START = "from their next start on"
# What `up` refuses to delete, unless it is empty or the user said so, and what it always refuses.
ASKED_FOR = {SPACE, "aws_s3_bucket", "aws_ecr_repository", "aws_secretsmanager_secret"}
REFUSED = {"aws_kms_key"}
DELETES = "up needs --delete-data"


def effect(key: Location, parts: Parts, facts: Facts) -> str:
    """The sentence."""
    lost = _lost(parts, facts)
    if facts.is_new:
        return _counted(parts, without=lost)
    special = _SENTENCES.get(_name(key))
    said = special(parts, facts) if special else _simple(key, facts.config)
    if any(part.change.type == DOMAIN and part.change.destroys and not part.change.is_unfinished for part in parts):
        return lost  # beside that, nothing else counts
    older = KEPT[key] if deletes_older(key, parts) else ""
    interrupted = stops(key, [part.change for part in parts], facts)
    told = [lost, said or _counted(parts, without=lost), older, interrupted]
    how = weight(key, parts, facts)
    if how == "created" and (key[:1] == ("users",) or key[:2] == ("images", "custom")):
        told.append(NOBODY)
    elif how in {"changed", "widens"} and not any(words in said for words in (NOBODY, GUARD)):
        told.append(NO_STOP)
    return "; ".join(words for words in told if words.strip())


def _name(key: Location) -> str:
    """A key without what is the person's in it: whose space, which tag."""
    if key[:1] in {("users",), ("groups",), ("studio",)}:
        return str(key[-1])
    return "tags" if key[:1] == ("tags",) else ".".join(map(str, key))


def _lost(parts: Parts, facts: Facts) -> str:
    gone = [p.change for p in parts if p.change.type in LOST and p.change.destroys and not p.change.is_unfinished]
    if any(change.type == DOMAIN for change in gone):
        return f"{LOST[DOMAIN]}; {_kept_beside(facts)}up refuses this, even with --delete-data and --stop-apps"
    spaces = sum(change.type == SPACE for change in gone)
    said = [f"the {noun(change.type)} {LOST[change.type]}" for change in gone if change.type != SPACE]
    if spaces == 1:
        said.insert(0, "the space, its volume and all files on it are deleted")
    elif spaces:
        said.insert(0, f"{spaces} spaces, their volumes and all files on them are deleted")
    if any(change.type in REFUSED for change in gone):
        said.append("up refuses this")
    elif asked := sum(change.type in ASKED_FOR for change in gone):
        said.append(f"{DELETES}, unless {'it is' if asked == 1 else 'they are'} empty")
    return "; ".join(dict.fromkeys(said))


def _kept_beside(facts: Facts) -> str:
    """The things that outlive the domain, in words."""
    gone = {change.type for change in facts.summary.changes if change.destroys}
    kept = ["the data bucket"] if "aws_s3_bucket" not in gone else []
    kept += ["the images"] if "aws_ecr_repository" not in gone else []
    has_secret = facts.config.secrets.github is not None and "aws_secretsmanager_secret" not in gone
    kept += ["the GitHub token's secret"] if has_secret else []
    return f"{joined(kept)} {'is' if kept == ['the data bucket'] else 'are'} kept; " if kept else ""


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


def _volume(parts: Parts, _: Facts) -> str:
    grown = [a for p in parts if p.change.type == SPACE for a in p.attributes if plain(a.path) == VOLUME]
    if not grown:
        return f"the size of volumes of spaces that people make; {NOBODY}"
    if any(a.after < a.before for a in grown):
        return "AWS cannot shrink a volume"
    spaces = [p.change.label.lstrip("_") for p in parts if p.change.type == SPACE]
    of = f"the volume of {spaces[0]} grows" if len(grown) == 1 else f"the volumes of {len(grown)} spaces grow"
    return f"{of}, and AWS never shrinks a volume; {NOBODY}"


def _instance(parts: Parts, _: Facts) -> str:
    return f"{_where(parts)} {'has' if _spaces(parts) == 1 else 'have'} it from the next start on; {NOBODY}"


def _idle(parts: Parts, _: Facts) -> str:
    values = {plain(a.path): a.after for part in parts for a in part.attributes}
    minutes = values.get(IDLE, LONGEST_IDLE)
    if minutes == LONGEST_IDLE:
        return f"idle editors in {_where(parts)} run, and cost, until somebody stops them, {NEXT_START}; {NOBODY}"
    return f"editors in {_where(parts)} stop after {minutes} minutes without use, {NEXT_START}; {NOBODY}"


def _remote(parts: Parts, _: Facts) -> str:
    if any(part.change.action == "delete" for part in parts):
        return "no local editor can connect to a space any more"
    return f"a local editor may connect to a space; {NOBODY}"


def _closing(parts: Parts, facts: Facts) -> str:
    """Where editors find the internet from now on."""
    config = facts.config
    internet = f'with network.internet "{config.network.internet}", ' if facts.opens_or_closes else ""
    if config.network.access == "public":
        said = "editors reach the internet through SageMaker's own network"
    elif config.network.internet == "none":
        said = f"{internet}editors have no internet, and reach AWS through private endpoints alone"
    else:
        said = f"{internet}editors reach the internet through a NAT gateway in the VPC"
    counted = _counted([part for part in parts if part.change.type in _WORTH_COUNTING], without="")
    gateway = any(part.change.address == "aws_vpc_endpoint.s3" and part.change.action == "create" for part in parts)
    free = " (S3's is free)" if gateway else ""
    return f"{said}; {counted}{free}"


def _zones(parts: Parts, _: Facts) -> str:
    fewer = any(part.change.destroys for part in parts)
    return _counted(parts, without="") + ("" if fewer else f"; {NOBODY}")


def _images(parts: Parts, _: Facts) -> str:
    if not any(part.change.type == DOMAIN for part in parts):
        return ""
    return f"people have another choice of images; {NOBODY}"


def _tags(parts: Parts, _: Facts) -> str:
    return f"the tags of {count(len(parts), 'resource')} change; {NOBODY}"


def _buckets(parts: Parts, facts: Facts) -> str:
    now = set(facts.config.storage.extra_buckets)
    texts = [(str(a.before), str(a.after)) for part in parts for a in part.attributes if not a.unknown]
    before, after = ({name for pair in texts for name in _BUCKET.findall(pair[side])} for side in (0, 1))
    signed = [f"+ {name}" for name in sorted((after - before) & now)]
    signed += [f"- {name}" for name in sorted(before - after)]
    told = signed or facts.config.storage.extra_buckets or ["none"]
    said = f"buckets that people may read and write, beside the data bucket: {', '.join(told)}"
    return said if before - after or not now else f"{said}; {NOBODY}"


def _token(parts: Parts, _: Facts) -> str:
    secrets = {part.change.action for part in parts if part.change.type == "aws_secretsmanager_secret"}
    if secrets == {"create"}:
        return f"added: a secret, without a token until studioctl secret set github; it is used {AFTERWARDS}"
    return f"removed: no GitHub token {AFTERWARDS}" if secrets == {"delete"} else ""


def _kept(parts: Parts, facts: Facts) -> str:
    config, longer = facts.config, _no_more(parts)
    days, unused = config.storage.keep_old_versions_days, config.images.expire_untagged_days
    paths = {plain(a.path) for part in parts for a in part.attributes}
    if any(path.startswith("lifecycle_rule") for path in paths):
        return f"AWS deletes old versions in the bucket after {count(days, 'day')}{longer}"
    return f"AWS deletes images without a tag after {count(unused, 'day')}{longer}"


def _latest(parts: Parts, facts: Facts) -> str:
    kept = count(facts.config.images.keep_latest, "image")
    return f'the newest {kept} whose tags begin with "latest" are kept, and AWS deletes older ones{_no_more(parts)}'


def _no_more(parts: Parts) -> str:
    """A remark on a rule that keeps things for longer; empty for another."""
    numbers = [(a.before, a.after) for p in parts for a in p.attributes if isinstance(a.before, int) and not a.unknown]
    longer = bool(numbers) and all(isinstance(now, int) and now > was for was, now in numbers)
    return f"; nothing more is deleted than before; {NOBODY}" if longer else ""


def _person(parts: Parts, facts: Facts) -> str:
    if not any(part.change.type == PROFILE and part.change.action == "delete" for part in parts):
        return ""
    files = (
        "all files in the user's spaces are deleted; " if leaves_with_spaces([p.change for p in parts], facts) else ""
    )
    kept = "only the home directory on EFS (~/user-default-efs) is kept, and paid for by the GB"
    return f"the user can no longer open Studio; {files}{kept}"


_WORTH_COUNTING = {"aws_nat_gateway", "aws_vpc_endpoint"}
_BUCKET = re.compile(r":s3:::([a-z0-9][a-z0-9.-]+)")

_SENTENCES: Mapping[str, Callable[[Parts, Facts], str]] = {
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
    "limits": f"what people may spend, from the guard's next look on, {GUARD}",
    "network.flow_logs": {
        True: f"all connections are logged and kept for 90 days, paid for by the GB; {NOBODY}",
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
        True: (
            "each user gets a separate role; a user reaches only users/<user>/ and shared/ in the data bucket, and no"
            " other file there any more"
        ),
        False: "all users share one role, and with it all of the bucket",
    },
    "storage.versioning": {
        True: f"the bucket keeps what is overwritten or deleted; {NOBODY}",
        False: f"what is overwritten or deleted in the bucket from now on cannot be restored; {NOBODY}",
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
