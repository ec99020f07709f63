"""The names of IAM's actions, as far as this machine knows them: those of AWS's API, and those that policies name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import botocore.session

# IAM has actions that are no call, such as s3:PutLifecycleConfiguration: a slip changes little, and hardly the length.
LIKENESS = 0.9
LONGER = 2


def meant(action: str, policies: Iterable[Any]) -> str:
    """The action that was probably meant; empty where it is known, or like none that is.

    Args:
        action: Such as "s3:GetObjec". IAM does not tell capitals from small letters.
        policies: Documents whose actions exist.
    """
    known = {each.lower(): each for each in (*_of_api(action.partition(":")[0]), *_of_policies(policies))}
    if "*" in action or action.lower() in known:
        return ""
    alike = [name for name in known if abs(len(name) - len(action)) <= LONGER]
    return next((known[near] for near in get_close_matches(action.lower(), alike, n=1, cutoff=LIKENESS)), "")


def _of_api(service: str) -> list[str]:
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return []
    return [f"{service}:{name}" for name in session.get_service_model(service).operation_names]


def _of_policies(policies: Iterable[Any]) -> Iterable[str]:
    for document in policies:
        for statement in _listed(document["Statement"]):
            yield from (each for each in _listed(statement.get("Action", ())) if "*" not in each)


def _listed(value: Any) -> Iterable[Any]:
    return (value,) if isinstance(value, str | dict) else value
