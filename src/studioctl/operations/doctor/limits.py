"""Whether the guard of [limits] is there, and looks."""

from collections.abc import Iterator
from datetime import UTC, datetime

from studioctl.findings import Finding, Rule, Severity
from studioctl.infrastructure.guard import is_old
from studioctl.infrastructure.naming import Naming
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient

MISSING = Rule(
    "LIM001",
    Severity.ERROR,
    "The file has limits, but the account has no guard",
    "Spending is not watched, and nothing is stopped.",
    "studioctl up{ours}",
    "https://docs.aws.amazon.com/lambda/latest/dg/welcome.html",
    key=("limits",),
)
OFF = Rule(
    "LIM002",
    Severity.ERROR,
    "The guard is switched off",
    "Spending is not watched, nothing is stopped, and users on hold stay on hold.",
    "{command}",
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-state.html",
    key=("limits",),
)
OLD = Rule(
    "LIM003",
    Severity.ERROR,
    "The guard has not run for more than three intervals",
    "It is called but fails, so spending is not watched. Its log says why.",
    "aws logs tail {log} --since 1h{flags}",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-troubleshooting.html",
    key=("limits",),
)


UNTOLD = Rule(
    "LIM004",
    Severity.INFO,
    "The guard notifies nobody, or not all subscribers",
    "Users are stopped without a warning. A mail address counts once the link in AWS's mail was opened.",
    "aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint {address}{flags}",
    "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
    key=("limits",),
)


BROKEN = Rule(
    "LIM005",
    Severity.ERROR,
    "The guard's ledger cannot be read",
    "This month's spending is unknown. The guard keeps a copy of the ledger, and starts counting again.",
    "{command}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting.html",
    key=("limits",),
)


UNGRANTED = Rule(
    "LIM006",
    Severity.ERROR,
    "The grants cannot be read",
    "Users may not spend more than the file allows, whatever was granted.",
    "{command}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting.html",
    key=("limits",),
)


def _guard(patient: Patient) -> Iterator[Finding]:
    """Check the guard, once `up` has created a domain: before that, there is nobody to watch."""
    if not patient.wanted.limits.are_set or patient.domain is None:
        return
    from studioctl.aws import guard  # noqa: PLC0415 (boto3 is heavy)

    name = Naming.of(patient.wanted).guard
    found = guard.standing(patient.session, name)
    if found is None:
        yield MISSING.broken(f"There is no function '{name}', and the file has limits", ours=patient.flags)
    elif found.schedule != "ENABLED":
        message = f"Schedule '{name}', which calls the guard, is {found.schedule or 'gone'}"
        yield OFF.broken(message, command=f"studioctl up{patient.flags}")
    elif found.is_quiet:
        again = f"aws lambda delete-function-concurrency --function-name {name}{patient.target.aws_flags}"
        yield OFF.broken(f"Function '{name}' may not run: its reserved concurrency is 0", command=again)
    else:
        yield from _looks(patient, name, found.changed)
        yield from _listeners(patient, name)


def _listeners(patient: Patient, name: str) -> Iterator[Finding]:
    from studioctl.operations import limits  # noqa: PLC0415

    found = limits.listeners(patient.session, patient.wanted)
    if found is None:
        return
    pending = [each.endpoint for each in found if not each.is_confirmed]
    identity = patient.session.identity
    topic = f"arn:{identity.partition}:sns:{patient.wanted.region}:{identity.account_id}:{name}"
    if pending:
        message = f"AWS's mail was not answered by {', '.join(pending)}: the same command sends another one"
        yield UNTOLD.broken(message, topic=topic, address=pending[0], flags=patient.target.aws_flags)
    elif not found:
        message = f"Nobody has subscribed to topic '{name}'"
        yield UNTOLD.broken(message, topic=topic, address="YOU@EXAMPLE.COM", flags=patient.target.aws_flags)
    else:
        yield UNTOLD.ok(f"the guard tells {', '.join(each.endpoint for each in found)}")


def _looks(patient: Patient, name: str, changed: datetime) -> Iterator[Finding]:
    """A guard that is new, or was just changed, has time to look."""
    from studioctl.operations import emulation, limits  # noqa: PLC0415

    try:
        ledger = limits.read_ledger(patient.session, patient.wanted)
        limits.granted(patient.session, patient.wanted, patient.target.aws_flags, patient.flags)
    except limits.BrokenGrantsError as error:
        yield UNGRANTED.broken(error.message, command=error.hint)
        return
    except limits.BrokenLedgerError as error:
        yield BROKEN.broken(error.message, command=error.hint)
        return
    looked = datetime.fromtimestamp(ledger.sampled, UTC) if ledger else None
    now, minutes = emulation.now(patient.target), patient.wanted.limits.check_minutes
    is_late = is_old(patient.wanted, (now - max(looked or changed, changed)).total_seconds())
    if is_late and ledger and limits.catches_up(patient.session, patient.wanted, ledger, now.timestamp()):
        yield OLD.ok(f"the guard is catching up: it has counted until {looked:%Y-%m-%d %H:%M} UTC")
    elif is_late:
        when = f"last looked at {looked:%Y-%m-%d %H:%M} UTC" if looked else "has never looked"
        message = f"The guard {when}, and should every {minutes} min"
        yield OLD.broken(message, log=f"/aws/lambda/{name}", flags=patient.target.aws_flags)
    else:
        yield OLD.ok(f"the guard looked at {looked:%Y-%m-%d %H:%M} UTC" if looked else "the guard is new")


RULES = (MISSING, OFF, OLD, UNTOLD, BROKEN, UNGRANTED)
GROUP = Group("Limits", (Check("the guard of the limits", _guard, RULES, Needs.BOTH),))
