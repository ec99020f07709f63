"""The Condition element: operators, their modifiers, and what a missing key means.

Sources: IAM User Guide, "reference_policies_elements_condition_operators" and
"reference_policies_condition-logic-multiple-context-keys-or-values".
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from studio_emulator.iam.patterns import Context, Pattern, fill_in

Compare = Callable[[Pattern, str], bool]
"""Whether a value of the request is as one value of the policy wants it."""
_SETS = ("ForAllValues:", "ForAnyValue:")
_IF_EXISTS = "IfExists"


class UnusableConditionError(Exception):
    """A condition that cannot be evaluated: AWS would not have taken the policy."""


@dataclass(frozen=True)
class Operator:
    """One operator with its modifiers.

    Args:
        compare: The comparison, without its negation.
        negated: Whether the name has a "Not" in it.
        quantifier: "ForAllValues:", "ForAnyValue:" or nothing.
        if_exists: Whether a missing key is as good as a fitting one.
    """

    compare: Compare
    negated: bool
    quantifier: str
    if_exists: bool

    def holds(self, wanted: Sequence[Pattern], values: tuple[str, ...]) -> bool:
        """Several wanted values are an OR, and a NOR when negated."""
        if not values:
            return self._holds_without()
        met = [any(self.compare(each, value) for each in wanted) != self.negated for value in values]
        if self.quantifier == "ForAllValues:":
            return all(met)
        if self.quantifier == "ForAnyValue:":
            return any(met)
        # A key with several values wants a quantifier, and AWS promises nothing without one. Assumed: one value that
        # fits is enough, and a negation holds when none does.
        return all(met) if self.negated else any(met)

    def _holds_without(self) -> bool:
        if self.if_exists or self.quantifier == "ForAllValues:":
            return True
        return self.negated and not self.quantifier


def conditions_hold(conditions: Mapping[str, Any], context: Context, variables: Context | None) -> bool:
    """Whether all conditions of a statement hold: operators and keys are joined by AND.

    Args:
        conditions: `{"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}, ...}`.
        context: The request's condition keys.
        variables: The same for policy variables; None where the policy's version has none.

    Raises:
        UnusableConditionError: An operator does not exist, or a value is not of its kind.
        UnresolvedVariableError: A variable in a value that is needed has no value.
    """
    for name, keys in conditions.items():
        if not isinstance(keys, Mapping):
            raise UnusableConditionError(f"{name} is followed by no keys")
        for key, wanted in keys.items():
            if not _holds(name, _texts(wanted), _values(context, key), variables):
                return False
    return True


def _holds(name: str, wanted: tuple[str, ...], values: tuple[str, ...], variables: Context | None) -> bool:
    quantifier = next((prefix for prefix in _SETS if name.startswith(prefix)), "")
    base = name.removeprefix(quantifier).removesuffix(_IF_EXISTS)
    if base == "Null":
        return any(_boolean(text) == (not values) for text in wanted)
    found = OPERATORS.get(base)
    if found is None:
        raise UnusableConditionError(f"there is no condition operator {name}")
    compare, negated = found
    operator = Operator(compare, negated, quantifier, name.endswith(_IF_EXISTS))
    if not values:  # before variables are asked for, so that IfExists can excuse them, too
        return operator.holds((), values)
    return operator.holds([fill_in(text, variables) for text in wanted], values)


def _values(context: Context, key: str) -> tuple[str, ...]:
    """An empty value is as good as none: the guide treats both as a key that is not there."""
    found = context.get(key.lower(), ())
    return tuple(value for value in ((found,) if isinstance(found, str) else found) if value)


def _texts(wanted: Any) -> tuple[str, ...]:
    """A policy may write true and 5 with or without quotes."""
    listed = wanted if isinstance(wanted, list | tuple) else [wanted]
    if any(each is None or isinstance(each, dict | list) for each in listed):
        raise UnusableConditionError("a condition's value is neither a text, a number nor a truth value")
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in listed)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise UnusableConditionError(f"'{text}' is neither true nor false")
    return text.lower() == "true"


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise UnusableConditionError(f"'{text}' is no number") from None
    if not number.is_finite():
        raise UnusableConditionError(f"'{text}' is no number")
    return number


def _moment(text: str) -> datetime:
    """ISO 8601, or seconds since 1970."""
    try:
        if text.strip().isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError, OSError):
        raise UnusableConditionError(f"'{text}' is no date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(wanted: Pattern, value: str) -> bool:
    try:
        network = ipaddress.ip_network(wanted.text.strip(), strict=False)
    except ValueError:
        raise UnusableConditionError(f"'{wanted.text}' is no range of addresses") from None
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return address.version == network.version and address in network


def _by(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Compare:
    """A comparison (request's value, policy's value) of things that are written as text."""
    return lambda wanted, value: compare(read(value), read(wanted.text))


def _equal(value: Any, wanted: Any) -> bool:
    return bool(value == wanted)


def _ordered(read: Callable[[str], Any]) -> dict[str, tuple[Compare, bool]]:
    return {
        "Equals": (_by(read, _equal), False),
        "NotEquals": (_by(read, _equal), True),
        "LessThan": (_by(read, lambda value, wanted: value < wanted), False),
        "LessThanEquals": (_by(read, lambda value, wanted: value <= wanted), False),
        "GreaterThan": (_by(read, lambda value, wanted: value > wanted), False),
        "GreaterThanEquals": (_by(read, lambda value, wanted: value >= wanted), False),
    }


OPERATORS: Mapping[str, tuple[Compare, bool]] = {
    "StringEquals": (_by(str, _equal), False),
    "StringNotEquals": (_by(str, _equal), True),
    "StringEqualsIgnoreCase": (_by(str.lower, _equal), False),
    "StringNotEqualsIgnoreCase": (_by(str.lower, _equal), True),
    "StringLike": (Pattern.matches, False),
    "StringNotLike": (Pattern.matches, True),
    "Bool": (_by(_boolean, _equal), False),
    "BinaryEquals": (_by(str, _equal), False),
    "IpAddress": (_in_network, False),
    "NotIpAddress": (_in_network, True),
    # "ArnEquals and ArnLike behave identically"
    "ArnEquals": (Pattern.matches_arn, False),
    "ArnLike": (Pattern.matches_arn, False),
    "ArnNotEquals": (Pattern.matches_arn, True),
    "ArnNotLike": (Pattern.matches_arn, True),
    **{f"Numeric{name}": operator for name, operator in _ordered(_number).items()},
    **{f"Date{name}": operator for name, operator in _ordered(_moment).items()},
}
"""Name -> comparison, and whether it is negated."""
