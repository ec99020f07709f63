"""The guard: a function that watches what people spend, the schedule that calls it, and all that it may do.

Its role can attach one policy to the users' roles and take it off again. IAM bounds that by the policy's ARN; of inline
policies it bounds neither name nor content, so the policy that forbids is a customer managed one.
"""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from studioctl.catalog.prices import INSTANCE, prices
from studioctl.config import limits
from studioctl.config.model import EnvironmentConfig
from studioctl.guard.function import AHEAD, SETTINGS
from studioctl.guard.ledger import PREFIX
from studioctl.guard.limits import EVERYBODY
from studioctl.guard.rates import BY_THEMSELVES
from studioctl.guard.spans import UNKNOWN
from studioctl.infrastructure.block import Block, Data, Module, Output, Ref, Resource
from studioctl.infrastructure.database import Database
from studioctl.infrastructure.iam import Iam
from studioctl.infrastructure.kms import Kms
from studioctl.infrastructure.naming import Naming

ARCHIVE = "guard/guard.zip"
RUNTIME, HANDLER = "python3.13", "studioctl.guard.function.handler"
MEMORY_MB, SECONDS = 256, 120
RETENTION_DAYS = 90
MODULES = (
    *("__init__", "database", "function", "idle", "ledger", "limits", "rates", "reading", "spans", "store", "stored"),
    *("telling", "trail"),
)
DATED = (1980, 1, 1, 0, 0, 0)  # the earliest that an archive can say: the same content is the same archive
STARTS = (
    "sagemaker:CreateApp",
    "sagemaker:CreateSpace",
    "sagemaker:CreateTrainingJob",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTransformJob",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateAutoMLJob",
    "sagemaker:CreateAutoMLJobV2",
    "sagemaker:CreateEndpoint",
    "sagemaker:UpdateEndpoint",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:StartNotebookInstance",
    "sagemaker:StartPipelineExecution",
    "sagemaker:RetryPipelineExecution",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
    "sagemaker:CreateInferenceComponent",
    "sagemaker:UpdateInferenceComponent",
    "sagemaker:CreateLabelingJob",
    "sagemaker:CreateMonitoringSchedule",
    "sagemaker:StartMonitoringSchedule",
    "sagemaker:CreateOptimizationJob",
    "sagemaker:CreateCompilationJob",
    "sagemaker:CreateInferenceRecommendationsJob",
    "sagemaker:CreateCluster",
    "sagemaker:UpdateCluster",
    "sagemaker:CreateMlflowTrackingServer",
    "sagemaker:StartMlflowTrackingServer",
    "sagemaker:CreateTrainingPlan",
)
# AWS can allow it on "*" alone, and users' roles do not have it.
ONLY_ON_EVERYTHING = {
    "cloudtrail:LookupEvents": "the guard learns when apps began and ended; it reads, and keeps no event",
    "cloudwatch:GetMetricStatistics": "the guard learns which capacity the database of studies had; it reads numbers",
}


@dataclass(frozen=True)
class Guard:
    """The guard's blocks and files; none where nothing is limited."""

    module: Module
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Watched:
    """The things that the guard is about, made in other modules."""

    account: Data
    partition: Data
    bucket: Ref
    bucket_arn: Ref
    domain_id: Ref
    iam: Iam
    kms: Kms
    studies: Database


def build(config: EnvironmentConfig, watched: Watched, naming: Naming) -> Guard:
    """The guard of an environment whose file limits something."""
    purpose = "Watches what people spend, and stops what is beyond the limits."
    if not config.limits.are_set:
        return Guard(Module("guard", purpose, ()))
    archive = archived(config, naming)
    digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
    # Terraform reads the file's bytes; documents are text, of which this stands for any bytes.
    held = {ARCHIVE: archive.decode("utf-8", "surrogateescape")}
    return Guard(Module("guard", purpose, tuple(_blocks(config, watched, naming, digest))), held)


def archived(config: EnvironmentConfig, naming: Naming) -> bytes:
    """The archive with the guard's code and settings: for the same file the same bytes."""
    package = files("studioctl") / "guard"
    content = {f"studioctl/guard/{name}.py": (package / f"{name}.py").read_text("utf-8") for name in MODULES}
    content |= {"studioctl/__init__.py": "", SETTINGS: json.dumps(settings(config, naming), indent=1, sort_keys=True)}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, text in sorted(content.items()):
            entry = zipfile.ZipInfo(name, DATED)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # of Unix, readable by all
            archive.writestr(entry, text.encode())
    return made.getvalue()


