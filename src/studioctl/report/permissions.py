"""A matrix of users' permissions on everybody's things: each question is put to the policies that `up` writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from studio_emulator.iam.evaluate import Policies, evaluate
from studio_emulator.iam.policy import Asked, Principal
from studioctl.audit import policies
from studioctl.audit.policies import EXAMPLE_ACCOUNT, RolePolicies, resolved
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Blueprint, Resource
from studioctl.infrastructure.naming import label
from studioctl.report.content import Table

YES, NO = "yes", "no"
UNREAD = "by AWS's managed policies"
DOMAIN = "d-0123456789ab"
FIRST = "aws_iam_role.execution"


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        text: In words.
        action: The action that stands for it.
        resource: On what, for a user and for somebody else.
        context: Other facts in the request.
    """

    text: str
    action: str
    resource: Callable[[str, str], str]
    context: Callable[[str, str], Mapping[str, str]] = lambda _user, _other: {}


def matrix(config: EnvironmentConfig, blueprint: Blueprint) -> Table:
    """A row for each question, a column for each kind of user: those who may do the same share one."""
    roles = {role.role: role for role in policies.of_roles(blueprint)}
    names = [user.name for user in config.users]
    asked = list(_questions(config, blueprint))
    answers: dict[tuple[str, ...], list[str]] = {}
    for user in names:
        other = next((name for name in names if name != user), "somebody-else")
        role = roles.get(f"aws_iam_role.execution_{label(user)}", roles[FIRST])
        row = tuple(_answer(config, question, role, user, other) for question in asked)
        answers.setdefault(row, []).append(user)
    head = ("", *(_called(users, len(names)) for users in answers.values()))
    rows = tuple((q.text, *(row[number] for row in answers)) for number, q in enumerate(asked))
    return Table(head, rows)


def _called(users: list[str], everybody: int) -> str:
    if len(users) == everybody:
        return "each user" if everybody > 1 else users[0]
    return ", ".join(users) if len(users) <= 3 else f"{users[0]} and {len(users) - 1} more"


def _answer(config: EnvironmentConfig, question: Question, role: RolePolicies, user: str, other: str) -> str:
    arn = resolved(f"${{{role.role}.arn}}")
    known = {
        "aws:principalaccount": EXAMPLE_ACCOUNT,
        "aws:resourceaccount": EXAMPLE_ACCOUNT,
        "aws:requestedregion": config.region,
        "aws:securetransport": "true",
        "sagemaker:domainid": DOMAIN,
        "sagemaker:userprofilename": user,
        **{key.lower(): value for key, value in question.context(user, other).items()},
    }
    document = {"Version": "2012-10-17", "Statement": list(role.statements)}
    asked = Asked(question.action, question.resource(user, other), known)
    decision = evaluate(Principal(arn, arn, EXAMPLE_ACCOUNT), asked, Policies(identity={"own": document}))
    if not decision.allowed and role.managed and "explicit deny" not in decision.why:
        return UNREAD
    return YES if decision.allowed else NO


def _questions(config: EnvironmentConfig, blueprint: Blueprint) -> Iterator[Question]:
    arns = {resource.type: resolved(str(resource.ref("arn"))) for resource in _stores(blueprint)}
    bucket, repository = arns["aws_s3_bucket"], arns["aws_ecr_repository"]

    def sagemaker(path: str) -> str:
        return f"arn:aws:sagemaker:{config.region}:{EXAMPLE_ACCOUNT}:{path}"

    def owned(who: str) -> Mapping[str, str]:
        profile = sagemaker(f"user-profile/{DOMAIN}/{who}")
        return {
            "sagemaker:OwnerUserProfileArn": profile,
            "sagemaker:SpaceSharingType": "Private",
            "sagemaker:ResourceTag/sagemaker:user-profile-arn": profile,
        }

    def app(who: str) -> str:
        return sagemaker(f"app/{DOMAIN}/{who}-editor/codeeditor/default")

    yield Question("read own files in the bucket", "s3:GetObject", lambda me, _: f"{bucket}/users/{me}/x")
    yield Question("write own files in the bucket", "s3:PutObject", lambda me, _: f"{bucket}/users/{me}/x")
    yield Question("read others' files in the bucket", "s3:GetObject", lambda _, you: f"{bucket}/users/{you}/x")
    yield Question("write others' files in the bucket", "s3:PutObject", lambda _, you: f"{bucket}/users/{you}/x")
    yield Question("write shared files in the bucket", "s3:PutObject", lambda *_: f"{bucket}/shared/x")
    yield Question("start own spaces", "sagemaker:CreateApp", lambda me, _: app(me), lambda me, _: owned(me))
    yield Question("stop others' spaces", "sagemaker:DeleteApp", lambda _, you: app(you), lambda _, you: owned(you))
    profile = f"user-profile/{DOMAIN}"
    yield Question(
        "open Studio as somebody else",
        "sagemaker:CreatePresignedDomainUrl",
        lambda _, you: sagemaker(f"{profile}/{you}"),
        lambda _, you: owned(you),
    )
    yield Question("push images", "ecr:PutImage", lambda *_: repository)
    yield Question("delete images", "ecr:BatchDeleteImage", lambda *_: repository)
    if secret := arns.get("aws_secretsmanager_secret"):
        yield Question("read the shared GitHub token", "secretsmanager:GetSecretValue", lambda *_: secret)
    yield Question("change users and the domain", "sagemaker:UpdateDomain", lambda *_: sagemaker(f"domain/{DOMAIN}"))
    role = f"arn:aws:iam::{EXAMPLE_ACCOUNT}:role/any"
    yield Question("change roles and policies", "iam:PutRolePolicy", lambda *_: role)


def _stores(blueprint: Blueprint) -> Iterator[Resource]:
    wanted = {"aws_s3_bucket.data", "aws_ecr_repository.images", "aws_secretsmanager_secret.github"}
    return (resource for resource in blueprint.resources() if resource.address in wanted)
