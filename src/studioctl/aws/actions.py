"""The names of IAM's actions: AWS's calls, what IAM has beside them, and what policies name."""

import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import botocore.session

from studioctl.errors import StudioctlError

# In a service whose every action is not known here, a slip changes little, and hardly the length.
LIKENESS = 0.9
LONGER = 2
LIST = "https://docs.aws.amazon.com/service-authorization/latest/reference/"


def named(asked: str, policies: Iterable[Any]) -> str:
    """An action by its own name, as far as this machine knows them: IAM does not tell capitals from small letters.

    Args:
        asked: Such as "s3:GetObject", or "S3:getobject".
        policies: Documents whose actions exist.

    Raises:
        StudioctlError: It is a pattern, or does not exist; what to ask instead is named.
    """
    service, _, name = asked.partition(":")
    service = service.lower()
    action = f"{service}:{name}"
    written = list(_of_policies(policies))
    services = {*_services(), *(each.partition(":")[0].lower() for each in written)}
    if service not in services:
        raise _unknown(f"IAM has no actions that begin with '{service}:'.", _nearest(service, services), f":{name}")
    known = {each.lower(): each for each in (*written, *_of_service(service))}
    if "*" in name or "?" in name:
        raise _pattern(action, written)
    if action.lower() in known:
        return known[action.lower()]
    if service in _beside()["actions"]:
        own = [each.partition(":")[2] for each in known.values() if each.startswith(f"{service}:")]
        near = [f"{service}:{each}" for each in _nearest(name, own)]
        raise _unknown(f"IAM has no action '{action}'.", near)
    alike = [each for each in known if abs(len(each) - len(action)) <= LONGER]
    if like := get_close_matches(action.lower(), alike, n=1, cutoff=LIKENESS):
        raise _unknown(f"IAM has no action '{action}'.", [known[like[0]]])
    return action


def _pattern(pattern: str, written: list[str]) -> StudioctlError:
    """The refusal of a pattern, with an action that it stands for, if a policy names one."""
    found = next((each for each in sorted(written) if fnmatchcase(each.lower(), pattern.lower())), "")
    such = f", such as {found}" if found else ""
    return StudioctlError(
        f"'{pattern}' stands for several actions, and one may be allowed where another is not.",
        hint=f"ask about a single action{such}; AWS lists all: {LIST}",
    )


def _unknown(message: str, near: list[str], rest: str = "") -> StudioctlError:
    meant = f" Did you mean {near[0]}{rest}?" if near else ""
    return StudioctlError(message + meant, hint=f"AWS lists all actions: {LIST}")


def _nearest(word: str, known: Iterable[str]) -> list[str]:
    lowered = {each.lower(): each for each in known}
    return [lowered[each] for each in get_close_matches(word.lower(), lowered, n=1)]


@cache
def _beside() -> Any:
    """The names that IAM has and botocore has not."""
    return tomllib.loads((files("studioctl.aws") / "iam_actions.toml").read_text(encoding="utf-8"))


def _services() -> Iterator[str]:
    """Prefixes of actions: mostly the names that botocore has for services and their endpoints."""
    session = botocore.session.get_session()
    yield from session.get_available_services()
    for partition in session.get_data("endpoints")["partitions"]:
        yield from partition["services"]
    yield from _beside()["services"]


def _of_service(service: str) -> Iterator[str]:
    session = botocore.session.get_session()
    if service in session.get_available_services():
        yield from (f"{service}:{name}" for name in session.get_service_model(service).operation_names)
    yield from (f"{service}:{name}" for name in _beside()["actions"].get(service, ()))


def _of_policies(policies: Iterable[Any]) -> Iterator[str]:
    for document in policies:
        for statement in _listed(document["Statement"]):
            yield from (each for each in _listed(statement.get("Action", ())) if "*" not in each and ":" in each)


def _listed(value: Any) -> Iterable[Any]:
    return (value,) if isinstance(value, str | dict) else value
