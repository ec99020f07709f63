"""Sessions of roles are held to their policies, by every service, in the words and forms of AWS."""

import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, Studio, client, eventually, new_studio, refusal
from tests.unit.emulator.pushing import Registry

ACCOUNT = "123456789012"
FULL = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


def session_client(emulator: RunningEmulator, variables: dict[str, str], service: Any, **config: Any) -> Any:
    """A client with the credentials that `emulator env --as` prints."""
    return boto3.client(
        service,
        endpoint_url=emulator.endpoint_url,
        region_name=REGION,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


@dataclass(frozen=True)
class Team:
    """A domain with two users whose role has the policies that a test gives it."""

    emulator: RunningEmulator
    studio: Studio
    domain_id: str

    @property
    def role(self) -> str:
        return self.studio.role_arn.rpartition("/")[2]

    @property
    def who(self) -> str:
        return f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/SageMaker is not authorized to perform: "

    def allow(self, actions: Any, resources: Any = "*", effect: str = "Allow", **conditions: Any) -> None:
        """The one inline policy of the role."""
        statement = {"Effect": effect, "Action": actions, "Resource": resources, "Condition": conditions}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.studio.iam.put_role_policy(RoleName=self.role, PolicyName="own", PolicyDocument=json.dumps(document))

    def as_(self, user: str, service: str, **config: Any) -> Any:
        variables = server.session(self.emulator, REGION, user, self.domain_id)
        return session_client(self.emulator, variables, service, **config)

    def arn(self, path: str) -> str:
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{path}"


@pytest.fixture(scope="module")
def team(emulator: RunningEmulator) -> Team:
    studio = new_studio(emulator)
    domain_id = studio.domain()
    for user in ("ada", "grace"):
        studio.profile(domain_id, user)
        studio.space(domain_id, f"{user}-editor", user)
    return Team(emulator, studio, domain_id)


@pytest.fixture(autouse=True)
def nothing_is_allowed(team: Team) -> None:
    team.allow("none:Nothing")


def test_a_session_is_the_execution_roles(team: Team) -> None:
    assert team.as_("ada", "sts").get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{team.role}/SageMaker"
    )


def test_the_administrator_is_held_to_nothing(team: Team) -> None:
    assert client(team.emulator, "iam").list_users()["Users"] == []


