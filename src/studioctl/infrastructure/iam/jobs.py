"""Training, processing, tuning and endpoints: named by owner, run with the owner's role."""

from studioctl.infrastructure.iam.scope import GUIDE, SAGEMAKER_ACTIONS, Holder, Scope
from studioctl.infrastructure.iam.statement import Condition, Policy, Statement

JOB_KINDS = ("hyper-parameter-tuning-job", "processing-job", "training-job")
MOUNTING = ("HyperParameterTuningJob", "TrainingJob")  # the jobs that may mount file systems
MODEL_KINDS = ("endpoint", "endpoint-config", "model")


def jobs(scope: Scope, holder: Holder) -> Policy:
    """Training, processing, tuning and endpoints under the holder's prefix, with its role and no other."""
    job_names = scope.sagemaker(*(f"{kind}/{holder.prefix}*" for kind in JOB_KINDS))
    model_names = scope.sagemaker(*(f"{kind}/{holder.prefix}*" for kind in MODEL_KINDS))
    return Policy(
        "jobs",
        f"Jobs, models and endpoints whose names begin with {holder.prefix}, run with this role and no other.",
        "name",
        (
            *_jobs(scope, holder, job_names),
            _endpoints(model_names),
            *_lists_and_tags((*job_names, *model_names)),
            *_logs_and_metrics(scope, holder.prefix),
            _images_of_aws(scope),
            Statement(
                "OwnRoleToSageMaker",
                ("iam:PassRole",),
                (str(holder.role_arn),),
                "A job runs with the role of whoever starts it. With another role people could do what they may not.",
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
                (Condition("StringEquals", "iam:PassedToService", ("sagemaker.amazonaws.com",)),),
            ),
        ),
    )


def _jobs(scope: Scope, holder: Holder, names: tuple[str, ...]) -> tuple[Statement, ...]:
    """Making and ending jobs; without file systems where the role is one user's."""
    kinds = ("HyperParameterTuningJob", "ProcessingJob", "TrainingJob")
    actions = (*_each(("Create", "Describe", "Stop"), kinds), "sagemaker:ListTrainingJobsForHyperParameterTuningJob")
    bound = tuple(f"sagemaker:Create{kind}" for kind in MOUNTING) if holder.user else ()
    why = "People train, tune and process data; the beginning of a name tells whose a job is."
    free = Statement("Jobs", tuple(each for each in actions if each not in bound), names, why, SAGEMAKER_ACTIONS)
    if not bound:
        return (free,)
    without = Condition("Null", "sagemaker:FileSystemId", ("true",))
    why = "A job is root where it mounts a file system of EFS: in a home file system it would read everybody's."
    mounting = scope.sagemaker(*(f"{kind}/{holder.prefix}*" for kind in ("hyper-parameter-tuning-job", "training-job")))
    return free, Statement("JobsWithoutFileSystems", bound, mounting, why, SAGEMAKER_ACTIONS, (without,))


def _endpoints(names: tuple[str, ...]) -> Statement:
    return Statement(
        "ModelsAndEndpoints",
        (
            *_each(("Create", "Delete", "Describe"), ("Endpoint", "EndpointConfig", "Model")),
            "sagemaker:InvokeEndpoint",
            "sagemaker:InvokeEndpointAsync",
            "sagemaker:InvokeEndpointWithResponseStream",
            "sagemaker:UpdateEndpoint",
        ),
        names,
        "People serve what they trained, call it and take it down.",
        SAGEMAKER_ACTIONS,
    )


def _each(verbs: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"sagemaker:{verb}{kind}" for kind in kinds for verb in verbs)


def _lists_and_tags(names: tuple[str, ...]) -> tuple[Statement, ...]:
    kinds = ("Endpoint", "EndpointConfig", "HyperParameterTuningJob", "Model", "ProcessingJob", "TrainingJob")
    return (
        Statement(
            "JobLists",
            tuple(f"sagemaker:List{kind}s" for kind in kinds),
            ("*",),
            "People find their jobs, models and endpoints.",
            SAGEMAKER_ACTIONS,
        ),
        Statement(
            "TagsOfNewJobs",
            ("sagemaker:AddTags",),
            names,
            "What is made with tags needs this. Only while it is made.",
            f"{GUIDE}/security_iam_id-based-policy-examples.html",
            (Condition("StringEquals", "sagemaker:TaggingAction", tuple(f"Create{kind}" for kind in kinds)),),
        ),
    )


def _logs_and_metrics(scope: Scope, prefix: str) -> tuple[Statement, ...]:
    group = "log-group:/aws/sagemaker"
    return (
        Statement(
            "WriteLogs",
            ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            (scope.arn("logs", f"{group}/*"),),
            "Editors and jobs write their logs. AWS names the groups, and they are one for the whole account.",
            f"{GUIDE}/sagemaker-roles.html",
        ),
        Statement(
            "ReadLogs",
            ("logs:GetLogEvents",),
            (
                scope.arn("logs", f"{group}/*:log-stream:{prefix}*"),
                scope.arn("logs", f"{group}/Endpoints/{prefix}*:log-stream:*"),
            ),
            "Users read why their job or endpoint failed. Its name begins the stream's name or ends the group's.",
            f"{GUIDE}/logging-cloudwatch.html",
        ),
        Statement(
            "Metrics",
            ("cloudwatch:PutMetricData",),
            ("*",),
            "Jobs write their metrics.",
            f"{GUIDE}/sagemaker-roles.html",
            (Condition("StringLike", "cloudwatch:namespace", ("/aws/sagemaker/*",)),),
        ),
    )


def _images_of_aws(scope: Scope) -> Statement:
    """AWS's accounts differ by image and region, so it is all accounts but this one, whose repositories stay closed.

    Every action of ECR knows whose a repository is ("aws:ResourceAccount"): ECR is not among the exceptions of
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html. Another account's
    repository must also allow it itself, as AWS's own do.
    """
    return Statement(
        "ImagesOfAws",
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        (f"arn:{scope.partition}:ecr:{scope.region}:*:repository/*",),
        "Jobs and endpoints run AWS's own images: its algorithms and deep learning containers. They are in accounts of"
        " AWS's; of this account, no repository comes with it.",
        f"{GUIDE}/sagemaker-roles.html",
        (
            Condition("StringNotEquals", "aws:ResourceAccount", (scope.account,)),
            # A request that names no account would not equal ours either.
            Condition("Null", "aws:ResourceAccount", ("false",)),
        ),
    )
