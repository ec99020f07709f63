"""Terraform's diagnostics as one error that a person can act on: which resource, what AWS said, what to do next."""

import re
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studioctl import disk
from studioctl.errors import ConfigError, NameTakenError, StudioctlError, TerraformError


@dataclass(frozen=True)
class Cause:
    """A known reason for a failure.

    Args:
        name: For tests and for the documentation.
        pattern: Found in the diagnostic's text.
        hint: What to do next. May use the pattern's named groups, {command} (ours) and
            {lock_id}.
        source: Where the wording, or the advice, comes from.
        error: The family that the error belongs to.
        on_down: The hint where the environment is being removed, if it is another.
    """

    name: str
    pattern: str
    hint: str
    source: str
    error: type[StudioctlError] = TerraformError
    on_down: str = ""


_SDK = "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html"
CAUSES = (
    Cause(
        "borrowed session has ended",  # first: the words of others come with it
        r"SessionUnavailable",
        "Sign in as the message says; {command} then goes on from here. A longer session helps: `duration_seconds` in"
        " the profile.",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html",
    ),
    Cause(
        "credentials expired",
        r"ExpiredToken|token (has|is) expired|RequestExpired|SSO session has expired|refresh cached SSO token failed",
        "Your AWS credentials have expired. Renew them, for example with `aws sso login`, and try again.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html",
    ),
    Cause(
        "no credentials",
        r"No valid credential sources found|failed to refresh cached credentials|NoCredentialProviders|"
        r"no EC2 IMDS role found|failed to get shared config profile",
        "Give AWS credentials: `aws configure`, `aws sso login`, or `profile` in your file. "
        "To try without an account, add --local.",
        _SDK,
    ),
    Cause(
        "credentials refused",
        r"InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|AuthFailure|InvalidAccessKeyId",
        "AWS does not know these credentials. Check them with `aws sts get-caller-identity`.",
        "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
    ),
    Cause(
        "state damaged",
        r"state file could not be parsed|state file does not have a .version. attribute",
        "Bring an earlier one back: studioctl state history, then studioctl state restore SERIAL",
        "https://github.com/hashicorp/terraform/blob/main/internal/states/statefile/read.go",
    ),
    Cause(
        "state of a newer Terraform",
        r"state file uses format version|snapshot was created by Terraform v(?P<version>[\d.]+)|newer than current",
        "Someone has used a newer Terraform on this state. Install that version or a later one.",
        "https://developer.hashicorp.com/terraform/language/state",
    ),
    Cause(
        "state locked",
        r"Error acquiring the state lock",
        "Wait until that run has finished. If it has died: studioctl state unlock {lock_id}",
        "https://developer.hashicorp.com/terraform/language/state/locking",
    ),
    Cause(
        "state bucket missing",
        r'S3 bucket "(?P<bucket>[^"]*)" does not exist|NoSuchBucket',
        "Create the bucket first: studioctl state bucket create {bucket}. Or correct its name or region in [state].",
        "https://developer.hashicorp.com/terraform/language/backend/s3",
        ConfigError,
    ),
    Cause(
        "stale plan",
        r"Saved plan is stale",
        "The environment changed after it was planned. Run `studioctl {command}` again.",
        "https://developer.hashicorp.com/terraform/cli/commands/apply",
    ),
    Cause(
        "provider not found",
        r"Failed to query available provider packages|Failed to install provider|could not (connect to|query) .*registr"
        r"|provider registry\.\S+ was not found",
        "Terraform cannot fetch the AWS provider. Check the network, or name a directory that holds it: "
        "STUDIOCTL_PROVIDER_MIRROR=/path/to/mirror",
        "https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation",
    ),
    Cause(
        "quota",
        r"ResourceLimitExceeded|LimitExceeded|ServiceQuotaExceeded|VpcLimitExceeded|account-level service limit",
        "See which quota it is, and the command that asks AWS for more: `studioctl doctor`. Or choose a smaller or "
        "other instance type, or remove what you no longer use.",
        "https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html",
    ),
    Cause(
        "secret scheduled for deletion",
        r"secret with this name is already scheduled for deletion",
        "Store a value, which brings it back: `studioctl secret set github`, with `--user NAME` if it is a user's own."
        " Then try again: it is adopted.",
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html",
    ),
    Cause(
        "name taken",
        r"BucketAlreadyExists|BucketAlreadyOwnedByYou|EntityAlreadyExists|RepositoryAlreadyExists|ResourceExistsException"
        r"|InvalidGroup\.Duplicate|already exists",
        "Something of this name exists already: `studioctl doctor` says what. Choose another name in your file, or "
        "remove what is in the way.",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
        NameTakenError,
    ),
    Cause(
        "in use in Studio",
        r"ResourceInUse\b",
        "Something in Studio still uses it, or is being changed: `studioctl status` shows what runs there, and Studio's"
        " pages what else people made. Stop or delete that, and run `studioctl {command}` again.",
        "https://docs.aws.amazon.com/sagemaker/latest/dg/gs-studio-delete-domain.html",
    ),
    Cause(
        "dependency",
        r"DependencyViolation|has a dependent object|has dependencies and cannot be deleted",
        "Something that Terraform did not make still uses it: `aws ec2 describe-network-interfaces` names what is in "
        "a subnet or a security group. Remove that, and run `studioctl {command}` again.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/20986",
    ),
    Cause(
        "not empty",
        r"BucketNotEmpty|RepositoryNotEmptyException",
        "It still holds data, which is never deleted unasked. Empty it, and run `studioctl {command}` again.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/33523",
        on_down="It still holds data, which is never deleted unasked. Empty it, or run `studioctl down --delete-data`.",
    ),
    Cause(
        "access denied",
        r"AccessDenied|UnauthorizedOperation|is not authorized to perform|403 Forbidden",
        "Your identity lacks the permission named above. Ask for it, or use another `profile`.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
    ),
    Cause(
        "throttled",
        r"Throttling|TooManyRequests|RequestLimitExceeded|Rate exceeded|SlowDown",
        "AWS asks to slow down. Wait a minute and run the same command again; it goes on where it stopped.",
        "https://docs.aws.amazon.com/general/latest/gr/api-retries.html",
    ),
    Cause(
        "capacity",
        r"InsufficientCapacity|InsufficientInstanceCapacity",
        "AWS has no such instance free there at present. Try again later, or choose another instance type.",
        "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-troubleshooting.html",
    ),
    Cause(
        "failed in Studio",
        r"unexpected state '(Failed|Update_Failed|Delete_Failed)'",
        "AWS tried and failed. Run `studioctl {command}` again: it makes what failed anew.",
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeDomain.html",
        on_down="AWS tried and failed. Run `studioctl down` again.",
    ),
    Cause(
        "trouble at AWS",
        r"StatusCode: 5\d\d|InternalFailure|InternalError|InternalServ|ServiceUnavailable",
        "AWS has trouble (https://health.aws.amazon.com/health/status). Run `studioctl {command}` again in some "
        "minutes: it goes on where it stopped.",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html",
    ),
    Cause(
        "connection broken",
        r"connection reset by peer|request send failed|: EOF|broken pipe|deadline exceeded|context canceled",
        "The way to AWS broke down. Check the network, and run `studioctl {command}` again: it goes on from what AWS "
        "has done.",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html",
    ),
    Cause(
        "wrong region or endpoint",
        r"no such host|Could not resolve endpoint|Invalid (AWS )?Region|AuthorizationHeaderMalformed|PermanentRedirect"
        r"|requested bucket from|OptInRequired|connection refused|i/o timeout",
        "AWS could not be reached. Check the region in your file, and the network, with `studioctl doctor`.",
        "https://docs.aws.amazon.com/general/latest/gr/rande.html",
    ),
)

