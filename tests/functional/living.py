"""An environment to live in, made with a few calls instead of Terraform: for commands that only talk to AWS.

It looks as `up` would have made it, as far as SageMaker Studio goes: the domain carries our tag, each user has a
profile, each space a lifecycle configuration. Network and role are there because a domain needs them; buckets,
repositories and secrets are not: a test that needs one makes it with `client`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.functional.conftest import Done, Shell
from tests.unit.emulator.emulated import Studio, client, eventually, new_studio

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.quotas import KINDS_OF_APPS, of_type

GPUS = ("ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g5.2xlarge", "ml.p3.2xlarge")
# An account that asked for more than a new one has.
ON_GPUS = {of_type(kind, name).code: 5.0 for kind in KINDS_OF_APPS for name in GPUS}
NAME = "acme-ml"
REGION = "us-east-1"
SCRIPT = "#!/bin/bash\nset -eux\n"


@dataclass(frozen=True)
class Living:
    """The shell with its studio.toml, and what a test does behind its back.

    Args:
        shell: Where commands are run. `run` adds `--local`.
        emulator: The emulator that they act on.
        studio: boto3 clients of SageMaker, EC2, EFS and IAM there, and short words for long calls.
        domain_id: The environment's domain.
        script_arn: The lifecycle configuration of every space.
    """

    shell: Shell
    emulator: RunningEmulator
    studio: Studio
    domain_id: str
    script_arn: str

    def run(self, *arguments: str, expect: int | None = 0) -> Done:
        """`studioctl ... --local`; fails the test when it ends with another code."""
        return self.shell.studioctl(*arguments, "--local", expect=expect)

    def client(self, service: str) -> Any:
        """A boto3 client of any service of this emulator."""
        return client(self.emulator, service, REGION)

    def space(self, name: str, owner: str = "ada", **settings: Any) -> str:
        """One more space, as the file would have it."""
        spec = {"InstanceType": "ml.t3.medium", "LifecycleConfigArn": self.script_arn}
        return self.studio.space(
            self.domain_id,
            name,
            owner,
            **{"CodeEditorAppSettings": {"DefaultResourceSpec": spec}, **settings},
        )

    def faults(self, *errors: Mapping[str, Any], latency_seconds: float = 0) -> None:
        """Set the faults from now on: each `{"action", "code", "message", "times"}`. None if left out."""
        slow = [{"kind": "slow", "seconds": latency_seconds}] if latency_seconds else []
        wanted = [*({"kind": "error", "times": 1, **error} for error in errors), *slow]
        server.set_faults(self.emulator, {"faults": wanted})

    def hits(self) -> int:
        """The number of calls that the faults have struck."""
        return sum(fault["hit"] for fault in server.faults(self.emulator)["faults"])

    def app(self, space: str) -> dict[str, Any]:
        """The space's Code Editor as DescribeApp shows it."""
        return dict(
            self.studio.sagemaker.describe_app(
                DomainId=self.domain_id, SpaceName=space, AppType="CodeEditor", AppName="default"
            )
        )

    def other_app(self, app_type: str, name: str = "default", space: str = "", **spec: str) -> None:
        """An app of another kind, running: in a space, or ada's."""
        owner = {"SpaceName": space} if space else {"UserProfileName": "ada"}
        key: Any = {"DomainId": self.domain_id, "AppType": app_type, "AppName": name, **owner}
        request: Any = {**key, "ResourceSpec": spec} if spec else key
        self.studio.sagemaker.create_app(**request)
        eventually(lambda: self._status(key), lambda status: status == "InService")

    def stop_everything(self) -> None:
        """No app runs and nothing goes wrong afterwards."""
        self.faults()
        for app in self.studio.sagemaker.list_apps(DomainIdEquals=self.domain_id, MaxResults=100)["Apps"]:
            names = ("DomainId", "SpaceName", "UserProfileName", "AppType", "AppName")
            found: Any = app
            key: Any = {name: found[name] for name in names if name in found}
            eventually(lambda key=key: self._status(key), lambda status: status not in {"Pending", "Deleting"})  # type: ignore[misc]
            if self._status(key) == "InService":
                self.studio.stop(key)

    def _status(self, key: dict[str, Any]) -> str:
        return self.studio.sagemaker.describe_app(**key)["Status"]


@contextmanager
def living(directory: Path, *, users: Mapping[str, tuple[str, ...]], **settings: Any) -> Iterator[Living]:
    """An environment in an emulator of its own, which is stopped afterwards.

    Args:
        directory: An empty one; studio.toml is written into it.
        users: Names of users, and of each one's spaces.
        settings: Of the emulator, see EmulatorSettings; what AWS needs minutes for takes a tenth of a second.
    """
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator")})
    shell.write(_file(users))
    chosen = EmulatorSettings(**{"transition_seconds": 0.1, "quotas": ON_GPUS, **settings})
    emulator = server.start(settings=chosen, state_dir=directory / "emulator")
    try:
        yield _furnished(shell, emulator, users)
    finally:
        server.stop(directory / "emulator")


def _file(users: Mapping[str, tuple[str, ...]]) -> str:
    text = f'name = "{NAME}"\nregion = "{REGION}"\n'
    for user, spaces in users.items():
        listed = ", ".join(f'{{ name = "{space}" }}' for space in spaces)
        text += f'\n[[users]]\nname = "{user}"\nspaces = [{listed}]\n'
    return text


def _furnished(shell: Shell, emulator: RunningEmulator, users: Mapping[str, tuple[str, ...]]) -> Living:
    studio = new_studio(emulator, REGION)
    script_arn = studio.script(f"{NAME}-editor", SCRIPT)
    domain_id = studio.domain(
        DomainName=NAME,
        DefaultUserSettings={
            "ExecutionRole": studio.role_arn,
            "SecurityGroups": [studio.group_id],
            "CodeEditorAppSettings": _editor(script_arn),
        },
        Tags=[{"Key": "studioctl:environment", "Value": NAME}],
    )
    made = Living(shell, emulator, studio, domain_id, script_arn)
    for user, spaces in users.items():
        studio.profile(domain_id, user, CodeEditorAppSettings=_editor(script_arn))
        for space in spaces:
            made.space(space, user)
    return made


def _editor(script_arn: str) -> dict[str, Any]:
    idle = {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 60}
    return {
        "LifecycleConfigArns": [script_arn],
        "DefaultResourceSpec": {"InstanceType": "ml.t3.medium", "LifecycleConfigArn": script_arn},
        "AppLifecycleManagement": {"IdleSettings": idle},
    }
