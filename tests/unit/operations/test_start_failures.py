"""Why a start failed: AWS's own words, and what is made of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from studioctl.aws import quotas
from studioctl.aws.quotas import Request
from studioctl.aws.values import ResourceSpec, Space
from studioctl.config.limits import Limits
from studioctl.errors import AwsError
from studioctl.events import Noted
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account
from studioctl.operations.spaces import diagnose_start, start_stop
from studioctl.target import Target
from tests.environments import environment
from tests.fakes.studio import EDITOR, MOMENT, FakeStudio
from tests.fakes.work import done

QUOTA = (
    "ResourceLimitExceeded: The account-level service limit 'Studio CodeEditor Apps running on ml.p3.2xlarge instances'"
    " is 0 Apps, with current utilization of 0 Apps and a request delta of 1 Apps. Please use Service Quotas to request"
    " an increase for this quota."
)


@dataclass
class FakeLogs:
    """CloudWatch Logs with these lines in every stream; None where it denies."""

    lines: Sequence[str] | None = ()
    asked: list[str] = field(default_factory=list)

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request["logStreamName"])
        if self.lines is None:
            said: Any = {"Code": "AccessDeniedException", "Message": "no"}
            raise ClientError({"Error": said}, "GetLogEvents")
        at = int(MOMENT.timestamp() * 1000) + 1000
        return {"events": [{"timestamp": at, "message": text} for text in self.lines], "nextForwardToken": "f/1"}


def failure(reason: str, logs: FakeLogs | None = None, *, profile: str | None = None) -> AwsError:
    """The error of a start that fails so."""
    account = Account(environment(), Target("us-east-1", profile))
    session = SimpleNamespace(client=lambda _: logs or FakeLogs())
    account.__dict__.update(studio=FakeStudio(reason), session=session)
    with pytest.raises(AwsError) as caught:
        done(start_stop.start(account, EDITOR))
    return caught.value


def test_a_failed_script_is_told_with_the_end_of_its_log() -> None:
    logs = FakeLogs(["+ conda install nothing", "\x1b[31mnot found\x1b[0m"])

    error = failure("ConfigurationError: LifecycleConfig execution failed with non zero exit code 1", logs)

    assert error.message == (
        "'ada-editor' did not start, its lifecycle script failed: ConfigurationError: LifecycleConfig execution failed"
        " with non zero exit code 1\n"
        "The end of its lifecycle log:\n"
        "  + conda install nothing\n"
        "  not found"
    )
    assert error.hint == "mend [editor] in the file, run studioctl up, then: studioctl start ada-editor"
    assert logs.asked == ["d-abc/ada-editor/CodeEditor/default/LifecycleConfigOnStart"]


def test_the_reason_is_told_also_where_the_log_may_not_be_read() -> None:
    error = failure("InternalFailure", FakeLogs(None))

    assert error.message.startswith("'ada-editor' did not start: InternalFailure\nIts lifecycle log cannot be read: ")


def test_a_quota_whose_code_is_not_known_is_looked_up_by_the_command_itself() -> None:
    error = failure(QUOTA, profile="acme admin")

    assert error.message == (
        "'ada-editor' cannot start: the account's quota 'Studio CodeEditor Apps running on ml.p3.2xlarge instances' is"
        " 0 in us-east-1, and 0 are in use."
    )
    assert error.hint == (
        "ask AWS for more: aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code"
        " $(aws service-quotas list-service-quotas --service-code sagemaker --region us-east-1 --profile 'acme admin'"
        " --query \"Quotas[?QuotaName=='Studio CodeEditor Apps running on ml.p3.2xlarge instances'].QuotaCode\""
        " --output text) --desired-value 1 --region us-east-1 --profile 'acme admin'"
    )


class Scarce(FakeStudio):
    """A Studio that has some types of instances only."""

    def __init__(self, refused: Mapping[str | None, str], has: str | None = None) -> None:
        super().__init__(details=replace(EDITOR, spec=replace(EDITOR.spec, instance_type="ml.g5.xlarge")))
        self.refused, self.has, self.asked = refused, has, list[str | None]()

    def instance_types(self) -> tuple[str, ...]:
        return ("ml.g5.xlarge", "ml.p3.2xlarge", "ml.g6.xlarge")

    def create_editor(self, space: Space, spec: ResourceSpec, *, recovery: bool = False) -> None:
        self.asked.append(spec.instance_type)
        if spec.instance_type in self.refused:
            raise AwsError(self.refused[spec.instance_type], hint="")
        zone = f"Instance type '{spec.instance_type}' is temporarily unavailable in supported availability zones [a, b]"
        self.reason = "" if spec.instance_type == self.has else f"EC2InsufficientCapacityError: {zone}"
        super().create_editor(space, spec, recovery=recovery)


def scarce(studio: Scarce) -> Account:
    types = ["ml.g5.xlarge", "ml.p3.2xlarge", "ml.g6.xlarge"]
    users = [{"name": "ada", "spaces": [{"name": "ada-editor", "instance_type": types}]}]
    account = Account(environment(users=users), Target("us-east-1"))
    account.__dict__.update(studio=studio, session=SimpleNamespace(client=lambda _: FakeLogs()))
    return account


def test_of_several_types_the_first_is_taken_that_the_account_and_aws_have() -> None:
    studio = Scarce({"ml.p3.2xlarge": QUOTA}, has="ml.g6.xlarge")
    events = list(start_stop.start(scarce(studio), EDITOR))

    assert studio.asked == ["ml.g5.xlarge", "ml.p3.2xlarge", "ml.g6.xlarge"]
    assert studio.app
    assert studio.app.instance_type == "ml.g6.xlarge"
    assert [event.message for event in events if isinstance(event, Noted)] == [
        "AWS has no ml.g5.xlarge free in a, b at present; trying ml.p3.2xlarge",
        "the account's quota for ml.p3.2xlarge is 0, and 0 are in use; trying ml.g6.xlarge",
    ]


def test_where_none_of_them_can_be_had_the_last_says_what_to_do() -> None:
    studio = Scarce({})

    with pytest.raises(AwsError) as caught:
        done(start_stop.start(scarce(studio), EDITOR))

    assert studio.asked == ["ml.g5.xlarge", "ml.p3.2xlarge", "ml.g6.xlarge"]
    assert caught.value.message.startswith(
        "'ada-editor' did not start: AWS has no ml.g6.xlarge free in a, b at present"
    )
    assert caught.value.hint == (
        "try again later, or on another type for this time: studioctl start ada-editor --instance-type ml.g4dn.2xlarge"
        "   (or ml.g4dn.xlarge, ml.g5.2xlarge)"
    )


def asking(code: str = "", request: Request | None = None) -> Any:
    """Quotas of which one is known, with a request that AWS has not decided."""
    known = quotas.Quota("sagemaker", code, "", 0, is_adjustable=True) if code else None
    return SimpleNamespace(editor_quota=lambda _, __: known, open_request=lambda _, __: request)


@pytest.fixture(autouse=True)
def _nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose_start, "quotas", asking())


def test_a_request_that_is_open_is_told_instead_of_advice_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose_start, "quotas", asking("L-1", Request(2, "abc-1", "PENDING")))
    error = failure(QUOTA)

    assert error.message.endswith(" is 0 in us-east-1, and 0 are in use. A request for 2 is open.")
    assert error.hint == (
        "wait for AWS's answer: aws service-quotas get-requested-service-quota-change --request-id abc-1"
        " --region us-east-1"
    )


def test_of_several_types_there_is_advice_for_each() -> None:
    others: dict[str | None, str] = {
        each: QUOTA.replace("ml.p3.2xlarge", each) for each in ("ml.g5.xlarge", "ml.p3.2xlarge")
    }

    with pytest.raises(AwsError) as caught:
        done(start_stop.start(scarce(Scarce(others)), EDITOR))

    elsewhere, *asked = caught.value.hint.split("; or ")
    assert elsewhere.startswith("try again later, or on another type for this time: studioctl start ada-editor")
    assert [each.partition(": ")[0] for each in asked] == ["ask AWS for more"] * 2
    assert [("L-8C616CCB" in each, "ml.p3.2xlarge" in each) for each in asked] == [(True, False), (False, True)]


def test_no_type_is_named_that_the_limits_deny() -> None:
    account = scarce(Scarce({}))
    limited = replace(account, config=account.config.model_copy(update={"limits": Limits(instance_types=("ml.g5.*",))}))
    limited.__dict__.update(studio=Scarce({}), session=SimpleNamespace(client=lambda _: FakeLogs()))

    with pytest.raises(AwsError) as caught:
        done(start_stop.start(limited, EDITOR))

    named = re.findall(r"ml\.[\w.]+", caught.value.hint)
    assert named
    assert all(each.startswith("ml.g5.") and each != "ml.g5.xlarge" for each in named)


def test_an_image_that_the_app_does_not_offer_is_told_with_one_that_it_does() -> None:
    """Somebody has chosen it in Studio's pages."""
    digests = {name: f"sha256:{digit * 64}" for name, digit in (("torch", "1"), ("lab", "2"))}
    custom = [
        {"name": "torch", "digest": digests["torch"]},
        {"name": "lab", "digest": digests["lab"], "apps": ["jupyterlab"]},
    ]
    config = environment(images={"custom": custom})
    chosen = Naming.of(config).custom_image(digests["torch"])
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:image/{chosen}"
    lab = replace(
        EDITOR, name="ada-lab", app_type="JupyterLab", spec=ResourceSpec("ml.t3.medium", arn, None, None, "x")
    )
    account = Account(config, Target("us-east-1"))
    account.__dict__.update(studio=FakeStudio(details=lab), session=SimpleNamespace(client=lambda _: FakeLogs()))

    told = diagnose_start.refused(account, lab, AwsError("not in the CustomImages", hint=""), instance_type=None)

    assert told.message == "'ada-lab' cannot start: its image is 'torch', which JupyterLab does not offer."
    assert told.hint == (
        "choose another image for it in Studio (lab); or, if it has JupyterLab in it, write"
        ' apps = ["code-editor", "jupyterlab"] for \'torch\' below [[images.custom]], then: studioctl up'
    )


def test_a_type_that_somebody_names_is_the_only_one() -> None:
    studio = Scarce({})

    with pytest.raises(AwsError):
        done(start_stop.start(scarce(studio), EDITOR, instance_type="ml.g6.xlarge"))

    assert studio.asked == ["ml.g6.xlarge"]


def test_a_zone_without_capacity_is_named_and_so_are_types_that_may_do() -> None:
    reason = (
        "EC2InsufficientCapacityError: Instance type 'ml.t3.medium' is temporarily unavailable in supported"
        " availability zones [us-east-1a]"
    )

    error = failure(reason)

    assert error.message == (
        f"'ada-editor' did not start: AWS has no ml.t3.medium free in us-east-1a at present: {reason}"
    )
    assert error.hint == (
        "try again later, or on another type for this time: studioctl start ada-editor --instance-type ml.t3.large"
        "   (or ml.c5.large, ml.m5.large)"
    )
