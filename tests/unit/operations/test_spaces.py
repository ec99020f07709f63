"""Spaces by name, started, stopped and started again, on the emulator."""

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.aws.logs import streams_of
from studioctl.aws.values import EditorDefaults, ResourceSpec
from studioctl.errors import AwsError, RefusedError, StudioctlError
from studioctl.guard.ledger import GRANTS, LEDGER, Ledger
from studioctl.guard.limits import month_of
from studioctl.guard.spans import Span
from studioctl.operations import emulation
from studioctl.operations.environment import Account
from studioctl.operations.spaces import address, start_stop
from studioctl.operations.status import status
from tests.environments import environment as config
from tests.fakes.aws import FakeCall, FakeSession, refused
from tests.fakes.studio import EDITOR
from tests.fakes.work import done
from tests.unit.emulator.emulated import Studio, eventually, new_studio
from tests.unit.operations.conftest import REGION


@dataclass(frozen=True)
class Home:
    """An environment with one space, named `editor`, and what a test does behind its back."""

    account: Account
    studio: Studio
    domain_id: str


@pytest.fixture
def home(emulator: RunningEmulator) -> Home:
    studio = new_studio(emulator, REGION)
    name = f"acme-{studio.tag}"
    domain_id = studio.domain(DomainName=name, Tags=[{"Key": "studioctl:environment", "Value": name}])
    studio.profile(domain_id)
    studio.space(domain_id, CodeEditorAppSettings={"DefaultResourceSpec": {"InstanceType": "ml.t3.medium"}})
    return Home(Account(config(name=name), emulation.target(emulator, REGION)), studio, domain_id)


def test_the_only_space_needs_no_name(home: Home) -> None:
    assert start_stop.find(home.account, None).name == "editor"


def test_a_space_that_is_not_there_is_answered_with_those_that_are(home: Home) -> None:
    with pytest.raises(StudioctlError) as caught:
        start_stop.find(home.account, "edtor")

    assert (caught.value.message, caught.value.hint) == (
        f"There is no space 'edtor' in '{home.account.config.name}'. Did you mean 'editor'?",
        "name one of: editor",
    )


@pytest.mark.parametrize(
    ("typed", "guess"),
    [("ada", " Did you mean 'editor'?"), ("zzzz", ""), ("[red]", ""), ("n\udcc3pe", ""), ("x" * 64, "")],
)
def test_a_users_name_means_the_users_only_space(home: Home, typed: str, guess: str) -> None:
    with pytest.raises(StudioctlError) as caught:
        start_stop.find(home.account, typed)

    assert caught.value.message == f"There is no space '{typed}' in '{home.account.config.name}'.{guess}"


def test_of_several_spaces_one_must_be_named(home: Home) -> None:
    home.studio.space(home.domain_id, "second")

    with pytest.raises(StudioctlError) as caught:
        start_stop.find(home.account, None)

    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == (
        f"Which space? There are 2 in '{home.account.config.name}'.",
        "name one of: editor, second",
        64,
    )


def test_a_space_of_another_program_is_not_touched(home: Home) -> None:
    home.studio.sagemaker.create_space(
        DomainId=home.domain_id,
        SpaceName="classic",
        OwnershipSettings={"OwnerUserProfileName": "ada"},
        SpaceSharingSettings={"SharingType": "Shared"},
    )

    with pytest.raises(RefusedError, match="Space 'classic' is one of Studio Classic"):
        start_stop.find(home.account, "classic")


def test_jupyterlab_starts_with_its_own_defaults_and_the_editor_beside_it_is_left_alone(home: Home) -> None:
    arn = home.studio.script("lab", app_type="JupyterLab")
    lab: Any = {
        "LifecycleConfigArns": [arn],
        "DefaultResourceSpec": {"LifecycleConfigArn": arn, "InstanceType": "ml.t3.large"},
        "AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 90}},
    }
    home.studio.profile(home.domain_id, "bo", JupyterLabAppSettings=lab)
    home.studio.space(home.domain_id, "bo-lab", "bo", AppType="JupyterLab")
    done(start_stop.start(home.account, start_stop.find(home.account, "editor")))

    space = start_stop.find(home.account, "bo-lab")
    app = done(start_stop.start(home.account, space))
    found = {it.name: it for it in status(home.account).spaces}
    stopped = done(start_stop.stop(home.account, [space]))

    assert (app.type, app.name, app.lifecycle_config_arn, app.instance_type) == (
        "JupyterLab",
        "default",
        arn,
        "ml.t3.large",
    )
    assert (found["bo-lab"].idle_timeout_minutes, found["bo-lab"].usd_per_hour) == (90, 0.1)
    assert found["editor"].idle_timeout_minutes != 90
    assert stopped == ("bo-lab",)
    assert start_stop.state(home.account, start_stop.find(home.account, "editor")) == "InService"
    assert streams_of(space)["lifecycle"] == f"{home.domain_id}/bo-lab/JupyterLab/default/LifecycleConfigOnStart"
    assert address.presigned_url(home.account, space).startswith("http")


def test_start_names_the_lifecycle_configuration_of_the_owner_where_the_space_has_none(home: Home) -> None:
    arn = home.studio.script("setup")
    editor: Any = {"LifecycleConfigArns": [arn], "DefaultResourceSpec": {"LifecycleConfigArn": arn}}
    home.studio.profile(home.domain_id, "bo", CodeEditorAppSettings=editor)
    home.studio.space(home.domain_id, "bo-editor", "bo")

    app = done(start_stop.start(home.account, start_stop.find(home.account, "bo-editor")))

    assert (app.status, app.lifecycle_config_arn) == ("InService", arn)


