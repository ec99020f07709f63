"""Check the identity in AWS, the region, and the clock."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from studioctl.errors import AwsError
from studioctl.findings import Finding, Key, Rule, Severity
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient

CREDENTIALS = Rule(
    "AWS001",
    Severity.ERROR,
    "There are no valid credentials, or AWS cannot be reached",
    "Nothing can be read or created in the account.",
    "{remedy}",
    "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html",
)
PROFILE = Rule(
    "AWS002",
    Severity.ERROR,
    "The profile is not in your AWS configuration",
    "Without it there are no credentials.",
    "aws configure --profile {profile}",
    "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html",
)
EXPIRY = Rule(
    "AWS003",
    Severity.WARNING,
    "The credentials are about to expire",
    "`up` takes some minutes. AWS would refuse it half-way, and you would have to run it again.",
    "aws sso login{profile_flag}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html",
)
ROOT_USER = Rule(
    "AWS004",
    Severity.WARNING,
    "The credentials are the root user's",
    "The root user may do everything, and nothing can limit it: a mistake or a leaked key can cost the whole account.",
    "aws configure sso",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html",
)
REGION = Rule(
    "AWS005",
    Severity.ERROR,
    "The region is not enabled for the account",
    "AWS refuses every call there, with an error as if the credentials were wrong.",
    "aws account enable-region --region-name {region}{profile_flag}",
    "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
    key=("region",),
)
OTHER_REGION = Rule(
    "AWS006",
    Severity.INFO,
    "Other AWS programs use a different region than the file",
    "`aws` commands without a region do not see this environment.",
    "export AWS_REGION={region} AWS_DEFAULT_REGION={region}",
    "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html",
    key=("region",),
)
CLOCK = Rule(
    "CLK001",
    Severity.ERROR,
    "This machine's clock is wrong",
    "Each request is signed with the time, and AWS refuses signatures with a wrong time.",
    "sudo timedatectl set-ntp true",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html",
)
SOON = timedelta(minutes=30)
FARTHEST = timedelta(minutes=5)
EXPIRATION = "AWS_CREDENTIAL_EXPIRATION"  # as `aws configure export-credentials --format env` writes it


def _who(patient: Patient) -> Iterator[Finding]:
    if profile := _unknown_profile(patient):
        at = _named_profile(patient)
        yield PROFILE.broken(f"There is no profile '{profile}'", at=at, profile=shlex.quote(profile))
        return
    try:
        who = patient.identity
    except AwsError as error:
        yield CREDENTIALS.broken(error.message.rstrip("."), at=_named_profile(patient), remedy=error.hint)
        return
    yield CREDENTIALS.ok(f"account {who.account_id}, {who.arn}")
    if who.arn.endswith(":root") and not patient.target.is_local:
        yield ROOT_USER.broken(f"{who.arn} is the root user of the account")


def _named_profile(patient: Patient) -> Key:
    """The key of the file that names the profile; none where the file names none."""
    return ("profile",) if patient.target.profile and not patient.target.is_local else ()


def _unknown_profile(patient: Patient) -> str | None:
    """The profile that is asked for and that nobody has."""
    from studioctl.aws.surroundings import profile_names  # noqa: PLC0415

    wanted = patient.target.profile or patient.environ.get("AWS_PROFILE") or patient.environ.get("AWS_DEFAULT_PROFILE")
    return wanted if wanted and not patient.target.is_local and wanted not in profile_names() else None


def _expiry(patient: Patient) -> Iterator[Finding]:
    told = patient.environ.get(EXPIRATION)
    uses_environment = not patient.target.profile and "AWS_ACCESS_KEY_ID" in patient.environ
    if patient.target.is_local or not told or not uses_environment:
        return
    try:
        left = datetime.fromisoformat(told).astimezone(UTC) - patient.now()
    except ValueError:  # a variable that somebody set to something else
        return
    minutes = max(0, round(left.total_seconds() / 60))
    if left < SOON:
        yield EXPIRY.broken(f"The credentials expire in {minutes} min", profile_flag=patient.target.profile_flag)
    else:
        yield EXPIRY.ok(f"the credentials are good for {minutes} min")


def _region(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws.surroundings import region_status  # noqa: PLC0415

    if _unknown_profile(patient):
        return
    region, status = patient.target.region, region_status(patient.session)
    if status in {"opted-in", "opt-in-not-required"}:
        yield REGION.ok(f"region {region} is enabled")
        return
    said = f"AWS does not know a region {region}" if status is None else f"Region {region} is not enabled: {status}"
    # The emulator tells what a new account has, and works in every region.
    severity = Severity.INFO if patient.target.is_local else Severity.ERROR
    yield REGION.broken(said, severity=severity, region=region, profile_flag=patient.target.profile_flag)


def _other_region(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws.surroundings import usual_region  # noqa: PLC0415

    if patient.target.is_local:
        return
    if _unknown_profile(patient):  # of which `_who` tells
        return
    usual, region = usual_region(patient.target.profile), patient.target.region
    if usual and usual != region:
        yield OTHER_REGION.broken(f"The file says {region}, and your AWS configuration {usual}", region=region)


def _clock(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws.surroundings import clock_offset  # noqa: PLC0415

    if _unknown_profile(patient):
        return
    offset = clock_offset(patient.session, patient.now)
    minutes = abs(offset).total_seconds() / 60
    if abs(offset) > FARTHEST:
        way = "ahead of" if offset > timedelta() else "behind"
        yield CLOCK.broken(f"This machine's clock is {minutes:.0f} min {way} AWS's")
    else:
        yield CLOCK.ok(f"the clock agrees with AWS's within {max(1, round(minutes * 60))} s")


GROUP = Group(
    "Account",
    (
        Check("credentials", _who, (CREDENTIALS, PROFILE, ROOT_USER)),
        Check("the credentials' end", _expiry, (EXPIRY,)),
        Check("the region", _region, (REGION,)),
        Check("other programs' region", _other_region, (OTHER_REGION,), Needs.FILE),
        Check("the clock", _clock, (CLOCK,)),
    ),
)
