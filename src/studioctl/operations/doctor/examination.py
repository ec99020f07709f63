"""Making all the checks side by side: each on its own, and none for longer than anybody would wait."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from studioctl.config.source import located
from studioctl.errors import StudioctlError
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor.check import Check, Group
from studioctl.operations.doctor.diagnosis import Diagnosis
from studioctl.operations.doctor.patient import Patient

if TYPE_CHECKING:
    from studioctl.aws.session import Identity

SECONDS = 12.0
LOCAL_SECONDS = 60.0  # the emulator always answers, on a busy machine not soon
UNKNOWN_TO_AWS = {"AWS001", "AWS002"}  # the rules that tell why it does not know us, and what helps
ITSELF = "The examination"
NOT_CHECKED = Rule(
    "DOC001",
    Severity.WARNING,
    "Something could not be checked",
    "There may be problems in the parts that were not checked.",
    "{remedy}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
)
LEFT_OUT = Rule(
    "DOC002",
    Severity.INFO,
    "Checks were skipped because their prerequisites are missing",
    "They need a readable file, and credentials that AWS accepts.",
    "{remedy}",
    "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html",
)


@dataclass
class _Looking:
    """One check that is being made, in a thread that ends with the process: a call to AWS cannot be taken back."""

    check: Check
    patient: Patient
    findings: list[Finding] = field(default_factory=list)
    failure: Exception | None = None
    missing: str = ""

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._look, name=self.check.title, daemon=True)

    def start(self) -> None:
        if self.check.needs.file and self.patient.config is None:
            self.missing = "file"
            return
        self._thread.start()

    def wait(self, until: float, seconds: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            self.failure = TimeoutError(f"no answer within {seconds:g} s")

    def _look(self) -> None:
        if self.check.needs.account:
            try:
                self.patient.identity  # noqa: B018 (asked for its failure)
            except Exception:  # noqa: BLE001 (the check of the credentials tells of it)
                self.missing = "account"
                return
        try:
            self.findings.extend(self.check.look(self.patient))
        except Exception as error:  # noqa: BLE001 (whatever it is, the other checks go on)
            self.failure = error


def examine(patient: Patient, groups: Sequence[Group], *, seconds: float | None = None) -> Diagnosis:
    """Looks at everything.

    Args:
        patient: The environment to examine.
        groups: The checks.
        seconds: After this long, checks without an answer are given up. Left out: 12, and 60 on the emulator.
    """
    seconds = seconds or (LOCAL_SECONDS if patient.target.is_local else SECONDS)
    looking = [(group.title, _Looking(check, patient)) for group in groups for check in group.checks]
    until = time.monotonic() + seconds
    for _, look in looking:
        look.start()
    for _, look in looking:
        look.wait(until, seconds)
    looks = [look for _, look in looking]
    findings = [replace(finding, group=title) for title, look in looking for finding in tuple(look.findings)]
    of_ours = (*_left_out(looks, patient, tuple(findings)), *_failed(looks, patient))
    findings += [replace(finding, group=ITSELF) for finding in of_ours]
    if patient.source is not None:
        findings = list(located(findings, patient.source))
    identity: Identity | None = patient.known["identity"].peek() if "identity" in patient.known else None
    return Diagnosis(
        name=patient.config.name if patient.config else None,
        region=patient.target.region,
        target=patient.target.name,
        account_id=identity.account_id if identity else None,
        findings=tuple(findings),
        endpoint=patient.session.endpoint() if identity else None if patient.absent else patient.target.endpoint_url,
    )


def _left_out(looks: Sequence[_Looking], patient: Patient, found: Sequence[Finding]) -> Iterator[Finding]:
    titles = {
        missing: [look.check.title for look in looks if look.missing == missing] for missing in ("file", "account")
    }
    if titles["file"]:
        because, remedy = (
            (f"{patient.file} is wrong", f"studioctl validate{patient.file_flag}")
            if patient.mistake
            else (f"there is no {patient.file}", f"studioctl init{patient.file_flag}")
        )
        yield LEFT_OUT.broken(f"{because}, so skipped: {', '.join(titles['file'])}", remedy=remedy)
    if titles["account"]:
        because = "there is no emulator" if patient.absent else "there are no valid AWS credentials"
        message = f"{because}, so skipped: {', '.join(titles['account'])}"
        why = next((each for each in found if each.id in UNKNOWN_TO_AWS and each.remedy), None)
        yield LEFT_OUT.broken(message, remedy=why.remedy if why else "aws sts get-caller-identity")


def _failed(looks: Sequence[_Looking], patient: Patient) -> Iterator[Finding]:
    """One finding for each reason: without a network, all of them have the same."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for look in looks:
        if look.failure is not None:
            reasons.setdefault(_reason(look.failure, patient), []).append(look.check.title)
    for (reason, remedy), titles in reasons.items():
        yield NOT_CHECKED.broken(f"{', '.join(titles)} could not be checked: {reason}", remedy=remedy)


def _reason(failure: Exception, patient: Patient) -> tuple[str, str]:
    match failure:
        case StudioctlError():
            return failure.message.rstrip("."), failure.hint
        case TimeoutError():
            return str(failure), f"check the network, then run it again: studioctl doctor{patient.flags}"
        case _:
            what = f"{type(failure).__name__}: {failure}"
            return f"studioctl has a bug ({what})", "report it as an issue of studioctl"
