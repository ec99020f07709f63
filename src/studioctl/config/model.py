"""The model of `studio.toml` as frozen values. Every default is stated here, once.

Names follow AWS's terms, and limits follow AWS's API (cited where they are surprising). `load.py` reads the file and
words the errors; this module does no IO.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from studioctl.config import rules
from studioctl.config.access import Access
from studioctl.config.apps import CODE_EDITOR, App
from studioctl.config.checks import not_empty
from studioctl.config.closed import Model
from studioctl.config.costs import Cost
from studioctl.config.editor import Editor
from studioctl.config.editor_merge import merged
from studioctl.config.file_systems import FileSystem, Posix
from studioctl.config.iam_checks import some
from studioctl.config.limits import Limits
from studioctl.config.network import Network
from studioctl.config.stores import Encryption, Images, Secrets, State, Storage
from studioctl.config.terraform import Terraform
from studioctl.config.text import Location
from studioctl.config.tuning import Tuning
from studioctl.config.users import Group, ResolvedSpace, Space, User
from studioctl.config.values import (
    AccountId,
    EnvironmentName,
    Gigabytes,
    HiddenApps,
    HiddenTools,
    IdleMinutes,
    ImageVersion,
    InstanceType,
    PolicyAction,
    PolicyArn,
    PolicyResource,
    Region,
    RoleName,
    RolePath,
    SageMakerName,
    SecretName,
    Sid,
    Text,
)


class Studio(Model):
    """The domain, and the defaults of its spaces."""

    app: App = Field(
        CODE_EDITOR,
        description="The app of spaces that do not set it. AWS cannot change it in an existing space.",
    )
    instance_type: InstanceType = Field(
        "ml.t3.medium", description="Instance type of an app. You pay for it while the app runs."
    )
    image: ImageVersion | None = Field(
        None,
        description="Version of SageMaker Distribution, AWS's image, that editors start: 4.3 is the newest 4.3.x, 4"
        " the newest 4.x. If left out: each space keeps its version, which is AWS's newest unless somebody chose"
        " another.",
        examples=["4.3"],
    )
    volume_gb: Gigabytes = Field(20, description="Size of a space's volume, in GB. It can grow later, never shrink.")
    max_volume_gb: Gigabytes = Field(100, description="The largest volume a user may ask for, in GB.")
    idle_timeout_minutes: IdleMinutes = Field(
        60,
        description='An app that is idle this long is stopped. Files are kept. "never": it runs, and is paid for, until'
        " somebody stops it.",
    )
    docker: StrictBool = Field(True, description="Whether containers can be built and run inside Studio.")
    trusted_accounts: tuple[AccountId, ...] = Field(
        (),
        description="Accounts, besides yours and AWS's own, whose ECR repositories Docker may pull from and push to"
        " (vpc-only).",
        json_schema_extra={"maxItems": 20},
    )
    rootless_docker: StrictBool = Field(
        False,
        description="Whether Docker's daemon runs without root and reaches every registry that the VPC reaches,"
        " instead of only ECR (vpc-only). It applies to apps that start afterwards.",
    )
    domain_security_group: StrictBool = Field(
        False,
        description="Whether Studio's security group is also in the domain's own settings, for apps of the domain"
        " itself, such as RStudio. It cannot change while the domain exists.",
    )
    hidden_apps: HiddenApps | None = Field(
        None,
        description="Apps that Studio's pages do not show, because the team does not use them. Studio Classic is"
        " JupyterServer and KernelGateway. Hidden apps are not forbidden. If left out: Studio's default.",
        examples=[["Canvas", "RStudioServerPro"]],
    )
    hidden_tools: HiddenTools | None = Field(
        None,
        description="Tools of SageMaker that Studio's pages do not show. Hidden tools are not forbidden. If left out:"
        " Studio's default.",
        examples=[["JumpStart", "AutoMl"]],
    )
    session_names: Literal["fixed", "user"] | None = Field(
        None,
        description='"user": with each call of an app CloudTrail shows the session name of whoever opened Studio.'
        ' "fixed": it shows "SageMaker". Left out: as Studio has it, which is "fixed" at first.',
        examples=["user"],
    )
    home_file_system: StrictBool = Field(
        True,
        description="Whether users also have a home directory on EFS, ~/user-default-efs, beside the volumes of their"
        " spaces. Without it AWS creates no file system, mount targets or NFS security groups, and down has none"
        " to remove or keep. It can be turned on later, but never off.",
    )
    remote_access: StrictBool = Field(
        True,
        description="Whether a local VS Code may connect to a space. AWS requires 8 GB of memory for it: ml.t3.large.",
    )


class Audit(Model):
    """Accepted findings of `studioctl audit`."""

    accept: dict[str, Text] = Field(
        {},
        description="Accepted findings: the reason, by id.",
        examples=[{"STUDIO-005": "training runs overnight"}],
    )


class Names(Model):
    """Your own names instead of those derived from the environment's. A domain's name cannot change while it exists."""

    domain: SageMakerName | None = Field(
        None, description="The domain's name. If left out: <name>.", examples=["acme-ml-domain"]
    )
    role: RoleName | None = Field(
        None, description="The execution role's name. If left out: <name>-execution.", examples=["acme-ml-users"]
    )
    secret: SecretName | None = Field(
        None, description="The name of the GitHub token's secret. If left out: <name>/github.", examples=["acme-ml/git"]
    )


class ExtraStatement(Model):
    """An additional IAM statement for every user's role."""

    sid: Sid | None = Field(None, description="Its name: letters and digits.", examples=["ReadTheLake"])
    effect: Literal["Allow", "Deny"] = Field("Allow", description="A Deny wins over every Allow.")
    actions: Annotated[tuple[PolicyAction, ...], AfterValidator(some("s3:GetObject"))] = Field(
        description="The allowed or denied actions.", json_schema_extra={"minItems": 1}, examples=[["s3:GetObject"]]
    )
    resources: Annotated[tuple[PolicyResource, ...], AfterValidator(some("arn:aws:s3:::acme-lake/*"))] = Field(
        description='On what: ARNs, with wildcards, or "*".',
        json_schema_extra={"minItems": 1},
        examples=[["arn:aws:s3:::acme-lake/*"]],
    )
    conditions: dict[str, dict[str, tuple[str, ...]]] = Field(
        {},
        description="Conditions: an IAM operator, and below it the accepted values of each key.",
        examples=[{"StringEquals": {"aws:ResourceTag/team": ["ml"]}}],
    )


