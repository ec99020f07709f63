"""Who works here: users with their spaces, and groups of them."""

from dataclasses import dataclass

from pydantic import Field, StrictBool

from studioctl.config.apps import CODE_EDITOR, TYPES, App
from studioctl.config.closed import Model
from studioctl.config.editor import Editor
from studioctl.config.file_systems import MOST, FileSystem, Posix
from studioctl.config.stores import GitHub
from studioctl.config.values import (
    Gigabytes,
    ImageVersion,
    InstanceType,
    InstanceTypes,
    SageMakerName,
    Text,
    Title,
    TrainingPlanArn,
)


class Space(Model):
    """A private space of one user."""

    name: SageMakerName = Field(description="Name of the space, unique in the environment.")
    app: App | None = Field(
        None,
        description="What the space is for, where it differs from [studio]. It cannot change later.",
        examples=["jupyterlab"],
    )
    instance_type: InstanceTypes | None = Field(
        None,
        description="Instance type, where it differs from [studio]. Of a list `start` takes the first that AWS has; the"
        " space is set to the first of them, and costs are those of the first.",
        examples=["ml.t3.xlarge"],
    )
    image: ImageVersion | None = Field(
        None, description="Version of AWS's image, where it differs from [studio].", examples=["4.2"]
    )
    volume_gb: Gigabytes | None = Field(
        None, description="Size of the volume in GB, where it differs from [studio].", examples=[50]
    )
    training_plan: TrainingPlanArn | None = Field(
        None,
        description="ARN of a training plan, which you have bought: the app starts on its reserved capacity, on the"
        " instance type of the plan.",
        examples=["arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"],
    )
    title: Title | None = Field(
        None, description="What Studio's pages show beside the name.", examples=["Vision, experiments"]
    )


def default_space(user: str) -> str:
    """The name of the space of a user for whom the file lists none."""
    return f"{user}-editor"


class User(Model):
    """A person: a user profile with spaces."""

    name: SageMakerName = Field(description="Name of the user profile, unique without regard to case.")
    spaces: tuple[Space, ...] | None = Field(
        None,
        description="The user's spaces. Left out: one private space named <user>-editor.",
        examples=[[{"name": "ada-editor", "instance_type": "ml.t3.xlarge", "volume_gb": 50}]],
    )
    group: SageMakerName | None = Field(
        None,
        description="The group whose values hold where the user says nothing else. Or its `users` names them.",
        examples=["vision"],
    )
    instance_type: InstanceType | None = Field(
        None,
        description="Instance type of the user's spaces, where it differs from [studio].",
        examples=["ml.t3.large"],
    )
    image: ImageVersion | None = Field(
        None,
        description="Version of AWS's image that the user's editors start, where it differs from [studio].",
        examples=["4.2"],
    )
    volume_gb: Gigabytes | None = Field(
        None,
        description="Size of the volumes of the user's spaces in GB, where it differs from [studio].",
        examples=[50],
    )
    push_images: StrictBool = Field(
        True,
        description="Whether the user's role may push images. False needs [iam] per_user_roles.",
    )
    github: GitHub | None = Field(
        None,
        description="The user's own GitHub token, which nobody else's Git gets, in place of [secrets] github."
        " Needs [iam] per_user_roles.",
        examples=[{"username": "ada"}],
    )
    sso_user: Text | None = Field(
        None,
        description='The user\'s name in IAM Identity Center, often an address of mail. Needs [access] auth = "sso". It'
        " cannot change later.",
        examples=["ada@example.com"],
    )
    file_systems: tuple[FileSystem, ...] = Field(
        (),
        description="File systems of EFS that the user's spaces mount, besides those of [storage]; at most 5 in all.",
        json_schema_extra={"maxItems": MOST},
        examples=[[{"id": "fs-0fedcba9876543210", "path": "/vision"}]],
    )
    posix: Posix | None = Field(
        None,
        description="Who the user is on these file systems, as owners of files are numbers there.",
        examples=[{"uid": 200001}],
    )
    editor: Editor | None = Field(
        None,
        description="What differs from [editor], under the same keys: lists are added to it, tables are merged,"
        " and of two values for the same thing the user's is taken.",
        examples=[{"tools": ["ruff"], "settings": {"editor.fontSize": 14}}],
    )

    def types_of(self, space: Space, default: str) -> tuple[str, ...]:
        """The instance types of one of the user's spaces, the first one first."""
        wanted = space.instance_type or self.instance_type or default
        return (wanted,) if isinstance(wanted, str) else wanted

    def effective_spaces(self) -> tuple[Space, ...]:
        """The user's spaces: those that the file lists, else the default one."""
        return (Space(name=default_space(self.name)),) if self.spaces is None else self.spaces


class Group(Model):
    """People who share values: each holds for those of them who say nothing else."""

    users: tuple[SageMakerName, ...] = Field(
        (),
        description="Who is in it. A name needs no [[users]] besides.",
        examples=[["grace", "mary"]],
    )
    instance_type: InstanceType | None = Field(
        None, description="Instance type of their spaces.", examples=["ml.g5.xlarge"]
    )
    image: ImageVersion | None = Field(
        None, description="Version of AWS's image that their editors start.", examples=["4.2"]
    )
    volume_gb: Gigabytes | None = Field(None, description="Size of their spaces' volumes, in GB.", examples=[200])
    push_images: StrictBool | None = Field(
        None, description="Whether their roles may push images. False needs [iam] per_user_roles.", examples=[True]
    )
    editor: Editor | None = Field(
        None,
        description="What differs from [editor] for all of them; a user's own editor is added to it.",
        examples=[{"extensions": ["ms-toolsai.jupyter"]}],
    )


@dataclass(frozen=True)
class ResolvedSpace:
    """A space as it should be, with every default filled in.

    Args:
        name: Name of the space, unique in the environment.
        owner: Name of the user profile that it belongs to.
        instance_type: Such as "ml.t3.medium".
        volume_gb: Size of its volume, in GB.
        app: What it is for.
        alternatives: Instance types to start on, in this order, where AWS has none of `instance_type`.
        training_plan: ARN of the training plan on whose capacity it starts.
        title: What Studio's pages show beside the name.
        file_systems: The ids of file systems of EFS that it mounts.
        image: Version of AWS's image that its editor starts; None where that is AWS's business.
    """

    name: str
    owner: str
    instance_type: str
    volume_gb: int
    app: App = CODE_EDITOR
    image: str | None = None
    alternatives: tuple[str, ...] = ()
    training_plan: str | None = None
    title: str | None = None
    file_systems: tuple[str, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """Every instance type that it may run on, the first one first."""
        return (self.instance_type, *self.alternatives)

    @property
    def app_type(self) -> str:
        """Its app, in AWS's words: "CodeEditor" or "JupyterLab"."""
        return TYPES[self.app]
