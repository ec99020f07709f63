"""The roles that SageMaker assumes for the users of the environment, and what they may do.

`scoped.py` says what a user needs, in `studio.py`, `things.py` and `jobs.py`, each statement with its reason;
`statement.py` and `scope.py` have the words for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from studioctl.config.model import EnvironmentConfig, ExtraStatement
from studioctl.config.users import User
from studioctl.infrastructure.block import Block, Data, Module, Output, Ref, Resource, literal
from studioctl.infrastructure.iam import limits, scoped, studio, things
from studioctl.infrastructure.iam.scope import Holder, Scope
from studioctl.infrastructure.iam.statement import Condition, Policy, Statement
from studioctl.infrastructure.naming import BIRTH_TAG, Naming, label

# What the seed attaches: AWS's own policies, which reach far beyond the environment.
MANAGED_POLICIES = {
    "sagemaker": "AmazonSageMakerFullAccess",
    "ecr": "AmazonEC2ContainerRegistryFullAccess",
    "secrets": "SecretsManagerReadWrite",
}
ATTACHMENT = "aws_iam_role_policy_attachment"
FIRST = "aws_iam_role.execution"  # is made before everything else: see blueprint.py


@dataclass(frozen=True)
class Iam:
    """The roles' blocks, their ARNs, and the policy attachments that must exist before anybody uses a role.

    Args:
        module: The blocks.
        first: The domain's role, with which SageMaker also pulls images. It is created before everything else.
        attachments: Every attachment of a policy to a role.
        user_roles: The ARNs of per-user roles, by user.
    """

    module: Module
    first: Resource
    attachments: tuple[Resource, ...]
    user_roles: Mapping[str, Ref] = field(default_factory=dict)

    @property
    def role_arn(self) -> Ref:
        """ARN of the domain's role."""
        return self.first.ref("arn")

    def role_of(self, user: str) -> Ref:
        """ARN of the role that a user works with."""
        return self.user_roles.get(user, self.role_arn)


@dataclass(frozen=True)
class Places:
    """The resources that the roles refer to, made in other modules.

    Args:
        account: The data source for this account's identity.
        partition: The data source for the AWS partition ("aws", "aws-cn", ...).
        bucket_arn: The data bucket.
        repository_arn: The image repository.
        secret_arn: The secret with everybody's GitHub token, if there is one.
        user_secret_arns: The secrets with single users' tokens, by user.
        key_arn: The KMS key, if it is the customer's.
        database_id: IAM's name of the studies' database, if there is one.
        database_arn: RDS's name of the same database.
    """

    account: Data
    partition: Data
    bucket_arn: Ref
    repository_arn: Ref
    secret_arn: Ref | None
    user_secret_arns: Mapping[str, Ref]
    key_arn: Ref | str | None
    database_id: Ref | None = None
    database_arn: Ref | None = None


@dataclass(frozen=True)
class Grant:
    """A role with what is its own.

    Args:
        role: The role.
        own: Policies that are about this role or user.
        user: The user who owns the role; None for the domain's.
        is_for_work: Whether somebody works with it, who gets what everybody gets.
    """

    role: Resource
    own: tuple[Policy, ...]
    user: str | None = None
    is_for_work: bool = True


def build(config: EnvironmentConfig, places: Places, naming: Naming) -> Iam:
    """One role for all users, or with `[iam] per_user_roles` one for each, and what they may do.

    Raises:
        ConfigError: A policy outgrows what IAM takes.
    """
    scope = _scope(config, places)
    trust = _trust(scope)
    grants = list(_grants(config, places, scope, trust, naming))
    common = [_policy(policy, naming) for policy in _common(config, scope, naming)]
    roles: list[list[Block]] = [list(_granted(grant, common, config, scope, naming)) for grant in grants]
    user_roles = {grant.user: grant.role.ref("arn") for grant in grants if grant.user}
    first = grants[0].role
    policies: Iterator[Block] = chain.from_iterable(common)
    blocks: tuple[Block, ...] = (
        trust,
        *(grant.role for grant in grants),
        *policies,
        *chain.from_iterable(roles),
        Output("execution_role_arn", first.ref("arn"), "ARN of the role that SageMaker assumes."),
        *_outputs(config, user_roles, naming),
    )
    return Iam(
        module=Module("iam", "The roles that SageMaker assumes, and what they may do.", blocks),
        first=first,
        attachments=tuple(b for b in blocks if isinstance(b, Resource) and b.type == ATTACHMENT),
        user_roles=user_roles,
    )