def settings(config: EnvironmentConfig, naming: Naming) -> dict[str, Any]:
    """All that the guard is told. Prices are the table's and the file's: those of a person's cache would differ."""
    wanted, per_user = config.limits, config.iam.per_user_roles
    table = prices(config.region, config.cost.prices)
    roles = {user.name: naming.user_role(user.name) for user in config.users} if per_user else {}
    own = {user.name: naming.job_prefix(user.name) for user in config.users} if per_user else {}
    at = wanted.schedule
    return {
        "environment": config.name,
        "users": [user.name for user in config.users],
        "roles": {**roles, EVERYBODY: naming.execution_role},
        "job_prefixes": {**own, UNKNOWN: naming.job_prefix()},
        "plans": plans(config),
        "database": naming.database if config.tuning.has_database else None,
        "acu_usd": table.usd("database"),
        "rates": {item: price.usd for item, price in sorted(table.of.items()) if _is_hourly(item)},
        "limits": {
            "per_user": wanted.monthly_usd_per_user,
            "in_all": wanted.monthly_usd,
            "warn_at": list(wanted.warn_at),
            "max_hours": wanted.max_hours_per_start,
            "idle_gpu": wanted.idle_gpu_minutes,
            "every": 60 * wanted.check_minutes,
            "schedule": {"stop": at.stop, "days": limits.days(at.days), "time_zone": at.time_zone} if at else None,
        },
    }


def _is_hourly(item: str) -> bool:
    return item in BY_THEMSELVES or INSTANCE.fullmatch(item) is not None


def is_old(config: EnvironmentConfig, seconds: float) -> bool:
    """Whether a guard that did nothing for so long is dead. Less than nothing: it has looked at a time to come."""
    return not -AHEAD <= seconds <= 60 * config.limits.check_minutes * limits.OLD_LOOKS


def plans(config: EnvironmentConfig) -> dict[str, str]:
    """The instance types that spaces have from their training plans."""
    return {space.name: space.instance_type for space in config.resolved_spaces() if space.training_plan}


def _blocks(config: EnvironmentConfig, watched: Watched, naming: Naming, digest: str) -> Iterator[Block]:
    topic = Resource("aws_sns_topic", "guard", {"name": naming.guard}, why="Warnings, for whoever subscribes.")
    forbids = Data("aws_iam_policy_document", "hold", {"statement": [_forbidden()]})
    hold = Resource(
        "aws_iam_policy",
        "hold",
        {"name": naming.policy("hold"), "policy": forbids.ref("json")},
        why="Attached by the guard to the roles of those who have reached a limit. It stops nothing that runs.",
    )
    group = Resource(
        "aws_cloudwatch_log_group",
        "guard",
        {"name": naming.guard_log, "retention_in_days": RETENTION_DAYS},
    )
    trust = _trust("guard_trust", "lambda.amazonaws.com", watched)
    role = _role("guard", naming.guard, trust, config, f"The guard of {config.name}")
    may = Data(
        "aws_iam_policy_document",
        "guard",
        {"statement": list(_permissions(config, watched, naming, topic, hold, group))},
    )
    grant = Resource(
        "aws_iam_role_policy", "guard", {"name": "watch", "role": role.ref("id"), "policy": may.ref("json")}
    )
    function = Resource(
        "aws_lambda_function",
        "guard",
        {
            "function_name": naming.guard,
            "description": f"Watches what the users of {config.name} spend",
            "role": role.ref("arn"),
            "filename": ARCHIVE,
            "source_code_hash": digest,
            "handler": HANDLER,
            "runtime": RUNTIME,
            "architectures": ["arm64"],
            "memory_size": MEMORY_MB,
            "timeout": SECONDS,
            "environment": {
                "variables": {
                    "DOMAIN_ID": watched.domain_id,
                    "BUCKET": watched.bucket,
                    "POLICY_ARN": hold.ref("arn"),
                    "TOPIC_ARN": topic.ref("arn"),
                }
            },
            "depends_on": [grant.address, group.address],
        },
    )
    yield from (topic, forbids, hold, group, trust, role, may, grant, function)
    yield from _schedule(config, watched, naming, function)
    yield _alarm(naming, topic, function, config.limits.silent_minutes)
    yield Output("limits_topic_arn", topic.ref("arn"), "SNS topic of warnings about limits.")


def _schedule(config: EnvironmentConfig, watched: Watched, naming: Naming, function: Resource) -> Iterator[Block]:
    trust = _trust("guard_schedule_trust", "scheduler.amazonaws.com", watched)
    role = _role("guard_schedule", naming.guard_caller, trust, config, f"Calls the guard of {config.name}")
    calls = {"actions": ["lambda:InvokeFunction"], "resources": [str(function.ref("arn"))]}
    may = Data("aws_iam_policy_document", "guard_schedule", {"statement": [calls]})
    grant = Resource(
        "aws_iam_role_policy", "guard_schedule", {"name": "call", "role": role.ref("id"), "policy": may.ref("json")}
    )
    minutes = config.limits.check_minutes
    schedule = Resource(
        "aws_scheduler_schedule",
        "guard",
        {
            "name": naming.guard,
            "schedule_expression": f"rate({minutes} minute{'s' if minutes > 1 else ''})",
            "flexible_time_window": {"mode": "OFF"},
            "target": {
                "arn": function.ref("arn"),
                "role_arn": role.ref("arn"),
                "input": '{"time": "<aws.scheduler.scheduled-time>"}',
                "retry_policy": {"maximum_event_age_in_seconds": 60 * minutes, "maximum_retry_attempts": 2},
            },
            "depends_on": [grant.address],
        },
        why="The ledger goes by the time that the schedule tells: a call that is repeated counts once.",
    )
    yield from (trust, role, may, grant, schedule)


