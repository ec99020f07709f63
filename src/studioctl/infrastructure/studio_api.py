"""Settings of the domain and its spaces that Terraform leaves to AWS's API, under the API's names.

The provider cannot send the VPC and subnets that AWS needs for a change of a domain in VpcOnly mode
(hashicorp/terraform-provider-aws#45528). It also sends a space's type with each change, which AWS was seen to refuse
(#38370), and leaves out settings that become empty. So Terraform creates both and then ignores their settings, and
`studioctl up` changes them from the same arguments. `api_alone` has the settings without an argument in the provider.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from studioctl.infrastructure.block import Ref

SUBNETS = "subnet_ids"
# All that the provider would send with UpdateDomain and UpdateSpace. What the blueprint does not state stays as it is.
DOMAIN_BY_API = (
    "app_network_access_type",
    "app_security_group_management",
    "default_space_settings",
    "default_user_settings",
    "domain_settings",
    "tag_propagation",
)
SPACE_BY_API = ("space_settings", "space_display_name")

CLOSED = "VpcOnly"
CLEARED = "None"  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceSpec.html
OFF = ("DISABLED", "STATIC", CLEARED)  # what a setting is that AWS does not tell
# Whether a domain has a home file system: AWS makes one later, and never takes one away.
HOME, HOMELESS = "home_efs_file_system_creation", "Disabled"
USUAL = {HOME: "Enabled"}  # what a setting is that AWS does not tell, and that is not off then
# AWS never changes it, and was seen to refuse a request that names it at all. `up` refuses another: see data_loss.py.
SPACE_TYPE = "app_type"
OF_TERRAFORM = ("depends_on", "lifecycle", "retention_policy", "tags")  # and no members of CreateDomain
# What AWS fills into resource specs, and people may have chosen since. Of two images AWS takes the version's.
VERSION_ARN = "SageMakerImageVersionArn"
OF_IMAGE = ("SageMakerImageArn", "SageMakerImageVersionAlias", VERSION_ARN)
IMAGE = "sagemaker_image_arn"

Settings = Mapping[str, Any]

# The provider's name -> the API's, where it is not the same words in capitals.
NAMES = {
    "auto_mount_home_efs": "AutoMountHomeEFS",
    "code_repository": "CodeRepositories",
    "custom_file_system": "CustomFileSystems",
    "custom_file_system_config": "CustomFileSystemConfigs",
    "custom_image": "CustomImages",
    "efs_file_system": "EFSFileSystem",
    "efs_file_system_config": "EFSFileSystemConfig",
    "identity_provider_oauth_settings": "IdentityProviderOAuthSettings",
    "hidden_sagemaker_image_version_aliases": "HiddenSageMakerImageVersionAliases",
    "sagemaker_image_arn": "SageMakerImageArn",
    "sagemaker_image_name": "SageMakerImageName",
    "sagemaker_image_version_alias": "SageMakerImageVersionAlias",
    "sagemaker_image_version_arn": "SageMakerImageVersionArn",
}
# Names in requests, where they are not those of the answers.
IN_REQUESTS = {
    "DomainSettings": "DomainSettingsForUpdate",
    "RStudioServerProDomainSettings": "RStudioServerProDomainSettingsForUpdate",
}


class Unknown:
    """The value of something that does not exist yet."""

    def __repr__(self) -> str:
        """Terraform's words for it."""
        return "(known after apply)"


UNKNOWN = Unknown()


def api_name(argument: str) -> str:
    """The API's name of one of the provider's arguments."""
    return NAMES.get(argument) or "".join(word[:1].upper() + word[1:] for word in argument.split("_"))


def argument_name(member: str) -> str:
    """The provider's name of one of the API's members."""
    known = {name: argument for argument, name in NAMES.items()}
    return known.get(member) or re.sub(r"(?<!^)(?=[A-Z])", "_", member).lower()


def resolved(value: Any, look_up: Callable[[Ref], Any]) -> Any:
    """A value with what its references stand for; UNKNOWN for what does not exist yet."""
    if isinstance(value, Ref):
        return look_up(value)
    if isinstance(value, Mapping):
        return {key: resolved(inner, look_up) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(inner, look_up) for inner in value]
    return value


