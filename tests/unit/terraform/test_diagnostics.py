"""Terraform's diagnostics as errors: what AWS said, once, and what to do next."""

from pathlib import Path
from typing import Any

import pytest

from studioctl.catalog.troubles import after_terraform, troubles
from studioctl.errors import ConfigError, StudioctlError, TerraformError
from studioctl.terraform import diagnostics

LOG = Path("logs/plan.jsonl")
# Words of AWS, the provider and Terraform, with the cause that they have.
SAYINGS = [
    (
        "Unsupported state file format: The state file could not be parsed as JSON: syntax",
        "the state is damaged",
    ),
    ("The state file uses format version 5, which is not supported", "the state is of a newer Terraform"),
    (
        "EC2InsufficientCapacityError: Instance type 'ml.p4d.24xlarge' is temporarily unavailable",
        "no capacity for the instance type",
    ),
    ("unexpected state 'Failed', wanted target 'InService'. last error: no luck", "an app, a space or a domain failed"),
    ("https response error StatusCode: 503, RequestID: 0, api error ServiceUnavailable: no", "trouble at AWS"),
    ("read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", "the connection to AWS broke"),
    ("api error ExpiredToken: The security token included in the request is expired", "credentials have expired"),
    (
        "failed to refresh cached credentials, failed to load credentials, SessionUnavailable: no MFA code was typed",
        "a session that was lent to Terraform has ended",
    ),
    ("No valid credential sources found", "there are no credentials"),
    ("failed to get shared config profile, acme-admin", "there are no credentials"),
    (
        "api error InvalidClientTokenId: The security token included in the request is invalid.",
        "credentials are not known",
    ),
    ("Error acquiring the state lock", "the state is locked"),
    ('S3 bucket "acme-tfstate" does not exist.', "the bucket does not exist"),
    (
        "state snapshot was created by Terraform v1.15.5, which is newer than current v1.11.4",
        "the state is of a newer Terraform",
    ),
    ("Saved plan is stale", "the plan is stale"),
    ("Failed to query available provider packages", "Terraform cannot get the provider"),
    (
        "The account-level service limit 'Studio user profiles' is 2 UserProfiles, with current utilization of 2",
        "a quota is used up",
    ),
    ("VpcLimitExceeded: The maximum number of VPCs has been reached.", "a quota is used up"),
    (
        "BucketAlreadyExists: The requested bucket name is not available.",
        "a bucket of this name belongs to another account",
    ),
    (
        "DeleteConflict: Cannot delete entity, must detach all policies first.",
        "something is still attached to a role or a policy",
    ),
    ("EntityAlreadyExists: Role with name demo already exists.", "the name is taken"),
    ("RepositoryAlreadyExistsException: The repository with name 'demo' already exists", "the name is taken"),
    ("ResourceExistsException: The operation failed because the secret demo already exists.", "the name is taken"),
    (
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
        "a secret of this name is about to be deleted",
    ),
    (
        "ResourceInUse: Unable to delete UserProfile [arn] because Space(s) are associated with it.",
        "something in Studio still uses it",
    ),
    ("creating SageMaker AI Domain: ResourceInUse: Domain already exists with ARN [arn].", "the name is taken"),
    ("api error DependencyViolation: resource sg-1 has a dependent object", "something in the network still uses it"),
    ("The vpc 'vpc-1' has dependencies and cannot be deleted.", "something in the network still uses it"),
    ("BucketNotEmpty: The bucket you tried to delete is not empty", "it is not empty"),
    (
        "AccessDeniedException: User: arn is not authorized to perform: sagemaker:CreateDomain",
        "a permission is missing",
    ),
    ("api error UnauthorizedOperation: You are not authorized to perform this operation.", "a permission is missing"),
    ("ThrottlingException: Rate exceeded", "too many requests"),
    ("dial tcp: lookup sagemaker.us-east-9.amazonaws.com: no such host", "AWS cannot be reached"),
    ("operation error STS, api error RequestExpired: Request has expired", "credentials have expired"),
    ("api error IncompleteSignature: Credential must have exactly 5 elements", "credentials are not known"),
    ("api error RequestLimitExceeded: Request limit exceeded.", "too many requests"),
    ("InvalidSignatureException: Signature expired: 20261129T190000Z", "the clock of this machine is wrong"),
    ("AuthorizationHeaderMalformed: the region 'us-east-1' is wrong; expecting 'eu-west-1'", "another region"),
    ("503 Service Temporarily Unavailable, https response error StatusCode: 503", "trouble at AWS"),
]


def error(*found: dict[str, Any], plain: tuple[str, ...] = (), verb: str = "apply") -> StudioctlError:
    return diagnostics.error_of(found, plain, verb=verb, log=LOG)


