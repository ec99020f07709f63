"""Parses AWS's messages about denied calls: caller, action, resource, and the statement that would allow it.

The forms: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import json
import re
from dataclasses import dataclass

SAID = re.compile(
    r"User: (?P<identity>\S+) is not authorized to perform: (?P<action>[a-zA-Z0-9-]+:\w+)"
    r"(?: on (?:the )?resource: (?P<resource>\S+))?(?P<why>.*)",
    re.DOTALL,
)
EXPLICIT_DENY = re.compile(r"with an explicit deny(?: in (?P<where>an? [\w -]*policy|a permissions boundary))?")
NOTHING_ALLOWS = re.compile(r"because no (?P<where>[\w -]*policy|permissions boundary) allows")
# What S3 refuses with nothing but "Access Denied", and the action that is missing then.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3_ACTIONS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CreateBucket": "s3:CreateBucket",
    "DeleteObjects": "s3:DeleteObjectVersion",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
}
ROLE = re.compile(r":assumed-role/(?P<name>[^/]+)/")
IDENTITY = re.compile(r":(?P<kind>user|role)/(?:.*/)?(?P<name>[^/]+)$")


@dataclass(frozen=True)
class Denial:
    """A call that AWS denied.

    Args:
        action: As a policy names it, such as "sagemaker:CreateApp"; None where AWS does not say it.
        resource: The ARN, or "*" where AWS names none.
        identity: The ARN of who called; None where AWS does not say it.
        denied_by: The kind of policy that denies in so many words, such as "a service control policy"; or None.
        lacking: The kind of policy in which an allowance is missing, such as "identity-based policy".
    """

    action: str | None
    resource: str
    identity: str | None
    denied_by: str | None = None
    lacking: str = "identity-based policy"

    @property
    def message(self) -> str:
        """A sentence that names the caller, the action and the resource, and says why AWS refuses."""
        who = self.identity or "Your identity"
        what = (
            f"{who} may not {self.action or 'do this'} on {'any resource' if self.resource == '*' else self.resource}"
        )
        return f"{what}: {self.denied_by} denies it." if self.denied_by else f"{what}: no {self.lacking} allows it."

    @property
    def statement(self) -> str | None:
        """The statement that would allow it, as JSON to paste into a policy; None where no statement can."""
        if self.action is None or self.denied_by:
            return None
        return json.dumps({"Effect": "Allow", "Action": self.action, "Resource": self.resource}, indent=2)

    @property
    def remedy(self) -> str:
        """The remedy, with the statement."""
        if self.denied_by:
            return f"ask whoever wrote it for an exception: what {self.denied_by} denies, no other policy can allow"
        if self.statement is None:
            return "find out who you are (aws sts get-caller-identity), and ask for the permission"
        return f"have this statement added to {self._place()}, or use another profile:\n{self.statement}"

    def _place(self) -> str:
        if self.lacking != "identity-based policy":
            return f"the {self.lacking}"
        if found := ROLE.search(self.identity or ""):
            return f"a policy of the role '{found['name']}'"
        if found := IDENTITY.search(self.identity or ""):
            return f"a policy of the {found['kind']} '{found['name']}'"
        return "one of your policies (aws sts get-caller-identity says who you are)"


def read_denial(operation: str, said: str) -> Denial:
    """Read a denial from AWS's message; what it leaves out is filled in if the operation tells it."""
    found = SAID.search(said)
    if found is None:
        return Denial(S3_ACTIONS.get(operation), "*", None)
    denied, lacking = EXPLICIT_DENY.search(found["why"]), NOTHING_ALLOWS.search(found["why"])
    return Denial(
        action=found["action"],
        resource=(found["resource"] or "*").strip("\"'").rstrip(".,"),
        identity=found["identity"],
        denied_by=(denied["where"] or "a policy") if denied else None,
        lacking=lacking["where"] if lacking else "identity-based policy",
    )
