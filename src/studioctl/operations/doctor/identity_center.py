"""Whether IAM Identity Center is where the file needs it, and knows the file's users."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from studioctl.config.access import SSO
from studioctl.config.text import count
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient

AT_ONCE = 8
ABSENT = Rule(
    "SSO001",
    Severity.ERROR,
    "IAM Identity Center is not in the file's region",
    "SageMaker takes people from an Identity Center of the domain's region alone, so `up` can make no domain there.",
    "enable it there, or write the region in which it is: aws sso-admin list-instances{flags}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/onboard-custom.html",
    key=("access", "auth"),
)
STRANGER = Rule(
    "SSO002",
    Severity.ERROR,
    "IAM Identity Center does not know a user of the file",
    "AWS makes no profile for somebody whom it does not know, so `up` refuses, and nobody comes in under that name.",
    "write the name as it is there, or add the user there: aws identitystore list-users --identity-store-id {store}"
    "{flags}",
    "https://docs.aws.amazon.com/singlesignon/latest/userguide/addusers.html",
    key=("users",),
)


def _people(patient: Patient) -> Iterator[Finding]:
    """Asked only where the file has people sign in so."""
    if patient.wanted.access.auth != SSO:
        return
    from studioctl.aws import identity_center  # noqa: PLC0415 (boto3 is heavy)

    session, region, flags = patient.session, patient.target.region, patient.target.aws_flags
    stores = identity_center.stores(session)
    if not stores:
        yield ABSENT.broken(f"There is no IAM Identity Center in {region} for this account", flags=flags)
        return
    yield ABSENT.ok(f"IAM Identity Center is in {region}")

    def is_known(user_name: str) -> bool:
        return any(identity_center.user_id(session, store, user_name) for store in stores)

    names = [user.sso_user or "" for user in patient.wanted.users]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        known = list(pool.map(is_known, names))
    for number, (name, there) in enumerate(zip(names, known, strict=True)):
        if not there:
            place = ("users", number, "sso_user")
            yield STRANGER.broken(f"It has no user '{name}'", at=place, store=stores[0], flags=flags)
    if all(known):
        yield STRANGER.ok(f"{count(len(names), 'user')} of the file {'is' if len(names) == 1 else 'are'} known to it")


GROUP = Group(
    "IAM Identity Center", (Check("IAM Identity Center and its users", _people, (ABSENT, STRANGER), Needs.BOTH),)
)
