"""The permissions and the reach of a job: by its role, and by its network."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.emulator.emulated import REGION, SESSION, client, eventually, new_studio
from tests.unit.emulator.pushing import Registry
from tests.unit.emulator.training.jobs import Account, new_account, python

ASK = """
import botocore.session, botocore.config
from botocore.exceptions import ClientError, BotoCoreError
config = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
def ask(service, action, **request):
    try:
        getattr(botocore.session.get_session().create_client(service, config=config), action)(**request)
        print(service, action, "done")
    except ClientError as error:
        print(service, action, error.response["Error"]["Code"])
    except (BotoCoreError, OSError) as error:
        print(service, action, "unreachable" if "NoCredentials" not in type(error).__name__ else "no credentials")
ask("sts", "get_caller_identity")
ask("s3", "list_buckets")
ask("secretsmanager", "list_secrets")
"""


def test_a_program_has_its_role_s_rights_and_no_more(account: Account) -> None:
    job = account.run("rights", python(ASK))["TrainingJobName"]
    assert account.lines(job) == [
        "sts get_caller_identity done",
        "s3 list_buckets done",
        "secretsmanager list_secrets AccessDeniedException",
    ]


def test_without_a_network_a_program_reaches_nothing_and_its_artifacts_are_kept(account: Account) -> None:
    told = account.run("isolated", python(ASK) + "; echo m > /opt/ml/model/m", EnableNetworkIsolation=True)
    assert told["TrainingJobStatus"] == "Completed"
    assert {line.split()[2] for line in account.lines(told["TrainingJobName"])} <= {"unreachable", "no"}
    assert account.keys(f"out/{told['TrainingJobName']}/") == [f"out/{told['TrainingJobName']}/output/model.tar.gz"]


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("s3:GetObject", "ClientError: Data download failed:Error 7: "),
        ("s3:PutObject", "ClientError: Artifact upload failed:Error 7: AccessDenied (403): "),
    ],
)
def test_what_the_role_may_not_do_with_s3_fails_the_job(account: Account, lacking: str, said: str) -> None:
    allowed = [each for each in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:*") if each != lacking]
    poor = new_account(account.emulator, allowed)
    poor.put("in/a", "1")
    told = poor.run("poor", "echo m > /opt/ml/model/m", InputDataConfig=[poor.channel("in", "in")])
    assert told["TrainingJobStatus"] == "Failed"
    assert told["FailureReason"].startswith(said)


def test_a_role_without_logs_runs_its_job_without_logs(account: Account) -> None:
    quiet = new_account(account.emulator, ["s3:*"])
    told = quiet.run("quiet", "echo loss=1", algorithm={"MetricDefinitions": [{"Name": "l", "Regex": "loss=(.)"}]})
    assert (told["TrainingJobStatus"], told["FinalMetricDataList"][0]["Value"]) == ("Completed", 1)
    assert quiet.lines(told["TrainingJobName"]) == []


def test_a_job_in_a_closed_vpc_reaches_what_has_an_endpoint(account: Account) -> None:
    studio = new_studio(account.emulator)
    ec2: Any = studio.ec2
    vpc = {"Subnets": studio.subnet_ids, "SecurityGroupIds": [studio.group_id]}
    told = account.run("closed", python(ASK) + "; echo m > /opt/ml/model/m", VpcConfig=vpc)
    assert told["FailureReason"].startswith("ClientError: Artifact upload failed:Please ensure that the subnet's route")
    assert {line.split()[2] for line in account.lines(told["TrainingJobName"])} == {"unreachable"}

    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [studio.vpc_id]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=studio.vpc_id,
        ServiceName="com.amazonaws.eu-west-1.s3",
        RouteTableIds=[table["RouteTableId"] for table in tables],
    )
    told = account.run("endpoint", python(ASK) + "; echo m > /opt/ml/model/m", VpcConfig=vpc)
    assert told["TrainingJobStatus"] == "Completed"
    assert account.lines(told["TrainingJobName"]) == [
        "sts get_caller_identity unreachable",
        "s3 list_buckets done",
        "secretsmanager list_secrets unreachable",
    ]
    enis = [{"Name": "vpc-id", "Values": [studio.vpc_id]}, {"Name": "description", "Values": ["*Training Job*"]}]
    eventually(lambda: ec2.describe_network_interfaces(Filters=enis)["NetworkInterfaces"], lambda left: left == [])


def test_an_image_of_the_account_brings_its_entry_point(account: Account) -> None:
    """The image is pushed as docker does it, with a configuration and one layer."""
    name = f"own-{account.tag}"
    client(account.emulator, "ecr").create_repository(repositoryName=name)
    runs = {"Entrypoint": ["/bin/sh", "-c", "echo $MADE $1", "run"], "Env": ["MADE=here"]}
    Registry.of(account.emulator, REGION).push(name, "1", runs=runs)
    uri = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/{name}:1"
    request = account.request("own", "")
    request["AlgorithmSpecification"] = {"TrainingImage": uri, "TrainingInputMode": "File"}
    account.sagemaker.create_training_job(**request)
    assert account.end(request["TrainingJobName"])["TrainingJobStatus"] == "Completed"
    assert account.lines(request["TrainingJobName"]) == ["here train"]
    nobody = new_account(account.emulator, ["s3:*"])
    request = nobody.request("own", "")
    request["AlgorithmSpecification"] = {"TrainingImage": uri, "TrainingInputMode": "File"}
    nobody.sagemaker.create_training_job(**request)
    assert nobody.end(request["TrainingJobName"])["FailureReason"].startswith("ClientError: Cannot pull")


def test_a_session_may_start_only_what_its_policy_s_conditions_allow(account: Account) -> None:
    iam, sts = client(account.emulator, "iam"), client(account.emulator, "sts")
    role = iam.create_role(RoleName=f"starter-{account.tag}", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
    statement = [
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": account.role_arn},
        {
            "Effect": "Allow",
            "Action": "sagemaker:CreateTrainingJob",
            "Resource": f"arn:aws:sagemaker:*:*:training-job/start-{account.tag}",
            "Condition": {
                "NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds": "300"},
                "ForAllValues:StringEquals": {"sagemaker:InstanceTypes": ["ml.m5.large"]},
            },
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName=f"starter-{account.tag}", PolicyName="start", PolicyDocument=document)
    given = sts.assume_role(RoleArn=role, RoleSessionName="ada")["Credentials"]
    assert _started(account, given) == ""
    account.end(f"start-{account.tag}")
    account.sagemaker.delete_training_job(TrainingJobName=f"start-{account.tag}")
    for change in (
        {"StoppingCondition": {"MaxRuntimeInSeconds": 301}},
        {"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}},
        {"TrainingJobName": f"other-{account.tag}"},
        {"Tags": [{"Key": "a", "Value": "b"}]},
    ):
        assert _started(account, given, **change) == "AccessDeniedException"


_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def _started(account: Account, given: dict[str, str], **change: Any) -> str:
    starter = SESSION.client(
        "sagemaker",
        region_name="eu-west-1",
        endpoint_url=account.emulator.endpoint_url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    try:
        starter.create_training_job(**(account.request("start", "true") | change))
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""
