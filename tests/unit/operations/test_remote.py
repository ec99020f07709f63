"""Making a space fit for remote access, in every state that it may be found in."""

from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.aws.values import ResourceSpec
from studioctl.errors import AwsError, StudioctlError
from studioctl.events import Noted
from studioctl.operations import emulation
from studioctl.operations.environment import Account
from studioctl.operations.spaces import connect as remote
from studioctl.operations.spaces import remote_access, remote_requirements, start_stop
from studioctl.remote.host import Host
from tests.environments import environment as config
from tests.fakes.work import done
from tests.unit.emulator.emulated import new_studio
from tests.unit.operations.conftest import REGION
from tests.unit.operations.test_spaces import Home

IMAGE = "arn:aws:sagemaker:us-east-1:885854791233:image/sagemaker-distribution-cpu"
LARGE: Any = {"CodeEditorAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.large"}}}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("STUDIOCTL_SSH_CONFIG", raising=False)


@pytest.fixture
def home(emulator: RunningEmulator) -> Home:
    """A space with enough memory for remote access, which it does not allow yet."""
    studio = new_studio(emulator, REGION)
    name = f"acme-{studio.tag}"
    domain_id = studio.domain(DomainName=name, Tags=[{"Key": "studioctl:environment", "Value": name}])
    studio.profile(domain_id)
    studio.space(domain_id, **LARGE)
    return Home(Account(config(name=name), emulation.target(emulator, REGION)), studio, domain_id)


def look(home: Home, *, instance_type: str | None = None, **sections: Any) -> remote.Survey:
    account = Account(config(name=home.account.config.name, **sections), home.account.target)
    space = start_stop.find(account, "editor")
    return remote.survey(account, space, editor=None, environ={"PATH": "/nowhere"}, instance_type=instance_type)


def connect(home: Home) -> None:
    done(remote.prepare(home.account, look(home)))


def allow(home: Home) -> None:
    home.studio.sagemaker.update_space(
        DomainId=home.domain_id, SpaceName="editor", SpaceSettings={"RemoteAccess": "ENABLED"}
    )
    home.studio.wait_space(home.domain_id)


def test_a_stopped_space(home: Home) -> None:
    assert look(home).question == "Allow remote access and start 'editor'?"
    connect(home)
    assert look(home).question == ""
    assert remote.session_finding(home.account, look(home)).severity.word == "ok"


def test_a_running_space_comes_back_on_what_it_ran_on(home: Home) -> None:
    home.studio.app(home.domain_id, ResourceSpec={"InstanceType": "ml.m5.xlarge"})

    found = look(home)
    assert found.question == "Stop 'editor' (what runs in it ends, files stay), allow remote access and start it again?"
    connect(home)

    app = home.account.studio.editor(found.space)
    assert app is not None
    assert (app.status, app.instance_type) == ("InService", "ml.m5.xlarge")


@pytest.mark.parametrize("broken_off", ["before the change", "after the change"])
def test_what_was_broken_off_is_completed(home: Home, broken_off: str) -> None:
    home.studio.stop(home.studio.app(home.domain_id))
    if broken_off == "after the change":
        allow(home)

    connect(home)

    assert look(home).question == ""


def test_a_running_space_that_shall_run_on_another_type(home: Home) -> None:
    connect(home)

    assert look(home, instance_type="ml.t3.large").question == ""
    found = look(home, instance_type="ml.m5.xlarge")
    assert found.question == "Stop 'editor' (what runs in it ends, files stay) and start it again?"
    done(remote.prepare(home.account, found))
    app = home.account.studio.editor(found.space)
    assert app is not None
    assert app.instance_type == "ml.m5.xlarge"


def test_a_space_that_was_allowed_while_it_ran_needs_a_new_start(home: Home) -> None:
    home.studio.app(home.domain_id)
    allow(home)

    with pytest.raises(AwsError, match="started before RemoteAccess was enabled") as caught:
        connect(home)

    assert caught.value.hint == "studioctl restart editor"
    finding = remote.session_finding(home.account, look(home))
    assert (finding.severity.word, finding.remedy) == ("error", "studioctl restart editor")


