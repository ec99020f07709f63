"""Whether IAM Identity Center is where the file needs it, and knows the file's users."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from studioctl.config.access import SSO
from studioctl.config.text import Location, count
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient

AT_ONCE = 8
ABSENT = Rule(
    "SSO001",
    Severity.ERROR,
    "IAM Identity Center is not in the file's region",
    "SageMaker only accepts an Identity Center in the domain's region, so `up` cannot create the domain there.",
    "enable it there, or write the region in which it is: aws sso-admin list-instances{flags}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/onboard-custom.html",
    key=("access", "auth"),
)
STRANGER = Rule(
    "SSO002",
    Severity.ERROR,
    "IAM Identity Center does not know a user of the file",
    "AWS creates no profile for an unknown user, so `up` refuses, and nobody can sign in under that name.",
    "write the name as it is there, or add the user there: aws identitystore list-users --identity-store-id {store}"
    "{flags}",
    "https://docs.aws.amazon.com/singlesignon/latest/userguide/addusers.html",
    key=("users",),
)
SHUT_OUT = Rule(
    "SSO003",
    Severity.ERROR,
    "A user with a profile is not assigned to the domain's application in IAM Identity Center",
    "Only assigned users can sign in. AWS uses the id in the directory: a user who was deleted there and created again"
    " has another id, and `up` assigns only users whose profiles it creates.",
    "aws sso-admin create-application-assignment --application-arn {application} --principal-id {identity}"
    " --principal-type USER{flags}",
    "https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateApplicationAssignment.html",
    key=("users",),
)
GONE = Rule(
    "SSO004",
    Severity.WARNING,
    "A user who is no longer in IAM Identity Center is assigned to the domain's application",
    "Nobody can use the assignment, because ids are never reused. But it is misleading.",
    "aws sso-admin delete-application-assignment --application-arn {application} --principal-id {identity}"
    " --principal-type USER{flags}",
    "https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DeleteApplicationAssignment.html",
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

    def known_as(user_name: str) -> str | None:
        return identity_center.user_id_in(session, stores, user_name)

    names = [user.sso_user or "" for user in patient.wanted.users]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ids = list(pool.map(known_as, names))
    for number, (name, identity) in enumerate(zip(names, ids, strict=True)):
        if identity is None:
            place = ("users", number, "sso_user")
            yield STRANGER.broken(f"It has no user '{name}'", at=place, store=stores[0], flags=flags)
    if all(ids):
        yield STRANGER.ok(f"{count(len(names), 'user')} of the file {'is' if len(names) == 1 else 'are'} known to it")
    if patient.domain and patient.domain.application_arn:
        yield from _assignments(patient, patient.domain.application_arn, stores, ids, known_as)


def _assignments(
    patient: Patient,
    application: str,
    stores: Sequence[str],
    ids: Sequence[str | None],
    known_as: Callable[[str], str | None],
) -> Iterator[Finding]:
    """Check who may sign in, by the ids in the directory: a name may belong to another person by now.

    Args:
        patient: The environment.
        application: The ARN of the domain's application.
        stores: The directories.
        ids: Of each user of the file.
        known_as: Returns the id of a user's name.
    """
    from studioctl.aws import identity_center  # noqa: PLC0415 (boto3 is heavy)

    session, flags = patient.session, patient.target.aws_flags
    direct, groups = identity_center.assigned(session, application)
    by_group = {
        member.id for store in stores for group in groups for member in identity_center.members(session, store, group)
    }
    profiles = {profile.name.casefold(): profile.name for profile in patient.profiles}
    people: list[tuple[Location | None, str | None, str | None]] = [
        (("users", number, "sso_user"), user.sso_user, identity)
        for number, (user, identity) in enumerate(zip(patient.wanted.users, ids, strict=True))
        if profiles.pop(user.name.casefold(), None)
    ]

    def signs_in_as(profile: str) -> str:
        found = patient.studio.described_profile(str(patient.domain_id), profile)
        return str(found.get("SingleSignOnUserValue", ""))

    with ThreadPoolExecutor(AT_ONCE) as pool:  # whom others made: they are not in the file
        others = [name for name in pool.map(signs_in_as, profiles.values()) if name]
        people += [(None, name, identity) for name, identity in zip(others, pool.map(known_as, others), strict=True)]
    lacking = [each for each in people if each[2] and each[2] not in direct | by_group]
    for at, name, identity in lacking:
        message = f"'{name}' ({identity} in it) is not assigned to the domain's application"
        yield SHUT_OUT.broken(message, at=at, application=application, identity=identity, flags=flags)
    if not lacking:
        yield SHUT_OUT.ok("whoever has a profile is assigned to the domain's application")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        unknown = sorted(direct - {identity for _, _, identity in people} - set(ids))
        there = pool.map(lambda each: any(identity_center.is_there(session, it, each) for it in stores), unknown)
        gone = [identity for identity, is_there in zip(unknown, there, strict=True) if not is_there]
    for identity in gone:
        message = f"{identity} is assigned to the domain's application, and is nobody"
        yield GONE.broken(message, application=application, identity=identity, flags=flags)


GROUP = Group(
    "IAM Identity Center",
    (Check("IAM Identity Center and its users", _people, (ABSENT, STRANGER, SHUT_OUT, GONE), Needs.BOTH),),
)
