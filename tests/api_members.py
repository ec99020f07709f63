"""Every member of the calls that make what is in Studio: offered, or why not.

What is offered is what the code sends: Terraform's documents of files with everything on, what `up` adds by AWS's API,
and the requests of `start` and `connect` as botocore gets them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session

from studioctl.aws.studio import Studio
from studioctl.aws.values import ResourceSpec, Space
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import blueprint, studio_api
from studioctl.infrastructure.block import Resource

REASONS = Path(__file__).with_name("api_members.toml")
KINDS: Mapping[str, str] = {
    "Another service": "it belongs to a service that an environment has nothing of",
    "Deprecated": "AWS keeps it for what it has replaced",
    "Either or": "AWS takes one of two ways, and the other one is taken",
    "IPv6": "the network would need IPv6",
    "Inherited": "AWS takes it from where it is said for all",
    "One engine": "AWS would make things that Terraform makes",
    "Other means": "another key of the file does it",
    "RStudio": "it needs Posit's licence",
    "Shared spaces": "it is for spaces without an owner",
    "Unified Studio": "it belongs to SageMaker Unified Studio, which makes and owns such domains",
}
# The call, and the resource of Terraform's that makes it.
MADE_BY = {
    "CreateDomain": "aws_sagemaker_domain",
    "CreateUserProfile": "aws_sagemaker_user_profile",
    "CreateSpace": "aws_sagemaker_space",
}
CALLS = (*MADE_BY, "CreateApp")
USER_SETTINGS = {"CreateDomain": "DefaultUserSettings.", "CreateUserProfile": "UserSettings."}
# Arguments of Terraform's that are no members of the call.
NO_MEMBERS = {"depends_on", "lifecycle", "retention_policy"}
TERRAFORM, BY_API, START, CONNECT = "Terraform", "`up`, by AWS's API", "`start`", "`connect`"
IMAGE = {"name": "torch", "digest": f"sha256:{'a' * 64}", "apps": ["code-editor", "jupyterlab"]}
FILES: tuple[dict[str, Any], ...] = (
    {
        "encryption": {"customer_key": True},
        "iam": {"per_user_roles": True},
        "images": {"custom": [IMAGE]},
        "network": {"access": "vpc-only"},
        "studio": {
            "domain_security_group": True,
            "hidden_apps": ["Canvas"],
            "hidden_tools": ["JumpStart"],
            "image": "4.3",
            "rootless_docker": True,
            "session_names": "user",
        },
    },
    {
        "limits": {"instance_types": ["ml.t3.*"], "images": ["4.3"]},
        "network": {"access": "vpc-only"},
        "studio": {"trusted_accounts": ["111122223333"]},
    },
    {
        "access": {"auth": "sso"},
        "storage": {"file_systems": [{"id": "fs-0123456789abcdef0", "homes": {"ada": 200001}}, {"id": "fs-00000001"}]},
    },
)
PLAN = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"
SPACES = [
    {"name": "ada-editor", "training_plan": PLAN, "title": "Ada's editor"},
    {"name": "ada-lab", "app": "jupyterlab", "training_plan": PLAN},
]


def leaves(shape: Any, path: str = "") -> Iterator[str]:
    """The members below a shape that have no members themselves: "Tags[].Key"."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from leaves(shape.member, f"{path}[]")
    else:
        yield path


def members(call: str) -> tuple[str, ...]:
    """All that the installed botocore knows of a call."""
    service = botocore.session.get_session().get_service_model("sagemaker")
    return tuple(leaves(service.operation_model(call).input_shape))