class Iam(Model):
    """Users' permissions in AWS, for their spaces, Studio's pages and their jobs."""

    permissions: Literal["scoped", "managed"] = Field(
        "scoped",
        description="Only the permissions that a user of this environment needs, or AWS's managed policies for"
        " SageMaker, ECR and Secrets Manager, which apply to the whole account.",
    )
    per_user_roles: StrictBool = Field(
        False,
        description="Whether each user has a separate role. It gives access to the prefixes users/<user>/ and shared/"
        " of the data bucket and to the user's own jobs, and CloudTrail shows the user's name.",
    )
    permissions_boundary: PolicyArn | None = Field(
        None,
        description="ARN of a permissions boundary for every role. No role can do more than it allows.",
        examples=["arn:aws:iam::111122223333:policy/ml-boundary"],
    )
    role_path: RolePath = Field(
        "/",
        description="IAM path of every role, for policies of your organization that select roles by path. It cannot"
        " change while the environment exists.",
        examples=["/ml/"],
    )
    extra_statements: tuple[ExtraStatement, ...] = Field(
        (),
        description="Additional IAM statements for every user.",
        examples=[[{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme-lake/*"]}]],
    )

    @property
    def of_roles(self) -> dict[str, str]:
        """The arguments of Terraform's that every role has, where the file says something of them."""
        boundary = {"permissions_boundary": self.permissions_boundary} if self.permissions_boundary else {}
        return boundary | ({"path": self.role_path} if self.role_path != "/" else {})

    def role(self, name: str) -> str:
        """A role as an ARN ends with it."""
        return f"role{self.role_path}{name}"


class EnvironmentConfig(Model):
    """One SageMaker Studio environment: everything that `studio.toml` says."""

    name: EnvironmentName = Field(
        description="Prefix of every resource's name. A different name means a different environment."
    )
    region: Region = Field(description="AWS region.")
    profile: Text | None = Field(
        None,
        description="Profile of your AWS configuration. If left out: AWS's usual order of credentials.",
        examples=["acme-admin"],
    )
    tags: dict[str, str] = Field({}, description="Tags for every resource.", examples=[{"team": "ml"}])
    names: Names = Names()
    network: Network = Network()
    access: Access = Access()
    studio: Studio = Studio()
    users: Annotated[tuple[User, ...], AfterValidator(not_empty)] = Field(
        description="The users. Required unless users_file or a group names some.",
        json_schema_extra={"minItems": 1},
    )
    users_file: Text | None = Field(
        None,
        description="A CSV file with more users, beside this file. Its first line names the columns, which are keys of"
        " [[users]]: name, group, instance_type, image, volume_gb, push_images, github, sso_user.",
        examples=["people.csv"],
    )
    groups: dict[str, Group] = Field(
        {},
        description="Values that several users share: a table [groups.NAME] for each group.",
        examples=[{"vision": {"instance_type": "ml.g5.xlarge", "users": ["grace"]}}],
    )
    storage: Storage = Storage()
    iam: Iam = Iam()
    images: Images = Images()
    secrets: Secrets = Secrets()
    encryption: Encryption = Encryption()
    editor: Editor = Editor()
    state: State = State()
    terraform: Terraform = Terraform()
    audit: Audit = Audit()
    cost: Cost = Cost()
    limits: Limits = Limits()
    tuning: Tuning = Tuning()

    @model_validator(mode="after")
    def _follow_the_rules(self) -> Self:
        if found := list(rules.violations(self.model_dump(), self.model_dump(exclude_unset=True))):
            errors = [
                InitErrorDetails(type=PydanticCustomError("rule", "{text}", {"text": text}), loc=location, input=None)
                for location, text in found
            ]
            raise ValidationError.from_exception_data(type(self).__name__, errors, hide_input=True)
        return self

    @property
    def repository(self) -> str:
        """Name of the image repository."""
        return self.images.repository or self.name

    def bucket_in(self, account_id: str) -> str:
        """Name of the data bucket: bucket names are shared by the whole world, and with the account's id it is free."""
        return self.storage.bucket or f"{self.name}-data-{account_id}"

    def editor_of(self, user: User) -> Editor:
        """Return the setup of the user's editors: [editor], with the user's own values."""
        if user.editor is None:
            return self.editor
        given = merged(self.editor.model_dump(exclude_unset=True), user.editor.model_dump(exclude_unset=True))
        return Editor.model_validate(given)

    def image_of(self, user: User) -> str | None:
        """The version of AWS's image that the user's editors start; None where the file leaves it to AWS."""
        return user.image or self.studio.image

    def mounted_by(self, user: User) -> tuple[FileSystem, ...]:
        """The file systems that a user's spaces mount: everybody's, and the user's own."""
        shared = (each.for_user(user.name) for each in self.storage.file_systems)
        return (*(each for each in shared if each is not None), *user.file_systems)

    def posix_of(self, user: User) -> Posix | None:
        """The user's POSIX identity on the file systems; None if the file leaves it to AWS."""
        found = (each.number_of(user.name) for each in self.storage.file_systems)
        number = next((each for each in found if each is not None), None)
        return user.posix or (None if number is None else Posix(uid=number))

    def pinned_images(self) -> Iterator[tuple[Location, str]]:
        """Each version of AWS's image that the file names, with its place."""
        tables: list[tuple[Location, Studio | User | Space]] = [(("studio",), self.studio)]
        for number, user in enumerate(self.users):
            tables.append((("users", number), user))
            tables += [(("users", number, "spaces", place), space) for place, space in enumerate(user.spaces or ())]
        for place, table in tables:
            if table.image is not None:
                yield (*place, "image"), table.image

    def place_of(self, space: str, key: str) -> Location:
        """The key's location in the file for a space: at the space, at its owner, or for everybody."""
        for number, user in enumerate(self.users):
            for index, each in enumerate(user.effective_spaces()):
                if each.name == space and key in each.model_fields_set:
                    return ("users", number, "spaces", index, key)
                if each.name == space and key in user.model_fields_set:
                    return ("users", number, key)
        return ("studio", key)

    def resolved_spaces(self) -> tuple[ResolvedSpace, ...]:
        """Every space that should exist, in the file's order, with the defaults of [studio] filled in."""
        return tuple(
            ResolvedSpace(
                name=space.name,
                owner=user.name,
                instance_type=user.types_of(space, self.studio.instance_type)[0],
                alternatives=user.types_of(space, self.studio.instance_type)[1:],
                volume_gb=space.volume_gb or user.volume_gb or self.studio.volume_gb,
                app=space.app or self.studio.app,
                image=space.image or self.image_of(user),
                training_plan=space.training_plan,
                title=space.title,
                file_systems=tuple(each.id for each in self.mounted_by(user)),
            )
            for user in self.users
            for space in user.effective_spaces()
        )
