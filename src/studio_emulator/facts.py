"""AWS's documented facts about Studio's instances and quotas, each once. studioctl reads them here, too."""

DEFAULT_INSTANCE_TYPE = "ml.t3.medium"  # assumed: AWS does not say what it takes when none is named
GPU_FAMILIES = ("ml.g", "ml.p")
REMOTE_ACCESS_GB = 8
# Instance types with less memory, and the next of its kind that has enough.
# https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html
TOO_SMALL_FOR_REMOTE_ACCESS = {
    "ml.t3.micro": "ml.t3.large",
    "ml.t3.small": "ml.t3.large",
    "ml.t3.medium": "ml.t3.large",
    "ml.c5.large": "ml.c5.xlarge",
    "ml.c6i.large": "ml.c6i.xlarge",
    "ml.c6id.large": "ml.c6id.xlarge",
    "ml.c7i.large": "ml.c7i.xlarge",
}

# Codes of Service Quotas. AWS General Reference, "Amazon SageMaker AI endpoints and quotas".
PROFILES = "L-AC46C40F"
SPACES = "L-8E5333B4"
RUNNING_APPS = "L-4E39DDC4"
# Code Editor apps on one type of instance, as far as the page names them.
EDITORS_ON = {
    "ml.t3.medium": "L-FCEDEAC6",
    "ml.t3.large": "L-656A17FA",
    "ml.t3.xlarge": "L-69AC3D57",
    "ml.g5.xlarge": "L-8C616CCB",
}
# Training jobs on one type of instance, as far as the page's excerpts name them.
TRAINING_ON = {
    "ml.m5.large for training job usage": "L-611FA074",
    "ml.m5.large for spot training job usage": "L-29688C85",
    "ml.m5.large for training warm pool usage": "L-2DD73636",
    "ml.m5.xlarge for training job usage": "L-CCE2AFA6",
    "ml.m5.xlarge for spot training job usage": "L-4CEE6BA6",
    "ml.g6.xlarge for training job usage": "L-56AE9D73",
    "ml.g6.xlarge for spot training job usage": "L-A886A53A",
}
# Aurora User Guide, "aurora-serverless-v2.setting-capacity": the largest capacity in ACU, and connections by default.
DATABASE_CONNECTIONS = {1: 189, 4: 823, 8: 1669, 16: 3360, 32: 5000}
MOST_WITH_A_PAUSE = 2000


def has_gpu(instance_type: str | None) -> bool:
    """Whether this type of instance has a graphics processor."""
    return (instance_type or "").startswith(GPU_FAMILIES)


def editor_quota_name(instance_type: str, app_type: str = "CodeEditor") -> str:
    """The quota for apps of one kind on one type of instance, as Service Quotas calls it."""
    return f"Studio {app_type} Apps running on {instance_type} instances"


def training_quota_name(instance_type: str, use: str) -> str:
    """The quota of a type for a use: "training job", "spot training job" or "training warm pool"."""
    return f"{instance_type} for {use} usage"


def most_connections(least_acu: float, most_acu: float) -> int:
    """The most connections to a database of this capacity."""
    allowed = max((count for acu, count in DATABASE_CONNECTIONS.items() if acu <= most_acu), default=90)
    return min(allowed, MOST_WITH_A_PAUSE) if least_acu <= 0.5 else allowed
