"""The container of the GitHub token. Its value is never Terraform's business: it would be in the state."""

from dataclasses import dataclass

from studioctl.config.model import Secrets
from studioctl.infrastructure.block import Module, Output, Ref, Resource, literal
from studioctl.infrastructure.naming import Naming


@dataclass(frozen=True)
class SecretsManager:
    """The secrets' blocks, and the ARN of the GitHub token's, if there is one."""

    module: Module
    github_arn: Ref | None = None


def build(secrets: Secrets, naming: Naming) -> SecretsManager:
    """The containers that `[secrets]` asks for."""
    purpose = "Containers of secrets. Their values are set in AWS Secrets Manager itself, never here."
    if secrets.github is None:
        return SecretsManager(module=Module("secrets_manager", purpose, ()))
    github = Resource(
        "aws_secretsmanager_secret",
        "github",
        {
            "name": naming.github_secret,
            "description": literal(f"GitHub personal access token of {secrets.github.username}"),
            "recovery_window_in_days": 0,
        },
        why="Deleted at once, or its name stays taken for weeks, also when an interrupted `up` has to make it anew."
        " A value is not lost that way: `studioctl up` and `down` refuse while there is one.",
    )
    output = Output("github_secret_arn", github.ref("arn"), "ARN of the secret that holds the GitHub token.")
    return SecretsManager(module=Module("secrets_manager", purpose, (github, output)), github_arn=github.ref("arn"))
