"""Shrinks the programs of `program/` before they are sent. SageMaker accepts scripts of up to 12,288 bytes."""

import ast
import re
from collections.abc import Set


def bash(text: str) -> str:
    """Bash without its comments and indentation, and without braces that only please the linter."""
    text = re.sub(r"^ *#.*\n|^ +|(?<=\{) # .*", "", text, flags=re.MULTILINE)
    return re.sub(r"\$\{([a-z_]+|\d)\}(?![\w\[])", r"$\1", text)


def python(text: str, merges: Set[str]) -> str:
    """`merge.py` without comments, docstrings and types, less indented, and without what it does not get to.

    Args:
        text: The program.
        merges: The functions `merge_...` that are used; `main` never calls the others then.
    """
    text = _reached(text, merges)
    text = re.sub(r'^ *""".*?"""\n', "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"  # .*|: (Any|str|int)\b| -> \w+(?=:)", "", text)
    lines = [re.sub(r"^( +)", lambda found: " " * (len(found[1]) // 4), line) for line in text.splitlines()]
    return "\n".join(line for line in lines if line and line != "from typing import Any") + "\n"


def _reached(text: str, merges: Set[str]) -> str:
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    reached: set[str] = set()
    todo = {"main"}
    while todo:
        name = todo.pop()
        reached.add(name)
        used = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)} & functions.keys()
        todo |= {each for each in used if each in merges or not each.startswith("merge_")} - reached
    lines = text.splitlines()
    for name in functions.keys() - reached:
        first, last = functions[name].lineno - 1, functions[name].end_lineno
        lines[first:last] = [""] * len(lines[first:last])
    return "\n".join(lines) + "\n"
