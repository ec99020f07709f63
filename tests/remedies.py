"""Every remedy that a message of the product may print, found in the source: the module that prints it, and its text.

A remedy is what is given as `hint=`, `remedy=` or `on_down=`, as a Rule's remedy, or in the table of known errors; and
every other text that names a command to run or a line to write. What stands in {braces} differs from case to case.
Suggestions after a success (`next_commands`) are no remedies.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

from studioctl.catalog.troubles import troubles

SOURCE = Path(__file__).parents[1] / "src"
CATALOGUE = Path(__file__).with_name("remedies.toml")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
TROUBLES = "studioctl.catalog.troubles"  # whose table says what to do about known errors
KEYWORDS = {"hint", "remedy", "on_down"}
# Where a remedy stands among the arguments of what is made without keywords.
POSITIONS = {"Rule": 4, "Finding": 3, "Unreadable": 3}
PROPERTIES = {"hint", "remedy", "_remedy", "shorter"}  # functions whose values are remedies
WITH_REASONS = {"studioctl.aws.credentials", "studioctl.operations.doctor.examination"}  # functions return both
NO_REMEDIES = {"next_commands", "Option", "Argument", "Field", "compile"}  # suggestions, help texts, descriptions
PROSE = r"has|was|is|does|did|cannot|makes|starts|as|uses|on|left"  # "studioctl is" names no command
COMMAND = re.compile(
    r"(?:^|`|[:;,(] |\b(?:then|run|or|Run|with) )"
    rf"(?:studioctl (?!(?:{PROSE})\b)|aws (?!_)|sudo |pip |pipx |export |unset |rm |eval )[a-z-]"
)
ABOUT_THE_FILE = ("studioctl.config.", "studioctl.operations.")  # whose problems say `what is wrong; what to write`
TO_WRITE = re.compile(r"; (?:[a-z]+ |\{)")


@dataclass
class Module:
    """A source file, and what its names stand for."""

    name: str
    tree: ast.Module
    nodes: list[ast.AST]
    values: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


@cache
def modules() -> dict[str, Module]:
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        name = ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(file.read_text(encoding="utf-8"))
        module = Module(name, tree, [*ast.walk(tree)])
        for node in module.nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                module.imported |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef):
                module.functions[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                module.values[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                module.values[node.target.id] = node.value
        found[name] = module
    return found


def meant(module: Module, node: ast.expr) -> tuple[Module, str] | None:
    """The module and name behind `NAME` or `module.NAME`."""
    if isinstance(node, ast.Name):
        if node.id in module.values or node.id in module.functions:
            return module, node.id
        if node.id in module.imported:
            owner, name = module.imported[node.id]
            return (modules()[owner], name) if owner in modules() else None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in module.imported:
        owner = ".".join(module.imported[node.value.id])
        return (modules()[owner], node.attr) if owner in modules() else None
    return None


def texts(  # noqa: C901, PLR0912  # a case for each kind of expression
    module: Module, node: ast.expr | None, scope: ast.AST | None
) -> Iterator[str]:
    """The texts that the expression may have, as templates."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Constant(value=None) | None:
            return
        case ast.JoinedStr(values=parts):
            yield from map("".join, product(*(_pieces(module, part, scope) for part in parts)))
        case ast.IfExp(body=one, orelse=other):
            yield from texts(module, one, scope)
            yield from texts(module, other, scope)
        case ast.BoolOp(values=values):
            for value in values:
                yield from texts(module, value, scope)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from map("".join, product([*texts(module, left, scope)], [*texts(module, right, scope)]))
        case ast.Call(func=ast.Attribute(value=inner, attr="format")):
            yield from texts(module, inner, scope)
        case ast.Call(func=function) if (found := meant(module, function)) and found[1] in found[0].functions:
            yield from _returned(*found)
        case ast.Name(id=name) if scope and (given := _assigned(scope).get(name)):
            for value in given:
                yield from texts(module, value, None)
        case ast.Name() | ast.Attribute() if (found := meant(module, node)) and found[1] in found[0].values:
            yield from texts(found[0], found[0].values[found[1]], None)
        case _:
            yield _placeholder(node)


_entered: list[tuple[str, str]] = []


def _returned(module: Module, function: str) -> list[str]:
    """The texts that a function may return; none while they are being found, since it calls itself."""
    place = (module.name, function)
    if place in _entered:
        return []
    _entered.append(place)
    body = module.functions[function]
    values = [node.value for node in ast.walk(body) if isinstance(node, ast.Return)]
    found = [text for value in values for text in texts(module, value, body)]
    _entered.pop()
    return found


