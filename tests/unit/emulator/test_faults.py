"""Everything that can be made to go wrong, seen by an ordinary client."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from studio_emulator import controls, server
from studio_emulator.errors import EmulatorError
from studio_emulator.faults import Active, Fault, Faults, Kind, loads
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import REGION, client, eventually, key_of, new_studio, refusal


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator of these tests' own: what goes wrong in it would disturb others."""
    home = tmp_path_factory.mktemp("faults")
    yield server.start(settings=EmulatorSettings(transition_seconds=0.1), state_dir=home)
    server.stop(home)


@pytest.fixture
def wrong(emulator: RunningEmulator) -> Iterator[Any]:
    """Sets one fault, and clears it afterwards."""

    def let(kind: str, **how: Any) -> None:
        server.set_faults(emulator, {"faults": [{"kind": kind, **how}]})

    yield let
    server.set_faults(emulator, {})


# The services that studioctl uses, with a call that each answers.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "ec2": ("describe_vpcs", {}),
    "ecr": ("describe_repositories", {}),
    "efs": ("describe_file_systems", {}),
    "iam": ("list_roles", {}),
    "s3": ("list_buckets", {}),
    "sagemaker": ("list_domains", {}),
    "secretsmanager": ("list_secrets", {}),
    "sts": ("get_caller_identity", {}),
}
CODES = {
    "throttling": {
        "ec2": "RequestLimitExceeded",
        "iam": "Throttling",
        "sts": "Throttling",
        "s3": "SlowDown",
        "": "ThrottlingException",
    },
    "server-error": {
        "ec2": "InternalError",
        "ecr": "ServerException",
        "efs": "InternalServerError",
        "s3": "InternalError",
        "secretsmanager": "InternalServiceError",
        "": "InternalFailure",
    },
    "unavailable": {"ec2": "Unavailable", "": "ServiceUnavailable"},
    "expired-credentials": {
        "ec2": "RequestExpired",
        "iam": "ExpiredToken",
        "sts": "ExpiredToken",
        "s3": "ExpiredToken",
        "": "ExpiredTokenException",
    },
}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("service", CALLS)
def test_each_service_says_it_in_its_own_words(emulator: RunningEmulator, wrong: Any, kind: str, service: str) -> None:
    name, arguments = CALLS[service]
    call = getattr(client(emulator, service), name)
    wrong(kind, service=service, times=1)

    code, message = refusal(lambda: call(**arguments))

    assert code == CODES[kind].get(service, CODES[kind][""])
    assert len(message) > 10
    call(**arguments)  # only once


@pytest.mark.parametrize("service", CALLS)
def test_the_client_takes_throttling_and_broken_connections_for_worth_another_try(
    emulator: RunningEmulator, service: str
) -> None:
    name, arguments = CALLS[service]
    patient = boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url=emulator.endpoint_url,
        **key_of(emulator),
        config=Config(retries={"mode": "standard", "total_max_attempts": 5}),
    )
    kinds = [{"kind": kind, "service": service, "times": 1} for kind in ("throttling", "reset", "unavailable")]
    server.set_faults(emulator, {"faults": kinds})

    getattr(patient, name)(**arguments)

    assert [fault["hit"] for fault in server.faults(emulator)["faults"]] == [1, 1, 1]
    server.set_faults(emulator, {})


def test_a_reset_breaks_the_connection_and_does_nothing(emulator: RunningEmulator, wrong: Any) -> None:
    s3 = client(emulator, "s3")
    wrong("reset", action="CreateBucket")

    with pytest.raises(ConnectionClosedError):
        s3.create_bucket(Bucket="reset", CreateBucketConfiguration={"LocationConstraint": REGION})

    assert "reset" not in server.inventory(emulator)["buckets"]


def test_a_lost_answer_leaves_what_was_done(emulator: RunningEmulator, wrong: Any) -> None:
    s3 = client(emulator, "s3")
    wrong("lost-answer", action="CreateBucket")

    with pytest.raises(ConnectionClosedError):
        s3.create_bucket(Bucket="lost", CreateBucketConfiguration={"LocationConstraint": REGION})

    assert "lost" in server.inventory(emulator)["buckets"]


def test_a_timeout_hangs_until_the_client_gives_up_and_holds_up_nobody(emulator: RunningEmulator, wrong: Any) -> None:
    hasty = boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=emulator.endpoint_url,
        **key_of(emulator),
        config=Config(read_timeout=1, retries={"total_max_attempts": 1}),
    )
    wrong("timeout", action="DescribeVpcs", times=1)
    began = time.monotonic()

    with pytest.raises(ReadTimeoutError):
        hasty.describe_vpcs()

    assert 1 <= time.monotonic() - began < 60
    client(emulator, "ec2").describe_vpcs()  # the hasty one may give up on a busy machine, too


