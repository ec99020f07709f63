"""Pipelines that plan pull requests and apply them after the merge, and whom their roles trust.

Nothing here signs in: AWS trusts the host's tokens (OpenID Connect), for one repository and, to deploy, one environment
of it. Sources: https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws and
https://docs.gitlab.com/ci/cloud_services/aws/.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from studioctl.terraform import tree

Host = Literal["github", "gitlab"]
Job = Literal["plan", "deploy"]


@dataclass(frozen=True)
class Pipeline:
    """One environment's pipeline.

    Args:
        host: The host of the repository.
        repository: Such as "acme/studio".
        branch: The branch that changes are merged into.
        config: The file, from the repository's root.
        name: The environment.
        region: Its region.
        partition: Such as "aws".
        account: The account's id.
        package: The package that pip installs.
    """

    host: Host
    repository: str
    branch: str
    config: str
    name: str
    region: str
    partition: str
    account: str
    package: str

    @property
    def file(self) -> str:
        """The path of the pipeline's file, from the repository's root."""
        if self.host == "github":
            return f".github/workflows/studioctl-{self.name}.yml"
        return f".gitlab/studioctl-{self.name}.yml"

    def place(self) -> Path:
        """The same in this directory, the repository's root.

        Raises:
            RefusedError: A link on the way would have it written elsewhere, or it is a pipe, which may have no reader.
        """
        file = Path(self.file)
        for path in (*reversed(file.parents[:-1]), file):
            if os.path.lexists(path):
                tree.refuse_special(path, path.lstat())
        return file

    def role(self, job: Job) -> str:
        """Name of a job's role."""
        return f"{self.name}-ci-{job}"

    def text(self) -> str:
        """The pipeline."""
        filled = resources.files(__package__).joinpath(f"{self.host}.yml").read_text("utf-8")
        for name, value in self._values().items():
            filled = filled.replace(f"@{name}@", value)
        return filled

    def trust(self, job: Job) -> str:
        """The trust policy of a job's role: for this repository alone.

        `plan` is for any branch: whoever can push one can see what the environment is. `deploy` is for the repository's
        environment on GitHub, whose own settings have to say from which branch, and for the branch on GitLab.
        """
        issuer, subjects = self._issuer(), self._subjects(job)
        test = "StringLike" if any("*" in subject for subject in subjects) else "StringEquals"
        conditions: dict[str, dict[str, Any]] = {"StringEquals": {f"{issuer}:aud": self._audience()}}
        conditions.setdefault(test, {})[f"{issuer}:sub"] = subjects if len(subjects) > 1 else subjects[0]
        provider = f"arn:{self.partition}:iam::{self.account}:oidc-provider/{issuer}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": conditions,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)

    def _issuer(self) -> str:
        return "token.actions.githubusercontent.com" if self.host == "github" else "gitlab.com"

    def _audience(self) -> str:
        return "sts.amazonaws.com" if self.host == "github" else "https://gitlab.com"

    def _subjects(self, job: Job) -> list[str]:
        if self.host == "gitlab":
            project = f"project_path:{self.repository}:ref_type:branch:ref"
            return [f"{project}:{self.branch if job == 'deploy' else '*'}"]
        if job == "deploy":
            return [f"repo:{self.repository}:environment:{self.name}"]
        return [f"repo:{self.repository}:pull_request", f"repo:{self.repository}:ref:refs/heads/{self.branch}"]

    def _values(self) -> Mapping[str, str]:
        def arn(job: Job) -> str:
            return f"arn:{self.partition}:iam::{self.account}:role/{self.role(job)}"

        return {
            "NAME": self.name,
            "REGION": self.region,
            "BRANCH": self.branch,
            "CONFIG": self.config,
            "PACKAGE": self.package,
            "FILE": self.file.rpartition("/")[2] if self.host == "github" else self.file,
            "AUDIENCE": self._audience(),
            "PLAN_ROLE": arn("plan"),
            "DEPLOY_ROLE": arn("deploy"),
        }
