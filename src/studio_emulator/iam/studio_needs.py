"""SageMaker's actions: resources and condition keys, and what else an action needs.

Source: Service Authorization Reference, "Amazon SageMaker"; for own spaces and apps the Developer Guide,
"studio-updated-spaces" and "remote-access-remote-setup".
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.models import sagemaker_backends

from studio_emulator.iam.patterns import Values
from studio_emulator.iam.received import Need, Received, tags_of
from studio_emulator.iam.roles import PASSED_TO
from studio_emulator.studio.models import StudioBackend

ROLES = frozenset({"RoleArn", "ExecutionRole", "ExecutionRoleArn"})
"""Members that name a role which SageMaker shall assume: it must be passed."""
KEYS_BY_MEMBER = {
    "InstanceType": "sagemaker:instancetypes",
    "LifecycleConfigArn": "sagemaker:studiolifecycleconfigarns",
    "SageMakerImageArn": "sagemaker:imagearns",
    "SageMakerImageVersionArn": "sagemaker:imageversionarns",
}
KEYS_OF_CHANNELS = {
    "FileSystemId": "sagemaker:filesystemid",
    "FileSystemAccessMode": "sagemaker:filesystemaccessmode",
    "FileSystemType": "sagemaker:filesystemtype",
    "DirectoryPath": "sagemaker:filesystemdirectorypath",
}
KEYS_OF_JOBS = {
    "sagemaker:maxruntimeinseconds": ("StoppingCondition.MaxRuntimeInSeconds",),
    "sagemaker:keepaliveperiod": ("ResourceConfig.KeepAlivePeriodInSeconds",),
    **dict.fromkeys(
        ("sagemaker:volumekmskey", "sagemaker:volumekmskeyarn"),
        ("ResourceConfig.VolumeKmsKeyId", "HyperParameterTuningResourceConfig.VolumeKmsKeyId"),
    ),
    **dict.fromkeys(("sagemaker:outputkmskey", "sagemaker:outputkmskeyarn"), ("OutputDataConfig.KmsKeyId",)),
    "sagemaker:enableremotedebug": ("RemoteDebugConfig.EnableRemoteDebug",),
    "sagemaker:vpcsubnets": ("VpcConfig.Subnets",),
    "sagemaker:vpcsecuritygroupids": ("VpcConfig.SecurityGroupIds",),
    "sagemaker:networkisolation": ("EnableNetworkIsolation",),
    "sagemaker:intercontainertrafficencryption": ("EnableInterContainerTrafficEncryption",),
}
LISTS_OF_JOBS = frozenset({"sagemaker:vpcsubnets", "sagemaker:vpcsecuritygroupids"})
# What is called by another name in ARNs than in the API.
KINDS = {"AutoMLJob": "automl-job", "AutoMLJobV2": "automl-job", "Trial": "experiment-trial"}
KINDS |= {"TrialComponent": "experiment-trial-component"}
# Their ARNs do not end in their names; asked about on "*".
OTHERWISE_NAMED = frozenset({"LineageGroup", "ModelCardExportJob", "MonitoringAlert"})
_VERB = re.compile(r"(Create|Describe|Update|Delete|Stop|Start)(\w+)")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=^AI)(?=[A-Z])")
_READING = ("Describe", "List", "Search")


def needs(received: Received) -> list[Need]:
    """The action itself on each of its resources, a role to pass, tags to put on."""
    said = received.parameters
    if received.action == "invocations":  # of sagemaker-runtime, which has nothing but a path
        name = received.path.removeprefix("/endpoints/").partition("/")[0]
        return [_need(received, "InvokeEndpoint", received.arn("sagemaker", f"endpoint/{name.lower()}"), {})]
    about = {**_said(said), **received.request_tags(), **_space(received)}
    resources = _resources(received)
    found = [_need(received, received.action or "UnknownAction", each, about) for each in resources]
    if not received.action.startswith(_READING):
        passed = {"iam:passedtoservice": PASSED_TO}
        found += [Need("iam:PassRole", role, passed) for role in sorted(set(_members(said, ROLES)))]
    if said.get("Tags") and received.action.startswith("Create"):
        tagging: dict[str, Values] = {**received.request_tags(), "sagemaker:taggingaction": received.action}
        found += [_need(received, "AddTags", each, tagging) for each in resources]
    return found


def _need(received: Received, action: str, resource: str, context: dict[str, Values]) -> Need:
    return Need(f"sagemaker:{action}", resource, context | _tags(received, resource))


def _resources(received: Received) -> list[str]:
    """ARNs; "*" for actions that AWS does not limit to resources, which is most that list."""
    said = received.parameters
    for member in ("ResourceArn", "ResourceIdentifier"):  # tags and sessions
        if named := said.get(member):
            return [str(named)]
    verb = _VERB.fullmatch(received.action)
    kind = verb[2] if verb else ""
    paths = _studio_path(received.action, kind, said) or _path(kind, said)
    if received.action in {"CreateEndpoint", "UpdateEndpoint"}:
        paths += _path("EndpointConfig", said)
    return [received.arn("sagemaker", path) for path in paths] or ["*"]


def _studio_path(action: str, kind: str, said: Mapping[str, Any]) -> list[str]:
    domain = said.get("DomainId", "*")
    if action == "CreatePresignedDomainUrl":
        return [f"user-profile/{domain}/{said.get('UserProfileName', '')}"]
    match kind:
        case "Domain":
            return [f"domain/{domain}"]
        case "UserProfile":
            return [f"user-profile/{domain}/{said.get('UserProfileName', '')}"]
        case "Space":
            return [f"space/{domain}/{said.get('SpaceName', '')}"]
        case "App":
            place = said.get("SpaceName") or said.get("UserProfileName", "")
            return [f"app/{domain}/{place}/{str(said.get('AppType', '')).lower()}/{said.get('AppName', '')}"]
        case _:
            return []


def _path(kind: str, said: Mapping[str, Any]) -> list[str]:
    """Most are called as their member says. In ARNs such names are in lower case (assumed for all kinds)."""
    name = (kind and said.get(f"{kind}Name")) or said.get("AutoMLJobName" if kind.startswith("AutoMLJob") else "")
    word = KINDS.get(kind) or "-".join(_WORD.split(kind)).lower()
    return [f"{word}/{str(name).lower()}"] if name and kind not in OTHERWISE_NAMED else []


def _said(said: Mapping[str, Any]) -> dict[str, Values]:
    """Return the request's values for instances, images, scripts and remote access, by condition key."""
    found: dict[str, Values] = {}
    for member, key in KEYS_BY_MEMBER.items():
        if values := tuple(dict.fromkeys(_members(said, {member}))):
            found[key] = values
    # A tuning job has one or more definitions of jobs. What AWS makes of several is not documented: each is assumed.
    for key, members in KEYS_OF_JOBS.items():
        if values := tuple(dict.fromkeys(each for member in members for each in _deep(said, member.split(".")))):
            found[key] = values[0] if len(values) == 1 and key not in LISTS_OF_JOBS else values
    channels = list(_under(said, lambda name, _: name == "InputDataConfig"))
    for member, key in KEYS_OF_CHANNELS.items():
        if values := tuple(dict.fromkeys(_members(channels, {member}))):
            found[key] = values
    settings = said.get("SpaceSettings")
    if isinstance(settings, dict) and settings.get("RemoteAccess"):
        found["sagemaker:remoteaccess"] = str(settings["RemoteAccess"])
    return found


