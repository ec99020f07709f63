"""Terraform's own provider and the emulator agree on every argument of Studio's resources.

Each is made, read back, changed in place, read back again, imported and destroyed, by Terraform alone. The arguments
are those of the schema that the provider prints: one without a case and without a reason fails.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studioctl.catalog.provider import DEFAULT
from studioctl.operations import emulation
from studioctl.target import Target
from studioctl.terraform import provider, warm
from studioctl.terraform.document import EMULATED_SERVICES
from tests.contract.studio_cases import NEVER_UPDATED, WITHOUT_A_CASE, Cases, cases
from tests.contract.studio_world import WORLD
from tests.functional.warmth import warm_provider
from tests.unit.emulator.emulated import client, eventually

pytestmark = pytest.mark.terraform

REGION = "us-east-1"
NAME = "registry.terraform.io/hashicorp/aws"
NOT_ARGUMENTS = {"id", "tags_all"}
MAPS = {"tags", "container_environment_variables"}
NO_CHANGES, CHANGES = 0, 2
IDS = {
    "aws_sagemaker_domain": "id",
    "aws_sagemaker_user_profile": "arn",
    "aws_sagemaker_space": "arn",
    "aws_sagemaker_app": "arn",
    "aws_sagemaker_studio_lifecycle_config": "studio_lifecycle_config_name",
    "aws_sagemaker_image": "image_name",
    "aws_sagemaker_image_version": "image_name",
    "aws_sagemaker_app_image_config": "app_image_config_name",
}
"""By which attribute each type is imported: the provider's documentation."""
NOT_READ = {"aws_sagemaker_domain": {"retention_policy"}}
"""What an import cannot know: it is said when the domain is deleted, and AWS does not keep it."""


@dataclass(frozen=True)
class Run:
    """Terraform in a directory, with no configuration of the person's and no way but to the emulator."""

    directory: Path
    environment: Mapping[str, str]
    target: Target

    def __call__(self, *arguments: str, expect: int = 0, cold: bool = False) -> str:
        """Its output; fails the test when it ends with another code.

        It finds this test process's warm provider, unless `cold` says that it starts one, as it does for everybody.
        """
        lender = {} if cold else warm_provider()
        with warm.borrowed(lender, self.environment, self.target, lambda: {*WORLD, *IDS}) as environment:
            done = subprocess.run(
                ["terraform", *arguments],
                cwd=self.directory,
                env=dict(environment),
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, studio: Cases) -> None:
        """The configuration: the world, and Studio's resources in it."""
        self._write("studio.tf.json", {"resource": {**WORLD, **studio}})

    def plan(self, expect: int) -> dict[str, Any]:
        """By address, the planned changes that are more than reading."""
        self("plan", "-detailed-exitcode", "-out=plan", "-parallelism=20", expect=expect)
        shown = json.loads(self("show", "-json", "plan"))
        return {
            change["address"]: change["change"]
            for change in shown.get("resource_changes", ())
            if change["change"]["actions"] not in (["no-op"], ["read"]) or "importing" in change["change"]
        }

    def apply(self) -> None:
        """Carry out the plan."""
        self("apply", "-parallelism=20", "plan")

    def attributes(self) -> dict[str, dict[str, Any]]:
        """By address, what the state says of Studio's resources."""
        state = json.loads((self.directory / "terraform.tfstate").read_text())
        return {
            f"{resource['type']}.{resource['name']}": resource["instances"][0]["attributes"]
            for resource in state["resources"]
            if resource["type"] in IDS
        }

    def import_all(self, attributes: Mapping[str, Mapping[str, Any]]) -> None:
        """Ask for all of Studio's resources by their ids."""
        wanted = [{"to": to, "id": values[IDS[to.split(".")[0]]]} for to, values in attributes.items()]
        self._write("imports.tf.json", {"import": wanted})

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        (self.directory / name).write_text(json.dumps(document, indent=2))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """Nothing takes time, and the account has a licence for RStudio."""
    home = tmp_path_factory.mktemp("emulator")
    settings = EmulatorSettings(
        transition_seconds=0, rstudio_licence=True, sso_users="any", scripts_are_of_one_app=False
    )
    yield server.start(settings=settings, state_dir=home)
    server.stop(home)


