"""Records that the first version left are read: where its state is, what exists, whose it is, and earlier states.

The files are those of a real `up`, with the state cut down to three resources. `make compatibility` takes a whole
environment of that version further.
"""

import json
from pathlib import Path

import pytest

from studioctl.errors import RefusedError
from studioctl.infrastructure import blueprint
from studioctl.operations import state as states
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning.guards import refuse_to_forget
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import history, orphans, runs
from studioctl.terraform.backend import Backend
from studioctl.terraform.executable import Engine
from studioctl.terraform.runner import Terraform
from studioctl.terraform.state_resources import Estate
from studioctl.terraform.workspace import Workspace
from tests.environments import environment as config

FILES = json.loads(Path(__file__).with_name("first_version.json").read_text())
ENGINE = Engine("terraform", ("false",), "1.11.4")
EMULATOR = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:1", "none", "none"))  # nothing is asked


def found(tmp_path: Path, name: str = "chaos") -> Environment:
    """The files that the first version left beside studio.toml."""
    directory = tmp_path / ".studioctl/chaos/local"
    for file, lines in FILES.items():
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).write_text("\n".join(lines) + ("\n" if len(lines) > 1 else ""))
    (directory / ".terraform/providers").mkdir()
    (tmp_path / "studio.toml").write_text(f'name = "{name}"\n')
    described = config(name=name)
    workspace = Workspace.beside(tmp_path / "studio.toml", name, EMULATOR)
    return Environment(described, EMULATOR, Terraform.of(workspace, ENGINE, blueprint.build(described), Backend()))


def test_its_state_is_this_environments(tmp_path: Path) -> None:
    environment = found(tmp_path)
    estate = Estate(environment.terraform.state())

    refuse_to_forget(environment)
    assert [address for address, _ in estate.addresses()] == [
        "aws_s3_bucket.data",
        "aws_sagemaker_domain.studio",
        "aws_vpc.studio",
    ]
    outputs = environment.terraform.outputs()
    assert (sorted(outputs), outputs["spaces"]) == (
        ["bucket", "domain_id", "job_prefixes", "spaces", "user_profiles"],
        {},
    )
    assert [(each.is_current, each.resources, each.problem) for each in states.snapshots(environment)] == [
        (True, 3, ""),
        (False, 0, ""),
    ]


def test_it_is_initialised_and_nothing_of_it_is_torn(tmp_path: Path) -> None:
    work = found(tmp_path).terraform.workspace
    work.discard_torn()
    known = work.initialised()

    assert known is not None
    assert known.backend.kind == "local"
    assert known.backend.settings == {"key": "chaos/terraform.tfstate", "region": "us-east-1"}
    assert history.before_torn(work) is None
    assert not work.bind_emulator("1f0c9a2b7d3e4f56")
    assert work.state_file.exists()


def test_its_runs_are_known(tmp_path: Path) -> None:
    work = found(tmp_path).terraform.workspace

    assert [(run.verb, run.pid) for run in runs.unfinished(work)] == [("plan", 4194305)]
    assert list(orphans.wait_for_orphan(work.directory)) == []
    assert not (work.directory / orphans.NOTE).exists()


def test_a_renamed_file_does_not_forget_it(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="'chaos', which it made before, still exists"):
        refuse_to_forget(found(tmp_path, "renamed"))
