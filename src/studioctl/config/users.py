"""Who works here: users with their spaces, and groups of them."""

from dataclasses import dataclass

from pydantic import Field, StrictBool

from studioctl.config.apps import CODE_EDITOR, TYPES, App
from studioctl.config.closed import Model
from studioctl.config.editor import Editor
from studioctl.config.stores import GitHub
from studioctl.config.values import Gigabytes, InstanceType, SageMakerName


class Space(Model):
    """A private space of one user."""

    name: SageMakerName = Field(description="Name of the space, unique in the environment.")
    app: App | None = Field(
        None,
        description="What the space is for, where it differs from [studio]. It cannot change later.",
        examples=["jupyterlab"],
    )
    instance_type: InstanceType | None = Field(
        None, description="Instance type, where it differs from [studio].", examples=["ml.t3.xlarge"]
    )
    volume_gb: Gigabytes | None = Field(
        None, description="Size of the volume in GB, where it differs from [studio].", examples=[50]
    )


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
    editor: Editor | None = Field(
        None,
        description="What differs from [editor], under the same keys: lists are added to it, tables are merged,"
        " and of two values for the same thing the user's is taken.",
        examples=[{"tools": ["ruff"], "settings": {"editor.fontSize": 14}}],
    )

    def effective_spaces(self) -> tuple[Space, ...]:
        """The user's spaces: those that the file lists, else the default one."""
        return (Space(name=f"{self.name}-editor"),) if self.spaces is None else self.spaces


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
    """

    name: str
    owner: str
    instance_type: str
    volume_gb: int
    app: App = CODE_EDITOR

    @property
    def app_type(self) -> str:
        """Its app, in AWS's words: "CodeEditor" or "JupyterLab"."""
        return TYPES[self.app]
