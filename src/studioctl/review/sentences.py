"""The effect of each key of the file on people, in sentences."""

from collections.abc import Callable, Mapping

from studioctl.catalog.images import supported_until
from studioctl.catalog.kinds import (
    DATABASE,
    DOMAIN,
    ENDPOINT,
    FUNCTION,
    NAT_GATEWAY,
    PROFILE,
    SECRET,
    SPACE,
    SUBNET,
)
from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.text import Location, count
from studioctl.review import set_up
from studioctl.review.causes import IDLE, IMAGE, VOLUME, plain
from studioctl.review.data_sentences import everybody, roles, said_of_buckets, versioning
from studioctl.review.facts import Facts
from studioctl.review.fixed_sentences import GUARD, NEXT_REQUEST, NOBODY, fixed
from studioctl.review.marks import Parts, has_internet, leaves_with_spaces, loses_docker_hub
from studioctl.review.met import named
from studioctl.review.nouns import joined, listed
from studioctl.terraform.plan import Action

_DONE: Mapping[Action, str] = {
    "create": "created",
    "delete": "deleted",
    "replace": "created anew",
    "import": "adopted: AWS has it already",
    "forget": "left alone from now on",
}


def said(key: Location, parts: Parts, facts: Facts) -> str:
    """The sentences of a key; empty where none were written for it."""
    if key[:1] == ("users",) and len(key) == 2:
        return _newcomer(parts)
    if key[:2] == ("images", "custom") and len(key) > 2 and all(part.change.action == "create" for part in parts):
        return "The image, a version of it and its settings are created."
    if key[:1] == ("limits",) and key[-1] in _STARTED:
        return _may_start(str(key[-1]), facts)
    special = _SENTENCES.get(_name(key))
    if special:
        return special(parts, facts)
    if key[-1] == "editor":
        return _editor(key, parts, facts)
    return fixed(_name(key), key, facts.config)


def _name(key: Location) -> str:
    """A key without what is the person's in it: whose space, which tag."""
    if key[:1] in {("users",), ("groups",), ("studio",)}:
        return str(key[-1])
    return "tags" if key[:1] == ("tags",) else ".".join(map(str, key))


