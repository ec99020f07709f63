"""The text that a message about the file asks for is written there, as printed, and that mistake is gone.

The mistakes are the transcripts beside this file. A remedy that leaves a choice ("write another name") is no case here.
"""

import copy
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tomlkit

from studioctl.config.load import parse
from studioctl.config.text import Location
from studioctl.errors import ConfigError
from tests.remedies import claimed, made_from
from tests.unit.config.test_problems import ABOVE, FILES, PARTS

LINE = re.compile(r"studio\.toml(?::\d+)?(?::\d+: |: (?P<path>[\w.-]\S*?|\"[^\"]*\")?(?:: )|: )(?P<words>.*)")
KEY = re.compile(r'\[(\d+)\]|"((?:[^"\\]|\\.)*)"|([^.\["]+)')
VALUE = r'"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|true|false'
VALUE_NAMED = f"(?P<value>{VALUE})"


SYNTAX = (
    # What is in the file, and what it is after the remedy.
    ('name = "acme', 'name = "acme"'),
    ('name = "acme\n', 'name = "acme"\n'),
    ('name = "a"\nname = "b"\n', 'name = "b"\n'),
    ("[studio]\na = 1\n[studio]\nb = 2\n", "[studio]\na = 1\nb = 2\n"),
    ("name", 'name = "acme"'),
    ("a = [1, 2\n", "a = [1, 2]\n"),
    ("a = {\n b = 1\n}", "a = { b = 1 }"),
    ("a = { b = 1\n}", "a = { b = 1}\n"),
    ("a = { b = 1, }", "a = { b = 1 }"),
    ("a = yes", "a = true"),
    ("a = None", ""),
    ("a = us-east-1", 'a = "us-east-1"'),
    ("a = 50GB", "a = 50"),
    ("a_gb = 50h", "a_gb = 50"),
    ("a = { b = 1 }\n[a]\nc = 2", "[a]\nb = 1\nc = 2"),
    ("a = 1,000", "a = 1000"),
    ("a = 050", "a = 50"),
    ("a = 50,", "a = 50"),
    ("// b", "# b"),
    ("a =\n", "a = 1\n"),
    ('a = ["b",,]', 'a = ["b",]'),
    ('a = ["b",\nc = 1', 'a = ["b",]\nc = 1'),
    ('a = "b", "c"', 'a = ["b", "c"]'),
    ('a = ("b")', 'a = ["b"]'),
    ('a = "say "b""', 'a = "say \\"b\\""'),
    ("[[users]\n", "[[users]]\n"),
    ("[studio\n", "[studio]\n"),
    ("a = \u201cb\u201d", 'a = "b"'),
    ("a\u00a0= 1", "a = 1"),
    ("a = 1 b = 2", "a = 1\nb = 2"),
    ("[a.b]\nc = 1\n[a]\nb = 2", "[a.b]\nc = 1\nd = 2"),
    ("a = { b = 1 }\na.c = 2", "a = { b = 1, c = 2 }"),
    ("a. = 1", "a = 1"),
    ("[a.b]\n[a]\nb.c = 1", "[a.b]\nc = 1\n[a]"),
    ("a = 0,25", "a = 0.25"),
    ("a = 50,0", "a = 50"),
    ("a = \uff15\uff10", "a = 50"),
    ('a = ["b";"c"]', 'a = ["b","c"]'),
    ('a = ["b",', 'a = ["b",]'),
    ("a = '''b\nc", "a = '''b\nc'''"),
    ("a = ~", ""),
    ("name = no", 'name = "no"'),
    ("a == 1", "a = 1"),
    ("a => 1", "a = 1"),
    ("- a = 1", "a = 1"),
    ("-- b", "# b"),
    ("<!-- b -->", "# b -->"),
    ("d\u043ecker = true", "docker = true"),
    ("a\uff1d1", "a=1"),
    ('a = "b"; c = 1', 'a = "b"\nc = 1'),
    ('a = "b" "c"', 'a = ["b", "c"]'),
    ("a = 50 gigabytes", "a = 50"),
    ("a = { b = 1 USD }", "a = { b = 1 }"),
    ("a = { b = 0,1 }", "a = { b = 0.1 }"),
)
# Mistakes that have a transcript nowhere else, since another test holds their words.
MORE = {
    "EC2's name": '[studio]\ninstance_type = "t3.large"\n',
    "hyphen first": '[names]\ndomain = "-acme"\n',
    "accounts without Docker": (
        '[network]\naccess = "vpc-only"\n[studio]\ndocker = false\ntrusted_accounts = ["111122223333"]\n'
    ),
}
# Files whose users differ from the transcripts', and whose script is one of this directory's.
SCRIPTS = Path(__file__).parents[2]
BEGINNING = 'name = "acme-ml"\nregion = "us-east-1"\n'
WHOLE = {
    "a user's own script": f'{BEGINNING}[[users]]\nname = "ada"\neditor = {{ script = "package.sh" }}\n',
    "a script and a user's tools": (
        f'{BEGINNING}[editor]\nscript = "package.sh"\n[[users]]\nname = "ada"\neditor = {{ tools = ["ruff"] }}\n'
    ),
    "a script and more": (
        f'{BEGINNING}users = [{{ name = "ada" }}]\n[editor]\nscript = "package.sh"\ntools = ["ruff"]\n'
    ),
}
HERE = "tests/unit/config/test_remedies.py"


