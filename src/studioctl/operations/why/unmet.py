"""The conditions that stand between a request and its allowance: which keys it has to have, and with which values."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from studio_emulator.iam.conditions import UnusableConditionError, conditions_hold
from studio_emulator.iam.evaluate import Document, Policies, evaluate
from studio_emulator.iam.patterns import Context, UnresolvedVariableError, fill_in
from studio_emulator.iam.policy import Asked, Principal, Statement, read_policy

ANYTHING = "*"
# Who asks is no matter of choice.
FIXED = ("aws:principal", "aws:resourceaccount", "sagemaker:domainid", "sagemaker:userprofilename")
_BOOL, _NULL, _ADDRESS = "Bool", "Null", "IpAddress"
_LIKE = {"StringLike", "ArnLike", "ArnEquals"}
_EQUAL = {"StringEquals", "StringEqualsIgnoreCase", "NumericEquals", "DateEquals", "BinaryEquals"}


@dataclass(frozen=True)
class Need:
    """A condition key that a request needs.

    Args:
        key: Such as "s3:prefix".
        test: "is", "is like", "is within", "is there" or "is not there".
        values: One of these; none where its presence is all.
    """

    key: str
    test: str
    values: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The condition for people: `s3:prefix is like "shared/*"`."""
        return " ".join([self.key, self.test, *([" or ".join(f'"{it}"' for it in self.values)] if self.values else [])])

    def to_json(self) -> dict[str, Any]:
        """The stable shape in `studioctl why ACTION --json`."""
        return asdict(self)


@dataclass(frozen=True)
class Way:
    """A way from a refusal to an allowance.

    Args:
        needs: All of them have to be so.
        by: The policy, and in brackets the statement, that then allows it.
    """

    needs: tuple[Need, ...] = ()
    by: str = ""


def way(principal: Principal, asked: Asked, policies: Policies) -> Way:
    """The conditions with which the same request is allowed; nothing where none help."""
    for statement in _about(policies.identity, asked, "Allow"):
        found = _with(statement, asked, policies)
        if found is None:
            continue
        needs, context = found
        decided = evaluate(principal, Asked(asked.action, asked.resource, context), policies)
        if decided.allowed and needs:
            return Way(tuple(needs.values()), decided.by)
    return Way()


def resources(asked: Asked, policies: Policies) -> tuple[str, ...]:
    """The resources on which a statement allows the action, with variables filled in, as policies name them."""
    found: dict[str, None] = {}
    for document in policies.identity.values():
        for statement in read_policy(document):
            if statement.effect == "Allow" and statement.names_action(asked.action):
                listed = statement.elements.get("Resource", ())
                for each in (listed,) if isinstance(listed, str) else listed:
                    found |= dict.fromkeys(_filled((each,), statement, asked.context))
    return tuple(found)


def _about(documents: Mapping[str, Document], asked: Asked, effect: str) -> Iterator[Statement]:
    for document in documents.values():
        for statement in read_policy(document):
            try:
                if statement.effect == effect and statement.is_about(asked):
                    yield statement
            except UnresolvedVariableError:
                continue


def _with(statement: Statement, asked: Asked, policies: Policies) -> tuple[dict[str, Need], Context] | None:
    """The needs of a statement, then a boundary, then whatever denies it; and the context that has it."""
    needs: dict[str, Need] = {}
    context = dict(asked.context)
    if not _meet(statement, needs, context):
        return None
    bounding = list(_about(policies.boundary, asked, "Allow"))
    if bounding and not any(it.applies(Asked(asked.action, asked.resource, context)) for it in bounding):
        _meet(bounding[0], needs, context)
    for documents in (policies.identity, policies.boundary):
        for denial in _about(documents, asked, "Deny"):
            if denial.applies(Asked(asked.action, asked.resource, context)):
                _escape(denial, needs, context)
    return needs, context


def _meet(statement: Statement, needs: dict[str, Need], context: dict[str, Any]) -> bool:
    """Give the context what the statement's conditions want; False where that cannot be."""
    for test, key, wanted in _conditions(statement):
        if _holds(statement, test, key, wanted, context):
            continue
        need = _wanted(test, key, wanted)
        if need is None or key.lower().startswith(FIXED) or not _give(need, statement, needs, context):
            return False
    return True


def _escape(denial: Statement, needs: dict[str, Need], context: dict[str, Any]) -> None:
    """Give the context one value with which the denial does not apply, if one can be named."""
    for test, key, wanted in _conditions(denial):
        need = _unwanted(test, key, wanted)
        if need is not None and not key.lower().startswith(FIXED):
            _give(need, denial, needs, context)
            return


def _conditions(statement: Statement) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for test, keys in statement.elements.get("Condition", {}).items():
        for key, wanted in keys.items():
            yield test, key, tuple(map(_text, wanted if isinstance(wanted, list | tuple) else (wanted,)))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(statement: Statement, test: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    try:
        return conditions_hold({test: {key: list(wanted)}}, context, context if statement.has_variables else None)
    except (UnusableConditionError, UnresolvedVariableError):
        return False


def _filled(texts: tuple[str, ...], statement: Statement, context: Context) -> tuple[str, ...]:
    """The texts with policy variables filled in; those that lack a value are left out."""
    found = []
    for text in texts:
        try:
            found.append(fill_in(text, context if statement.has_variables else None).text)
        except UnresolvedVariableError:
            continue
    return tuple(found)


def _give(need: Need, statement: Statement, needs: dict[str, Need], context: dict[str, Any]) -> bool:
    """Give the context what is needed; False where it is one of values of which none is known."""
    values = _filled(need.values, statement, context)
    if need.values and not values:
        return False
    needs[need.key.lower()] = replace(need, values=values)
    if need.test == "is not there":
        context.pop(need.key.lower(), None)
    else:
        value = next(iter(values), ANYTHING)
        context[need.key.lower()] = value.partition("/")[0] if need.test == "is within" else value
    return True


def _plain(test: str) -> str:
    return test.rpartition(":")[2].removesuffix("IfExists")


def _wanted(test: str, key: str, wanted: tuple[str, ...]) -> Need | None:
    """The need of a condition; None where no value can be named for it, as for a number below another."""
    plain = _plain(test)
    if plain == _NULL:
        return Need(key, "is not there" if "true" in wanted else "is there")
    if plain == _ADDRESS:
        return Need(key, "is within", wanted)
    if plain in _LIKE:
        return Need(key, "is like" if any("*" in it or "?" in it for it in wanted) else "is", wanted)
    return Need(key, "is", wanted) if plain in {*_EQUAL, _BOOL} else None


def _unwanted(test: str, key: str, wanted: tuple[str, ...]) -> Need | None:
    """The opposite of what a condition wants."""
    plain = _plain(test)
    if plain == _BOOL:
        return Need(key, "is", tuple({"true": "false", "false": "true"}.get(it, it) for it in wanted))
    if plain == _NULL:
        return Need(key, "is there" if "true" in wanted else "is not there")
    return _wanted(plain.replace("Not", ""), key, wanted) if "Not" in plain else None
