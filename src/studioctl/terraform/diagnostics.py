"""Terraform's diagnostics as one error that a person can act on: which resource, what AWS said, what to do next."""

import re
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studioctl import disk
from studioctl.catalog.troubles import after_terraform
from studioctl.errors import ConfigError, NameTakenError, StudioctlError, TerraformError

FAMILIES: Mapping[str, type[StudioctlError]] = {"config": ConfigError, "name taken": NameTakenError}
# aws-sdk-go-v2 words every failed call so; service errors that it knows by type lack "api error".
# https://github.com/aws/smithy-go/blob/main/errors.go
_CALL = re.compile(
    r":? ?operation error (?P<service>[^:]+): (?P<call>\w+), (?:exceeded maximum number of attempts, \d+, )?"
    r"https response error StatusCode: \d+, (?:RequestID: [^,]*, )?(?:HostID: [^,]*, )?(?:api error )?(?P<said>.*)",
    re.DOTALL,
)
_LOCK_FIELD = re.compile(r"^[ \t]*(ID|Path|Who|Operation|Created):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
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
        verb: The command that ran, such as "plan".
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
    causes = [cause for text in said if (cause := after_terraform(text))]
    lock = {"lock_id": found} if (found := lock_of(errors).get("ID")) else {}
    facts = {"command": command_of(verb), **lock}
    hints = dict.fromkeys(_hint(text, facts) for text in said)
    family = FAMILIES.get(causes[0].family, TerraformError) if causes else TerraformError
    message = f"Terraform could not {_DEEDS.get(verb, verb)}:\n" + "\n".join(f"  {text}" for text in told)
    seen = f"The full log: {log}"
    return family(message, hint="\n".join((*filter(None, hints), seen)))


def _killed(number: int, said: Iterable[str], *, verb: str, log: Path) -> TerraformError:
    """The error for an engine that was killed before it could say why it fails."""
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
    """Return the remedy for a failure of which only this text is known; empty if there is none."""
    return _hint(text, {"command": "up"})


def _hint(text: str, facts: Mapping[str, str]) -> str:
    """Return the remedy for an error with this text; empty if there is none."""
    cause = after_terraform(text)
    if cause is None:
        return ""
    match = cause.found_in(text)
    named = {key: value for key, value in match.groupdict().items() if value} if match else {}
    hint = cause.on_down if cause.on_down and facts["command"] == "down" else cause.hint
    return hint.format_map({**_UNKNOWN, **facts, **named}).rstrip()


def lock_of(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The fields of the state's lock: `ID`, `Path`, `Who`, `Operation`, `Created`; empty if no error is about it."""
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