def differences(wanted: Settings, current: Settings, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each difference: the path in Terraform's terms, the present value in AWS, and the wanted value.

    Args:
        wanted: The resolved arguments.
        current: AWS's description of the same resource. Members without an argument are ignored.
        path: The path of these settings.
    """
    kind = current.get(api_name(SPACE_TYPE))
    if kind is not None and wanted.get(SPACE_TYPE, kind) != kind:  # nothing else of it can then be compared
        yield f"{path}.{SPACE_TYPE}" if path else SPACE_TYPE, kind, wanted[SPACE_TYPE]
        return
    for argument, value in wanted.items():
        now = current.get(api_name(argument))
        here = f"{path}.{argument}" if path else argument
        if isinstance(value, Mapping):
            inner = now or {}
            yield from differences(value, inner, f"{here}[0]")
            if IMAGE in value and inner.get(VERSION_ARN):  # AWS would take that version
                yield f"{here}[0].{argument_name(VERSION_ARN)}", inner[VERSION_ARN], None
        elif not _same(_in_requests(value), now):
            yield here, _as_argument(now), value


def request(wanted: Settings, current: Settings) -> dict[str, Any]:
    """The arguments as members of an Update request.

    Images of resource specs that the arguments do not name are sent as they are: whether AWS keeps them is not said.
    """
    made: dict[str, Any] = {}
    for argument, value in wanted.items():
        name = api_name(argument)
        if argument == SPACE_TYPE:
            continue
        if isinstance(value, Mapping):
            now = current.get(name) or {}
            kept = _kept_image(value, now) if name == "DefaultResourceSpec" else {}
            made[IN_REQUESTS.get(name, name)] = kept | request(value, now)
        elif value != [] or current.get(name):  # an empty list is sent to clear one, and for nothing else
            made[name] = _in_requests(value)
    return made


def _kept_image(wanted: Settings, now: Settings) -> dict[str, Any]:
    if IMAGE in wanted:
        return {VERSION_ARN: CLEARED} if now.get(VERSION_ARN) else {}
    return {key: now[key] for key in OF_IMAGE if key in now}


def merged(stated: Settings, more: Settings) -> dict[str, Any]:
    """Arguments with more of them, block by block."""
    both = {**stated, **more}
    shared = {key for key in stated.keys() & more.keys() if isinstance(more[key], Mapping)}
    return both | {key: merged(stated[key], more[key]) for key in shared}


def worth_saying(wanted: Settings, current: Settings) -> dict[str, Any]:
    """The arguments without those that are off, or as usual, already: some region may not know them yet.

    Args:
        wanted: Arguments.
        current: The same as AWS describes it.
    """
    said: dict[str, Any] = {}
    for argument, value in wanted.items():
        now = current.get(api_name(argument))
        if isinstance(value, Mapping):
            if inside := worth_saying(value, now or {}):
                said[argument] = inside
        elif not (_is_usual(argument, value) and _is_usual(argument, now)):
            said[argument] = value
    return said


def _is_usual(argument: str, value: Any) -> bool:
    return value in (None, [], *OFF, USUAL.get(argument))


def creation(arguments: Settings) -> dict[str, Any]:
    """A domain's arguments, resolved, as members of CreateDomain; without those that are Terraform's own."""
    names = {sent: name for name, sent in IN_REQUESTS.items()}
    made = request({key: value for key, value in arguments.items() if key not in OF_TERRAFORM}, {})
    return {names.get(member, member): value for member, value in made.items()}


def texts(value: Any) -> Iterator[str]:
    """Every text in settings: ids, ARNs and names of what they refer to are among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def is_known(value: Any) -> bool:
    """Whether nothing in it is still to be made."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_known, value))
    return value is not UNKNOWN


def _in_requests(value: Any) -> Any:
    if isinstance(value, list):
        return [request(item, {}) if isinstance(item, Mapping) else item for item in value]
    return value


def _as_argument(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_argument(item) for item in value]
    if isinstance(value, Mapping):
        return {argument_name(name): _as_argument(inner) for name, inner in value.items()}
    return value


def _same(wanted: Any, now: Any) -> bool:
    """Order says nothing in the API's lists, and AWS leaves out what is off or empty."""
    if now is None:
        return wanted in (None, "", [], *OFF)
    if isinstance(wanted, list) and isinstance(now, list):
        return is_known(wanted) and sorted(map(repr, map(_sorted, wanted))) == sorted(map(repr, map(_sorted, now)))
    return bool(wanted == now)


def _sorted(item: Any) -> Any:
    return sorted(item.items()) if isinstance(item, Mapping) else item