def test_slow_is_the_right_answer_late(emulator: RunningEmulator, wrong: Any) -> None:
    wrong("slow", action="ListDomains", seconds=0.4)
    began = time.monotonic()

    assert client(emulator, "sagemaker").list_domains()["Domains"] == []
    assert time.monotonic() - began >= 0.4


def test_failed_things_have_aws_statuses_and_a_reason(emulator: RunningEmulator) -> None:
    studio = new_studio(emulator)
    domain_id = studio.domain()
    server.set_faults(
        emulator,
        {
            "faults": [
                {"kind": "failed", "action": "CreateSpace", "message": "no luck"},
                {"kind": "failed", "action": "UpdateDomain"},
                {"kind": "failed", "action": "DeleteUserProfile", "times": 1},
            ]
        },
    )
    studio.profile(domain_id)
    sagemaker = studio.sagemaker
    settings: Any = {
        "SpaceSettings": {"AppType": "CodeEditor"},
        "OwnershipSettings": {"OwnerUserProfileName": "ada"},
        "SpaceSharingSettings": {"SharingType": "Private"},
    }
    sagemaker.create_space(DomainId=domain_id, SpaceName="bad", **settings)
    space = eventually(lambda: sagemaker.describe_space(DomainId=domain_id, SpaceName="bad"), _is_settled)
    assert (space["Status"], space["FailureReason"]) == ("Failed", "no luck")
    sagemaker.update_domain(DomainId=domain_id, DomainSettingsForUpdate={"DockerSettings": {}})
    domain = eventually(lambda: sagemaker.describe_domain(DomainId=domain_id), _is_settled)
    assert domain["Status"] == "Update_Failed"
    sagemaker.delete_space(DomainId=domain_id, SpaceName="bad")
    eventually(lambda: sagemaker.list_spaces(DomainIdEquals=domain_id)["Spaces"], lambda spaces: not spaces)
    sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    profile = eventually(
        lambda: sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"), _is_settled
    )
    assert profile["Status"] == "Delete_Failed"
    server.set_faults(emulator, {})
    sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")


def test_no_capacity_and_no_quota_for_an_app(emulator: RunningEmulator, wrong: Any) -> None:
    studio = new_studio(emulator)
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    key: Any = {"DomainId": domain_id, "SpaceName": "editor", "AppType": "CodeEditor", "AppName": "default"}

    wrong("quota", action="CreateApp")
    code, message = refusal(lambda: studio.sagemaker.create_app(**key))
    assert code == "ResourceLimitExceeded"
    assert message.startswith("The account-level service limit 'Studio CodeEditor Apps running on ml.t3.medium")

    wrong("capacity")
    studio.sagemaker.create_app(**key)
    app = eventually(lambda: studio.sagemaker.describe_app(**key), _is_settled)
    assert app["Status"] == "Failed"
    assert app["FailureReason"] == (
        "EC2InsufficientCapacityError: Instance type 'ml.t3.medium' is temporarily unavailable in supported"
        f" availability zones [{REGION}a]"
    )


def _is_settled(thing: Any) -> bool:
    return thing["Status"] not in {"Pending", "Updating", "Deleting"}


REST_CALLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("s3", "put_object", "PutObject", {"Bucket": "b", "Key": "a/b.tfstate", "Body": b"x"}),
    ("s3", "copy_object", "CopyObject", {"Bucket": "b", "Key": "c", "CopySource": "b/a"}),
    ("s3", "delete_objects", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "a"}]}}),
    ("s3", "list_object_versions", "ListObjectVersions", {"Bucket": "b"}),
    ("s3", "list_objects_v2", "ListObjectsV2", {"Bucket": "b"}),
    ("s3", "put_bucket_versioning", "PutBucketVersioning", {"Bucket": "b", "VersioningConfiguration": {}}),
    ("s3", "delete_bucket", "DeleteBucket", {"Bucket": "b"}),
    ("s3", "get_bucket_tagging", "GetBucketTagging", {"Bucket": "b"}),
    ("efs", "describe_mount_targets", "DescribeMountTargets", {"FileSystemId": "fs-1"}),
    ("efs", "delete_access_point", "DeleteAccessPoint", {"AccessPointId": "fsap-1"}),
    ("efs", "delete_file_system", "DeleteFileSystem", {"FileSystemId": "fs-1"}),
]


@pytest.mark.parametrize(("service", "method", "action", "arguments"), REST_CALLS, ids=[call[2] for call in REST_CALLS])
def test_actions_of_rest_services_are_known_by_method_and_path(
    emulator: RunningEmulator, wrong: Any, service: str, method: str, action: str, arguments: dict[str, Any]
) -> None:
    wrong("error", action=action, code="Teapot", message="short and stout", status=418)

    assert refusal(lambda: getattr(client(emulator, service), method)(**arguments)) == ("Teapot", "short and stout")


