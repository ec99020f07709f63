"""The users with their spaces, and groups of users."""

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
        description="The space's app, if it differs from [studio]. It cannot change later.",
        examples=["jupyterlab"],
    )
    instance_type: InstanceTypes | None = Field(
        None,
        description="Instance type, if it differs from [studio]. From a list, `start` takes the first that AWS has;"
        " the space's setting and costs are those of the first entry.",
        examples=["ml.t3.xlarge"],
    )
    image: ImageVersion | None = Field(
        None, description="Version of AWS's image, if it differs from [studio].", examples=["4.2"]
    )
    volume_gb: Gigabytes | None = Field(
        None, description="Size of the volume in GB, if it differs from [studio].", examples=[50]
    )
    training_plan: TrainingPlanArn | None = Field(
        None,
        description="ARN of a training plan that you have bought. The app starts on its reserved capacity, on the"
        " plan's instance type.",
        examples=["arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"],
    )
    title: Title | None = Field(
        None, description="A title that Studio's pages show beside the name.", examples=["Vision, experiments"]
    )


def default_space(user: str) -> str:
    """The name of the space of a user for whom the file lists none."""
    return f"{user}-editor"


class User(Model):
    """A user: a user profile with spaces."""

    name: SageMakerName = Field(description="Name of the user profile. It must be unique, ignoring case.")
    spaces: tuple[Space, ...] | None = Field(
        None,
        description="The user's spaces. If left out: one private space named <user>-editor.",
        examples=[[{"name": "ada-editor", "instance_type": "ml.t3.xlarge", "volume_gb": 50}]],
    )
    group: SageMakerName | None = Field(
        None,
        description="The group whose values apply where the user sets none. Alternatively, list the user in the"
        " group's `users`.",
        examples=["vision"],
    )
    instance_type: InstanceType | None = Field(
        None,
        description="Instance type of the user's spaces, if it differs from [studio].",
        examples=["ml.t3.large"],
    )
    image: ImageVersion | None = Field(
        None,
        description="Version of AWS's image that the user's editors start, if it differs from [studio].",
        examples=["4.2"],
    )
    volume_gb: Gigabytes | None = Field(
        None,
        description="Size of the user's volumes in GB, if it differs from [studio].",
        examples=[50],
    )
    push_images: StrictBool = Field(
        True,
        description="Whether the user's role may push images. False needs [iam] per_user_roles.",
    )
    github: GitHub | None = Field(
        None,
        description="The user's own GitHub token instead of [secrets] github. No other user can read it. Needs [iam]"
        " per_user_roles.",
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
        description="EFS file systems that the user's spaces mount, in addition to those of [storage]; at most 5 in"
        " all.",
        json_schema_extra={"maxItems": MOST},
        examples=[[{"id": "fs-0fedcba9876543210", "path": "/vision"}]],
    )
    posix: Posix | None = Field(
        None,
        description="The user's ids on these file systems, where owners of files are numbers.",
        examples=[{"uid": 200001}],
    )
    editor: Editor | None = Field(
        None,
        description="The user's differences from [editor], under the same keys. Lists are added and tables are merged;"
        " if both set the same thing, the user's value applies.",
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
    """Users who share values. A group's value applies to members who set none."""

    users: tuple[SageMakerName, ...] = Field(
        (),
        description="The members. A name here does not need a [[users]] entry.",
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
        description="The group's differences from [editor]. A user's own editor is added to it.",
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
        app: The app that it is for.
        alternatives: Instance types to start on, in this order, where AWS has none of `instance_type`.
        training_plan: ARN of the training plan on whose capacity it starts.
        title: The name that Studio's pages show beside it.
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