def written(arguments: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The members that arguments of Terraform's become."""
    for argument, value in arguments.items():
        if not path and argument in NO_MEMBERS:
            continue
        here = f"{path}{studio_api.api_name(argument)}"
        if argument == "tags":
            yield from (f"{here}[].Key", f"{here}[].Value")
        elif isinstance(value, Mapping):
            yield from written(value, f"{here}.")
        elif isinstance(value, list | tuple):
            yield from _items(value, here)
        else:
            yield here


def _items(values: Any, here: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping):
            yield from written(value, f"{here}[].")
        else:
            yield f"{here}[]"


def _files() -> Iterator[EnvironmentConfig]:
    for sections in FILES:
        user = {"name": "ada", "spaces": SPACES} | ({"sso_user": "ada"} if "access" in sections else {})
        yield EnvironmentConfig.model_validate({"name": "acme-ml", "region": "us-east-1", "users": [user], **sections})


def _resources(type_: str) -> Iterator[tuple[Resource, bool]]:
    """Each resource of a type, and whether the provider gives it the environment's tags."""
    for config in _files():
        made = blueprint.build(config)
        yield from ((resource, bool(made.tags)) for resource in made.resources() if resource.type == type_)


class _Recorder:
    """Stands where botocore's client would be, and remembers what it is asked for."""

    def __init__(self) -> None:
        self.requests: dict[str, Mapping[str, Any]] = {}

    def create_app(self, **request: Any) -> None:
        self.requests["CreateApp"] = request

    def update_space(self, **request: Any) -> None:
        self.requests["UpdateSpace"] = request


def _of_the_day() -> dict[str, list[str]]:
    """The members that `start` and `connect` send, by call."""
    recorder: Any = _Recorder()
    session: Any = SimpleNamespace(client=lambda _: recorder)
    space = Space("d-1", "ada-lab", "ada", "InService", "JupyterLab", 5, datetime.now(UTC), remote_access=False)
    everything = ResourceSpec(**{field.name: "x" for field in fields(ResourceSpec)})
    studio = Studio(session)
    studio.create_editor(space, everything, recovery=True)
    studio.update_space(space, remote_access=True)
    return {call: list(_given(request)) for call, request in recorder.requests.items()}


def _given(request: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, value in request.items():
        if isinstance(value, Mapping):
            yield from _given(value, f"{path}{name}.")
        else:
            yield f"{path}{name}"


@cache
def sent(call: str) -> Mapping[str, str]:
    """The sender of each member of a call that is offered."""
    of_the_day = _of_the_day()
    if call == "CreateApp":
        return dict.fromkeys(of_the_day[call], START)
    found: dict[str, str] = {}
    if call == "CreateSpace":  # no provider has an argument for it, so the space is changed once it is there
        found |= dict.fromkeys(
            (path for path in of_the_day["UpdateSpace"] if path.startswith("SpaceSettings.")), CONNECT
        )
    for resource, has_tags in _resources(MADE_BY[call]):
        found |= dict.fromkeys(written(resource.api_alone), BY_API)
        found |= dict.fromkeys(written(resource.arguments), TERRAFORM)
        if has_tags:  # the provider's default_tags
            found |= dict.fromkeys(written({"tags": {}}), TERRAFORM)
    return found


@cache
def _reasons() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(REASONS.read_text(encoding="utf-8"))


def reasons(call: str) -> Mapping[str, str]:
    """Why members of a call are not offered, by pattern."""
    shared = (
        {f"{USER_SETTINGS[call]}{key}": why for key, why in _reasons()["User"].items()} if call in USER_SETTINGS else {}
    )
    return {**_reasons()[call], **shared}


def pattern_of(call: str, path: str) -> str | None:
    """The pattern that a member falls under, the first of them."""
    return next((pattern for pattern in reasons(call) if fnmatchcase(path, pattern)), None)


def page() -> str:
    """The reference of the members, in Markdown."""
    text = (
        HEAD + "\n| Kind | Meaning |\n| --- | --- |\n" + "".join(f"| {kind} | {it} |\n" for kind, it in KINDS.items())
    )
    for call in CALLS:
        text += f"\n## {call}\n\n| Member | Sent by |\n| --- | --- |\n"
        offered = sent(call)
        every = members(call)
        text += "".join(f"| `{path}` | {offered[path]} |\n" for path in every if path in offered)
        text += "\n| Not offered | Why |\n| --- | --- |\n"
        for pattern, why in reasons(call).items():
            covered = [path for path in every if path not in offered and pattern_of(call, path) == pattern]
            if covered:
                text += f"| {'<br>'.join(f'`{path}`' for path in covered)} | {why} |\n"
    return text


HEAD = """# What of Studio's API is offered

A domain, a profile, a space and an app are each made by one call of AWS's API. These are all members of the four calls
that hold a value, as botocore has them: what sends them, or why studioctl does not. A test fails when botocore brings
a member that stands in neither table.

A reason begins with its kind. The keys themselves are in [studio.toml](studio-toml.md).
"""
