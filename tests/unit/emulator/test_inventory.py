"""Two inventories are equal when the same things exist."""

import base64
from pathlib import Path
from typing import Any

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, new_studio, refusal

REGION = "ca-central-1"
EMPTY_ZIP = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'


def test_everything_that_a_person_makes_is_in_it(emulator: RunningEmulator) -> None:
    before = server.inventory(emulator)
    studio = new_studio(emulator, REGION)
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    studio.app(domain_id)
    studio.script("setup")
    clients: dict[str, Any] = {name: client(emulator, name, REGION) for name in ("s3", "ecr", "secretsmanager", "logs")}
    bucket = f"acme-{studio.tag}"
    clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    clients["s3"].put_object(Bucket=bucket, Key="a/b", Body=b"x")
    clients["ecr"].create_repository(repositoryName=bucket)
    clients["ecr"].put_image(repositoryName=bucket, imageManifest=MANIFEST, imageTag="one")
    clients["secretsmanager"].create_secret(Name=bucket)
    clients["secretsmanager"].create_secret(Name=f"{bucket}-full", SecretString="do-not-show")
    clients["secretsmanager"].get_secret_value(SecretId=f"{bucket}-full")  # when it was read is no thing
    clients["logs"].create_log_group(logGroupName=f"/aws/sagemaker/{bucket}")
    after = server.inventory(emulator)
    assert {kind for kind in after if after[kind] != before.get(kind)} == {
        kind for kind in after if "." not in kind
    } - {
        "app_image_configs",
        "custom_images",
        "elastic_addresses",
        "internet_gateways",
        "key_aliases",
        "keys",
        "nat_gateways",
        "not_looked_at",
        "policies",
        "training_jobs",
        "vpc_endpoints",
    }
    assert after["buckets"][bucket] == ["a/b@null"]
    (repository,) = [digests for arn, digests in after["repositories"].items() if arn.endswith(bucket)]
    assert len(repository) == 1
    assert repository[0].startswith("sha256:")
    values = {arn.split(":")[-1][:-7]: held["has_value"] for arn, held in after["secrets"].items() if bucket in arn}
    assert values == {bucket: False, f"{bucket}-full": True}
    assert "do-not-show" not in str(after)
    assert server.inventory(emulator) == after


def make_in_ec2(ec2: Any, vpc_id: str, instance_id: str, name: str) -> tuple[str, str, str]:
    """Things of kinds of which AWS has many itself."""
    acl = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    ami = ec2.create_image(InstanceId=instance_id, Name=name)["ImageId"]
    prefixes = ec2.create_managed_prefix_list(PrefixListName=name, MaxEntries=1, AddressFamily="IPv4")
    return acl, ami, prefixes["PrefixList"]["PrefixListId"]