@pytest.fixture(scope="module")
def terraform(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Terraform with the provider that studioctl takes."""
    directory = tmp_path_factory.mktemp("terraform")
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "GOMAXPROCS") if name in os.environ}
    environment = {**passed_on, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_ARGS": "-no-color"}
    if mirror := provider.find(os.environ, provider.TERRAFORM_REGISTRY):
        rules = directory / "terraform.rc"
        rules.write_text(provider.cli_config(mirror, {"TF_CLI_CONFIG_FILE": os.devnull}))
        environment["TF_CLI_CONFIG_FILE"] = str(rules)
    run = Run(directory, {**environment, **server.environment(emulator, REGION)}, emulation.target(emulator, REGION))
    settings = {
        "region": REGION,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": "true",
        "s3_use_path_style": True,
        "endpoints": dict.fromkeys(EMULATED_SERVICES, emulator.endpoint_url),
    }
    required = {"aws": {"source": "hashicorp/aws", "version": DEFAULT}}
    run._write("main.tf.json", {"terraform": {"required_providers": required}, "provider": {"aws": settings}})
    run("init", cold=True)  # otherwise it records no provider
    return run


@pytest.fixture(scope="module")
def arguments(terraform: Run) -> set[str]:
    """Every argument of Studio's resources that can be written, as `type.block.argument`."""
    schemas = json.loads(terraform("providers", "schema", "-json"))["provider_schemas"][NAME]["resource_schemas"]
    return {f"{kind}.{path}" for kind in IDS for path in _writable(schemas[kind]["block"])}


def _writable(block: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, attribute in block.get("attributes", {}).items():
        if (attribute.get("required") or attribute.get("optional")) and prefix + name not in NOT_ARGUMENTS:
            yield prefix + name
    for name, nested in block.get("block_types", {}).items():
        yield from _writable(nested["block"], f"{prefix}{name}.")


def _written(step: int) -> dict[str, dict[str, str]]:
    """By argument: its value in each resource that has it."""
    found: dict[str, dict[str, str]] = {}
    for kind, resources in cases(step).items():
        for name, values in resources.items():
            for path, value in _leaves(values):
                found.setdefault(f"{kind}.{path}", {}).setdefault(name, "")
                found[f"{kind}.{path}"][name] += value
    return found


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        blocks = value if isinstance(value, list) else [value]
        if name not in MAPS and any(isinstance(block, dict) for block in blocks):
            for block in blocks:
                yield from _leaves(block, f"{prefix}{name}.")
        else:
            yield prefix + name, json.dumps(value)


def _excused(arguments: set[str], reasons: Mapping[str, str]) -> set[str]:
    """Those that have a reason of their own, or are in a block that has one. A reason for nothing fails."""
    matching = {reason: {name for name in arguments if f"{name}.".startswith(f"{reason}.")} for reason in reasons}
    assert all(reasons.values())
    assert [reason for reason, names in matching.items() if not names] == [], "reasons for what has a case"
    return set().union(*matching.values())


def test_every_argument_has_a_case_or_a_reason(arguments: set[str]) -> None:
    made = _written(0)
    missing = arguments - made.keys()

    assert made.keys() - arguments == set()
    assert missing - _excused(missing, WITHOUT_A_CASE) == set()


def test_every_argument_is_updated_or_has_a_reason(arguments: set[str]) -> None:
    made, updated = _written(0), _written(1)
    still = {name for name in arguments & made.keys() if made[name] == updated.get(name)}

    assert still - _excused(still, NEVER_UPDATED) == set()


@pytest.mark.life
@pytest.mark.timeout(1200)  # eight runs of the provider, each a minute on a machine that is busy
def test_the_life_of_everything(terraform: Run, emulator: RunningEmulator) -> None:
    before = server.inventory(emulator)
    addresses = {f"{kind}.{name}" for kind, resources in cases(0).items() for name in resources}

    terraform.write(cases(0))
    made = terraform.plan(CHANGES)
    assert {address for address in made if address.split(".")[0] in IDS} == addresses
    terraform.apply()
    assert terraform.plan(NO_CHANGES) == {}

    terraform.write(cases(1))
    changed = {
        f"{kind}.{name}" for kind, all_ in cases(1).items() for name in all_ if all_[name] != cases(0)[kind][name]
    }
    assert {address: change["actions"] for address, change in terraform.plan(CHANGES).items()} == {
        address: ["update"] for address in changed
    }
    terraform.apply()
    assert terraform.plan(NO_CHANGES) == {}

    known = terraform.attributes()
    state = terraform.directory / "terraform.tfstate"
    shutil.copy(state, terraform.directory / "kept")
    terraform("state", "rm", *sorted(addresses))
    terraform.import_all(known)
    imported = terraform.plan(CHANGES)
    assert imported.keys() == addresses
    for address, change in imported.items():
        ignored = NOT_READ.get(address.split(".")[0], set())
        assert "importing" in change, address
        assert _without(change["before"], ignored) == _without(known[address], ignored), address
    shutil.copy(terraform.directory / "kept", state)
    (terraform.directory / "imports.tf.json").unlink()

    _disappear(emulator, known)
    assert {address: change["actions"] for address, change in terraform.plan(CHANGES).items()} == {
        "aws_sagemaker_app.editor": ["create"],
        "aws_sagemaker_space.plain": ["create"],
        "aws_sagemaker_user_profile.sso": ["create"],
        "aws_sagemaker_app_image_config.lab": ["create"],
    }
    terraform("destroy", "-auto-approve", "-parallelism=20", cold=True)
    after = server.inventory(emulator)
    assert set(after.pop("keys", {}).values()) == {"PendingDeletion"}
    assert after == {kind: found for kind, found in before.items() if kind != "keys"}


def _without(values: Mapping[str, Any], ignored: Collection[str] = ()) -> dict[str, Any]:
    """Nothing and an empty list are the same to the provider, in blocks too."""
    return {
        key: [_without(item) if isinstance(item, Mapping) else item for item in value]
        if isinstance(value, list)
        else value
        for key, value in values.items()
        if key not in ignored and value not in (None, [], {}, "")
    }


def _disappear(emulator: RunningEmulator, known: Mapping[str, Mapping[str, Any]]) -> None:
    """One of each that nothing else needs is deleted behind Terraform's back."""
    sagemaker = client(emulator, "sagemaker", REGION)
    full, sso = (known[f"aws_sagemaker_domain.{name}"]["id"] for name in ("full", "sso"))
    key = {"DomainId": full, "SpaceName": "editor", "AppType": "CodeEditor", "AppName": "default"}
    sagemaker.delete_app(**key)
    sagemaker.delete_space(DomainId=full, SpaceName="plain")
    sagemaker.delete_user_profile(DomainId=sso, UserProfileName="sso")
    sagemaker.delete_app_image_config(AppImageConfigName="lab")
    eventually(lambda: sagemaker.describe_app(**key)["Status"], lambda status: bool(status == "Deleted"))
