"""An environment of thousands of users, without the hours of its first `up`.

`up` makes one user. The others are made in the emulator by the calls that Terraform's provider makes, and written into
Terraform's state as copies of the first, with what AWS answers about each. Then the record of the last `up` is written,
as that would have done. Every plan from there on is real.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from studio_emulator.server import RunningEmulator
from studioctl.catalog.kinds import PROFILE, SPACE
from studioctl.cli import context
from studioctl.operations.provisioning import last_up, reach
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.reach import Reach
from studioctl.terraform.runner import Terraform

AT_ONCE = 4


def populate(directory: Path, emulator: RunningEmulator, names: Sequence[str]) -> None:
    """Make everybody who is in the file and was not made by `up`.

    Args:
        directory: Where studio.toml is, which has all of them.
        emulator: Where the first one is.
        names: All of them; the first was made by `up`, with one space called as `up` calls it.
    """
    with _environ(STUDIOCTL_EMULATOR_DIR=str(emulator.log_path.parent)):
        environment = context.environment(directory / "studio.toml", local=True)
        terraform = environment.terraform
        state = terraform.state()
        profile, space = (_only(state, type_) for type_ in (PROFILE, SPACE))
        made = _make(emulator, profile["instances"][0]["attributes"]["domain_id"], names)
        copies = [
            _copied(resource, names[0], name, made[name][resource["type"]])
            for name in names[1:]
            for resource in (profile, space)
        ]
        left = last_up.read(environment)
        with terraform.workspace.hold("populate"):
            whole = {**state, "resources": [*state["resources"], *copies], "serial": state["serial"] + 1}
            _store(emulator, terraform, json.dumps(whole, indent=2))
        looked = Reach(refreshed_at=time.time(), quotas=dict(left.quotas) if left else {})
        nothing = PlanSummary((), (), (), destroy=False, has_changes=False, file=directory, reach=looked)
        for said in reach.remember(environment, nothing):
            sys.exit(str(said))


def _store(emulator: RunningEmulator, terraform: Terraform, text: str) -> None:
    """Put a state where Terraform finds it."""
    if terraform.backend.kind == "local":
        terraform.workspace.write_state(text)
    else:
        where = terraform.backend.settings
        _client(emulator, "s3").put_object(Bucket=where["bucket"], Key=where["key"], Body=text.encode())


def _only(state: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    (found,) = (resource for resource in state["resources"] if resource["type"] == type_)
    return dict(found)


def _copied(resource: Mapping[str, Any], first: str, name: str, differing: Mapping[str, str]) -> dict[str, Any]:
    """A resource of the state as another user's."""
    copy: dict[str, Any] = json.loads(json.dumps(resource).replace(first, name))
    copy["instances"][0]["attributes"] |= differing
    return copy


def _make(
    emulator: RunningEmulator, domain_id: str, names: Sequence[str]
) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Profiles and spaces like the first user's; what AWS alone decides of them, by name and type."""
    sagemaker = _client(emulator, "sagemaker")
    first = names[0]
    profile = sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=first)
    space = sagemaker.describe_space(DomainId=domain_id, SpaceName=f"{first}-editor")
    tags = [sagemaker.list_tags(ResourceArn=it)["Tags"] for it in (profile["UserProfileArn"], space["SpaceArn"])]
    texts = [
        json.dumps({"UserSettings": profile["UserSettings"], "Tags": tags[0]}),
        json.dumps(
            {key: space[key] for key in ("OwnershipSettings", "SpaceSharingSettings", "SpaceSettings")}
            | {"Tags": tags[1]}
        ),
    ]

    def make(name: str) -> tuple[str, dict[str, dict[str, str]]]:
        of_profile, of_space = (json.loads(text.replace(first, name)) for text in texts)
        sagemaker.create_user_profile(DomainId=domain_id, UserProfileName=name, **of_profile)
        sagemaker.create_space(DomainId=domain_id, SpaceName=f"{name}-editor", **of_space)
        uid = sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name)["HomeEfsFileSystemUid"]
        url = sagemaker.describe_space(DomainId=domain_id, SpaceName=f"{name}-editor")["Url"]
        return name, {PROFILE: {"home_efs_file_system_uid": uid}, SPACE: {"url": url}}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pool.map(make, names[1:]))


def _client(emulator: RunningEmulator, service: str) -> Any:
    key, secret = emulator.key
    session: Any = boto3.Session(key, secret, region_name="us-east-1")
    return session.client(service, endpoint_url=emulator.endpoint_url, config=Config(max_pool_connections=AT_ONCE))


@contextmanager
def _environ(**variables: str) -> Iterator[None]:
    """Other variables for this process, until it is done."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
