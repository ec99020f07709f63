"""Merges what the file wants into what the user has; runs inside the space, where its text is sent along.

    python3 -c TEXT KIND WANTED MEMORY [FILE DEFAULT]

KIND is settings, keybindings, git or condarc; WANTED is JSON; MEMORY is the file that holds what was set last time.
Prints the keys that it changed. What the user changed or removed stays theirs, comments stay where they are, and a
value that we set and nobody touched follows the file, also when it is gone from there.

Needs Python 3.10 and nothing else. `script.py` takes the comments and docstrings out before it sends it along.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

GONE = object()  # in place of a value: the key is removed
BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON, where true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def plan(have: Any, want: Any, mine: Any, path: Any = ()) -> Any:
    """Return the changes, as pairs of path and value, and what is ours afterwards. An empty table counts as none."""
    edits, kept = [], {}
    for key, value in want.items():
        place, known, old = (*path, key), key in mine, mine.get(key)
        if key not in have:
            if not known:
                edits.append((place, value))
            kept[key] = old if known else value
        elif isinstance(value, dict) and isinstance(have[key], dict):
            more, inner = plan(have[key], value, old if isinstance(old, dict) else {}, place)
            edits += more
            if inner or known:
                kept[key] = inner
        elif known and same(have[key], old):
            if not same(old, value):
                edits.append((place, value))
            kept[key] = value
        elif isinstance(old, dict) and isinstance(have[key], dict):
            edits += withdrawn(have[key], {}, old, place)
        elif known:
            kept[key] = old
    return [*edits, *withdrawn(have, want, mine, path)], kept


def withdrawn(have: Any, want: Any, mine: Any, path: Any) -> Any:
    """Return the values that are ours, unchanged, and no longer wanted."""
    edits = []
    for key, old in mine.items():
        if key in want or key not in have:
            continue
        if same(have[key], old):
            edits.append(((*path, key), GONE))
        elif isinstance(old, dict) and isinstance(have[key], dict):
            edits += withdrawn(have[key], {}, old, (*path, key))
    return edits


def settle(have: Any, want: Any, memory: Any) -> Any:
    """The plan, from what was set last time and what was about to be set when we were killed."""
    mine, intended = memory
    done = {key: value for key, value in intended.items() if key in have and same(have[key], value)}
    return plan(have, want, {**mine, **done})


def identity(entry: Any, number: int) -> str:
    """Return the identity of a keyboard shortcut: its key, and when it applies."""
    return json.dumps([entry.get("key"), entry.get("when")] if isinstance(entry, dict) else number)


def skip(text: str, at: int) -> int:
    """The next character that is neither blank nor in a comment."""
    found = BLANK.match(text, at)
    return found.end() if found else at


def parse(text: str, at: int = 0) -> Any:
    """JSON with comments and commas at the end: (begin, end, value, members), members by key: (begin, parsed)."""
    begin = at = skip(text, at)
    if text[at] not in "[{":
        plain, end = json.JSONDecoder().raw_decode(text, at)
        return begin, end, plain, {}
    table, key = text[at] == "{", ""
    value: Any = []
    members: Any = {}
    at = skip(text, at + 1)
    while text[at] not in "]}":
        start = at
        if table:
            key, at = json.JSONDecoder().raw_decode(text, at)
            at = skip(text, at)
            if text[at] != ":" or not isinstance(key, str):
                raise ValueError(at)
            at += 1
        inner = parse(text, at)
        if not table:
            key = identity(inner[2], len(members))
        value.append((key, inner[2]) if table else inner[2])
        members[key] = start, inner
        at = skip(text, inner[1])
        if text[at] == ",":
            at = skip(text, at + 1)
        elif text[at] not in "]}":
            raise ValueError(at)
    if text[at] != ("}" if table else "]"):
        raise ValueError(at)
    return begin, at + 1, dict(value) if table else value, members


def edit(text: str, path: Any, value: Any) -> str:
    """The text with one value set or removed, and nothing else touched."""
    begin, end, _, members = parse(text)
    for key in path[:-1]:
        begin, end, _, members = members[key][1]
    margin = "\n" + "  " * len(path)
    written = "" if value is GONE else json.dumps(value, indent=2, ensure_ascii=False).replace("\n", margin)
    if value is GONE:
        return remove(text, path[-1], members)
    if path[-1] in members:
        inner = members[path[-1]][1]
        return text[: inner[0]] + written + text[inner[1] :]
    if text[begin] == "{":
        written = json.dumps(path[-1], ensure_ascii=False) + ": " + written
    stop = len(text[: end - 1].rstrip())
    tail = text[stop:] if "\n" in text[stop : end - 1] else margin[:-2] + text[end - 1 :]
    head = text[:stop]
    if members:
        last = max(inner[1] for _, inner in members.values())
        if text[skip(text, last)] != ",":
            head = text[:last] + "," + text[last:stop]
    return head + margin + written + tail


def remove(text: str, key: str, members: Any) -> str:
    """The text without one member, its comma, and the line that it leaves empty."""
    start, inner = members[key]
    end, after = inner[1], skip(text, inner[1])
    before = max((other[1] for _, other in members.values() if other[1] < start), default=0)
    if text[after] == ",":
        text = text[:end] + text[end:after] + text[after + 1 :]
    elif before:
        comma = skip(text, before)
        text = text[:comma] + text[comma + 1 :]
        start, end = start - 1, end - 1
    left = len(text[:start].rstrip(" \t"))
    right = end + len(text[end:]) - len(text[end:].lstrip(" \t\r"))
    if text[left - 1] == "\n" and text[right : right + 1] == "\n":
        return text[:left] + text[right + 1 :]
    return text[:start] + text[end:]


def merge_json(file: str, default: str, empty: str, want: Any, memory: Any) -> Any:
    """settings.json and keybindings.json; the image's own defaults first, which it copies only where there is none."""
    source = file if os.path.exists(file) or not os.path.exists(default) else default
    text = read(source)
    if skip(text, 0) == len(text):
        text += empty + "\n"

    def now() -> Any:
        begin, end, value, members = parse(text)
        if text[begin] != empty[0] or skip(text, end) < len(text):
            raise ValueError(end)
        return value if empty == "{}" else {key: json.dumps(inner[2]) for key, (_, inner) in members.items()}

    try:
        edits, kept = settle(now(), want, memory)
    except (ValueError, IndexError, RecursionError):
        sys.exit(file + " is not what the editor reads, and was left as it is")
    for path, value in edits:
        whole = value is not GONE and empty == "[]"  # a shortcut is one value: nothing is added to one of the user's
        text = edit(text, path, json.loads(value) if whole else value)
    if plan(now(), want, kept)[0]:
        sys.exit(file + " could not be merged, and was left as it is")
    return edits, kept, lambda: write(file, text)


