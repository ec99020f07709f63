"""Adds --config and --local to commands in hints, so that they act on the same environment."""

import re
import shlex
from collections.abc import Collection, Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what every command loads stays small
    from studioctl.findings import Finding

LOCAL = " --local"

# Commands that take the flags which say what environment is meant.
STATE = r"state (?:history|trust|restore(?: SERIAL)?|unlock(?: [\w-]{36})?|bucket create)"
VERBS = re.compile(
    r"\bstudioctl (plan|up|down|why|cost --month|backup|status|outputs|doctor|audit|report|ui|quotas(?: request)?"
    r"|start|stop|restart|open|logs|connect|ssh|secret (set|get|status) github|image (push|list|attach)"
    r"|homes restore|user (import|remove)|iam (user|deployer)|limits (show|grant|revoke)"
    rf"|tune run(?! FILE)|{STATE})\b(?! --help)"
)
# Those that read the file, or find studies beside it, and act nowhere.
STUDIES = r"tune (?:run(?= FILE)|resume|status|best|list|logs|plot|dashboard|export|stop|delete)"
READERS = re.compile(
    r"\bstudioctl (validate|synth|cost(?! --month)|user (add|list)|image build|editor (script|test)|ci (init|trust)"
    rf"|{STUDIES})\b(?! --help)"
)

# Of these, the ones that also find an environment by its name. The others need its file.
BY_NAME = re.compile(r"studioctl (?:start|stop|restart|open|connect|ssh|status|logs|ui)\b")

# What takes the file of a reviewed plan, and what says that it may be applied.
UP = re.compile(r"\bstudioctl up\b")
AGREED = re.compile(r"(?<=\bstudioctl up)(?: --(?:stop-apps|delete-data))+")

# A hint may have some of the flags already: what follows a command, up to the next.
REST = re.compile(r"(?:(?!studioctl )[^,;()\n])*")
WHERE = re.compile(r" --(?:config|env)\b")

# It is about no environment in particular, but a rehearsal's is on the emulator.
LIST = re.compile(r"\bstudioctl list\b")


EMULATORS_AWS = re.compile(r"\baws [^;\n]* --endpoint-url http://127\.0\.0\.1:")


def flags_of(arguments: list[str]) -> str:
    """The flags of a command line that say what environment it is about: " --config team.toml --local"."""
    file = named_file(arguments)
    flag = f" --config {shlex.quote(file)}" if file else ""  # it is typed again, whatever a repository calls its files
    name = named_environment(arguments)
    where = f" --env {shlex.quote(name)}" if name else flag
    return where + (" --local" if "--local" in own(arguments) else "")


def named_environment(arguments: list[str]) -> str:
    """The environment that a command line names in place of a file; empty where it names none."""
    return value_of(arguments, ("--env",))


def named_file(arguments: list[str]) -> str:
    """The file that a command line names; empty where it names none."""
    return value_of(arguments, ("--config", "-c"))


def value_of(arguments: list[str], options: Collection[str]) -> str:
    """The value of an option on a command line, by any of its names; empty where it has none.

    Of several values the last one, which is the one that counts. `-cteam.toml` is `-c team.toml`.
    """
    value = ""
    for word, after in pairwise((*own(arguments), "")):
        name, equals, given = word.partition("=")
        if word in options:
            value = after or value
        elif equals and name in options:
            value = given
        elif not word.startswith("--") and word[:2] in options:
            value = word[2:]
    return value


def own(arguments: list[str]) -> list[str]:
    """The words that are ours: what stands after `--` belongs to a command over there."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def with_flags(hint: str, arguments: list[str]) -> str:
    """The hint with these flags behind each command in it. A rehearsal must never lead to the real account."""
    return repeating(hint, flags_of(arguments))


def going_on(hint: str, needed: Collection[str], plan_file: Path | None) -> str:
    """The hint with every flag that the plan needs behind each `up` that has one of them.

    Args:
        hint: The hint.
        needed: The flags without which `up` refuses the plan.
        plan_file: As `repeating` takes it.
    """
    return repeating(AGREED.sub("".join(f" {flag}" for flag in needed), hint), "", plan_file=plan_file)


def repeating(hint: str, flags: str, *, plan_file: Path | None = None) -> str:
    """The hint with these very flags behind each command in it, but those that it has.

    Args:
        hint: The hint.
        flags: The flags, with a space before each.
        plan_file: The plan that `up` applies in it; None where it makes one itself.
    """
    from studioctl.target import EMULATORS_KEY

    if plan_file is not None:
        hint = UP.sub(lambda found: f"{found[0]} {shlex.quote(str(plan_file))}", hint)
    where, local = flags.removesuffix(LOCAL), LOCAL if flags.endswith(LOCAL) else ""

    if EMULATORS_KEY not in hint:
        hint = EMULATORS_AWS.sub(lambda found: f"{EMULATORS_KEY} && {found[0]}", hint, count=1)
    hint = LIST.sub(lambda found: found[0] + _missing(found, "", local), hint)
    if where.startswith(" --env "):
        return BY_NAME.sub(lambda found: found[0] + _missing(found, where, local), hint)
    hint = READERS.sub(lambda found: found[0] + _missing(found, where, ""), hint)
    return VERBS.sub(lambda found: found[0] + _missing(found, where, local), hint)


def _missing(found: re.Match[str], where: str, local: str) -> str:
    """The flags, of the two, that the command found in a hint lacks."""
    rest = REST.match(found.string, found.end())
    has = rest[0] if rest else ""
    return ("" if WHERE.search(has) else where) + ("" if LOCAL in has else local)


def found_with(flags: str, findings: "Iterable[Finding]") -> "tuple[Finding, ...]":
    """The findings, whose remedies have these flags."""
    from dataclasses import replace

    return tuple(replace(each, remedy=repeating(each.remedy, flags)) for each in findings)