def test_what_the_file_does_not_ask_for_is_refused(home: Home) -> None:
    found = look(home, studio={"remote_access": False})

    with pytest.raises(StudioctlError) as caught:
        remote.refuse_unfit(found)

    assert caught.value.message == "'editor' does not allow it, and neither does the file."
    assert caught.value.hint == "write remote_access = true under [studio]"


def test_what_this_machine_lacks_is_no_hindrance_to_a_rehearsal_only(home: Home) -> None:
    found = look(home)
    assert "error" in {finding.severity.word for finding in found.machine}  # its PATH is empty

    remote.refuse_unfit(found)
    real = Host(found.host.alias, found.host.arn)
    with pytest.raises(StudioctlError, match="ssh was not found"):
        remote.refuse_unfit(remote.Survey(found.space, found.app, real, None, found.needs, found.machine))


def test_ssh_needs_a_space_that_is_ready(home: Home) -> None:
    with pytest.raises(StudioctlError) as caught:
        remote.shell(home.account, start_stop.find(home.account, "editor"), [], {})

    assert caught.value.hint == "studioctl connect editor --editor none"


def test_a_space_by_its_name_and_by_its_name_for_ssh(home: Home) -> None:
    arn = home.studio.sagemaker.describe_space(DomainId=home.domain_id, SpaceName="editor")["SpaceArn"]

    assert remote.arn_of(home.account, "editor") == arn
    assert remote.arn_of(home.account, f"editor.{home.account.config.name}.local") == arn


@pytest.mark.parametrize(
    ("instance_type", "remedy"),
    [
        ("ml.t3.medium", "ml.t3.large"),
        ("ml.c5.large", "ml.c5.xlarge"),
        ("ml.c6i.large", "ml.c6i.xlarge"),
        ("ml.c6id.large", "ml.c6id.xlarge"),
        ("ml.c7i.large", "ml.c7i.xlarge"),
        (None, "ml.t3.large"),
        ("ml.t3.large", None),
        ("ml.m5.large", None),
        ("ml.g5.xlarge", None),
    ],
)
def test_instances_with_too_little_memory(instance_type: str | None, remedy: str | None) -> None:
    for flag in ("", " --editor none"):
        found = remote_requirements.instance("editor", instance_type, flag=flag)
        assert found.remedy == (f"studioctl connect editor{flag} --instance-type {remedy}" if remedy else "")


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        (ResourceSpec(image_arn=IMAGE), "ok"),
        (ResourceSpec(image_arn=IMAGE, image_alias="2"), "ok"),
        (ResourceSpec(image_arn=IMAGE, image_alias="2.7"), "ok"),
        (ResourceSpec(image_arn=IMAGE, image_alias="2.10.1"), "ok"),
        (ResourceSpec(image_arn=IMAGE, image_alias="3.0.0"), "ok"),
        (ResourceSpec(image_arn=IMAGE, image_alias="2.6.9"), "error"),
        (ResourceSpec(image_arn=IMAGE, image_alias="1"), "error"),
        (ResourceSpec(image_version_arn=f"{IMAGE.replace('image/', 'image-version/')}/12"), "warning"),
        (ResourceSpec(image_arn="arn:aws:sagemaker:us-east-1:123456789012:image/acme"), "warning"),
    ],
)
def test_images(spec: ResourceSpec, status: str) -> None:
    assert remote_requirements.image(spec).severity.word == status


def test_an_old_image_that_the_file_pins_is_mended_in_the_file() -> None:
    """The next `up` would put back an image that is chosen in Studio."""
    place = ("studio", "image")
    found = remote_requirements.image(ResourceSpec(image_arn=IMAGE, image_alias="2.4"), space="editor", pinned=place)
    assert found.key == place
    assert found.remedy == 'write image = "4.4" there, then: studioctl up && studioctl restart editor'