def _alarm(naming: Naming, topic: Resource, function: Resource, silent: int) -> Resource:
    """Rings when no run has ended well: a guard that is dead says nothing itself."""

    def metric(name: str) -> dict[str, Any]:
        return {
            "namespace": "AWS/Lambda",
            "metric_name": name,
            "period": silent * 60,
            "stat": "Sum",
            "dimensions": {"FunctionName": function.ref("function_name")},
        }

    queries = [
        {
            "id": "well",
            "expression": "FILL(runs, 0) - FILL(errors, 0)",
            "label": "Runs without error",
            "return_data": True,
        },
        {"id": "runs", "metric": metric("Invocations")},
        {"id": "errors", "metric": metric("Errors")},
    ]
    return Resource(
        "aws_cloudwatch_metric_alarm",
        "guard",
        {
            "alarm_name": naming.guard,
            "alarm_description": f"No run of the guard has ended well for {silent} minutes: nobody is watched",
            "comparison_operator": "LessThanThreshold",
            "threshold": 1,
            "evaluation_periods": 1,
            "treat_missing_data": "breaching",
            "metric_query": queries,
            "alarm_actions": [topic.ref("arn")],
            "ok_actions": [topic.ref("arn")],
        },
    )


def _forbidden() -> dict[str, Any]:
    return {"sid": "StartNothingUntilTheMonthEnds", "effect": "Deny", "actions": list(STARTS), "resources": ["*"]}


def _permissions(
    config: EnvironmentConfig, watched: Watched, naming: Naming, topic: Resource, hold: Resource, group: Resource
) -> Iterator[dict[str, Any]]:
    account, partition = watched.account.ref("account_id"), watched.partition.ref("partition")
    here = f"arn:{partition}:sagemaker:{config.region}:{account}"
    bucket = str(watched.bucket_arn)
    yield {
        "sid": "Look",
        "actions": [
            "sagemaker:ListApps",
            "sagemaker:ListSpaces",
            "sagemaker:ListTrainingJobs",
            "cloudtrail:LookupEvents",
        ],
        "resources": ["*"],
    }
    jobs = f"{here}:training-job/{naming.job_prefix()}*"
    yield {
        "sid": "Jobs",
        "actions": ["sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"],
        "resources": [jobs],
    }
    apps = f"{here}:app/{watched.domain_id}/*"
    yield {"sid": "StopApps", "actions": ["sagemaker:DeleteApp"], "resources": [apps]}
    yield {
        "sid": "Ledger",
        "actions": ["s3:GetObject", "s3:PutObject"],
        "resources": [f"{bucket}/{PREFIX}*"],
    }
    # Without it S3 does not say whether an object is missing or forbidden.
    yield {"sid": "Missing", "actions": ["s3:ListBucket"], "resources": [bucket]}
    yield {"sid": "Holds", "actions": ["iam:ListEntitiesForPolicy"], "resources": [str(hold.ref("arn"))]}
    roles = [str(role) for role in (watched.iam.role_arn, *watched.iam.user_roles.values())]
    yield {
        "sid": "HoldAndRelease",
        "actions": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        "resources": roles,
        "condition": [{"test": "ArnEquals", "variable": "iam:PolicyARN", "values": [str(hold.ref("arn"))]}],
    }
    yield {"sid": "Warn", "actions": ["sns:Publish"], "resources": [str(topic.ref("arn"))]}
    yield {
        "sid": "Log",
        "actions": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "resources": [f"{group.ref('arn')}:*"],
    }
    if watched.studies.arn:
        yield {"sid": "Capacity", "actions": ["cloudwatch:GetMetricStatistics"], "resources": ["*"]}
        yield {
            "sid": "Database",
            "actions": ["rds:DescribeDBClusters", "rds:StartDBCluster", "rds:StopDBCluster"],
            "resources": [str(watched.studies.arn)],
        }
    if watched.kms.key_arn:
        yield {
            "sid": "Key",
            "actions": ["kms:Decrypt", "kms:GenerateDataKey"],
            "resources": [str(watched.kms.key_arn)],
        }


def _role(its_label: str, name: str, trust: Data, config: EnvironmentConfig, what: str) -> Resource:
    return Resource(
        "aws_iam_role",
        its_label,
        {
            "name": name,
            "description": what,
            "assume_role_policy": trust.ref("json"),
            **config.iam.of_roles,
        },
    )


def _trust(its_label: str, service: str, watched: Watched) -> Data:
    statement: dict[str, Any] = {
        "actions": ["sts:AssumeRole"],
        "principals": [{"type": "Service", "identifiers": [service]}],
    }
    if service.startswith("scheduler"):  # Lambda tells no account when it assumes a function's role
        account = str(watched.account.ref("account_id"))
        statement["condition"] = [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [account]}]
    return Data("aws_iam_policy_document", its_label, {"statement": [statement]})