DENIED: list[tuple[str, Callable[[Any], object], str, str, str]] = [
    ("sagemaker", lambda c: c.list_spaces(), "AccessDeniedException", "sagemaker:ListSpaces", "*"),
    (
        "sagemaker",
        lambda c: c.create_training_job(
            TrainingJobName="Mine",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
            AlgorithmSpecification={"TrainingImage": "x", "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://b/x"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        ),
        "AccessDeniedException",
        "sagemaker:CreateTrainingJob",
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/mine",
    ),
    (
        "ecr",
        lambda c: c.describe_images(repositoryName="team"),
        "AccessDeniedException",
        "ecr:DescribeImages",
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team",
    ),
    ("ecr", lambda c: c.get_authorization_token(), "AccessDeniedException", "ecr:GetAuthorizationToken", "*"),
    (
        "secretsmanager",
        lambda c: c.get_secret_value(SecretId="unknown"),
        "AccessDeniedException",
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:unknown",
    ),
    (
        "logs",
        lambda c: c.create_log_stream(logGroupName="/aws/sagemaker/x", logStreamName="y"),
        "AccessDeniedException",
        "logs:CreateLogStream",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/x:log-stream:y",
    ),
    (
        "iam",
        lambda c: c.create_user(UserName="mallory"),
        "AccessDenied",
        "iam:CreateUser",
        f"arn:aws:iam::{ACCOUNT}:user/mallory",
    ),
    (
        "sts",
        lambda c: c.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/admin", RoleSessionName="me"),
        "AccessDenied",
        "sts:AssumeRole",
        f"arn:aws:iam::{ACCOUNT}:role/admin",
    ),
    (
        "s3",
        lambda c: c.put_object(Bucket="elsewhere", Key="a/b", Body=b""),
        "AccessDenied",
        "s3:PutObject",
        '"arn:aws:s3:::elsewhere/a/b"',
    ),
    ("s3", lambda c: c.list_buckets(), "AccessDenied", "s3:ListAllMyBuckets", '"*"'),
    (
        "s3",
        lambda c: c.delete_objects(Bucket="elsewhere", Delete={"Objects": [{"Key": "a&b"}]}),
        "AccessDenied",
        "s3:DeleteObject",
        '"arn:aws:s3:::elsewhere/a&b"',
    ),
    ("efs", lambda c: c.describe_file_systems(), "AccessDeniedException", "elasticfilesystem:DescribeFileSystems", "*"),
]


@pytest.mark.parametrize(("service", "call", "code", "action", "resource"), DENIED, ids=[row[3] for row in DENIED])
def test_a_denial_has_the_words_of_aws(
    team: Team, service: str, call: Callable[[Any], object], code: str, action: str, resource: str
) -> None:
    denied = refusal(lambda: call(team.as_("ada", service)))

    assert denied == (
        code,
        f"{team.who}{action} on resource: {resource} because no identity-based policy allows the {action} action",
    )


def test_ec2_has_its_own_code_and_says_more(team: Team) -> None:
    code, message = refusal(lambda: team.as_("ada", "ec2").create_vpc(CidrBlock="10.0.0.0/16"))

    assert code == "UnauthorizedOperation"
    assert message.startswith(f"You are not authorized to perform this operation. {team.who}ec2:CreateVpc")


def test_a_head_request_is_refused_without_words(team: Team) -> None:
    assert refusal(lambda: team.as_("ada", "s3").head_object(Bucket="b-one", Key="k")) == ("403", "Forbidden")


def test_an_explicit_denial_is_told_as_one(team: Team) -> None:
    team.allow("sagemaker:*", effect="Deny")

    _, message = refusal(team.as_("ada", "sagemaker").list_spaces)
    assert message.endswith("sagemaker:ListSpaces on resource: * with an explicit deny in an identity-based policy")


def test_apps_of_others_stay_closed_by_owner_and_sharing_type(team: Team) -> None:
    """The conditions that AWS's own managed policy isolates users by."""
    team.studio.iam.attach_role_policy(RoleName=team.role, PolicyArn=FULL)
    sagemaker = team.as_("ada", "sagemaker")
    key = {"DomainId": team.domain_id, "AppType": "CodeEditor", "AppName": "default"}
    try:
        sagemaker.create_app(SpaceName="ada-editor", **key)
        _, message = refusal(lambda: sagemaker.create_app(SpaceName="grace-editor", **key))
        own = [space["SpaceName"] for space in sagemaker.list_spaces(DomainIdEquals=team.domain_id)["Spaces"]]
    finally:
        team.studio.iam.detach_role_policy(RoleName=team.role, PolicyArn=FULL)
        eventually(
            lambda: team.studio.sagemaker.describe_app(SpaceName="ada-editor", **key)["Status"],  # type: ignore[arg-type]
            lambda status: status == "InService",
        )
        team.studio.stop({"SpaceName": "ada-editor", **key})

    assert (
        f"sagemaker:CreateApp on resource: {team.arn(f'app/{team.domain_id}/grace-editor/codeeditor/default')}"
        in message
    )
    assert sorted(own) == ["ada-editor", "grace-editor"]


def test_a_new_space_is_its_askers_own_and_its_tags_must_be_allowed(team: Team) -> None:
    own = team.arn("user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}")
    team.allow("sagemaker:CreateSpace", ArnLike={"sagemaker:OwnerUserProfileArn": own})
    sagemaker = team.as_("ada", "sagemaker")

    def create(owner: str, **more: Any) -> object:
        return sagemaker.create_space(
            DomainId=team.domain_id,
            SpaceName="extra",
            OwnershipSettings={"OwnerUserProfileName": owner},
            SpaceSharingSettings={"SharingType": "Private"},
            SpaceSettings={"AppType": "CodeEditor"},
            **more,
        )

    assert "sagemaker:CreateSpace" in refusal(lambda: create("grace"))[1]
    assert "sagemaker:AddTags" in refusal(lambda: create("ada", Tags=[{"Key": "a", "Value": "b"}]))[1]


def test_a_role_must_be_passed_to_whom_it_is_for(team: Team) -> None:
    elsewhere = {"iam:PassedToService": "lambda.amazonaws.com"}
    team.allow(["sagemaker:CreateModel", "iam:PassRole"], StringEqualsIfExists=elsewhere)
    model = {"ModelName": "mine", "ExecutionRoleArn": team.studio.role_arn}

    _, message = refusal(lambda: team.as_("ada", "sagemaker").create_model(**model))
    assert message.startswith(f"{team.who}iam:PassRole on resource: {team.studio.role_arn} because")


def test_tags_of_a_space_decide_about_sessions(team: Team) -> None:
    own = team.arn("user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}")
    team.allow("sagemaker:StartSession", ArnLike={"sagemaker:ResourceTag/sagemaker:user-profile-arn": own})
    arn = team.arn(f"space/{team.domain_id}/ada-editor")
    tag: Any = {"Key": "sagemaker:user-profile-arn", "Value": team.arn(f"user-profile/{team.domain_id}/ada")}
    team.studio.sagemaker.add_tags(ResourceArn=arn, Tags=[tag])

    def start(user: str) -> str:
        return refusal(lambda: team.as_(user, "sagemaker").start_session(ResourceIdentifier=arn))[0]

    assert start("grace") == "AccessDeniedException"
    assert start("ada") == "ValidationException"  # let in, and then told that nothing runs there


def test_objects_by_prefix_and_the_source_of_a_copy(team: Team) -> None:
    admin = client(team.emulator, "s3")
    for bucket in (f"own-{team.studio.tag}", f"other-{team.studio.tag}"):
        admin.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        admin.put_object(Bucket=bucket, Key="data.csv", Body=b"a,b")
    own, other = f"own-{team.studio.tag}", f"other-{team.studio.tag}"
    team.allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"arn:aws:s3:::{own}/*")
    s3 = team.as_("ada", "s3")

    s3.copy_object(Bucket=own, Key="copy.csv", CopySource={"Bucket": own, "Key": "data.csv"})
    s3.upload_fileobj(io.BytesIO(b"x" * 9_000_000), own, "big.bin")  # in parts
    assert s3.get_object(Bucket=own, Key="copy.csv")["Body"].read() == b"a,b"
    _, message = refusal(
        lambda: s3.copy_object(Bucket=own, Key="stolen.csv", CopySource={"Bucket": other, "Key": "data.csv"})
    )
    assert f's3:GetObject on resource: "arn:aws:s3:::{other}/data.csv"' in message
    mixed = {"Objects": [{"Key": "copy.csv"}, {"Key": "data.csv", "VersionId": "null"}]}
    assert "s3:DeleteObjectVersion" in refusal(lambda: s3.delete_objects(Bucket=own, Delete=mixed))[1]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_address_opens_what_its_signer_may(team: Team, version: str) -> None:
    bucket = f"signed-{version}-{team.studio.tag}"
    admin = client(team.emulator, "s3")
    admin.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    admin.put_object(Bucket=bucket, Key="mine/k", Body=b"1")
    admin.put_object(Bucket=bucket, Key="k", Body=b"2")
    team.allow("s3:GetObject", f"arn:aws:s3:::{bucket}/mine/*")
    s3 = team.as_("ada", "s3", signature_version=version)

    def status(key: str) -> int:
        try:
            with urllib.request.urlopen(
                s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert [status("mine/k"), status("k")] == [200, 403]


def test_a_profile_may_have_a_role_of_its_own(team: Team) -> None:
    alone = new_studio(team.emulator)
    team.studio.profile(team.domain_id, "kay", ExecutionRole=alone.role_arn)

    who = team.as_("kay", "sts").get_caller_identity()["Arn"]
    assert who == f"arn:aws:sts::{ACCOUNT}:assumed-role/{alone.role_arn.rpartition('/')[2]}/SageMaker"


def test_a_list_is_asked_for_with_its_prefix(team: Team) -> None:
    bucket = f"lists-{team.studio.tag}"
    location: Any = {"LocationConstraint": REGION}
    client(team.emulator, "s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    team.allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", StringLike={"s3:prefix": "users/ada/*"})
    s3 = team.as_("ada", "s3")

    assert s3.list_objects_v2(Bucket=bucket, Prefix="users/ada/")["KeyCount"] == 0
    for prefix in ({}, {"Prefix": "users/grace/"}):
        assert "s3:ListBucket" in refusal(lambda prefix=prefix: s3.list_objects_v2(Bucket=bucket, **prefix))[1]  # type: ignore[misc]


def test_a_buckets_policy_counts_and_plain_http_on_loopback_stands_for_tls(team: Team) -> None:
    admin, bucket = client(team.emulator, "s3"), f"policed-{team.studio.tag}"
    admin.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def police(*statements: dict[str, Any]) -> None:
        everyone = {"Principal": "*", "Resource": [f"arn:aws:s3:::{bucket}/*"]}
        document = {"Version": "2012-10-17", "Statement": [everyone | each for each in statements]}
        admin.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))

    team.allow("s3:*")
    s3 = team.as_("ada", "s3")
    police({"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    police({"Effect": "Deny", "Action": "s3:GetObject"})
    _, message = refusal(lambda: s3.get_object(Bucket=bucket, Key="k"))
    assert message.endswith("with an explicit deny in a resource-based policy")
    team.allow("none:Nothing")
    police({"Effect": "Allow", "Action": "s3:PutObject", "Principal": {"AWS": team.studio.role_arn}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")


def test_a_secret_is_found_by_its_name(team: Team) -> None:
    name = f"secret-{team.studio.tag}"
    arn = client(team.emulator, "secretsmanager").create_secret(Name=name, SecretString="s3cret")["ARN"]
    team.allow("secretsmanager:GetSecretValue", arn)
    secrets = team.as_("ada", "secretsmanager")

    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "s3cret"
    _, message = refusal(lambda: secrets.put_secret_value(SecretId=name, SecretString="new"))
    assert f"secretsmanager:PutSecretValue on resource: {arn} because" in message


def test_the_registrys_password_opens_what_its_owner_may(team: Team) -> None:
    repository = f"team-{team.studio.tag}"
    client(team.emulator, "ecr").create_repository(repositoryName=repository)
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}"
    Registry.of(team.emulator, REGION).push(repository, "latest")
    team.allow(["ecr:GetAuthorizationToken", "ecr:BatchGetImage"])
    token = team.as_("ada", "ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = Registry(team.emulator, f"Basic {token}")

    assert registry.ask("GET", "/v2/").status == 200
    assert registry.ask("GET", f"/v2/{repository}/manifests/latest").status == 200
    refused = registry.ask("POST", f"/v2/{repository}/blobs/uploads/")
    assert (refused.status, refused.code) == (403, "DENIED")
    assert f"{team.who}ecr:InitiateLayerUpload on resource: {arn} because".encode() in refused.body
    team.allow("ecr:*", arn)
    registry.push(repository, "second")


def test_whose_a_repository_is_the_request_says(team: Team) -> None:
    client(team.emulator, "ecr").create_repository(repositoryName=f"ours-{team.studio.tag}")
    team.allow(
        "ecr:BatchGetImage",
        f"arn:aws:ecr:{REGION}:*:repository/*",
        StringNotEquals={"aws:ResourceAccount": ACCOUNT},
    )
    ecr = team.as_("ada", "ecr")

    def pull(repository: str, **registry: Any) -> tuple[str, str]:
        return refusal(lambda: ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "1"}], **registry))

    for registry in ({}, {"registryId": ACCOUNT}):
        code, message = pull(f"ours-{team.studio.tag}", **registry)
        assert code == "AccessDeniedException"
        assert f"{REGION}:{ACCOUNT}:repository/ours-{team.studio.tag} because" in message
    code, _ = pull("pytorch-training", registryId="763104351884")
    assert code == "RepositoryNotFoundException"  # allowed, but the emulator has no images of AWS's


def test_a_boundary_and_a_passed_policy_narrow_a_session(team: Team) -> None:
    iam, sts = team.studio.iam, client(team.emulator, "sts")
    team.allow("sagemaker:List*")
    listing = {"Effect": "Allow", "Action": "sagemaker:ListApps", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [listing]})
    made = sts.assume_role(RoleArn=team.studio.role_arn, RoleSessionName="narrow", Policy=document)["Credentials"]
    variables = {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_SESSION_TOKEN": made["SessionToken"],
    }
    narrow = session_client(team.emulator, variables, "sagemaker")
    narrow.list_apps()
    assert "because no session policy allows" in refusal(narrow.list_spaces)[1]
    boundary = iam.create_policy(PolicyName=f"boundary-{team.studio.tag}", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=team.role, PermissionsBoundary=boundary)
    try:
        assert "because no permissions boundary allows" in refusal(team.as_("ada", "sagemaker").list_spaces)[1]
    finally:
        iam.delete_role_permissions_boundary(RoleName=team.role)