@pytest.fixture
def small(home: Home) -> Home:
    """A space that is too small for remote access, to which somebody connected on a larger type."""
    home.studio.sagemaker.update_space(
        DomainId=home.domain_id,
        SpaceName="editor",
        SpaceSettings={"CodeEditorAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.medium"}}},
    )
    home.studio.wait_space(home.domain_id)
    done(remote.prepare(home.account, look(home, instance_type="ml.t3.large")))
    return home


def seen(home: Home) -> tuple[str | None, str, bool]:
    """The app and its state, and whether the space allows remote access."""
    space = home.account.studio.space(home.domain_id, "editor")
    assert space is not None
    app = home.account.studio.editor(space)
    assert app is not None
    return app.instance_type, app.status, space.remote_access


@pytest.mark.parametrize("stopped", [True, False])
def test_after_a_session_on_a_larger_type_the_space_starts_on_its_own(small: Home, stopped: bool) -> None:
    space = start_stop.find(small.account, "editor")
    if stopped:
        done(start_stop.stop(small.account, [space]))
        work = start_stop.start(small.account, space)
    else:
        work = start_stop.restart(small.account, space)
    events = list(work)

    assert seen(small) == ("ml.t3.medium", "InService", False)
    assert (
        Noted(
            "ml.t3.medium is too small for remote access, so it is turned off for 'editor'; `connect` turns it on again"
            " with --instance-type ml.t3.large"
        )
        in events
    )


def test_nobody_is_cut_off_who_is_connected(small: Home) -> None:
    done(start_stop.start(small.account, start_stop.find(small.account, "editor")))

    assert seen(small) == ("ml.t3.large", "InService", True)


def test_a_larger_type_for_this_time_keeps_remote_access(small: Home) -> None:
    done(start_stop.restart(small.account, start_stop.find(small.account, "editor"), instance_type="ml.m5.large"))

    assert seen(small) == ("ml.m5.large", "InService", True)


def test_a_too_small_type_for_this_time_turns_it_off(home: Home) -> None:
    connect(home)
    done(start_stop.restart(home.account, start_stop.find(home.account, "editor"), instance_type="ml.t3.medium"))

    assert seen(home) == ("ml.t3.medium", "InService", False)


def test_a_session_that_aws_refused_leaves_a_space_that_starts(small: Home, emulator: RunningEmulator) -> None:
    done(start_stop.stop(small.account, [start_stop.find(small.account, "editor")]))
    fault = {"kind": "error", "action": "StartSession", "code": "AccessDeniedException", "message": "no"}
    server.set_faults(emulator, {"faults": [fault]})
    try:
        with pytest.raises(AwsError, match="AWS refused StartSession"):
            done(remote.prepare(small.account, look(small, instance_type="ml.t3.large")))
    finally:
        server.set_faults(emulator, {})

    done(start_stop.restart(small.account, start_stop.find(small.account, "editor")))
    assert seen(small) == ("ml.t3.medium", "InService", False)


def test_a_type_of_which_only_aws_knows_that_it_is_too_small(small: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_access, "TOO_SMALL", {})

    done(start_stop.restart(small.account, start_stop.find(small.account, "editor")))

    assert seen(small) == ("ml.t3.medium", "InService", False)


def test_the_type_of_the_owners_profile_counts_where_the_space_names_none(home: Home) -> None:
    spec: Any = {"DefaultResourceSpec": {"InstanceType": "ml.t3.medium"}}
    home.studio.profile(home.domain_id, "bo", CodeEditorAppSettings=spec)
    home.studio.space(home.domain_id, "bo-editor", "bo", RemoteAccess="ENABLED")

    app = done(start_stop.start(home.account, start_stop.find(home.account, "bo-editor")))

    assert (app.status, app.instance_type) == ("InService", "ml.t3.medium")
