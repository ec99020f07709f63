"""Whether the guard of [limits] is there, and looks."""

from collections.abc import Iterator
from datetime import UTC, datetime

from studioctl.infrastructure.naming import Naming
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.finding import Finding, Rule, Severity
from studioctl.operations.doctor.patient import Patient

MISSING = Rule(
    "LIM001",
    Severity.WARNING,
    "The file has limits, and there is no guard in the account",
    "Nobody watches what people spend, and nothing is stopped.",
    "studioctl up{ours}",
    "https://docs.aws.amazon.com/lambda/latest/dg/welcome.html",
)
OFF = Rule(
    "LIM002",
    Severity.ERROR,
    "The guard is switched off",
    "Nobody watches what people spend, nothing is stopped, and whoever is held stays held.",
    "{command}",
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-state.html",
)
OLD = Rule(
    "LIM003",
    Severity.ERROR,
    "The guard has not looked for more than three intervals",
    "It is called and does not end well, so nobody is watched. Its log says why.",
    "aws logs tail {log} --since 1h{flags}",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-troubleshooting.html",
)


def _guard(patient: Patient) -> Iterator[Finding]:
    """Before `up` has made a domain there is nobody to watch."""
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
        yield _looks(patient, name, found.changed)


def _looks(patient: Patient, name: str, changed: datetime) -> Finding:
    """A guard that is new, or was just changed, has time to look."""
    from studioctl.operations import emulation, limits  # noqa: PLC0415

    ledger = limits.read_ledger(patient.session, patient.wanted)
    looked = datetime.fromtimestamp(ledger.sampled, UTC) if ledger else None
    now, minutes = emulation.now(patient.target), patient.wanted.limits.check_minutes
    if limits.is_old(patient.wanted, (now - max(looked or changed, changed)).total_seconds()):
        when = f"last looked at {looked:%Y-%m-%d %H:%M} UTC" if looked else "has never looked"
        message = f"The guard {when}, and should every {minutes} min"
        return OLD.broken(message, log=f"/aws/lambda/{name}", flags=patient.target.aws_flags)
    return OLD.ok(f"the guard looked at {looked:%Y-%m-%d %H:%M} UTC" if looked else "the guard is new")


GROUP = Group("Limits", (Check("the guard of the limits", _guard, (MISSING, OFF, OLD), Needs.BOTH),))