def sentence(words: str) -> str:
    """Words that begin with no name, as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def counted(parts: Parts) -> str:
    """Count what is created, changed and deleted, by its nouns."""
    told = []
    for action in ("create", "replace", "delete", "import", "forget"):
        types = [part.change.type for part in parts if part.change.action == action]
        if types:
            told.append(sentence(f"{listed(types)} {'is' if len(types) == 1 else 'are'} {_DONE[action]}"))
    changed = [part.change.type for part in parts if part.change.action == "update"]
    if changed and not told:
        told.append(sentence(f"{listed(changed)} {'changes' if len(changed) == 1 else 'change'}"))
    return " ".join(told)


def _spaces(parts: Parts) -> int:
    return sum(part.change.type == SPACE for part in parts)


def _where(parts: Parts) -> str:
    return count(number, "space") if (number := _spaces(parts)) else "spaces that people make"


def _volume(parts: Parts, facts: Facts) -> str:
    # "Update requires: No interruption":
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-sagemaker-space-ebsstoragesettings.html
    grown = [a for p in parts if p.change.type == SPACE for a in p.attributes if plain(a.path) == VOLUME]
    if not grown:
        return f"It is the size of the volumes of spaces that people make from now on. {NOBODY}"
    if any(a.after < a.before for a in grown):
        return "AWS cannot shrink a volume."
    spaces = [p.change.label for p in parts if p.change.type == SPACE]
    new = [space.lstrip("_") for space in spaces if facts.is_unstarted(space)]
    there = [space.lstrip("_") for space in spaces if not facts.is_unstarted(space)]
    told = []
    if there:
        of, grow, its = (
            ("The volume of", "grows", "its app runs") if len(there) == 1 else ("The volumes of", "grow", "apps run")
        )
        told.append(
            f"{of} {named(there)} {grow} now, with all files, while {its} on, and can never shrink again. AWS accepts"
            " the next change of the size only after 6 hours."
        )
    if new:
        have, their = ("has", "gets one of {} at its") if len(new) == 1 else ("have", "get one of {} each at their")
        told.append(f"{named(new)} {have} no volume yet, and {their.format(f'{grown[0].after} GB')} first start.")
    return " ".join([*told, NOBODY])


def _instance(parts: Parts, _: Facts) -> str:
    has, its = ("has", "its") if _spaces(parts) == 1 else ("have", "their")
    kept = "A running app keeps the old one until it stops."
    where = _where(parts)
    return f"{where[:1].upper()}{where[1:]} {has} it from {its} next start. {kept} {NOBODY}"


def _idle(parts: Parts, _: Facts) -> str:
    values = {plain(a.path): a.after for part in parts for a in part.attributes}
    minutes = values.get(IDLE, LONGEST_IDLE)
    where = f"From the next start, in {_where(parts)},"
    kept = "Running apps keep what they started with."
    if minutes == LONGEST_IDLE:
        return f"{where} an idle editor keeps running, and costing, until somebody stops it. {kept} {NOBODY}"
    return f"{where} an editor stops after {minutes} minutes without use. {kept} {NOBODY}"


def _remote(parts: Parts, facts: Facts) -> str:
    if any(part.change.action == "delete" for part in parts):
        return (
            "Local editors can no longer connect to spaces. Open connections continue until they end. Editors in the"
            " browser keep working."
        )
    return (
        f"{everybody(facts)} may connect a local editor to their own spaces, each from its app's next start on."
        f" {NOBODY}"
    )


def _closing(parts: Parts, facts: Facts) -> str:
    """A sentence on the way in which editors reach the internet from now on."""
    config = facts.config
    told = []
    if config.network.access == "public":
        told.append("Editors reach the internet through SageMaker's own network.")
    elif has_internet(config):
        told.append('With network.internet "nat", editors reach the internet through a NAT gateway in the VPC.')
    else:
        told.append(
            'With network.internet "none", editors have no internet: anything from public hosts (pip, conda, git'
            " clone, extensions, downloads) fails. They reach S3, ECR, SageMaker and the other services of"
            " the environment through private endpoints."
        )
    if loses_docker_hub(facts):
        keeps = " To keep Docker Hub, set studio.rootless_docker to true." if has_internet(config) else ""
        told.append(f"Docker then reaches only ECR, and no longer Docker Hub.{keeps}")
    if any(part.change.type == "aws_eip" and part.change.destroys for part in parts):
        told.append(
            "The NAT gateway's public address is released for good: whoever allowed it elsewhere has to allow another."
        )
    gateway = any(part.change.address == "aws_vpc_endpoint.s3" and part.change.action == "create" for part in parts)
    count_of = counted([part for part in parts if part.change.type in _WORTH_COUNTING])
    told.append(count_of.replace("created.", "created (the one for S3 is free).") if gateway else count_of)
    return " ".join(filter(None, told))


def _zones(parts: Parts, facts: Facts) -> str:
    subnets = [part.change for part in parts if part.change.type == SUBNET]
    if not subnets:  # what hangs on them comes or goes alone
        return f"{counted(parts)} {NOBODY}"
    number = "one more zone" if len(subnets) == 1 else f"{len(subnets)} more zones"
    if not any(change.destroys for change in subnets):
        return f"Apps can start in {number} if AWS has no free instance in the others. {NOBODY}"
    zones = sorted(zone for change in subnets if facts.now and (zone := facts.now.zones.get(change.address)))
    gone = f"The subnet in {joined(zones)}" if len(zones) == 1 else f"The subnets in {joined(zones)}"
    if len(zones) < len(subnets):
        gone = "A subnet" if len(subnets) == 1 else f"{len(subnets)} subnets"
    done = "is deleted" if len(subnets) == 1 else "are deleted"
    left = facts.config.network.availability_zones
    rest = "the remaining zone" if left == 1 else f"the remaining {left} zones"
    return f"{gone} {done}. From now on, apps start only in {rest}."


def _database(parts: Parts, _: Facts) -> str:
    """A database that goes leaves a snapshot."""
    gone = any(part.change.type == DATABASE and part.change.action == "delete" for part in parts)
    if gone:
        return f"{counted(parts)} The studies stay in a snapshot, which is paid for by the GB."
    return f"{counted(parts)} {NOBODY}"


def _images(parts: Parts, _: Facts) -> str:
    if not any(part.change.type == DOMAIN for part in parts):
        return ""
    return f"Users can choose from the images that the file now lists. Nobody has to. {NOBODY}"


def _tags(parts: Parts, _: Facts) -> str:
    return f"The tags of {count(len(parts), 'resource')} change. {NOBODY}"


def _token(parts: Parts, facts: Facts) -> str:
    secrets = [part.change for part in parts if part.change.type == SECRET]
    if any(change.action == "create" for change in secrets):
        owner = secrets[0].label.partition("_")[2]
        number = facts.users.get(owner)
        user = facts.config.users[number].name if number is not None else ""
        flag, whose = (f" --user {user}", f"of {user}") if user else ("", "of all users")
        return (
            f"An empty secret is created. Store the token: studioctl secret set github{flag}. Editors {whose} use it"
            " from their next start after that."
        )
    return "Editors that start afterwards have no GitHub token." if secrets else ""


def _kept(parts: Parts, facts: Facts) -> str:
    config, longer = facts.config, _no_more(parts)
    days, unused = config.storage.keep_old_versions_days, config.images.expire_untagged_days
    paths = {plain(a.path) for part in parts for a in part.attributes}
    if any(path.startswith("lifecycle_rule") for path in paths):
        return f"AWS deletes old versions in the bucket after {count(days, 'day')}.{longer}"
    return f"AWS deletes images without a tag after {count(unused, 'day')}.{longer}"


def _latest(parts: Parts, facts: Facts) -> str:
    kept = f'{count(facts.config.images.keep_latest, "image")} whose tags begin with "latest"'
    if longer := _no_more(parts):
        return f"Up to {kept} are kept.{longer}"
    return f"The newest {kept} are kept, and AWS deletes older ones."


def _no_more(parts: Parts) -> str:
    """A remark on a rule that keeps things for longer; empty for another."""
    numbers = [(a.before, a.after) for p in parts for a in p.attributes if isinstance(a.before, int) and not a.unknown]
    longer = bool(numbers) and all(isinstance(now, int) and now > was for was, now in numbers)
    return f" Nothing is deleted now. {NOBODY}" if longer else ""


def _image(parts: Parts, _: Facts) -> str:
    """The version's end of support; nothing of it where the file goes back to what AWS has."""
    versions = [a.after for p in parts for a in p.attributes if plain(a.path) == IMAGE and isinstance(a.after, str)]
    if not versions:
        return f"From their next start, editors use the image that AWS takes by default. {NOBODY}"
    end = supported_until(versions[0])
    until = f" Its last day of support is {end}." if end else ""
    image = f"SageMaker Distribution {versions[0]}, whatever version they have now"
    return f"From their next start, editors use {image}.{until} {NOBODY}"


