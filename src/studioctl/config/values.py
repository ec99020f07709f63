"""The kinds of single values in `studio.toml`: each with its check, and its JSON Schema for editors."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, PlainValidator, StrictInt, WithJsonSchema

from studioctl.catalog.images import VERSION
from studioctl.config import checks, editor_checks, extension_checks, git_checks, iam_checks, image_checks
from studioctl.config.scripts import ScriptFile


def _pattern(pattern: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, **more})


def _range(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


Text: TypeAlias = Annotated[str, AfterValidator(checks.text), WithJsonSchema({"type": "string", "minLength": 1})]
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateSpace.html
Title: TypeAlias = Annotated[
    str, AfterValidator(checks.title), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 64})
]
SageMakerName: TypeAlias = Annotated[
    str, AfterValidator(checks.sagemaker_name), _pattern(checks.SAGEMAKER_NAME, minLength=1, maxLength=63)
]
EnvironmentName: TypeAlias = Annotated[
    str, AfterValidator(checks.environment_name), _pattern(checks.ENVIRONMENT_NAME, minLength=2, maxLength=32)
]
Region: TypeAlias = Annotated[
    str,
    AfterValidator(checks.region),
    WithJsonSchema({"type": "string", "enum": sorted(checks.REGIONS)}),
]
InstanceType: TypeAlias = Annotated[
    str,
    AfterValidator(checks.instance_type),
    WithJsonSchema({"type": "string", "enum": sorted(checks.INSTANCE_TYPES)}),
]
InstanceTypes: TypeAlias = Annotated[
    str | tuple[str, ...],
    PlainValidator(checks.instance_types),
    WithJsonSchema(
        {"type": ["string", "array"], "items": {"type": "string", "enum": sorted(checks.INSTANCE_TYPES)}}
        | {"minItems": 1, "maxItems": checks.MOST_TYPES}
    ),
]
# StudioWebPortalSettings.HiddenAppTypes, without what environments are made for.
HiddenApp: TypeAlias = Literal[
    "Canvas",
    "DetailedProfiler",
    "JupyterLab",
    "JupyterServer",
    "KernelGateway",
    "RSessionGateway",
    "RStudioServerPro",
    "TensorBoard",
]
HiddenApps: TypeAlias = tuple[HiddenApp, ...]
# StudioWebPortalSettings.HiddenMlTools.
HiddenTool: TypeAlias = Literal[
    "AutoMl",
    "Comet",
    "DataWrangler",
    "Datasets",
    "DeepchecksLLMEvaluation",
    "EmrClusters",
    "Endpoints",
    "Evaluators",
    "Experiments",
    "FeatureStore",
    "Fiddler",
    "HyperPodClusters",
    "InferenceOptimization",
    "InferenceRecommender",
    "JumpStart",
    "LakeraGuard",
    "ModelEvaluation",
    "Models",
    "PerformanceEvaluation",
    "Pipelines",
    "Projects",
    "RunningInstances",
    "Training",
]
HiddenTools: TypeAlias = tuple[HiddenTool, ...]
BucketName: TypeAlias = Annotated[
    str, AfterValidator(checks.bucket_name), _pattern(checks.BUCKET_NAME, minLength=3, maxLength=63)
]
NewBucketName: TypeAlias = Annotated[
    str, AfterValidator(checks.new_bucket_name), _pattern(checks.BUCKET_NAME, minLength=3, maxLength=63)
]
RepositoryName: TypeAlias = Annotated[
    str, AfterValidator(checks.repository_name), _pattern(checks.REPOSITORY_NAME, minLength=2, maxLength=256)
]
AccountId: TypeAlias = Annotated[str, AfterValidator(checks.account_id), _pattern(checks.ACCOUNT_ID)]
TrainingPlanArn: TypeAlias = Annotated[str, AfterValidator(checks.training_plan), _pattern(checks.TRAINING_PLAN)]
ImageDigest: TypeAlias = Annotated[str, AfterValidator(checks.image_digest), _pattern(checks.IMAGE_DIGEST)]
ImageVersion: TypeAlias = Annotated[str, AfterValidator(image_checks.version), _pattern(VERSION)]
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerConfig.html
EntryPoint: TypeAlias = Annotated[
    str, AfterValidator(checks.entry_point), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 256})
]
Cidr: TypeAlias = Annotated[str, AfterValidator(checks.cidr), _pattern(r"^[0-9.]+/(1[6-9]|2[0-4])$")]
VpcId: TypeAlias = Annotated[str, AfterValidator(checks.vpc_id), _pattern(checks.VPC_ID)]
SubnetId: TypeAlias = Annotated[str, AfterValidator(checks.subnet_id), _pattern(checks.SUBNET_ID)]
FileSystemId: TypeAlias = Annotated[str, AfterValidator(checks.file_system_id), _pattern(checks.FILE_SYSTEM_ID)]
FileSystemPath: TypeAlias = Annotated[str, AfterValidator(checks.file_system_path), _pattern(checks.FILE_SYSTEM_PATH)]
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CustomPosixUserConfig.html
PosixUser: TypeAlias = Annotated[
    StrictInt, AfterValidator(checks.between(10_000, 4_000_000)), _range(10_000, 4_000_000)
]
PosixGroup: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(1_001, 4_000_000)), _range(1_001, 4_000_000)]
StateKey: TypeAlias = Annotated[
    str, AfterValidator(checks.state_key), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
]

Sid: TypeAlias = Annotated[str, AfterValidator(iam_checks.sid), _pattern(iam_checks.SID)]
PolicyAction: TypeAlias = Annotated[str, AfterValidator(iam_checks.action), _pattern(iam_checks.ACTION)]
PolicyResource: TypeAlias = Annotated[str, AfterValidator(iam_checks.resource), _pattern(iam_checks.RESOURCE)]
RolePath: TypeAlias = Annotated[
    str,
    AfterValidator(iam_checks.role_path),
    _pattern(iam_checks.ROLE_PATH, minLength=1, maxLength=iam_checks.LONGEST_PATH),
]
PolicyArn: TypeAlias = Annotated[str, AfterValidator(iam_checks.policy_arn), _pattern(iam_checks.POLICY_ARN)]

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_EbsStorageSettings.html
Gigabytes: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(5, 16_384, "GB")), _range(5, 16_384)]
IdleMinutes: TypeAlias = Annotated[
    StrictInt | Literal["never"],
    PlainValidator(checks.idle_minutes),
    WithJsonSchema(
        {"type": ["integer", "string"], "minimum": checks.SHORTEST_IDLE, "maximum": checks.LONGEST_IDLE}
        | {"pattern": "^never$"}
    ),
]
SubnetPrefix: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(17, 28)), _range(17, 28)]
RoleName: TypeAlias = Annotated[str, AfterValidator(checks.role_name), _pattern(checks.ROLE_NAME)]
SecretName: TypeAlias = Annotated[str, AfterValidator(checks.secret_name), _pattern(checks.SECRET_NAME)]
Zones: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(1, 6)), _range(1, 6)]
# A repository holds at most 100,000 images: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
ImageCount: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(1, 100_000)), _range(1, 100_000)]
# AWS documents no end; ten years is ours, against slips of the keyboard.
Days: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(1, 3650, "days")), _range(1, 3650)]
# https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
KeyDays: TypeAlias = Annotated[StrictInt, AfterValidator(checks.between(7, 30, "days")), _range(7, 30)]
KeyArn: TypeAlias = Annotated[str, AfterValidator(checks.key_arn), _pattern(checks.KEY_ARN)]

Tool: TypeAlias = Annotated[str, AfterValidator(editor_checks.tool), _pattern(editor_checks.TOOL)]
Extension: TypeAlias = Annotated[str, AfterValidator(extension_checks.extension), _pattern(extension_checks.EXTENSION)]
CondaPackage: TypeAlias = Annotated[
    str, AfterValidator(editor_checks.conda_package), _pattern(editor_checks.CONDA_PACKAGE)
]
GitUser: TypeAlias = Annotated[str, AfterValidator(git_checks.git_user), _pattern(git_checks.GIT_USER)]
RepositoryUrl: TypeAlias = Annotated[
    str, AfterValidator(git_checks.repository_url), _pattern(git_checks.REPOSITORY_URL)
]
Keybinding: TypeAlias = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "required": ["key", "command"]})]
EditorText: TypeAlias = Annotated[str, AfterValidator(editor_checks.printable), WithJsonSchema({"type": "string"})]
GitHost: TypeAlias = Annotated[str, AfterValidator(git_checks.git_host), _pattern(git_checks.GIT_HOST)]
# In the file it is a path; `config/scripts.py` has read it by the time that the model sees it.
ExtraScript: TypeAlias = Annotated[ScriptFile, WithJsonSchema({"type": "string", "minLength": 1})]