def test_things_of_services_that_it_has_no_words_for_are_in_it_until_they_are_deleted(home: Path) -> None:
    """In an emulator of its own: where a function ever was, moto's own page of its models asks for Docker."""
    emulator = server.start(state_dir=home)
    studio = new_studio(emulator)
    names = ("rds", "sqs", "lambda", "dynamodb", "sns", "ec2", "iam", "ssm", "events")
    aws: dict[str, Any] = {name: client(emulator, name) for name in names}
    name = f"x-{studio.tag}"
    aws["ssm"].get_parameters_by_path(Path="/aws/service/global-infrastructure/regions")
    aws["rds"].describe_db_instances()
    before = server.inventory(emulator)
    database = {"DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.micro", "Engine": "postgres"}
    aws["rds"].create_db_instance(**database, AllocatedStorage=20, MasterUsername="u", MasterUserPassword="do-not-show")
    url = aws["sqs"].create_queue(QueueName=name)["QueueUrl"]
    topic = aws["sns"].create_topic(Name=name)["TopicArn"]
    code = {"ZipFile": base64.b64decode(EMPTY_ZIP)}
    aws["lambda"].create_function(
        FunctionName=name, Runtime="python3.12", Role=studio.role_arn, Handler="a.b", Code=code
    )
    key = [{"AttributeName": "k", "KeyType": "HASH"}]
    attribute = [{"AttributeName": "k", "AttributeType": "S"}]
    aws["dynamodb"].create_table(
        TableName=name, KeySchema=key, AttributeDefinitions=attribute, BillingMode="PAY_PER_REQUEST"
    )
    image = aws["ec2"].describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = aws["ec2"].run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=studio.subnet_ids[0])
    instance_id = instance["Instances"][0]["InstanceId"]
    aws["ec2"].create_key_pair(KeyName=name)
    acl, ami, prefix_list = make_in_ec2(aws["ec2"], studio.vpc_id, instance_id, name)
    aws["events"].put_rule(Name=name, ScheduleExpression="rate(1 day)")
    aws["iam"].create_user(UserName=name)
    aws["ssm"].put_parameter(Name=name, Value="do-not-show", Type="String")
    after = server.inventory(emulator)
    new = {kind: sorted(set(after[kind]) - set(before.get(kind, []))) for kind in after}
    told = {kind: new[kind] for kind in new if "." in kind and new[kind]}
    made_with = [told.pop(kind) for kind in ("ec2.volumes", "ec2.snapshots", "rds.database_snapshots")]
    assert told == {
        "dynamodb.tables": [f"eu-west-1/{name}"],
        "ec2.amis": [f"eu-west-1/{ami}"],
        "ec2.instances": [f"eu-west-1/{instance_id}"],
        "ec2.key_pairs": [f"eu-west-1/{name}"],
        "ec2.managed_prefix_lists": [f"eu-west-1/{prefix_list}"],
        "ec2.network_acls": [f"eu-west-1/{acl}"],
        "events.rules": [f"eu-west-1/default/{name}"],
        "iam.users": [f"aws/{name}"],
        "lambda.lambdas": [f"eu-west-1/{name}"],
        "rds.databases": [f"eu-west-1/{name}"],
        "sns.topics": [f"eu-west-1/{topic}"],
        "sqs.queues": [f"eu-west-1/{name}"],
        "ssm.parameters": [f"eu-west-1/{name}/{name}"],
    }
    assert [len(things) for things in made_with] == [1, 1, 1]  # of the instance, its image and the database
    assert after["not_looked_at"] == []
    assert "do-not-show" not in str(after)
    aws["rds"].delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    aws["sqs"].delete_queue(QueueUrl=url)
    aws["sns"].delete_topic(TopicArn=topic)
    aws["lambda"].delete_function(FunctionName=name)
    aws["dynamodb"].delete_table(TableName=name)
    aws["events"].delete_rule(Name=name)
    aws["ec2"].delete_managed_prefix_list(PrefixListId=prefix_list)
    aws["ec2"].delete_network_acl(NetworkAclId=acl)
    aws["ec2"].deregister_image(ImageId=ami)
    aws["ec2"].delete_snapshot(SnapshotId=made_with[1][0].partition("/")[2])
    aws["ec2"].terminate_instances(InstanceIds=[instance_id])
    aws["ec2"].delete_key_pair(KeyName=name)
    aws["iam"].delete_user(UserName=name)
    aws["ssm"].delete_parameter(Name=name)
    gone = server.inventory(emulator)
    # moto keeps the interface of a terminated instance; AWS deletes the two together
    assert {kind: gone[kind] for kind in gone if kind != "network_interfaces"} == {
        kind: before[kind] for kind in before if kind != "network_interfaces"
    }


def test_what_is_not_empty_stays(emulator: RunningEmulator) -> None:
    """moto's own strictness, which teardown relies on."""
    name = f"full-{new_studio(emulator, REGION).tag}"
    s3, ecr = client(emulator, "s3", REGION), client(emulator, "ecr", REGION)
    secrets = client(emulator, "secretsmanager", REGION)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert refusal(lambda: s3.delete_bucket(Bucket=name)) == (
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
    )
    ecr.create_repository(repositoryName=name)
    ecr.put_image(repositoryName=name, imageManifest=MANIFEST, imageTag="one")
    assert refusal(lambda: ecr.delete_repository(repositoryName=name)) == (
        "RepositoryNotEmptyException",
        (
            f"The repository with name '{name}' in registry with id '123456789012' cannot be deleted because it still"
            " contains images"
        ),
    )
    secrets.create_secret(Name=name)
    secrets.delete_secret(SecretId=name)
    assert refusal(lambda: secrets.create_secret(Name=name)) == (
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