def _scope(config: EnvironmentConfig, places: Places) -> Scope:
    return Scope(
        environment=config.name,
        partition=str(places.partition.ref("partition")),
        region=config.region,
        account=str(places.account.ref("account_id")),
        bucket_arn=places.bucket_arn,
        extra_buckets=config.storage.extra_buckets,
        repository_arn=places.repository_arn,
        key_arn=places.key_arn,
        dns_suffix=str(places.partition.ref("dns_suffix")),
        remote_access=config.studio.remote_access,
        database_id=places.database_id,
        database_arn=places.database_arn,
    )


def _grants(config: EnvironmentConfig, places: Places, scope: Scope, trust: Data, naming: Naming) -> Iterator[Grant]:
    """The domain's role first."""
    domain = _first_role(naming, trust, config)
    if config.iam.permissions == "managed":
        yield Grant(domain, (things.buckets(scope),))
        return
    if not config.iam.per_user_roles:
        everybody = Holder(domain.ref("arn"), naming.job_prefix(), places.secret_arn)
        yield Grant(domain, scoped.for_holder(scope, everybody))
        return
    # Profiles that are not in the file get the domain's role, and SageMaker pulls images with it: it is for no more.
    yield Grant(domain, (things.images(scope, may_push=False),), is_for_work=False)
    for user in config.users:
        role = _role(
            f"execution_{label(user.name)}", naming.user_role(user.name), f"{user.name} of {config.name}", trust, config
        )
        yield Grant(role, scoped.for_holder(scope, _holder(user, role, places, naming)), user.name)


def _holder(user: User, role: Resource, places: Places, naming: Naming) -> Holder:
    secret_arn = places.user_secret_arns.get(user.name, places.secret_arn)
    return Holder(role.ref("arn"), naming.job_prefix(user.name), secret_arn, user.name, user.push_images)


def _common(config: EnvironmentConfig, scope: Scope, naming: Naming) -> Iterator[Policy]:
    """The policies of every user."""
    if config.iam.permissions == "scoped":
        yield from scoped.for_everybody(scope)
    elif scope.remote_access:
        yield studio.remote_access(scope)
    if scope.key_arn:
        yield things.key(scope, scope.key_arn)
    custom = {image.name: naming.custom_image(image.digest) for image in config.images.custom}
    if (beyond := limits.policy(scope, config.limits, custom)) is not None:
        yield beyond
    if scope.database_id and scope.database_arn:
        yield things.database(scope, scope.database_id, scope.database_arn)
    if config.iam.extra_statements:
        yield Policy(
            "extra",
            "What [iam] extra_statements adds.",
            "[iam] extra_statements",
            tuple(map(_extra, config.iam.extra_statements)),
            "say with wildcards (*) in one statement what several say",
        )


def _extra(statement: ExtraStatement) -> Statement:
    return Statement(
        sid=statement.sid or "",
        actions=statement.actions,
        resources=tuple(map(literal, statement.resources)),
        why="",
        source="",
        conditions=tuple(
            Condition(test, literal(variable), tuple(map(literal, values)))
            for test, tested in statement.conditions.items()
            for variable, values in tested.items()
        ),
        effect=statement.effect,
    )