def merge_condarc(file: str, want: Any, memory: Any) -> Any:
    """Merge .condarc by lines. Each of our keys is one line, because JSON is YAML. Other lines are the user's."""
    lines: Any = read(file).splitlines()
    spans: Any = {}
    key = ""
    for number, line in enumerate(lines):
        if found := re.match(r"([A-Za-z_]\w*)\s*:", line):
            key = found[1]
            spans[key] = number, number + 1
        elif key and re.match(r"( +|- *)[^\s-]", line):
            spans[key] = spans[key][0], number + 1
        elif re.match(r"\s*[^#\s]", line) and line != "---":
            sys.exit(file + " is not understood, and was left as it is")
    have = {key: as_json("\n".join(lines[slice(*span)]).split(":", 1)[1].strip()) for key, span in spans.items()}
    edits, kept = settle(have, {key: json.dumps(value) for key, value in want.items()}, memory)
    for (key,), value in edits:
        begin, end = spans.setdefault(key, (len(lines), len(lines)))
        rest = [None] * (end - begin)
        lines[begin:end] = rest if value is GONE else [key + ": " + value, *rest[1:]]
    return edits, kept, lambda: write(file, "\n".join([*(line for line in lines if line is not None), ""]))


def as_json(text: str) -> str:
    """A value of conda's file as JSON; what conda writes without quotes is text."""
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return json.dumps(text)


def merge_git(want: Any, memory: Any) -> Any:
    """Git's global configuration, through Git."""
    git = ["git", "config", "--global"]
    listed = subprocess.run(
        [*git, "--list", "-z"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    ).stdout
    have = dict(entry.partition("\n")[::2] for entry in listed.decode(errors="replace").split("\0") if entry)
    edits, kept = settle(have, {git_key(key): value for key, value in want.items()}, memory)

    def apply() -> None:
        for (key,), value in edits:
            subprocess.run([*git, "--unset", key] if value is GONE else [*git, key, value], check=True)

    return edits, kept, apply


def git_key(key: str) -> str:
    """Sections and names in lower case, as Git lists them; what is between them as it is."""
    section, name = key.split(".", 1)[0].lower(), key.rsplit(".", 1)[1].lower()
    return section + key[len(section) : len(key) - len(name)] + name


def read(file: str) -> str:
    """The text of a file; empty if there is none."""
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def write(file: str, text: str) -> None:
    """Whole or not at all; a link stays a link."""
    target = os.path.realpath(file)
    with open(target + ".studioctl", "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    if os.path.exists(target):
        shutil.copymode(target, target + ".studioctl")
    os.replace(target + ".studioctl", target)


def main(kind: str, wanted: str, memory: str, file: str = "", default: str = "") -> None:
    """Merges, and remembers. Between writing and remembering it may be killed, so it tells what it is about to do."""
    want, remembered = json.loads(wanted), json.loads(read(memory) or "[{}, {}]")
    if kind == "git":
        edits, kept, apply = merge_git(want, remembered)
    elif kind == "condarc":
        edits, kept, apply = merge_condarc(file, want, remembered)
    elif kind == "keybindings":
        want = {identity(entry, 0): json.dumps(entry) for entry in want}
        edits, kept, apply = merge_json(file, default, "[]", want, remembered)
    else:
        edits, kept, apply = merge_json(file, default, "{}", want, remembered)
    if edits:
        write(memory, json.dumps([remembered[0], kept]))
        apply()
    if not same(remembered, [kept, {}]):
        write(memory, json.dumps([kept, {}]))
    names = [json.loads(path[-1])[0] if kind == "keybindings" else path[-1] for path, _ in edits]
    print(*names, end=" " if names else "")


if __name__ == "__main__":
    main(*sys.argv[1:])