def test_a_pattern_a_delay_and_a_number(emulator: RunningEmulator, wrong: Any) -> None:
    ec2 = client(emulator, "ec2")
    wrong("error", code="No", action="Describe*", after=2, times=1)

    ec2.describe_vpcs()
    ec2.describe_subnets()
    assert refusal(ec2.describe_vpcs)[0] == "No"
    ec2.describe_vpcs()


def test_calls_are_counted_by_their_actions_also_those_that_are_hit(emulator: RunningEmulator, wrong: Any) -> None:
    ec2, before = client(emulator, "ec2"), controls.calls(emulator)
    wrong("error", code="No", action="DescribeVpcs")

    refusal(ec2.describe_vpcs)
    ec2.describe_subnets()
    ec2.describe_subnets()
    client(emulator, "s3").list_buckets()

    assert controls.calls(emulator) - before == {"ec2 DescribeVpcs": 1, "ec2 DescribeSubnets": 2, "s3 ListBuckets": 1}


def test_the_same_seed_hits_the_same_calls() -> None:
    fault = Fault(Kind.RESET, probability=0.3, action="Delete*")

    def hits(seed: int, others: int) -> list[bool]:
        faults = Faults(seed, [Active(fault)])
        pattern = []
        for _ in range(50):
            pattern.append(faults.hit("ec2", "DeleteVpc") is not None)
            for _ in range(others):
                faults.hit("ec2", "DescribeVpcs")
        return pattern

    assert hits(7, others=0) == hits(7, others=3)
    assert hits(7, others=0) != hits(8, others=0)
    assert 5 < sum(hits(7, others=0)) < 25


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "reset", "action": "CreateDomian"}, "AWS has no action 'CreateDomian'; did you mean 'CreateDomain'?"),
        ({"kind": "reset", "service": "ec2", "action": "CreateDomain"}, "ec2 has no action 'CreateDomain'"),
        ({"kind": "reset", "service": "sage"}, "unknown service 'sage'; did you mean 'sagemaker'? There are "),
        ({"kind": "gremlins"}, "unknown kind 'gremlins'. There are throttling, "),
        ({"kind": "error"}, "needs a code"),
        ({"kind": "slow", "seconds": -1}, "seconds is -1"),
        ({"kind": "reset", "probability": 2}, "probability is 2"),
        ({"kind": "reset", "often": 2}, "unknown key 'often'; did you mean 'after'? There are action, "),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    emulator: RunningEmulator, wrong: Any, fault: dict[str, Any], told: str
) -> None:
    wrong("slow", action="ListDomains", seconds=0)
    before = server.faults(emulator)

    with pytest.raises(EmulatorError) as refused:
        server.add_faults(emulator, {"faults": [fault]})

    assert told in refused.value.message
    assert server.faults(emulator) == before


def test_a_file_in_toml_or_json(tmp_path: Path) -> None:
    wanted = {"seed": 3, "faults": [{"kind": "reset", "probability": 0.1}]}
    (tmp_path / "faults.toml").write_text('seed = 3\n[[faults]]\nkind = "reset"\nprobability = 0.1\n')
    (tmp_path / "faults.json").write_text('{"seed": 3, "faults": [{"kind": "reset", "probability": 0.1}]}')

    toml, json = (tmp_path / "faults.toml").read_text(), (tmp_path / "faults.json").read_text()
    assert loads(toml) == loads(json, is_json=True) == wanted
    assert replace(Fault(Kind.RESET), probability=0.1) == Fault(**wanted["faults"][0])  # type: ignore[index]


def test_a_rate_lets_as_many_through_as_it_says_and_a_burst_of_one_second() -> None:
    active, dice = Active(Fault(Kind.THROTTLING, per_second=5)), Random(0)

    def passed(calls: int, *, seconds: float, begin: float) -> int:
        hits = [active.is_due(dice, begin + number * seconds / calls) for number in range(calls)]
        return hits.count(False)

    assert passed(100, seconds=0, begin=10) == 5  # all at once
    assert passed(100, seconds=4, begin=11) == pytest.approx(24, abs=2)
    assert passed(4, seconds=1, begin=20) == 4  # slower than the limit
    slow = Active(Fault(Kind.THROTTLING, per_second=0.5))
    assert [slow.is_due(dice, now) for now in (0.0, 1.0, 2.5, 3.0)] == [False, True, False, True]
    with pytest.raises(ValueError, match="per_second is 0, and must be more than 0"):
        Fault(Kind.THROTTLING, per_second=0)