def test_started_twice_is_started_once(home: Home) -> None:
    space = start_stop.find(home.account, "editor")
    first = done(start_stop.start(home.account, space, wait=False))

    second = done(start_stop.start(home.account, space))

    assert first.status in {"Pending", "InService"}  # it is InService at once on a slow machine
    assert second.status == "InService"
    assert first.created_at == second.created_at


def test_what_is_asked_of_aws_names_the_owners_script_and_the_image_of_the_instance() -> None:
    """The emulator would choose both by itself."""
    cpu, script = f"arn:aws:sagemaker:us-east-1:885854791233:image/{start_stop.CPU_IMAGE}", "arn:of-the-owner"
    studio: Any = SimpleNamespace(
        editor_defaults=lambda *_: EditorDefaults(ResourceSpec(lifecycle_config_arn=script), None)
    )

    def asked(spec: ResourceSpec) -> tuple[str | None, str | None]:
        made = start_stop._spec_for(studio, replace(EDITOR, spec=spec), "ml.g5.xlarge")
        return made.lifecycle_config_arn, made.image

    assert asked(ResourceSpec("ml.t3.medium", cpu)) == (script, start_stop.GPU_IMAGE)
    assert asked(ResourceSpec("ml.t3.medium", cpu, lifecycle_config_arn="arn:its")) == ("arn:its", start_stop.GPU_IMAGE)


def test_another_instance_type_wants_a_restart_and_leaves_the_space_as_the_file_says(home: Home) -> None:
    space = start_stop.find(home.account, "editor")
    done(start_stop.start(home.account, space))

    with pytest.raises(RefusedError) as caught:
        done(start_stop.start(home.account, space, instance_type="ml.g5.xlarge"))
    app = done(start_stop.restart(home.account, space, instance_type="ml.g5.xlarge"))

    assert caught.value.hint == "save your work, then: studioctl restart editor --instance-type ml.g5.xlarge"
    assert (app.instance_type, app.spec.image) == ("ml.g5.xlarge", "sagemaker-distribution-gpu")
    again = done(start_stop.restart(home.account, space))
    assert (again.instance_type, again.spec.image) == ("ml.t3.medium", "sagemaker-distribution-cpu")


def test_stop_without_waiting_returns_when_aws_has_accepted_it(home: Home) -> None:
    space = start_stop.find(home.account, "editor")
    done(start_stop.start(home.account, space, wait=False))

    done(start_stop.stop(home.account, [space], wait=False))

    found = home.account.studio.editor(space)
    assert found is not None
    assert found.status in {"Deleting", "Deleted"}
    done(start_stop.stop(home.account, [space]))
    done(start_stop.stop(home.account, [space]))


def test_a_space_whose_change_failed_is_not_waited_for(home: Home, emulator: RunningEmulator) -> None:
    """It stays Update_Failed until somebody changes it again: a start does."""
    server.set_faults(emulator, {"faults": [{"kind": "failed", "action": "UpdateSpace"}]})
    try:
        home.account.studio.update_space(start_stop.find(home.account, None), remote_access=True)
        key = {"DomainId": home.domain_id, "SpaceName": "editor"}
        eventually(
            lambda: home.studio.sagemaker.describe_space(**key), lambda space: space["Status"] == "Update_Failed"
        )
        with pytest.raises(AwsError, match="AWS did not allow remote access to 'editor'"):
            done(start_stop.start(home.account, start_stop.find(home.account, None), instance_type="ml.m5.large"))
    finally:
        server.set_faults(emulator, {})
    app = done(start_stop.start(home.account, start_stop.find(home.account, None), instance_type="ml.m5.large"))
    assert app.status == "InService"


def limited(home: Home) -> Account:
    """The environment with limits, in which ada has spent an hour of a costly instance this month."""
    wanted = {"monthly_usd": 100.0, "monthly_usd_per_user": 5.0}
    of_file = config(name=home.account.config.name, limits=wanted, iam={"per_user_roles": True})
    account, at = Account(of_file, home.account.target), emulation.now(home.account.target).timestamp()
    _, start, _ = month_of(at)
    end = min(start + 3600, at)
    spent = Span("CodeEditor", "ada", "editor", "default", "ml.g5.xlarge", start, end, ended=end)
    ledger = Ledger(since=start, sampled=at - 120, spans=(spent,))
    s3, bucket = account.session.client("s3"), f"{of_file.name}-data-{account.session.identity.account_id}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=LEDGER, Body=ledger.to_text().encode())
    month = json.dumps({month_of(at)[0]: {"ada": 2.0}})
    s3.put_object(Bucket=bucket, Key=GRANTS, Body=month.encode())
    return account


def test_status_has_what_is_left_with_what_was_granted(home: Home) -> None:
    found = status(limited(home)).limits

    assert found is not None
    assert (found.age_minutes, found.is_old) == (2, False)
    everybody, ada = found.allowances
    assert everybody.usd == ada.usd > 0
    assert (everybody.left, ada.left) == (round(100 - ada.usd, 4), round(7 - ada.usd, 4))
    assert (ada.limit, ada.granted) == (7.0, 2.0)


def test_status_goes_on_where_the_ledger_may_not_be_read_and_asks_for_none_without_limits(home: Home) -> None:
    def refuse() -> object:
        raise refused("AccessDenied", "GetObject", status=403, message="ada may not")

    account = limited(home)
    for each in (account, home.account):
        each.__dict__["session"] = FakeSession({"s3": FakeS3(refuse)}, each.session)

    hidden, without = status(account), status(home.account)
    assert (hidden.limits, hidden.limits_are_hidden) == (None, True)
    assert (without.limits, without.limits_are_hidden) == (None, False)
    assert hidden.spaces == without.spaces


class FakeS3(FakeCall):
    """S3 whose errors are botocore's, as of a true client."""

    exceptions = SimpleNamespace(ClientError=ClientError)
