"""What the user wants: `studio.toml` as frozen values. Every default is stated here, once.

The names follow AWS's own terms, the limits AWS's API (cited where they are odd). Reading the file and wording
the errors is `load.py`'s business; this module does no IO.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from studioctl.config import rules
from studioctl.config.apps import CODE_EDITOR, App
from studioctl.config.checks import not_empty
from studioctl.config.closed import Model
from studioctl.config.costs import Cost
from studioctl.config.editor import Editor
from studioctl.config.editor_merge import merged
from studioctl.config.iam_checks import some
from studioctl.config.limits import Limits
from studioctl.config.stores import Encryption, Images, Secrets, State, Storage
from studioctl.config.terraform import Terraform
from studioctl.config.users import Group, ResolvedSpace, User
from studioctl.config.values import (
    AccountId,
    Cidr,
    EnvironmentName,
    Gigabytes,
    HiddenApps,
    IdleMinutes,
    InstanceType,
    PolicyAction,
    PolicyArn,
    PolicyResource,
    Region,
    RoleName,
    SageMakerName,
    SecretName,
    Sid,
    SubnetId,
    SubnetPrefix,
    Text,
    VpcId,
    Zones,
)


class ExistingVpc(Model):
    """A VPC that somebody else looks after."""

    id: VpcId = Field(description="Its id.")
    subnet_ids: tuple[SubnetId, ...] = Field(
        description="Subnets of it for Studio, each in a zone of its own; private ones if access is vpc-only.",
        json_schema_extra={"minItems": 1, "maxItems": 16},
    )


class Network(Model):
    """The VPC that the domain lives in."""

    access: Literal["public", "vpc-only"] = Field(
        "public",
        description="How apps reach everything: through a network of SageMaker's with the internet, or only through"
        " this VPC, in private subnets. It can be changed while no app runs.",
    )
    internet: Literal["nat", "none"] = Field(
        "nat",
        description="The way from private subnets to the internet (vpc-only): a NAT gateway, or none at all.",
    )
    endpoints: Literal["needed", "all", "elsewhere"] = Field(
        "needed",
        description="Which private ways to AWS there are (vpc-only): with a NAT gateway only S3's, which is free, is"
        " needed; without the internet all are, and each is paid for. In a VPC that exists they may also be elsewhere:"
        " in another VPC, behind a transit gateway, a firewall or a peering, where nobody looks for them.",
    )

    cidr: Cidr = Field("10.0.0.0/16", description="The VPC's private IPv4 range, /16 to /24. It cannot change later.")
    availability_zones: Zones = Field(
        2, description="In how many zones there is a subnet. Fewer than before: not while an app runs."
    )
    subnet_prefix: SubnetPrefix | None = Field(
        None,
        description="Prefix length of each subnet, such as 24. Left out: a sixteenth of the VPC's range. It cannot"
        " change later.",
        examples=[20],
    )
    public_ips: StrictBool = Field(
        False,
        description="Whether the subnets give a public address to what is started in them (public). Nothing of Studio"
        " needs one.",
    )
    flow_logs: StrictBool = Field(
        False, description="Whether all connections are logged, for 90 days, in CloudWatch. AWS charges by the GB."
    )
    vpc: ExistingVpc | None = Field(
        None,
        description="A VPC that exists already, instead of a new one. Nothing but security groups is made in it.",
        examples=[{"id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]}],
    )

    @property
    def is_closed(self) -> bool:
        """Whether all traffic of apps stays in the VPC."""
        return self.access == "vpc-only"


class Studio(Model):
    """The domain and what every space in it starts with."""

    app: App = Field(
        CODE_EDITOR,
        description="What a space is for that does not say it itself. AWS cannot change it in a space that exists.",
    )
    instance_type: InstanceType = Field(
        "ml.t3.medium", description="Instance type of an app. It is paid for while the app runs."
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
        description="Accounts, besides yours and AWS's own, from whose ECR repositories Docker may pull and to which it"
        " may push (vpc-only).",
        json_schema_extra={"maxItems": 20},
    )
    rootless_docker: StrictBool = Field(
        False,
        description="Whether Docker's daemon runs without root and reaches every registry that the VPC reaches, instead"
        " of ECR alone (vpc-only). It holds for apps that start afterwards.",
    )
    domain_security_group: StrictBool = Field(
        False,
        description="Whether Studio's security group also stands in the domain's own settings, for what runs at the"
        " domain itself, such as RStudio. It cannot change while the domain exists.",
    )
    hidden_apps: HiddenApps | None = Field(
        None,
        description="Apps that Studio's pages do not show, so that nobody starts, and pays for, what the team does not"
        " use. Studio Classic is JupyterServer and KernelGateway."
        " Hidden is not forbidden. Left out: as Studio has it.",
        examples=[["Canvas", "RStudioServerPro"]],
    )
    session_names: Literal["fixed", "user"] | None = Field(
        None,
        description='"user": with each call of an app CloudTrail shows the session name of whoever opened Studio.'
        ' "fixed": it shows "SageMaker". Left out: as Studio has it, which is "fixed" at first.',
        examples=["user"],
    )
    remote_access: StrictBool = Field(
        True,
        description="Whether a local VS Code may connect to a space. AWS wants 8 GB of memory for it: ml.t3.large.",
    )


class Audit(Model):
    """What `studioctl audit` finds, and may stay."""

    accept: dict[str, Text] = Field(
        {},
        description="Findings that are accepted: the reason, by id.",
        examples=[{"STUDIO-005": "trainings run over night"}],
    )


class Names(Model):
    """Names of your own, instead of ones made of the environment's. A domain's cannot change while it exists."""

    domain: SageMakerName | None = Field(
        None, description="The domain's. Left out: <name>.", examples=["acme-ml-domain"]
    )
    role: RoleName | None = Field(
        None, description="The execution role's. Left out: <name>-execution.", examples=["acme-ml-users"]
    )
    secret: SecretName | None = Field(
        None, description="The GitHub token's. Left out: <name>/github.", examples=["acme-ml/git"]
    )


class ExtraStatement(Model):
    """A statement of a policy of your own, for every user's role."""

    sid: Sid | None = Field(None, description="Its name: letters and digits.", examples=["ReadTheLake"])
    effect: Literal["Allow", "Deny"] = Field("Allow", description="A Deny wins over every Allow.")
    actions: Annotated[tuple[PolicyAction, ...], AfterValidator(some("s3:GetObject"))] = Field(
        description="What may be done, or not.", json_schema_extra={"minItems": 1}, examples=[["s3:GetObject"]]
    )
    resources: Annotated[tuple[PolicyResource, ...], AfterValidator(some("arn:aws:s3:::acme-lake/*"))] = Field(
        description='On what: ARNs, with wildcards, or "*".',
        json_schema_extra={"minItems": 1},
        examples=[["arn:aws:s3:::acme-lake/*"]],
    )
    conditions: dict[str, dict[str, tuple[str, ...]]] = Field(
        {},
        description="When: an operator of IAM's, and below it for each key the values that it may have.",
        examples=[{"StringEquals": {"aws:ResourceTag/team": ["ml"]}}],
    )