def test_a_session_ends(team: Team) -> None:
    sts = client(team.emulator, "sts")
    made = sts.assume_role(RoleArn=team.studio.role_arn, RoleSessionName="short", DurationSeconds=1)["Credentials"]
    variables = {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_SESSION_TOKEN": made["SessionToken"],
    }
    time.sleep(1.1)

    assert refusal(session_client(team.emulator, variables, "sagemaker").list_apps)[0] == "ExpiredTokenException"


def test_sagemaker_must_be_trusted_by_the_role(team: Team) -> None:
    trust = team.studio.iam.get_role(RoleName=team.role)["Role"]["AssumeRolePolicyDocument"]
    elsewhere = json.dumps(trust).replace("sagemaker.amazonaws.com", "lambda.amazonaws.com")
    team.studio.iam.update_assume_role_policy(RoleName=team.role, PolicyDocument=elsewhere)
    try:
        with pytest.raises(EmulatorError) as refused:
            team.as_("ada", "sts")
    finally:
        team.studio.iam.update_assume_role_policy(RoleName=team.role, PolicyDocument=json.dumps(trust))

    assert str(refused.value) == (
        "The emulator refused: SageMaker cannot begin a session: User: sagemaker.amazonaws.com is not authorized to"
        f" perform: sts:AssumeRole on resource: {team.studio.role_arn} because no resource-based policy allows the"
        " sts:AssumeRole action"
    )