def _person(parts: Parts, facts: Facts) -> str:
    if not any(part.change.type == PROFILE and part.change.action == "delete" for part in parts):
        return ""
    leaves = leaves_with_spaces([p.change for p in parts], facts)
    files = " The user's spaces are deleted, with the files in them: see each of them." if leaves else ""
    kept = (
        "The home directory on EFS (~/user-default-efs) is kept, and paid for by the GB."
        if facts.config.studio.home_file_system
        else "Nothing is kept on EFS."
    )
    return f"The user can no longer open Studio.{files} {kept} Objects in the data bucket stay."


def _newcomer(parts: Parts) -> str:
    """The things of a new user, with the names of the spaces."""
    new = [part.change for part in parts if part.change.action == "create"]
    spaces = [change.label.lstrip("_") for change in new if change.type == SPACE]
    if len(new) < len(parts) or not spaces:
        return ""
    others = listed(change.type for change in new if change.type != SPACE)
    called = f"the space{'s' if len(spaces) > 1 else ''} {named(spaces)}"
    both = f"{others} and {called}" if others else called
    return sentence(f"{both} {'is' if len(new) == 1 else 'are'} created")


def _editor(key: Location, parts: Parts, facts: Facts) -> str:
    """The keys that change below it, and when that is done."""
    found = set_up.changed(key, parts, facts)
    if not found:
        same = ", with the same values of the file in it" if set_up.is_known(parts) else ""
        return f"The lifecycle script is written anew{same}."
    stays = " What is installed stays." if any(change.leaves_something for change in found) else ""
    if len(found) == 1:  # the entry itself names the key
        return f"{sentence(found[0].named)}{stays} It takes effect at each editor's next start."
    told = ". ".join(change.words(facts) for change in found)
    return f"{told}.{stays} All of it takes effect at each editor's next start."