def _space(received: Received) -> dict[str, Values]:
    """The owner and the sharing type of a space, of the existing space or else of the requested one.

    An app without a space has neither key. Only the actions of spaces and apps have them.
    """
    if received.action not in {f"{verb}{kind}" for verb in ("Create", "Update", "Delete") for kind in ("Space", "App")}:
        return {}
    said = received.parameters
    domain_id = str(said.get("DomainId", ""))
    space = _backend(received).spaces.get((domain_id, str(said.get("SpaceName", ""))))
    if space is not None:
        owner, sharing = space.owner, space.sharing_type
    else:
        owner = _inner(said, "OwnershipSettings", "OwnerUserProfileName")
        sharing = _inner(said, "SpaceSharingSettings", "SharingType")
    found: dict[str, Values] = {}
    if owner:
        found["sagemaker:owneruserprofilearn"] = received.arn("sagemaker", f"user-profile/{domain_id}/{owner}")
    if sharing:
        found["sagemaker:spacesharingtype"] = str(sharing)
    return found


def _tags(received: Received, arn: str) -> dict[str, Values]:
    """The tags of a resource that exists. moto stumbles over the ARN of one that does not."""
    with contextlib.suppress(SagemakerClientError, AttributeError, KeyError, ValueError):
        listed, _ = _backend(received).list_tags(arn)
        return tags_of({tag["Key"]: tag["Value"] for tag in listed}, "sagemaker")
    return {}


def _backend(received: Received) -> StudioBackend:
    backend = sagemaker_backends[received.account][received.region]
    assert isinstance(backend, StudioBackend)  # noqa: S101 - install.py sees to it
    return backend


def _under(said: Any, is_wanted: Callable[[str, Any], bool]) -> Iterator[Any]:
    """The values of members that are wanted by name and value, wherever they are."""
    if isinstance(said, dict):
        for name, value in said.items():
            if is_wanted(name, value):
                yield value
            else:
                yield from _under(value, is_wanted)
    elif isinstance(said, list):
        for each in said:
            yield from _under(each, is_wanted)


def _deep(said: Any, path: Sequence[str]) -> Iterator[str]:
    """The values of a member within a member, wherever that is, as condition keys have them."""
    for found in _under(said, lambda name, _: name == path[0]):
        if path[1:]:
            yield from _deep(found, path[1:])
        else:
            for each in found if isinstance(found, list) else [found]:
                if each is not None:
                    yield str(each).lower() if isinstance(each, bool) else str(each)


def _inner(said: Mapping[str, Any], outer: str, inner: str) -> Any:
    found = said.get(outer)
    return found.get(inner) if isinstance(found, dict) else None


def _members(said: Any, names: set[str] | frozenset[str]) -> Iterator[str]:
    """The texts of members with these names, wherever they are."""
    return _under(said, lambda name, value: name in names and isinstance(value, str))
