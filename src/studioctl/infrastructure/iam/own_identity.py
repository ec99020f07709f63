"""The policy for a person's own identity: what starting, opening and looking takes from outside of Studio.

The roles of the environment are for what runs in it. A person's laptop acts as that person: an IAM user, or a role of
IAM Identity Center. Such an identity has no policy variables of Studio's, so each statement names domain and profile.
"""

import json
from typing import Any

from studioctl.infrastructure.iam.scope import FULL_ACCESS, GUIDE, SAGEMAKER_ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement, rendered

LOGS = "https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-use-lifecycle-configurations-studio-debug.html"
LOG_GROUP = "/aws/sagemaker/studio"


def statements(
    *,
    partition: str,
    region: str,
    account: str,
    domain_id: str,
    user: str,
    remote_access: bool,
    by_identity_center: bool = False,
    denied: tuple[Statement, ...] = (),
) -> tuple[Statement, ...]:
    """The permissions that a user needs for `start`, `stop`, `open`, `connect`, `ssh`, `status`, `logs` and `list`.

    Args:
        partition: Such as "aws".
        region: AWS region.
        account: The account's id.
        domain_id: The environment's domain.
        user: The user profile.
        remote_access: Whether remote sessions are for this environment.
        by_identity_center: Whether people sign in themselves, at an address that AWS makes for nobody else.
        denied: The statements of [limits] on what nobody may start.
    """

    def of(*resources: str) -> tuple[str, ...]:
        return tuple(f"arn:{partition}:sagemaker:{region}:{account}:{resource}" for resource in resources)

    (profile,) = of(f"user-profile/{domain_id}/{user}")
    mine = (
        Condition("StringEquals", "sagemaker:SpaceSharingType", ("Private",)),
        Condition("ArnEquals", "sagemaker:OwnerUserProfileArn", (profile,)),
    )
    apart = (
        Statement(
            "ChangeOwnSpaces",
            ("sagemaker:UpdateSpace",),
            of(f"space/{domain_id}/*"),
            "connect allows remote access to a space.",
            FULL_ACCESS,
            mine,
        ),
        Statement(
            "OwnSessions",
            ("sagemaker:StartSession",),
            of(f"space/{domain_id}/*"),
            "connect and ssh open a session; AWS goes by the tag of the space.",
            f"{GUIDE}/remote-access-remote-setup.html",
            (Condition("ArnEquals", "sagemaker:ResourceTag/sagemaker:user-profile-arn", (profile,)),),
        ),
    )
    opening = Statement(
        "Open",
        ("sagemaker:CreatePresignedDomainUrl",),
        (profile,),
        "open makes an address that lets in as this user.",
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedDomainUrl.html",
    )
    return (
        Statement(
            "Find",
            ("sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"),
            ("*",),
            "All commands find the environment and its spaces; AWS allows these on everything alone.",
            SAGEMAKER_ACTIONS,
        ),
        Statement(
            "FindByTag",
            ("sagemaker:ListTags",),
            of("domain/*"),
            "The environment is the domain that carries its tag; which one is not known before.",
            SAGEMAKER_ACTIONS,
        ),
        Statement(
            "Look",
            (
                "sagemaker:DescribeApp",
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeSpace",
                "sagemaker:DescribeUserProfile",
            ),
            of(f"domain/{domain_id}", f"space/{domain_id}/*", f"app/{domain_id}/*", f"user-profile/{domain_id}/*"),
            "status shows what runs and when it stops; start takes the settings of the user and the domain.",
            SAGEMAKER_ACTIONS,
        ),
        Statement(
            "OwnApps",
            ("sagemaker:CreateApp", "sagemaker:DeleteApp"),
            of(f"app/{domain_id}/*"),
            "start and stop, in the user's own private spaces alone.",
            FULL_ACCESS,
            mine,
        ),
        *(() if by_identity_center else (opening,)),
        Statement(
            "Logs",
            ("logs:GetLogEvents",),
            (f"arn:{partition}:logs:{region}:{account}:log-group:{LOG_GROUP}:log-stream:{domain_id}/*",),
            "logs, and the reason why a start failed.",
            LOGS,
        ),
        *(apart if remote_access else ()),
        *denied,
    )


def document(policy: tuple[Statement, ...]) -> dict[str, Any]:
    """The policy as IAM takes it."""
    return {"Version": "2012-10-17", "Statement": [rendered(statement) for statement in policy]}


def text(policy: tuple[Statement, ...]) -> str:
    """The same as text."""
    return json.dumps(document(policy), indent=2)
