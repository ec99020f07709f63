"""Explain in a person's words why a text is not TOML, and what to write instead.

Python's own words assume that one knows TOML's grammar. So the text at the place that it names is looked at too. Values
are never repeated, since one of them may be a secret; numbers with a unit and words such as `yes` are none.
"""

import re
import unicodedata

from studioctl.config import quantities

NOT_A_VALUE = 'not a value; text is written in quotes: "..."'
ONE_KEY = "one key a line; begin a new line here"
NO_STATEMENT = "neither key = value nor [table]"
COMMENT = "a comment begins with #"
BACKSLASH = "a backslash in double quotes is written twice, or the text in single quotes"
WITHOUT_UNIT = "a number is written without a unit; write the number alone"
NOT_CLOSED_HERE = "the text is not closed on this line; write the closing quote"
LIST_NOT_CLOSED = "a list is not closed; write ]"

ODD_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2033\u2032`"
BOOLEANS = dict.fromkeys(("true", "yes", "on", "y", "t"), "true")
BOOLEANS |= dict.fromkeys(("false", "no", "off", "n", "f"), "false")
TABLE = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]")
STATEMENT = re.compile(r"\s*(?:\[|[\w.\"'-]+(?:\s+[\w.\"'-]+)*\s*[=:])")  # a header, or a key with its value
NOTHING = {"none", "null", "nil", "~"}
ENDLESS = ("Unterminated string", "Expected \"'")  # to whose end the file was read
TEXTS = re.compile(r"\b(?:name|username|group|profile|region|bucket)\s*=\s*$")  # keys of words of one's own
COMMENTS = ("//", "/*", ";", "--", "<!--")
LIST = 'several values are a list; write it in square brackets: ["...", "..."]'


def explained(message: str, text: str) -> tuple[str, str]:
    """Return a plain message and the position of the problem, such as ":3:8".

    Args:
        message: The message from `tomllib`.
        text: The text that it read.
    """
    position = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if position is None:
        return "a number has too many digits", ""
    reason = message[: position.start()]
    if position[1] is None:
        lines = text.rstrip().split("\n")
        where = f":{len(lines)}"
        if reason.startswith("Invalid value") and text.rstrip().endswith((",", "[")):
            return LIST_NOT_CLOSED, where
        if reason.startswith(ENDLESS):
            return _never_closed(lines)
        return f"{_plain(reason, '', '')} where the file ends", where
    line, column = int(position[1]), int(position[2])
    lines = text.replace("\r\n", "\n").split("\n")
    there = lines[line - 1] if line <= len(lines) else ""
    words = _plain(reason, there[: column - 1], there[column - 1 :])
    if reason.startswith("Cannot declare") and (first := _declared(lines[: line - 1], there)):
        words = f"this table is written twice; put these keys below the first one, on line {first}"
    return words, f":{line}:{column}"


def _never_closed(lines: list[str]) -> tuple[str, str]:
    """The words for a text that does not end, and the line where it begins."""
    for number in range(len(lines), 0, -1):
        if '"' * 3 in lines[number - 1] or "'" * 3 in lines[number - 1]:
            return "the text that begins here is not closed; write its three quotes once more", f":{number}"
    return NOT_CLOSED_HERE, f":{len(lines)}"


def without_mistake(text: str, message: str) -> str | None:
    """The text without the line that is wrong, so that what is wrong elsewhere can be found, too.

    Args:
        text: The text that `tomllib` read.
        message: The error of `tomllib`.

    Returns:
        None where more than this line may belong to the mistake: what follows would be misunderstood.
    """
    position = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    lines = text.replace("\r\n", "\n").split("\n")
    if position is None or int(position[1]) > len(lines):
        return None
    number, column = int(position[1]) - 1, int(position[2])
    line = lines[number]
    # Where the mistake is at the line's very beginning, it may be that something above is not closed.
    begins = message.startswith("Invalid statement") or (STATEMENT.match(line) and line[: column - 1].strip())
    if not begins or '"' * 3 in line or "'" * 3 in line or not _is_whole(line):
        return None
    # What follows a header must not come below another one, where its keys may be written twice.
    lines[number] = f'["line {number + 1}"]' if line.lstrip().startswith("[") else ""
    return "\n".join(lines)


def _is_whole(line: str) -> bool:
    """Whether nothing that is opened on the line goes on below it. Brackets in text are not looked at."""
    bare = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'", "", line).split("#")[0]
    if line.lstrip().startswith("["):
        return True
    return all(bare.count(opening) == bare.count(closing) for opening, closing in ("[]", "{}", "()"))


def _declared(above: list[str], header: str) -> int | None:
    """The line, from 1, on which the table of this header begins."""
    name = TABLE.match(header)
    for number, text in enumerate(above, 1):
        if name and (found := TABLE.match(text)) and found[1] == name[1]:
            return number
    return None


def _plain(reason: str, before: str, here: str) -> str:
    if odd := _odd_character(here):
        return odd
    for begins, words in (
        ("Cannot overwrite a value", "this key is written twice; delete one"),
        ("Duplicate inline table key", "this key is written twice; delete one"),
        ("Cannot declare", "this table is written twice; put all its keys below one [table]"),
        ("Cannot redefine namespace", "this table is already complete; put all its keys in one place"),
        ("Cannot mutate immutable namespace", "this table is already complete; put all its keys in one place"),
        ("Invalid value", _no_value(before, here)),
        ("Expected '=' after a key", _no_equals(before, here)),
        ("Expected newline or end of document", _more_on_the_line(before, here)),
        ("Invalid initial character for a key part", _no_key(before, here)),
        ("Invalid statement", NO_STATEMENT + (f"; {COMMENT}" if here.startswith(COMMENTS) else "")),
        ("Expected ']]'", "the name of a list of tables is not closed; write it as [[name]]"),
        ("Expected ']' at the end of a table", "the name of a table is not closed; write it as [name]"),
        ("Unclosed array", _no_end_of_list(here)),
        ("Unclosed inline table", _no_end_of_table(before, here)),
        ("Illegal character '\\n'", NOT_CLOSED_HERE),
        ("Found invalid character '\\n'", NOT_CLOSED_HERE),
        ("Unescaped '\\' in a string", BACKSLASH),
        ("Invalid hex value", BACKSLASH),  # "C:\Users": \U would begin the number of a character
        ("Escaped character is not a Unicode scalar value", BACKSLASH),
    ):
        if reason.startswith(begins):
            return words
    return f"not TOML: {reason[:1].lower()}{reason[1:]}"


def _odd_character(here: str) -> str | None:
    """Return the remedy for a look-alike character, such as word processors and web pages insert."""
    if not here:
        return None
    if here[0] in ODD_QUOTES:
        return 'this is not a quote of TOML\'s; write straight quotes: "..."'
    if not here[0].isascii() and unicodedata.category(here[0]) in {"Zs", "Cf"}:
        return f"the character U+{ord(here[0]):04X} looks like a space, or like nothing; delete it, or write a space"
    return None


def _no_equals(before: str, here: str) -> str:
    if before.startswith("--"):
        return f"{NO_STATEMENT}; {COMMENT}" if (before + here).strip("- ") else NO_STATEMENT
    if decimal := re.search(r"=\s*([0-9]+),([0-9]+)\s*$", before):
        return f"a number is written with a point, not a comma; write {_with_a_point(*decimal.groups())}"
    if before.lstrip().startswith("- "):
        return "a key begins its line; write key = value without the - before it"
    if here and not here[0].isascii():
        meant = unicodedata.normalize("NFKC", here[0])
        write = f"write {meant}" if meant.isascii() else "names of keys have a-z, 0-9 and _; type it anew"
        return f"the character U+{ord(here[0]):04X} is none of TOML's; {write}"
    return "a key must be followed by =; write key = value"


def _no_value(before: str, here: str) -> str:  # noqa: PLR0911 - a table of cases
    word = re.match(r"[A-Za-z]+|~|", here)
    found = word[0] if word else ""
    if not before.strip() and re.match(r"[\w.-]+\s*=", here):
        return "the list above is not closed; write ] before this line"
    if here.startswith(","):
        return "a comma with no value before it; delete it"
    if not here.strip() or here.startswith("#"):
        return "a value is missing; write one, or delete the line"
    token = re.match(r"[^\s,#\]}]*", here)
    digits = unicodedata.normalize("NFKC", token[0] if token else "")
    if digits.isascii() and digits.isdecimal() and not here[0].isascii():
        return f"these are not the digits 0 to 9; write {digits}"
    if here.startswith(("=", ">")) and before.rstrip().endswith("="):
        return "between a key and its value stands one =; write key = value"
    if here.startswith("("):
        return "not a value; a list is written in square brackets: [ ... ]"
    if re.fullmatch(r"\s*[,#\]}].*|\s*", here[len(found) :]):
        value = BOOLEANS.get(found.lower())
        if value and not TEXTS.search(before):
            return f"{found} is not a value; write {value}"
        if found.lower() in NOTHING:
            return f"{found} is not a value; delete the line, and the default holds"
    return NOT_A_VALUE


def _number_meant(before: str, here: str) -> str:
    """The words for a value that begins as a number and is none; empty for other values."""
    value = re.split(r"=\s*", before + here, maxsplit=1)[-1].split("#")[0]
    if re.fullmatch(r"\s*[0-9]{1,3}(,[0-9]{3})+\s*", value):
        return f"a number is written without commas; write {value.strip().replace(',', '')}"
    if decimal := re.fullmatch(r"\s*([0-9]+),([0-9]+)\s*", value):
        return f"a number is written with a point, not a comma; write {_with_a_point(*decimal.groups())}"
    if re.fullmatch(r"\s*0[0-9]+\s*", value):
        return f"a number does not begin with 0; write {value.strip().lstrip('0') or '0'}"
    if quantities.is_quantity(value):
        key = re.split(r"[^\w-]", before.split("=", maxsplit=1)[0].strip())[-1]
        number = quantities.meant(value, key)
        example = "" if number is None else f", such as {number}"
        return f"{WITHOUT_UNIT}{example}"
    return WITHOUT_UNIT if re.fullmatch(r"\s*[0-9][0-9.]*\s*[A-Za-z%]+\s*", value) else ""


def _more_on_the_line(before: str, here: str) -> str:  # noqa: PLR0911 - a table of cases
    if words := _number_meant(before, here):
        return words
    if here.startswith(COMMENTS) and here[:1] != ";":
        return COMMENT
    if here.startswith((",", ";")):
        if STATEMENT.match(here[1:]):
            return ONE_KEY
        if here[1:].split("#", maxsplit=1)[0].strip():
            return LIST
        return f"a line does not end with a {'comma' if here[0] == ',' else 'semicolon'}; delete it"
    if before[-1:] in {'"', "'"} and here[:1].strip():
        return 'the text ends before this; write \\" for a double quote inside it'
    if before.rstrip()[-1:] in {'"', "'"} and here[:1] in {'"', "'"}:
        return LIST
    if before[-1:].isdigit() and re.match(r"[\w.:/-]", here):
        return NOT_A_VALUE
    return ONE_KEY


def _with_a_point(whole: str, fraction: str) -> str:
    return f"{whole}.{fraction}" if fraction.strip("0") else whole


def _no_key(before: str, here: str) -> str:
    if before.rstrip().endswith("{") and not here.split("#", maxsplit=1)[0].strip():
        return "a table in braces is all on one line; write { key = value }, or its keys below [table]"
    if here.startswith("}"):
        return "a comma with nothing after it; delete it"
    return 'not a key; write key = value, with text in quotes: "..."'


def _no_end_of_list(here: str) -> str:
    if re.match(r"""["'\[{]|[0-9]""", here):
        return "a comma is missing before this value of the list"
    if here.startswith(";"):
        return "the values of a list have commas between them; write a comma"
    return LIST_NOT_CLOSED


def _no_end_of_table(before: str, here: str) -> str:
    if re.search(r"=\s*[0-9][0-9.]*\s*$", before) and re.match(r"[A-Za-z%$]+\s*[,}]", here):
        return WITHOUT_UNIT
    if re.match(r"""["'\w]""", here):
        return "a comma is missing before this key"
    return "a table in braces is all on one line; write } at its end"