def said(summary: str, detail: str = "", address: str | None = None) -> dict[str, Any]:
    return {"severity": "error", "summary": summary, "detail": detail, "address": address}


@pytest.mark.parametrize(("words", "cause"), SAYINGS)
def test_a_known_saying_has_its_cause(words: str, cause: str) -> None:
    found = after_terraform(words)

    assert found is not None
    assert found.name == cause


def test_every_cause_has_a_saying_a_hint_and_a_source() -> None:
    known = [trouble for trouble in troubles() if trouble.hint]

    assert {trouble.name for trouble in known} == {cause for _, cause in SAYINGS}
    assert all(trouble.hint.endswith((".", "lock_id}", "mirror", "SERIAL")) for trouble in known)
    assert all(trouble.source.startswith("https://") for trouble in troubles())


def test_the_message_has_our_name_and_awss_own_words_without_the_wrapping() -> None:
    failure = error(
        said(
            "creating IAM Role (demo): operation error IAM: CreateRole, https response error StatusCode: 409, "
            "RequestID: 1f2e, EntityAlreadyExists: Role with name demo already exists.",
            address="aws_iam_role.execution",
        )
    )

    assert failure.message == (
        "Terraform could not apply the plan:\n"
        "  aws_iam_role.execution: creating IAM Role (demo): EntityAlreadyExists: Role with name demo already exists."
    )
    assert failure.hint == (
        "A resource with this name already exists: `studioctl doctor` shows which. Choose another name in your file, "
        "or delete that resource.\n"
        f"The full log: {LOG}"
    )


def test_a_call_that_was_tried_often_is_told_as_short() -> None:
    failure = error(
        said(
            "operation error EC2: CreateVpc, exceeded maximum number of attempts, 25, https response error "
            "StatusCode: 503, RequestID: 1, api error RequestLimitExceeded: Request limit exceeded."
        )
    )

    assert "RequestLimitExceeded: Request limit exceeded." in failure.message
    assert "RequestID" not in failure.message


def test_several_errors_are_listed_once_each_and_warnings_are_not() -> None:
    expired = said("api error ExpiredToken: expired", address="aws_vpc.studio")
    failure = error(
        expired, expired, said("Unsupported argument", "No such thing."), {**expired, "severity": "warning"}
    )

    assert failure.message.splitlines()[1:] == [
        "  aws_vpc.studio: api error ExpiredToken: expired",
        "  Unsupported argument: No such thing.",
    ]


def test_a_missing_bucket_is_an_error_of_the_users_file() -> None:
    assert isinstance(error(said('S3 bucket "acme-tfstate" does not exist.')), ConfigError)


def test_a_program_that_crashed_is_told_in_its_own_last_lines() -> None:
    failure = error(plain=("", "TERRAFORM CRASH", "runtime error"))

    assert type(failure) is TerraformError
    assert failure.message == "Terraform could not apply the plan:\n  TERRAFORM CRASH runtime error"


def test_a_program_that_said_nothing_is_told_too() -> None:
    assert error().message == "Terraform could not apply the plan:\n  it gave no reason"


@pytest.mark.parametrize(
    ("number", "told", "hint"),
    [
        (
            9,
            "it was killed (SIGKILL), as the system does when memory runs out.",
            "make memory free, then run the same command again: it finds what was made, and goes on",
        ),
        (15, "it was killed (SIGTERM).", "run the same command again: it finds what was made, and goes on"),
        (250, "it was killed (signal 250).", "run the same command again: it finds what was made, and goes on"),
    ],
)
def test_one_that_was_killed_is_told_by_the_signal(number: int, told: str, hint: str) -> None:
    failure = diagnostics.error_of((), ("half a line",), verb="apply", log=Path("run.jsonl"), code=-number)

    assert failure.message == f"Terraform could not apply the plan: {told}"
    assert failure.hint.splitlines() == [hint, "The log up to then: run.jsonl"]


def test_no_hint_of_a_failed_up_removes_anything_and_none_of_a_failed_down_makes_anything() -> None:
    for words, _ in SAYINGS:
        assert "studioctl down" not in error(said(words)).hint
        assert "studioctl up" not in error(said(words), verb="destroy").hint
    assert "studioctl down --delete-data" in error(said("BucketNotEmpty"), verb="destroy").hint


def test_a_hint_names_what_the_message_names() -> None:
    secret = said(
        "creating Secrets Manager Secret (acme-ml/github): operation error Secrets Manager: CreateSecret",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )

    assert "`studioctl secret set github`" in error(secret).hint
    assert "state bucket create acme-tfstate." in error(said('S3 bucket "acme-tfstate" does not exist.')).hint
    assert "state bucket create BUCKET." in error(said("api error NoSuchBucket: gone")).hint