def test_written_as_printed() -> None:
    walked = set()
    for title, text in _broken():
        problems = _problems(text)
        for path, words in problems:
            mended = _mended(text, path, words)
            if mended is None:
                continue
            left = _problems(mended)
            known = (_anywhere(path), words)
            assert _counted(left)[known] < _counted(problems)[known], (title, path, words, mended)
            assert path.endswith("]") or _ends_well(mended, path), (title, path, words, left)
            walked |= made_from(words, "studioctl.config.")

    assert claimed(f"{HERE}::test_written_as_printed") == walked


def test_toml_written_as_printed() -> None:
    walked = set()
    for broken, mended in SYNTAX:
        (_, words), *_ = _problems(broken)
        tomllib.loads(mended)
        found = made_from(words.removesuffix(" where the file ends"), "studioctl.config.syntax")
        assert found, words
        walked |= found

    assert claimed(f"{HERE}::test_toml_written_as_printed") == walked


def _ends_well(text: str, path: str) -> bool:
    """Whoever goes on as told there comes to the end, or to a choice."""
    for _ in range(3):
        found = [words for place, words in _problems(text) if place == path]
        if not found or (following := _mended(text, path, found[0])) is None:
            return True
        text = following
    return False


def _anywhere(path: str) -> str:
    """The path without positions in lists: what is deleted from one moves the others."""
    return re.sub(r"\[\d+\]", "[]", path)


def _counted(problems: list[tuple[str, str]]) -> Counter[tuple[str, str]]:
    return Counter((_anywhere(path), words) for path, words in problems)


def _broken() -> Iterator[tuple[str, str]]:
    yield from ((title, ABOVE + text) for title, (text, _) in PARTS.items())
    yield from ((title, ABOVE + text) for title, text in MORE.items())
    yield from ((title, text) for title, (text, _) in FILES.items())
    yield from WHOLE.items()


def _problems(text: str) -> list[tuple[str, str]]:
    """Each problem that the text has: where, and all that is said of it."""
    try:
        parse(text, directory=SCRIPTS)
    except ConfigError as error:
        found = [LINE.fullmatch(line) for line in error.message.splitlines()]
        return [(each["path"] or "", each["words"]) for each in found if each]
    return []


