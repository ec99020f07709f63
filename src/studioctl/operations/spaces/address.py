"""Ways into a running space."""

from studioctl.aws.values import Space
from studioctl.config.access import SSO
from studioctl.errors import AwsError
from studioctl.operations.environment import Account
from studioctl.operations.spaces import owners

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedDomainUrl.html
LANDING = "app:{type}:"


def portal(account: Account) -> str | None:
    """The address at which people sign in themselves, in a domain of IAM Identity Center; None in another.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedDomainUrl.html: "only when the
    authentication mode equals IAM". One page of Studio is there for everybody: it shows who came in their own spaces.
    """
    if account.config.access.auth != SSO and not account.is_without_file:
        return None
    domain = account.domain()
    return domain.url if domain and domain.auth_mode == "SSO" else None


def presigned_url(account: Account, space: Space, *, expires_seconds: int = 300) -> str:
    """An address that opens the space's editor as its owner, once. It is a credential.

    Args:
        account: The environment's account.
        space: From `spaces.find`; its app should run.
        expires_seconds: The time during which it can be used, 5 to 300.

    Raises:
        AwsError: AWS refused, or the space belongs to nobody.
    """
    if space.owner is None:
        raise AwsError(
            f"Space '{space.name}' is shared: an address can be made only for a space that one user owns.",
            hint="open it in Studio, from the domain's page in the AWS console",
        )
    with owners.told([space]):
        return account.studio.presigned_url(
            space, landing_uri=LANDING.format(type=space.editor_type), expires_seconds=expires_seconds
        )
