"""The names of IAM's actions: AWS's calls, what IAM has beside them, and what policies name."""

import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

import botocore.session

from studioctl.errors import StudioctlError

# In a service whose every action is not known here, a slip changes little, and hardly the length.
LIKENESS = 0.9
LONGER = 2
LIST = "https://docs.aws.amazon.com/service-authorization/latest/reference/"


def check(action: str, policies: Iterable[Any]) -> None:
    """See that an action exists, as far as this machine knows them.

    Args:
        action: Such as "s3:GetObject"; "s3:Get*" is good as well. IAM does not tell capitals from small letters.
        policies: Documents whose actions exist.

    Raises:
        StudioctlError: It does not; the nearest is named.
    """
    service, _, name = action.partition(":")
    named = list(_of_policies(policies))
    services = {*_services(), *(each.partition(":")[0] for each in named)}
    if service not in services:
        raise _unknown(f"IAM has no actions that begin with '{service}:'.", _nearest(service, services), f":{name}")
    known = {each.lower(): each for each in (*_of_service(service), *named)}
    if "*" in action or "?" in action or action.lower() in known:
        return
    if service in _beside()["actions"]:
        own = [each.partition(":")[2] for each in known.values() if each.startswith(f"{service}:")]
        near = [f"{service}:{each}" for each in _nearest(name, own)]
        raise _unknown(f"IAM has no action '{action}'.", near)
    alike = [each for each in known if abs(len(each) - len(action)) <= LONGER]
    if like := get_close_matches(action.lower(), alike, n=1, cutoff=LIKENESS):
        raise _unknown(f"IAM has no action '{action}'.", [known[like[0]]])


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
