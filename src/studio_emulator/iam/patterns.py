"""Patterns of policies: wildcards, policy variables, and the fields of ARNs.

Sources: IAM User Guide, "reference_policies_elements_resource" (wildcards, incomplete ARNs) and
"reference_policies_variables" (variables, defaults, the three escapes).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

Values = str | tuple[str, ...]
Context = Mapping[str, Values]
"""The context of a request, by condition key in lower case, because AWS's keys are case-insensitive."""

ARN_FIELDS = 6
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPED = frozenset("*?$")
_DEFAULT = re.compile(r"(?P<key>[^,]+?)\s*,\s*'(?P<default>.*)'\s*", re.DOTALL)


class Wild(Enum):
    """The two wildcards."""

    MANY = "*"
    ONE = "?"


Token = str | Wild
"""One character that is meant as it stands, or a wildcard."""


class UnresolvedVariableError(Exception):
    """A policy variable of which the request says nothing: the statement is then not valid."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the request has no value for ${{{variable}}}")


@dataclass(frozen=True)
class Pattern:
    """Text of a policy, with its variables filled in."""

    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """The pattern as a plain string, in which wildcards are characters like any other."""
        return "".join(token.value if isinstance(token, Wild) else token for token in self.tokens)

    def matches(self, value: str) -> bool:
        """Whether all of a value fits. Case matters."""
        return _fits(self.tokens, value)

    def matches_arn(self, value: str) -> bool:
        """Whether an ARN fits, each of its six fields for itself; fields that the pattern leaves out are wildcards."""
        if self.tokens == (Wild.MANY,):
            return True
        fields, parts = list(_fields(self.tokens)), value.split(":", ARN_FIELDS - 1)
        if len(parts) != ARN_FIELDS:
            return False
        fields += [(Wild.MANY,)] * (ARN_FIELDS - len(fields))
        return all(_fits(field, part) for field, part in zip(fields, parts, strict=True))


def account_of(arn: str) -> str:
    """The account that an ARN names; "" where it names none, as S3's do, or is no ARN."""
    fields = arn.split(":", ARN_FIELDS - 1)
    return fields[4] if len(fields) == ARN_FIELDS else ""


def fill_in(text: str, context: Context | None) -> Pattern:
    """A pattern of a policy's text.

    Args:
        text: As the policy has it.
        context: The values of variables. None if the policy has no variables, as in version 2008-10-17.

    Raises:
        UnresolvedVariableError: the request has no value, or several, for a variable that has no default.
    """
    if context is None:
        return Pattern(tuple(_plain(text)))
    tokens: list[Token] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        tokens += [*_plain(text[end : found.start()]), *_value_of(found[1], context)]
        end = found.end()
    return Pattern((*tokens, *_plain(text[end:])))


def fill_in_arn(text: str, context: Context | None) -> Pattern:
    """A pattern of a Resource element: it may have variables only after the fifth colon.

    Raises:
        UnresolvedVariableError: see `fill_in`.
    """
    *fixed, last = text.split(":", ARN_FIELDS - 1)
    tokens = [token for field in fixed for token in (*_plain(field), ":")]
    return Pattern((*tokens, *fill_in(last, context).tokens))


def matches_action(pattern: str, action: str) -> bool:
    """Whether a pattern of actions, such as "s3:Get*", means an action. Case does not matter, and there are no
    variables."""
    return _fits(tuple(_plain(pattern.lower())), action.lower())


def _value_of(variable: str, context: Context) -> str:
    """The characters are meant as they stand: a value's own asterisk is no wildcard."""
    if variable in _ESCAPED:
        return variable
    with_default = _DEFAULT.fullmatch(variable)
    key = (with_default["key"] if with_default else variable).strip().lower()
    match context.get(key):
        case str(value) | (str(value),):
            return value
        case _ if with_default:
            return with_default["default"]
        case _:
            raise UnresolvedVariableError(variable)


def _plain(text: str) -> Iterator[Token]:
    for character in text:
        yield Wild(character) if character in "*?" else character


def _fields(tokens: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """The fields between the first five colons."""
    field: list[Token] = []
    done = 0
    for token in tokens:
        if token == ":" and done < ARN_FIELDS - 1:  # noqa: S105 - a colon, not a password
            yield tuple(field)
            field, done = [], done + 1
        else:
            field.append(token)
    yield tuple(field)


def _fits(tokens: Sequence[Token], value: str) -> bool:
    """Compares from the left and, where it fails, lets the last asterisk take one more character: no pattern of
    many asterisks takes long."""
    at = position = 0
    star, taken = -1, 0
    while position < len(value):
        token = tokens[at] if at < len(tokens) else None
        if token is Wild.MANY:
            star, taken, at = at, position, at + 1
        elif token is Wild.ONE or token == value[position]:
            at, position = at + 1, position + 1
        elif star >= 0:
            taken += 1
            at, position = star + 1, taken
        else:
            return False
    return all(token is Wild.MANY for token in tokens[at:])
