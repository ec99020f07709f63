"""Studio's errors with AWS's codes. Codes carry no "Exception" suffix, except ValidationException.

Texts marked "assumed" were not found in public; the others are AWS's own words, with where they were seen.
"""

# ruff: noqa: N818 - AWS's own names

from moto.sagemaker.exceptions import SagemakerClientError


class ValidationException(SagemakerClientError):
    """The request cannot be carried out as it is written."""

    code = "ValidationException"


class SerializationException(SagemakerClientError):
    """The request's JSON has a value of the wrong type."""

    code = "SerializationException"


class ResourceNotFound(SagemakerClientError):
    """The named thing does not exist."""

    code = "ResourceNotFound"


class ResourceInUse(SagemakerClientError):
    """The name is taken, the thing has children, or it is on its way to another status."""

    code = "ResourceInUse"


class ThrottlingException(SagemakerClientError):
    """More requests in a second than the account may make."""

    code = "ThrottlingException"


class ResourceLimitExceeded(SagemakerClientError):
    """A quota of the account is used up."""

    code = "ResourceLimitExceeded"


def not_found(kind: str, name: str) -> ResourceNotFound:
    """Text assumed."""
    return ResourceNotFound(f"{kind} [{name}] does not exist.")


def already_exists(kind: str, arn: str) -> ResourceInUse:
    """Text assumed."""
    return ResourceInUse(f"{kind} already exists with ARN [{arn}].")


def has_children(kind: str, arn: str, children: str) -> ResourceInUse:
    """The words seen for a user profile with apps (aws/amazon-sagemaker-feedback#113); the same form is assumed for
    domains and spaces.
    """
    return ResourceInUse(f"Unable to delete {kind} [{arn}] because {children}(s) are associated with it.")


def in_transition(verb: str, kind: str, arn: str, status: str) -> ResourceInUse:
    """Text assumed."""
    return ResourceInUse(f"Unable to {verb} {kind} [{arn}] while it is {status}.")


def apps_in_service(arn: str) -> ResourceInUse:
    """Seen in hashicorp/terraform-provider-aws#31912; the code is assumed."""
    return ResourceInUse(f"Unable to update Domain [{arn}] with InService App. Delete all InService apps.")


def network_left_out() -> ValidationException:
    """Also when the domain is in this mode already (hashicorp/terraform-provider-aws#45528)."""
    return ValidationException("VpcId and Subnet IDs are required for updating domains to VpcOnly mode.")


def homes_stay(arn: str) -> ValidationException:
    """The API reference: "you cannot change from Enabled to Disabled"; text assumed."""
    return ValidationException(f"Updating HomeEfsFileSystemCreation of Domain [{arn}] to Disabled is not supported.")


def over_quota(name: str, unit: str, limit: int, used: int) -> ResourceLimitExceeded:
    """Seen for apps on a type of instance in aws/amazon-sagemaker-feedback#157; the same form is assumed for profiles,
    spaces and all running apps.
    """
    return ResourceLimitExceeded(
        f"The account-level service limit '{name}' is {limit} {unit}, with current utilization of {used} {unit} and a"
        f" request delta of 1 {unit}. Please use Service Quotas to request an increase for this quota."
    )


def too_small_for_remote_access(space_name: str, instance_type: str) -> ValidationException:
    """CreateApp's refusal, which is assumed; the words are those of aws/aws-toolkit-vscode, sagemaker/constants.ts."""
    return ValidationException(
        f"Unable to create app for [{space_name}] because instanceType [{instance_type}] is not supported for remote"
        " access enabled spaces. Use instanceType with at least 8 GiB memory."
    )


class InternalFailure(SagemakerClientError):
    """Something inside AWS is not ready or has failed: "try again"."""

    code = "InternalFailure"


def not_registered(arn: str) -> InternalFailure:
    """The answer of StartSession for a while after a start. The toolkit calls it "Internal Failure"; text assumed."""
    return InternalFailure(f"Space [{arn}] is not registered yet.")