class Iam(Model):
    """What users may do in AWS, from a space, from Studio's pages and in their jobs."""

    permissions: Literal["scoped", "managed"] = Field(
        "scoped",
        description="What a user of this environment needs and no more, or AWS's managed policies for SageMaker,"
        " ECR and Secrets Manager, which reach the whole account.",
    )
    per_user_roles: StrictBool = Field(
        False,
        description="Whether each user has a role of their own: for the prefixes users/<user>/ and shared/ of the data"
        " bucket, for jobs of their own, and with the user's name in CloudTrail.",
    )
    permissions_boundary: PolicyArn | None = Field(
        None,
        description="ARN of a policy that bounds every role: what it does not allow, no role may do.",
        examples=["arn:aws:iam::111122223333:policy/ml-boundary"],
    )
    extra_statements: tuple[ExtraStatement, ...] = Field(
        (),
        description="Statements of your own, for every user.",
        examples=[[{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme-lake/*"]}]],
    )


class EnvironmentConfig(Model):
    """One SageMaker Studio environment: everything that `studio.toml` says."""

    name: EnvironmentName = Field(description="Prefix of every resource's name. Another name is another environment.")
    region: Region = Field(description="AWS region.")
    profile: Text | None = Field(
        None, description="Profile of your AWS configuration. Left out: AWS's own order.", examples=["acme-admin"]
    )
    tags: dict[str, str] = Field({}, description="Tags for every resource.", examples=[{"team": "ml"}])
    names: Names = Names()
    network: Network = Network()
    studio: Studio = Studio()
    users: Annotated[tuple[User, ...], AfterValidator(not_empty)] = Field(
        description="Who works here. Needed where neither users_file nor a group names somebody.",
        json_schema_extra={"minItems": 1},
    )
    users_file: Text | None = Field(
        None,
        description="A list of more people, a CSV file beside this one. Its first line names columns, which are keys of"
        " [[users]]: name, group, instance_type, volume_gb, push_images, github.",
        examples=["people.csv"],
    )
    groups: dict[str, Group] = Field(
        {},
        description="Values that several people share: a table [groups.NAME] for each group.",
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

    @model_validator(mode="after")
    def _follow_the_rules(self) -> Self:
        if found := list(rules.violations(self.model_dump())):
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

    def editor_of(self, user: User) -> Editor:
        """What the user's editors are set up with: [editor], and what differs for the user."""
        if user.editor is None:
            return self.editor
        given = merged(self.editor.model_dump(exclude_unset=True), user.editor.model_dump(exclude_unset=True))
        return Editor.model_validate(given)

    def resolved_spaces(self) -> tuple[ResolvedSpace, ...]:
        """Every space that should exist, in the file's order, with the defaults of [studio] filled in."""
        return tuple(
            ResolvedSpace(
                name=space.name,
                owner=user.name,
                instance_type=space.instance_type or user.instance_type or self.studio.instance_type,
                volume_gb=space.volume_gb or user.volume_gb or self.studio.volume_gb,
                app=space.app or self.studio.app,
            )
            for user in self.users
            for space in user.effective_spaces()
        )
