"""An environment without a home file system, from `up` to `down`, by the real Terraform on the emulator."""

from collections.abc import Iterator

import pytest
from tests.functional.conftest import Shell

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings

pytestmark = pytest.mark.life

FILE = """\
name = "acme-bare"
region = "us-east-1"

[studio]
home_file_system = {homes}

[[users]]
name = "ada"
"""


@pytest.fixture
def emulator(shell: Shell) -> Iterator[RunningEmulator]:
    """One that mounts no home file system that is not there, and that leaves NFS groups behind."""
    state_dir = shell.directory / "emulator"
    strict = EmulatorSettings(transition_seconds=0.1, mounts_need_homes=True, nfs_groups_go=False)
    yield server.start(settings=strict, state_dir=state_dir)
    server.stop(state_dir)


@pytest.mark.timeout(1200)
def test_without_homes_from_up_to_down(shell: Shell, emulator: RunningEmulator) -> None:
    before = shell.inventory()
    shell.write(FILE.format(homes="false"))
    shell.studioctl("up", "--local", "--yes")
    sagemaker = shell.client("sagemaker")
    (listed,) = sagemaker.list_domains()["Domains"]
    domain = sagemaker.describe_domain(DomainId=listed["DomainId"])

    assert "HomeEfsFileSystemId" not in domain
    assert shell.client("efs").describe_file_systems()["FileSystems"] == []
    groups = shell.client("ec2").describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups if "nfs" in group["GroupName"]] == []
    assert "No changes" in shell.studioctl("plan", "--local").out

    down = shell.studioctl("down", "--local", "--yes")
    assert "home" not in down.out + down.err
    assert shell.inventory() == before