def _pieces(module: Module, part: ast.expr, scope: ast.AST | None) -> list[str]:
    """A part of an f-string: its words, those of a name that stands for nothing else, or what it is called."""
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    assert isinstance(part, ast.FormattedValue)
    if isinstance(part.value, ast.Name | ast.Attribute):
        found = [*texts(module, part.value, scope)]
        if found and found != [_placeholder(part.value)] and not any("\n" in text for text in found):
            return found
    return [_placeholder(part.value)]


def _placeholder(node: ast.expr) -> str:
    return "{" + re.sub(r"[{}]", "", ast.unparse(node)) + "}"


@cache
def _assigned(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """The expressions assigned to each local name."""
    given: dict[str, list[ast.expr]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given.setdefault(node.targets[0].id, []).append(node.value)
    return given


PASSED_ON = re.compile(r"\{(?:[\w.]*\.)?(?:hint|remedy)\}$")


@cache
def remedies() -> dict[str, tuple[str, ...]]:
    """Of each module that prints any: their texts, in the order of the source."""
    found = {}
    for module in modules().values():
        all_texts = [text for text in _of(module) if not PASSED_ON.fullmatch(text)]
        kept = dict.fromkeys(text for text in all_texts if not any(_is_part(text, other) for other in all_texts))
        if kept:
            found[module.name] = tuple(kept)
    given = [trouble for trouble in troubles() if trouble.hint or trouble.call]
    found[TROUBLES] = tuple(filter(None, (text for each in given for text in (each.call, each.hint, each.on_down))))
    return found


def _is_part(text: str, other: str) -> bool:
    """Whether it is only what the other is put together from."""
    return len(text) < len(other) and (other.endswith("; " + text) or other.startswith((text + " ", text + ":")))


def _of(module: Module) -> Iterator[str]:
    for scope in [module.tree, *(node for node in module.nodes if isinstance(node, ast.FunctionDef))]:
        yield from _in(module, scope)


def _in(module: Module, scope: ast.AST) -> Iterator[str]:  # noqa: C901  # a case for each place
    inside = scope if isinstance(scope, ast.FunctionDef) else None
    of_the_file = module.name.startswith(ABOUT_THE_FILE)
    for node in _own(scope):
        if isinstance(node, ast.Return) and inside and inside.name in PROPERTIES:
            yield from texts(module, node.value, inside)
        elif isinstance(node, ast.Return) and inside and _gives_both(module, inside):
            if isinstance(node.value, ast.Tuple):
                yield from texts(module, node.value.elts[1], inside)
        elif isinstance(node, ast.keyword) and node.arg in KEYWORDS:
            yield from texts(module, node.value, inside)
        elif isinstance(node, ast.Call):
            if (name := _called(node)) in POSITIONS and len(node.args) > POSITIONS[name]:
                told = node.args[POSITIONS[name]]
                yield from (text for text in texts(module, told, inside) if not text.startswith("{"))
        elif isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            for text in texts(module, node, inside):
                if COMMAND.search(text) or (of_the_file and TO_WRITE.search(text)):
                    yield text


def _gives_both(module: Module, function: ast.FunctionDef) -> bool:
    """Whether it returns what is wrong and what to do."""
    if module.name not in WITH_REASONS or not function.returns:
        return False
    return ast.unparse(function.returns) in {"tuple[str, str]", "tuple[str, str] | None"}


def _called(node: ast.Call) -> str:
    """The last name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without functions inside, docstrings, suggestions and help texts."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        if isinstance(node, ast.Call) and _called(node) in NO_REMEDIES:
            continue
        yield node
        if not isinstance(node, ast.JoinedStr | ast.BinOp):
            yield from _own(node)


@cache
def pattern(template: str) -> re.Pattern[str]:
    """A pattern for the end of messages from this template. A brace may stand twice in it, for `format`."""
    literal = PLACEHOLDER.split(template)
    words = "(?:.*)".join(map(re.escape, literal)).replace(r"\{\{", r"\{+").replace(r"\}\}", r"\}+")
    return re.compile(words + "$", re.DOTALL)


@cache
def literal(template: str) -> int:
    """The number of characters that are always the same."""
    return len(PLACEHOLDER.sub("", template).replace('"', ""))


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """By module and text: the test that does as it says, or why none does. See tests/remedies.toml."""
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))


def claimed(test: str) -> set[tuple[str, str]]:
    """The remedies that are said to be walked by this test."""
    return {(module, text) for module, known in catalogue().items() for text, how in known.items() if how == test}


def made_from(words: str, modules: str) -> set[tuple[str, str]]:
    """The texts in these modules from which words are made, or with which they end: the most literal that fit."""
    fitting = {
        (module, text)
        for module, texts in catalogue().items()
        if module.startswith(modules)
        for text in texts
        if pattern(text).search(words)
    }
    most = max((literal(text) for _, text in fitting), default=0)
    return {(module, text) for module, text in fitting if literal(text) == most}