def test_a_session_of_nobody_and_of_a_name_in_two_domains(team: Team, emulator: RunningEmulator) -> None:
    second = team.studio.domain()
    team.studio.profile(second, "ada")

    with pytest.raises(EmulatorError, match="'mallory' is InService in eu-west-1; there is: ada"):
        server.session(emulator, REGION, "mallory")
    with pytest.raises(EmulatorError, match="'ada' is a user of several domains, so name one with --domain: d-"):
        server.session(emulator, REGION, "ada")
    with pytest.raises(EmulatorError, match="there is no region 'nowhere'"):
        server.session(emulator, "nowhere", "ada")
    assert session_client(emulator, server.session(emulator, REGION, "Ada", second), "sts").get_caller_identity()


def test_the_source_identity_must_be_allowed_and_is_known_to_policies(team: Team) -> None:
    named = team.studio.domain(DomainSettings={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"})
    team.studio.profile(named, "alan")
    with pytest.raises(EmulatorError, match="sts:SetSourceIdentity"):
        server.session(team.emulator, REGION, "alan", named)
    trust: Any = team.studio.iam.get_role(RoleName=team.role)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Action"] = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    team.studio.iam.update_assume_role_policy(RoleName=team.role, PolicyDocument=json.dumps(trust))
    team.allow("sagemaker:ListApps", StringEquals={"aws:SourceIdentity": "alan"})

    session_client(team.emulator, server.session(team.emulator, REGION, "alan", named), "sagemaker").list_apps()
    with pytest.raises(ClientError, match="ListApps"):
        team.as_("ada", "sagemaker").list_apps()