def _mended(text: str, path: str, words: str) -> str | None:
    """The file with this remedy in it; None when it leaves a choice."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    place = _location(path)
    for form, write in FORMS:
        if found := re.search(form, words):
            changed = copy.deepcopy(data)
            try:
                write(changed, place, found)
            except (KeyError, IndexError, TypeError):
                return None
            return tomlkit.dumps(changed)
    return None


def _location(path: str) -> Location:
    return tuple(int(number) if number else quoted or bare for number, quoted, bare in KEY.findall(path))


def _at(data: Any, place: Location) -> Any:
    for key in place:
        data = data[key]
    return data


def _value(data: Any, place: Location, found: re.Match[str]) -> None:
    _at(data, place[:-1])[place[-1]] = tomllib.loads(f"x = {found['value']}")["x"]


def _quoted(data: Any, place: Location, _: re.Match[str]) -> None:
    _at(data, place[:-1])[place[-1]] = str(_at(data, place))


def _list(data: Any, place: Location, _: re.Match[str]) -> None:
    _at(data, place[:-1])[place[-1]] = [_at(data, place)]


def _named(data: Any, place: Location, _: re.Match[str]) -> None:
    _at(data, place[:-1])[place[-1]] = {"name": _at(data, place)}


def _gone(data: Any, place: Location, _: re.Match[str]) -> None:
    del _at(data, place[:-1])[place[-1]]


def _these_gone(data: Any, place: Location, found: re.Match[str]) -> None:
    for key in found["keys"].split(", "):
        del _at(data, place[:-1])[key]


def _renamed(data: Any, place: Location, found: re.Match[str]) -> None:
    parent = _at(data, place[:-1])
    parent[found["key"]] = parent.pop(place[-1])


def _in_quotes(data: Any, place: Location, found: re.Match[str]) -> None:
    """`a.b = 1`, which is a table, as `"a.b" = 1`."""
    parent = _at(data, place[:-1])
    ((_, inner),) = parent.pop(place[-1]).items()
    parent[found["key"]] = inner


def _moved(data: Any, place: Location, found: re.Match[str]) -> None:
    value = _at(data, place[:-1]).pop(place[-1])
    (data.setdefault(found["table"], {}) if found["table"] else data)[place[-1]] = value


def _key(data: Any, place: Location, found: re.Match[str]) -> None:
    """`key = value`: instead of the one that stands there, or beside it, or below the table that is named."""
    table = data.setdefault(found["table"], {}) if found["table"] else _at(data, place[:-1])
    table[found["key"]] = tomllib.loads(f"x = {found['value']}")["x"]


def _inside(data: Any, place: Location, found: re.Match[str]) -> None:
    _at(data, place)[:] = tomllib.loads(f"x = {found['value']}")["x"]


def _alone(data: Any, place: Location, _: re.Match[str]) -> None:
    """Replace a table or a list by its only value."""
    (found,) = _at(data, place).values() if isinstance(_at(data, place), dict) else _at(data, place)
    _at(data, place[:-1])[place[-1]] = found


def _table(data: Any, place: Location, _: re.Match[str]) -> None:
    _at(data, place[:-1])[place[-1]] = {}


def _users(data: Any, _: Location, __: re.Match[str]) -> None:
    data["users"] = [{"name": "ada"}]


def _entry_gone(data: Any, place: Location, _: re.Match[str]) -> None:
    del _at(data, place[:-2])[place[-2]]


def _tables(data: Any, place: Location, _: re.Match[str]) -> None:
    _at(data, place[:-1])[place[-1]] = [_at(data, place)]


Write = Callable[[Any, Location, re.Match[str]], None]
FORMS: tuple[tuple[str, Write], ...] = (
    (r"; write it below \[(?P<table>\w+)\]$", _moved),
    (r"; write it at the top of the file, above the first \[table\](?P<table>)$", _moved),
    (
        r'; write (?P<key>\w+) = (?P<value>"[^".]+"|true|false)(?: (?:below|under) \[(?P<table>\w+)\])?(?:, or .*)?$',
        _key,
    ),
    (r'; write (?P<key>"[^"]+") = \.\.\.$', lambda data, place, found: _in_quotes(data, place, _bare(found))),
    (r"; write \[\[[\w.]+\]\]$", _tables),
    (r"; did you mean (?P<key>[\w.-]+)\?$", _renamed),
    (rf"; did you mean (?P<value>{VALUE})\?$", _value),
    (r"; write it in quotes(?:: \"\.\.\.\")?$", _quoted),
    (r"; write \[ \.\.\. \]$", _list),
    (r"; write at least one: (?P<value>\[.*\])$", _inside),
    (r"below \[editor\]; delete (?P<keys>[\w, ]+)$", _these_gone),
    (r"; (?:delete (?:it|one|this line|the line|it here|one of them)|write a value or delete the line)\b", _gone),
    (rf"; write (?P<value>{VALUE})(?: without quotes)?(?: or .*|, or .*)?$", _value),
    (r"out of range; write (?P<value>\d+) to \d+\b.*$", _value),
    (r"; write (?P<value>\d+) or more$", _value),
    (r"; write (?P<value>\d+) to \d+(?: without quotes)?, or \"never\"$", _value),
    (r'; write "\.\.\." alone$', _alone),
    (r"; write \[(?P<table>\w+)\], then its keys below$", _table),
    (r"; write \{ key = \.\.\. \}$", _table),
    (r'; write \{ name = "\.\.\." \}$', _named),
    (r"; write (?:at least one: )?\[\[users\]\], then name = \"\.\.\.\"$", _users),
    (r"; delete one of the two entries$", _entry_gone),
    (r"; write at most (?P<value>\d+)(?:, or raise the maximum)$", _value),
    (
        rf"; write (?:one such as|one like|digits, such as|letters and digits:|a larger range, such as) {VALUE_NAMED}$",
        _value,
    ),
    (rf"; write (?!section)(?:[^;\"]*), such as (?P<value>{VALUE})(?: or .*)?$", _value),
)


def _bare(found: re.Match[str]) -> Any:
    return {"key": found["key"].strip('"')}
