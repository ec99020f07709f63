"""The containers of GitHub tokens. Their values are never Terraform's business: they would be in the state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from studioctl.config.stores import GitHub, Secrets
from studioctl.config.users import User
from studioctl.infrastructure.block import Module, Output, Ref, Resource, literal
from studioctl.infrastructure.kms import Kms
from studioctl.infrastructure.naming import Naming, label


@dataclass(frozen=True)
class SecretsManager:
    """The secrets' blocks, and the ARNs of those with GitHub tokens: everybody's, if there is one, and users' own."""

    module: Module
    github_arn: Ref | None = None
    user_arns: Mapping[str, Ref] = field(default_factory=dict)


def build(secrets: Secrets, users: Sequence[User], kms: Kms, naming: Naming) -> SecretsManager:
    """The containers that `[secrets]` and the users ask for."""
    everybodys = _container("github", naming.github_secret, secrets.github, kms) if secrets.github else None
    own = {
        user.name: _container(f"github_{label(user.name)}", naming.user_github_secret(user.name), user.github, kms)
        for user in users
        if user.github
    }
    outputs = []
    if everybodys:
        text = "ARN of the secret that holds the GitHub token."
        outputs.append(Output("github_secret_arn", everybodys.ref("arn"), text))
    user_arns = {name: container.ref("arn") for name, container in own.items()}
    if own:
        outputs.append(Output("user_github_secret_arns", user_arns, "ARN of each user's own secret with a token."))
    purpose = "Containers of secrets. Their values are set in AWS Secrets Manager itself, never here."
    blocks = (*((everybodys,) if everybodys else ()), *own.values(), *outputs)
    return SecretsManager(
        module=Module("secrets_manager", purpose, blocks),
        github_arn=everybodys.ref("arn") if everybodys else None,
        user_arns=user_arns,
    )


def _container(its_label: str, name: str, github: GitHub, kms: Kms) -> Resource:
    return Resource(
        "aws_secretsmanager_secret",
        its_label,
        {
            "name": name,
            "description": literal(f"GitHub personal access token of {github.username}"),
            "recovery_window_in_days": 0,
            **({"kms_key_id": kms.key_arn} if kms.key_arn else {}),
        },
        why="Deleted at once, or its name stays taken for weeks, also when an interrupted `up` has to make it anew."
        " A value is not lost that way: `studioctl up` and `down` refuse while there is one.",
    )