# aws-sdk-go-v2 words every failed call so; service errors that it knows by type lack "api error".
# https://github.com/aws/smithy-go/blob/main/errors.go
_CALL = re.compile(
    r":? ?operation error (?P<service>[^:]+): (?P<call>\w+), (?:exceeded maximum number of attempts, \d+, )?"
    r"https response error StatusCode: \d+, (?:RequestID: [^,]*, )?(?:HostID: [^,]*, )?(?:api error )?(?P<said>.*)",
    re.DOTALL,
)
_LOCK_FIELD = re.compile(r"^[ \t]*(ID|Path|Who|Operation|Created):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_AS_SAID = re.IGNORECASE | re.DOTALL
_LAST_LINES = 20
# Terraform's own words on a state, or anything else, that it could not write to the disk.
_STORING = re.compile(
    "|".join(
        (*map(re.escape, disk.WORDS), "Failed to (save|persist|write|update) .*state", "Failed to create local state")
    ),
    re.IGNORECASE,
)
_COMMANDS = {"plan": "plan", "destroy": "down"}
_UNKNOWN = {"bucket": "BUCKET", "name": "NAME", "version": "", "lock_id": ""}  # `state unlock` tells the id
_DEEDS = {"init": "get ready", "apply": "apply the plan", "destroy": "remove everything"}


def error_of(
    diagnostics: Iterable[Mapping[str, Any]],
    plain: Iterable[str],
    *,
    verb: str,
    log: Path,
    full: int | None = None,
    code: int | None = None,
) -> StudioctlError:
    """The one error for a run that failed.

    Args:
        diagnostics: Those of the run; warnings are ignored.
        plain: Lines that were no events, told where there is no diagnostic.
        verb: What was being done, such as "plan".
        log: The run's full log.
        code: With what it ended; below zero for a signal.
        full: The `errno` with which the disk refused to take more; None when it did not.
    """
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.get("severity") == "error"]
    said = [_full_text(diagnostic) for diagnostic in errors] or [_plain_text(plain)]
    full = full or next(filter(None, map(disk.refusal, said)), None)
    if full:
        return _full_disk(full, errors, verb=verb, log=log)
    if code is not None and code < 0:
        return _killed(-code, said if errors else (), verb=verb, log=log)
    told = dict.fromkeys([_told(diagnostic) for diagnostic in errors] or said)
    causes = [cause for text in said if (cause := cause_of(text))]
    lock = {"lock_id": found} if (found := lock_of(errors).get("ID")) else {}
    facts = {"command": command_of(verb), **lock}
    hints = dict.fromkeys(_hint(text, facts) for text in said)
    family = causes[0].error if causes else TerraformError
    message = f"Terraform could not {_DEEDS.get(verb, verb)}:\n" + "\n".join(f"  {text}" for text in told)
    seen = f"The full log: {log}"
    return family(message, hint="\n".join((*filter(None, hints), seen)))