def _role(its_label: str, name: str, whom: str, trust: Data, config: EnvironmentConfig) -> Resource:
    return Resource(
        "aws_iam_role",
        its_label,
        {
            "name": name,
            "description": f"What SageMaker Studio assumes for {whom}",
            "assume_role_policy": trust.ref("json"),
            **config.iam.of_roles,
            # The guard attaches a policy of which Terraform does not know, and IAM deletes no role that has one.
            **({"force_detach_policies": True} if config.limits.are_set else {}),
        },
    )


def _first_role(naming: Naming, trust: Data, config: EnvironmentConfig) -> Resource:
    """The domain's role. Its mark never changes: the environment may go on from elsewhere, or be an older one."""
    role = _role(FIRST.partition(".")[2], naming.execution_role, f"the users of {config.name}", trust, config)
    return replace(role, arguments={**role.arguments, "lifecycle": {"ignore_changes": [f'tags["{BIRTH_TAG}"]']}})


def _trust(scope: Scope) -> Data:
    # Both conditions, but never a whole domain's or app's ARN: Studio would no longer be able to assume the role.
    # https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    statement = {
        "sid": "SageMakerOfThisAccount",
        # The user's name in CloudTrail needs the second one in every role's trust. It is there in any case: the trust
        # changes before the domain does, and between the two nobody's editor may lose its role.
        # https://docs.aws.amazon.com/sagemaker/latest/dg/monitor-user-access-how-to.html
        "actions": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        "principals": [{"type": "Service", "identifiers": ["sagemaker.amazonaws.com"]}],
        "condition": [
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [scope.account]},
            {"test": "ArnLike", "variable": "aws:SourceArn", "values": [scope.arn("sagemaker", "*")]},
        ],
    }
    return Data(
        "aws_iam_policy_document",
        "trust",
        {"statement": [statement]},
        why="Only SageMaker, and only on behalf of this account, may assume the role.",
    )


def _granted(
    grant: Grant, common: list[tuple[Data, Resource]], config: EnvironmentConfig, scope: Scope, naming: Naming
) -> Iterator[Block]:
    """The role's own policies, and the attachments of these and of the common ones."""
    suffix = f"_{label(grant.user)}" if grant.user else ""
    own = [_policy(policy, naming, grant.user) for policy in grant.own]
    yield from chain.from_iterable(own)
    for _, policy in own:
        yield _attachment(policy.label, grant.role, policy.ref("arn"))
    for _, policy in common if grant.is_for_work else ():
        yield _attachment(f"{policy.label}{suffix}", grant.role, policy.ref("arn"))
    if config.iam.permissions == "managed":
        for its_label, name in MANAGED_POLICIES.items():
            yield _attachment(f"managed_{its_label}", grant.role, f"arn:{scope.partition}:iam::aws:policy/{name}")


def _policy(policy: Policy, naming: Naming, user: str | None = None) -> tuple[Data, Resource]:
    policy.check_size()
    its_label = policy.purpose.replace("-", "_") + (f"_{label(user)}" if user else "")
    document = Data(
        "aws_iam_policy_document", its_label, {"statement": [s.block() for s in policy.statements]}, why=policy.why
    )
    made = Resource(
        "aws_iam_policy", its_label, {"name": naming.policy(policy.purpose, user), "policy": document.ref("json")}
    )
    return document, made


def _attachment(its_label: str, role: Resource, policy_arn: Ref | str) -> Resource:
    return Resource(ATTACHMENT, its_label, {"role": role.ref("name"), "policy_arn": policy_arn})


def _outputs(config: EnvironmentConfig, user_roles: Mapping[str, Ref], naming: Naming) -> Iterator[Output]:
    if user_roles:
        yield Output("user_role_arns", user_roles, "ARN of each user's own role.")
    if config.iam.permissions == "scoped":
        prefixes = {user.name: naming.job_prefix(user.name if user_roles else None) for user in config.users}
        yield Output("job_prefixes", prefixes, "How the names of each user's jobs, models and endpoints must begin.")
