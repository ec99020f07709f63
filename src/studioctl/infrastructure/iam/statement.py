"""Policies and their statements, as values with their reasons."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.errors import ConfigError

# Without white space, which IAM does not count.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST_POLICY = 6144
MOST_POLICIES_OF_A_ROLE = 10
REFERENCE = re.compile(r"(?<!\$)\$\{([^}]+)\}")  # Terraform's, and not one that `literal()` made plain text
# What Terraform fills in, at its longest: so what fits here fits everywhere.
STAND_INS = {
    "data.aws_partition.current.partition": "aws-us-gov",
    "data.aws_caller_identity.current.account_id": "0" * 12,
    "data.aws_partition.current.dns_suffix": "sc2s.sgov.gov",
}
LONGEST_ARN = 128


@dataclass(frozen=True)
class Condition:
    """One test of a statement's conditions. Policy variables are written `&{...}`, as Terraform wants them."""

    test: str
    variable: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Args:
        sid: Its name, letters and digits.
        actions: Actions such as "s3:GetObject".
        resources: ARNs, with `&{...}` for policy variables.
        why: The work that users cannot do without it.
        source: AWS's page about it.
        conditions: All of them must hold.
        effect: "Allow" or "Deny".
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    source: str
    conditions: tuple[Condition, ...] = ()
    effect: str = "Allow"

    def block(self) -> dict[str, Any]:
        """The `statement` block of Terraform's `aws_iam_policy_document`."""
        return {
            **({"//": " ".join(filter(None, (self.why, self.source)))} if self.why else {}),
            **({"sid": self.sid} if self.sid else {}),
            **({"effect": self.effect} if self.effect != "Allow" else {}),
            "actions": list(self.actions),
            "resources": list(self.resources),
            **({"condition": [_condition(c) for c in self.conditions]} if self.conditions else {}),
        }


@dataclass(frozen=True)
class Policy:
    """A customer managed policy.

    Args:
        purpose: The last part of its name.
        why: Its purpose, in one sentence.
        keys: The keys of studio.toml that make it long.
        statements: Its statements.
        shorter: The advice if it is too long.
    """

    purpose: str
    why: str
    keys: str
    statements: tuple[Statement, ...]
    shorter: str = "write shorter names"

    def check_size(self) -> None:
        """Raises ConfigError when IAM would not take the policy."""
        length = size(self.statements)
        if length > LONGEST_POLICY:
            raise ConfigError(
                f"{self.keys} makes a policy of {length:,} characters, and IAM takes {LONGEST_POLICY:,}.",
                hint=self.shorter,
            )


def _condition(condition: Condition) -> dict[str, Any]:
    return {"test": condition.test, "variable": condition.variable, "values": list(condition.values)}


def size(statements: tuple[Statement, ...]) -> int:
    """The size that IAM counts for a policy of these: an upper bound, because Terraform fills in values later."""
    document = {"Version": "2012-10-17", "Statement": [rendered(statement) for statement in statements]}
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return len(REFERENCE.sub(lambda found: STAND_INS.get(found[1], "x" * LONGEST_ARN), text))


def rendered(statement: Statement) -> dict[str, Any]:
    """The statement as IAM writes it."""
    tests: dict[str, dict[str, tuple[str, ...]]] = {}
    for condition in statement.conditions:
        tests.setdefault(condition.test, {})[condition.variable] = condition.values
    conditions: Mapping[str, Any] = {"Condition": tests} if tests else {}
    return {
        "Sid": statement.sid,
        "Effect": statement.effect,
        "Action": statement.actions,
        "Resource": statement.resources,
        **conditions,
    }