def _killed(number: int, said: Iterable[str], *, verb: str, log: Path) -> TerraformError:
    """It did not end by itself, so what it would have said is missing."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    memory = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    lines = "".join(f"\n  {' '.join(text.split())}" for text in dict.fromkeys(said))
    return TerraformError(
        f"Terraform could not {_DEEDS.get(verb, verb)}: it was killed ({name}){memory}.{lines}",
        hint=f"{'make memory free, then ' if memory else ''}run the same command again: it finds what was made, and"
        f" goes on\nThe log up to then: {log}",
    )


def _full_disk(number: int, errors: Iterable[Mapping[str, Any]], *, verb: str, log: Path) -> TerraformError:
    """The disk took no more. What Terraform says of that, and how it would go on, is not how it goes on with us."""
    others = [_told(diagnostic) for diagnostic in errors if not _STORING.search(_full_text(diagnostic))]
    lines = "".join(f"\n  {text}" for text in dict.fromkeys(others))
    return TerraformError(
        f"{disk.REASONS[number]}, so Terraform could not {_DEEDS.get(verb, verb)} to its end and write down what it"
        f" did. The disk is that of '{log.parent}'.{lines}",
        hint=f"{disk.REMEDIES[number]}, then run the same command again: it finds what was made, and goes on\n"
        f"The log, as far as it could be written: {log}",
    )


def command_of(verb: str) -> str:
    """Our command in which Terraform does this."""
    return _COMMANDS.get(verb, "up")


def error_of_command(words: Iterable[str], stderr: str, directory: Path) -> TerraformError:
    """The error of a short command of Terraform's that failed in this directory."""
    hint = hint_about(stderr) or f"Look at it in {directory}"
    return TerraformError(f"`terraform {' '.join(words)}` failed:\n{stderr.strip()}", hint=hint)


def hint_about(text: str) -> str:
    """What to do about a failure of which only this text is known; empty if that is unknown."""
    return _hint(text, {"command": "up"})


def _hint(text: str, facts: Mapping[str, str]) -> str:
    """What to do about what this text says; empty if that is unknown."""
    cause = cause_of(text)
    if cause is None:
        return ""
    match = re.search(cause.pattern, text, _AS_SAID)
    named = {key: value for key, value in match.groupdict().items() if value} if match else {}
    hint = cause.on_down if cause.on_down and facts["command"] == "down" else cause.hint
    return hint.format_map({**_UNKNOWN, **facts, **named}).rstrip()


def cause_of(text: str) -> Cause | None:
    """The first known cause whose wording is in the text."""
    return next((cause for cause in CAUSES if re.search(cause.pattern, text, _AS_SAID)), None)


def lock_of(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Who holds the state's lock: `ID`, `Path`, `Who`, `Operation`, `Created`; empty if no error is about it."""
    for error in errors:
        if "state lock" in error.get("summary", ""):
            return dict(_LOCK_FIELD.findall(error.get("detail", "")))
    return {}


def _plain_text(lines: Iterable[str]) -> str:
    present = [line.strip() for line in lines if line.strip()]
    return " ".join(present[-_LAST_LINES:]).removeprefix("Error: ") or "it gave no reason"


def _full_text(diagnostic: Mapping[str, Any]) -> str:
    return f"{diagnostic.get('summary', '')}\n{diagnostic.get('detail', '')}"


def _told(diagnostic: Mapping[str, Any]) -> str:
    lock = lock_of([diagnostic])
    if lock.get("Who"):
        operation = lock.get("Operation", "").removeprefix("OperationType").lower()
        return f"the state is locked by {lock['Who']} ({operation}) since {lock.get('Created', 'an unknown time')}"
    summary, detail = diagnostic.get("summary", "").strip(), diagnostic.get("detail", "").strip()
    text = _in_short(summary)
    if detail and _in_short(detail) not in text:
        text = f"{text}: {_in_short(detail)}"
    address = diagnostic.get("address")
    return f"{address}: {text}" if address else text


def _in_short(text: str) -> str:
    """AWS's own words without the SDK's wrapping of request ids."""
    match = _CALL.search(text)
    if match:
        text = f"{text[: match.start()]}: {match['said']}".removeprefix(": ")
    return " ".join(text.split()).rstrip(": ")
