"""Another evaluator of policies, written by others: Principal Mapper's local simulation.

It puts policy variables into resources only, so they are filled in here, as text, before it sees a policy. Beyond that
nothing is shared with the product's own evaluator.
"""

import collections
import collections.abc
import json
from collections.abc import Iterable, Mapping
from typing import Any

# Its last release is older than Python 3.10, which moved these.
for _name in ("Mapping", "MutableMapping"):
    setattr(collections, _name, getattr(collections.abc, _name))

from principalmapper.querying.local_policy_simulation import policy_has_matching_statement  # noqa: E402
from principalmapper.util.case_insensitive_dict import CaseInsensitiveDict  # noqa: E402


def allows(policies: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, Any]) -> bool:
    """Whether identity-based policies allow something: some statement does, and none denies it."""
    keys: Any = CaseInsensitiveDict({name: list(v) if isinstance(v, tuple) else v for name, v in context.items()})  # type: ignore[no-untyped-call]
    filled = [_filled_in(policy, context) for policy in policies]

    def says(effect: str) -> bool:
        return any(policy_has_matching_statement(policy, effect, action, resource, keys) for policy in filled)

    return says("Allow") and not says("Deny")


def _filled_in(policy: Mapping[str, Any], context: Mapping[str, Any]) -> Any:
    text = json.dumps(policy)
    for key, value in context.items():
        if isinstance(value, str):
            text = text.replace(f"${{{key}}}", value)
    return json.loads(text)