def _flow_logs(_: Parts, facts: Facts) -> str:
    network = facts.config.network
    if not network.flow_logs:
        return f"Connections in the VPC are no longer logged. {NOBODY}"
    logged = "Connections in the VPC are logged and kept for 90 days, paid for by the GB."
    if network.is_closed:
        return f"{logged} {NOBODY}"
    beside = 'While network.access is "public", the log has only connections to home directories: editors reach'
    return f"{logged} {beside} everything else without going through the VPC. {NOBODY}"


def _guard(parts: Parts, facts: Facts) -> str:
    minutes = count(facts.config.limits.check_minutes, "minute")
    actions = {part.change.action for part in parts if part.change.type == FUNCTION}
    if actions == {"create"}:
        return f"A function looks every {minutes} at what runs and what it costs, and {GUARD} at these limits."
    if actions == {"delete"}:
        return "Nobody looks any more at what runs and what it costs, and nothing is stopped for it."
    return f"The guard's next look, within {minutes}, goes by these limits: it {GUARD} at them."


def _idle_gpu(_: Parts, facts: Facts) -> str:
    minutes = facts.config.limits.idle_gpu_minutes
    if minutes is None:
        return "From their next start on, apps no longer tell whether their GPU is at work."
    return (
        "From its next start on, an app on an instance with a GPU tells whether it is at work, and is stopped after"
        f" {minutes} minutes in which it was not."
    )


def _may_start(name: str, facts: Facts) -> str:
    what = _STARTED[name]
    if getattr(facts.config.limits, name) is None:
        return f"People may start any {what}, {NEXT_REQUEST}. {NOBODY}"
    shown = "Studio shows no other"
    if name == "images":
        what, shown = "custom image", "Studio hides other versions of AWS's image, which AWS cannot deny"
    return f"People may start only these {what}s, {NEXT_REQUEST}, and {shown}. What runs goes on. {NOBODY}"


_WORTH_COUNTING = {NAT_GATEWAY, ENDPOINT}
_STARTED = {"instance_types": "instance type", "images": "image", "apps": "app"}
_SENTENCES: Mapping[str, Callable[[Parts, Facts], str]] = {
    "users": _person,
    "volume_gb": _volume,
    "image": _image,
    "instance_type": _instance,
    "idle_timeout_minutes": _idle,
    "remote_access": _remote,
    "iam.per_user_roles": roles,
    "network.access": _closing,
    "network.internet": _closing,
    "network.availability_zones": _zones,
    "network.flow_logs": _flow_logs,
    "images.custom": _images,
    "images.keep_latest": _latest,
    "images.expire_untagged_days": _kept,
    "storage.versioning": versioning,
    "storage.keep_old_versions_days": _kept,
    "storage.extra_buckets": said_of_buckets,
    "secrets.github": _token,
    "github": _token,
    "tags": _tags,
    "tuning.database": _database,
    "limits": _guard,
    "limits.idle_gpu_minutes": _idle_gpu,
}
