"""A fast plan says what a full one says, and takes few calls. `make agreement` does the same for 500 changes."""

import dataclasses
import json
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.functional.agreement import FEWEST, INSTANCES, Crowd, looked_at
from tests.functional.conftest import Shell
from tests.functional.warmth import knows_the_provider

from studio_emulator import controls, facts, server
from studio_emulator.settings import EmulatorSettings

pytestmark = pytest.mark.life
SEED, CHANGES, BETWEEN = 17, 12, 3
ENOUGH = dict.fromkeys((facts.PROFILES, facts.SPACES, *facts.EDITORS_ON.values()), 100.0)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    directory = tmp_path_factory.mktemp("agreement")
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator")})
    knows_the_provider(directory)
    settings = EmulatorSettings(transition_seconds=0, quotas=ENOUGH)
    server.start(settings=settings, state_dir=directory / "emulator")
    made = Crowd(shell, random.Random(SEED))
    made.write()
    try:
        made.up()
        yield made
    finally:
        server.stop(directory / "emulator")


def test_fast_and_full_plans_agree_on_random_changes(crowd: Crowd) -> None:
    for number in range(1, CHANGES + 1):
        crowd.change()
        fast, full = crowd.plans()
        assert fast == full, crowd.did
        if number % BETWEEN == 0:
            crowd.up()
            crowd.did.append("up")


def test_a_tag_that_somebody_changed_is_seen_by_the_doctor_and_by_a_full_plan_alone(crowd: Crowd) -> None:
    crowd.up()
    assert looked_at(crowd.shell.studioctl("plan", "--local", "-v").err) == 2 * len(crowd.users)
    name = crowd.retag()

    fast, full = crowd.plans()

    assert fast["changes"] == []
    assert [change["address"] for change in full["changes"]] == [f"aws_sagemaker_space.{name}"]
    assert {a["path"].partition(".")[0] for c in full["changes"] for a in c["attributes"]} == {"tags"}

    (remedy,) = other_tags(crowd)
    assert remedy == "studioctl up --refresh --local"
    crowd.shell.studioctl(*remedy.split()[1:], "--yes")
    assert other_tags(crowd) == []


def other_tags(crowd: Crowd) -> list[str]:
    """The doctor's remedies for tags that are not the file's."""
    told = json.loads(crowd.shell.studioctl("doctor", "--local", "--json", expect=None).out)["findings"]
    return [each["remedy"] for each in told if each["id"] == "DRF012" and each["severity"] != "ok"]


# What `up` asks AWS, by who asks. Each page of a hundred spaces more is one more call.
LISTED = Counter({"sagemaker ListSpaces": 1, "sagemaker ListUserProfiles": 1})
SHARED = Counter(
    {
        "ec2 DescribeInternetGateways": 1,
        "ec2 DescribeRouteTables": 1,
        "ec2 DescribeSecurityGroups": 1,
        "ec2 DescribeSubnets": 1,
        "ec2 DescribeVpcAttribute": 2,
        "ec2 DescribeVpcs": 1,
        "ecr DescribeRepositories": 1,
        "ecr GetLifecyclePolicy": 1,
        "ecr ListTagsForResource": 1,
        "iam GetPolicy": 5,
        "iam GetRole": 1,
        "iam ListAttachedRolePolicies": 1,
        "iam ListRolePolicies": 1,
        "s3 GetBucketCors": 1,
        "s3 GetBucketEncryption": 1,
        "s3 GetBucketLifecycleConfiguration": 1,
        "s3 GetBucketLogging": 1,
        "s3 GetBucketOwnershipControls": 1,
        "s3 GetBucketPolicy": 1,
        "s3 GetBucketReplication": 1,
        "s3 GetBucketTagging": 1,
        "s3 GetBucketVersioning": 1,
        "s3 GetBucketWebsite": 1,
        "s3 GetPublicAccessBlock": 1,
        "sagemaker DescribeDomain": 1,
        "sagemaker ListStudioLifecycleConfigs": 1,
        "sagemaker ListTags": 3,
    }
)
TERRAFORM = Counter({"ec2 DescribeAvailabilityZones": 1, "iam GetUser": 2, "sts GetCallerIdentity": 1})
WHO_WORKS = Counter({"sagemaker ListApps": 1})
OTHER_DOMAINS = Counter({"sagemaker ListDomains": 1})  # whose people count for quotas, too
RIGHT_BEFORE = Counter({"sagemaker DescribeDomain": 1}) + LISTED
LEFT = LISTED  # how it was left, for the record
KEPT_HOMES = Counter({"efs DescribeFileSystems": 1})
MADE = Counter(
    {
        "sagemaker CreateSpace": 1,
        "sagemaker CreateUserProfile": 1,
        "sagemaker DescribeSpace": 2,
        "sagemaker DescribeUserProfile": 2,
        "sagemaker ListTags": 2,
    }
)
REMOVED = Counter(
    {
        "sagemaker DeleteSpace": 1,
        "sagemaker DeleteUserProfile": 1,
        "sagemaker DescribeSpace": 1,
        "sagemaker DescribeUserProfile": 1,
    }
)
WHAT_IT_COST = Counter({"sagemaker DescribeSpace": 1})
EXPIRY = Counter({"ecr DeleteLifecyclePolicy": 1, "ecr GetLifecyclePolicy": 1, "ecr PutLifecyclePolicy": 1})
EVERY = LISTED + SHARED + TERRAFORM + WHO_WORKS + KEPT_HOMES
MORE_PAGES = 1000 // 100 - 1


def test_one_user_more_or_less_and_one_changed_value_take_these_calls(crowd: Crowd) -> None:
    crowd.users, crowd.instance, crowd.keep = {f"user-{n}": 20 for n in range(FEWEST - 2)}, INSTANCES[0], 10
    crowd.write()
    crowd.up()
    crowd.up()  # what users share is known after an `up` that changed none of it
    crowd.users["ada"] = 20
    crowd.write()
    crowd.up()  # which asked for quotas

    crowd.users["grace"] = 20
    one_more = calls_of_up(crowd)
    del crowd.users["grace"]
    one_less = calls_of_up(crowd)
    crowd.keep = 9
    one_value = calls_of_up(crowd)

    assert one_more == EVERY + OTHER_DOMAINS + RIGHT_BEFORE + LEFT + MADE
    assert one_less == EVERY + RIGHT_BEFORE + WHAT_IT_COST + REMOVED
    assert one_value == EVERY + EXPIRY
    assert one_more.total() + MORE_PAGES - MADE.total() <= 60  # among 1,000 users


def calls_of_up(crowd: Crowd) -> Counter[str]:
    """The calls to AWS of an `up` with a Terraform that starts its own provider, as users' do."""
    crowd.write()
    before = controls.calls(crowd.shell.emulator)
    dataclasses.replace(crowd.shell, cold=True).studioctl("up", "--local", "--yes")
    return controls.calls(crowd.shell.emulator) - before
