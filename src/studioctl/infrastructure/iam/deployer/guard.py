"""The part of the deployer's policy about the guard of [limits]: function, schedule, alarm and topic have its name."""

from collections.abc import Iterator

from studioctl.guard.idle import PREFIX as WORDS
from studioctl.guard.ledger import PREFIX
from studioctl.infrastructure.iam.deployer.deployment import Deployment, actions
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement

LAMBDA = f"{ACTIONS}/list_awslambda.html"
SCHEDULER = f"{ACTIONS}/list_amazoneventbridgescheduler.html"
CLOUDWATCH = f"{ACTIONS}/list_amazoncloudwatch.html"
SNS = f"{ACTIONS}/list_amazonsns.html"


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for a guard; none where the file limits nothing."""
    if not deployment.config.limits.are_set:
        return
    name = deployment.naming.guard
    yield Statement(
        "Guard",
        actions(
            "lambda",
            "CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction GetFunctionCodeSigningConfig"
            " GetFunctionConcurrency ListVersionsByFunction PutFunctionConcurrency TagResource UntagResource"
            " UpdateFunctionCode UpdateFunctionConfiguration",
        ),
        deployment.arns("lambda", f"function:{name}"),
        "The function that watches what people spend. Before it goes, it is kept from running; up lets it run again.",
        LAMBDA,
    )
    yield Statement(
        "GuardSchedule",
        actions("scheduler", "CreateSchedule DeleteSchedule GetSchedule UpdateSchedule"),
        deployment.arns("scheduler", f"schedule/default/{name}"),
        "The schedule that calls it.",
        SCHEDULER,
    )
    yield Statement(
        "GuardTopic",
        actions(
            "sns",
            "CreateTopic DeleteTopic GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource SetTopicAttributes"
            " TagResource UntagResource",
        ),
        deployment.arns("sns", name),
        "The topic of its warnings, and who has subscribed to it.",
        SNS,
    )
    yield Statement(
        "GuardAlarm",
        actions("cloudwatch", "DeleteAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource"),
        deployment.arns("cloudwatch", f"alarm:{name}"),
        "The alarm that rings when the guard is silent.",
        CLOUDWATCH,
    )
    yield Statement(
        "GuardAlarmLook",
        ("cloudwatch:DescribeAlarms",),
        deployment.arns("cloudwatch", "alarm:*"),
        "It is looked at: AWS asks about all alarms, also for one.",
        CLOUDWATCH,
    )
    if deployment.config.limits.idle_gpu_minutes is not None and not deployment.deletes_data:
        yield Statement(
            "GuardWords",
            ("s3:DeleteObject", "s3:DeleteObjectVersion"),
            (f"{deployment.bucket}/{WORDS}*",),
            "down deletes what machines with a GPU have told the guard: empty objects, which keep a bucket from going.",
            f"{ACTIONS}/list_amazons3.html",
        )
    yield Statement(
        "GuardLedger",
        ("s3:GetObject",),
        (f"{deployment.bucket}/{PREFIX}*",),
        "status and doctor read when the guard looked last, and what was spent; down, whether it stopped the database.",
        f"{ACTIONS}/list_amazons3.html",
    )
    yield from _key(deployment)


def _key(deployment: Deployment) -> Iterator[Statement]:
    """S3 reads the ledger with the reader's permission on the bucket's key."""
    encryption = deployment.config.encryption
    if not (encryption.key or encryption.customer_key):
        return
    service = "amazonaws.com.cn" if deployment.partition == "aws-cn" else "amazonaws.com"
    s3 = Condition("StringEquals", "kms:ViaService", (f"s3.{deployment.config.region}.{service}",))
    yield Statement(
        "GuardLedgerKey",
        ("kms:Decrypt",),
        (encryption.key,) if encryption.key else deployment.arns("kms", "key/*"),
        "The ledger is encrypted with the environment's key.",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
        (s3,) if encryption.key else (*deployment.ours, s3),
    )
