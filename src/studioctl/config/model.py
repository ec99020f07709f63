"""What the user wants: `studio.toml` as frozen values. Every default is stated here, once.

The names follow AWS's own terms, the limits AWS's API (cited where they are odd). Reading the file and wording
the errors is `load.py`'s business; this module does no IO.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A frozen value that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# SageMaker's own pattern; provider 5.100's check is unanchored and lets bad names through.
SageMakerName: TypeAlias = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", min_length=1, max_length=63)]


class Network(Model):
    """The VPC that the domain lives in."""

    cidr: str = Field("10.0.0.0/16", description="The VPC's private IPv4 range, /16 to /24.")
    availability_zones: int = Field(2, ge=1, le=6, description="In how many zones there is a subnet.")


class Studio(Model):
    """The domain and what every space in it starts with."""

    instance_type: str = Field("ml.t3.medium", description="Instance type of a Code Editor app.")
    volume_gb: int = Field(20, ge=5, le=16384, description="Size of a space's volume, in GB.")
    max_volume_gb: int = Field(100, ge=5, le=16384, description="The largest volume a user may ask for, in GB.")
    idle_timeout_minutes: int = Field(
        60, ge=60, le=525_600, description="An app that is idle this long is stopped. Files are kept."
    )
    docker: bool = Field(True, description="Whether containers can be built and run inside Studio.")
    remote_access: bool = Field(True, description="Whether a local VS Code may connect to a space.")


class Space(Model):
    """A private Code Editor space of one user."""

    name: SageMakerName = Field(description="Name of the space, unique in the environment.")
    instance_type: str | None = Field(None, description="Instance type, where it differs from [studio].")
    volume_gb: int | None = Field(
        None, ge=5, le=16384, description="Size of the volume in GB, where it differs from [studio]."
    )


class User(Model):
    """A person: a user profile with spaces."""

    name: SageMakerName = Field(description="Name of the user profile, unique without regard to case.")
    spaces: tuple[Space, ...] | None = Field(
        None, description="The user's spaces. Left out: one private Code Editor space named <user>-editor."
    )

    def effective_spaces(self) -> tuple[Space, ...]:
        """The user's spaces: those that the file lists, else the default one."""
        return (Space(name=f"{self.name}-editor"),) if self.spaces is None else self.spaces


class Storage(Model):
    """Buckets that the execution role may use."""

    bucket: str | None = Field(
        None, description="Name of the data bucket. Left out: <name>-data-<account id>, unique by itself."
    )
    extra_buckets: tuple[str, ...] = Field(
        (), description="Buckets made elsewhere that the role may use too, such as the remote state's."
    )


class Images(Model):
    """The container registry."""

    repository: str | None = Field(None, description="Name of the ECR repository. Left out: the environment's.")
    keep_latest: int = Field(5, ge=1, description='How many images whose tag begins with "latest" are kept.')
    expire_untagged_days: int = Field(14, ge=1, description="Untagged images expire after this many days.")


class GitHub(Model):
    """Who Git is for GitHub. The token is stored with `studioctl secret set`, never here."""

    username: str = Field(min_length=1, description="The GitHub user name.")


class Secrets(Model):
    """Secrets that are kept in AWS Secrets Manager; this file names them and never holds a value."""

    github: GitHub | None = Field(None, description="A GitHub token. Left out: no secret is made.")


class Editor(Model):
    """What is installed and configured when an editor starts: it becomes the lifecycle script."""

    conda_packages: tuple[str, ...] = Field((), description="Packages for conda's base environment.")
    tools: tuple[str, ...] = Field((), description="Command-line tools from PyPI, such as uv, poetry and pdm.")
    extensions: tuple[str, ...] = Field((), description="Editor extensions by Open VSX id: publisher.name.")
    settings: dict[str, Any] = Field({}, description="Editor settings, as in settings.json.")
    keybindings: tuple[dict[str, Any], ...] = Field((), description="Keyboard shortcuts, as in keybindings.json.")
    git: dict[str, str] = Field({}, description="Global Git configuration.")
    conda: dict[str, Any] = Field({}, description="conda configuration, as in .condarc.")
    repositories: tuple[str, ...] = Field((), description="Git repositories to clone into the home directory.")


class State(Model):
    """Where Terraform keeps its state."""

    backend: Literal["local", "s3"] = Field("local", description="On this machine, or in an S3 bucket.")
    bucket: str | None = Field(None, description="The state's bucket (s3). It must exist.")
    key: str | None = Field(None, description="The state's key (s3). Left out: <name>/terraform.tfstate.")
    region: str | None = Field(None, description="The bucket's region (s3). Left out: the environment's.")


@dataclass(frozen=True)
class ResolvedSpace:
    """A space as it should be, with every default filled in.

    Args:
        name: Name of the space, unique in the environment.
        owner: Name of the user profile that it belongs to.
        instance_type: Such as "ml.t3.medium".
        volume_gb: Size of its volume, in GB.
    """

    name: str
    owner: str
    instance_type: str
    volume_gb: int


class EnvironmentConfig(Model):
    """One SageMaker Studio environment: everything that `studio.toml` says."""

    name: str = Field(pattern=r"^[a-z](-?[a-z0-9])*$", max_length=32, description="Prefix of every resource's name.")
    region: str = Field(description="AWS region.")
    profile: str | None = Field(None, description="Profile of your AWS configuration. Left out: AWS's own order.")
    tags: dict[str, str] = Field({}, description="Tags for every resource.")
    network: Network = Network()
    studio: Studio = Studio()
    users: tuple[User, ...] = Field(min_length=1, description="Who works here.")
    storage: Storage = Storage()
    images: Images = Images()
    secrets: Secrets = Secrets()
    editor: Editor = Editor()
    state: State = State()

    def resolved_spaces(self) -> tuple[ResolvedSpace, ...]:
        """Every space that should exist, in the file's order, with the defaults of [studio] filled in."""
        return tuple(
            ResolvedSpace(
                name=space.name,
                owner=user.name,
                instance_type=space.instance_type or self.studio.instance_type,
                volume_gb=space.volume_gb or self.studio.volume_gb,
            )
            for user in self.users
            for space in user.effective_spaces()
        )
