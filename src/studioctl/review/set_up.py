"""Find the keys of [editor] that change a lifecycle script, from the old script and the new one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from studioctl.config.text import Location
from studioctl.config.text import path as key_path
from studioctl.lifecycle.reading import Values, decoded, editor_of
from studioctl.review.facts import CONTENT, Facts
from studioctl.review.marks import Parts

LONGEST = 60
STAYING = {"tools", "extensions", "repositories"}
MOST = 4  # values of a key that are named
_Difference: TypeAlias = tuple[str, str]  # whether it is "new", "gone" or another, and the words


@dataclass(frozen=True)
class KeyChange:
    """A key of an `editor` that changes: where it is, and what is new in it, no longer in it, or another."""

    key: Location
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def leaves_something(self) -> bool:
        """Whether the space keeps what the file no longer has."""
        return bool(self.gone) and str(self.key[-1]) in STAYING

    @property
    def named(self) -> str:
        """The first of the values of each kind, and how many more there are."""
        return "; ".join(
            f"{begins}{_some(values)}"
            for begins, values in (("new: ", self.new), ("no longer in the file: ", self.gone), ("", self.other))
            if values
        )

    def words(self, facts: Facts) -> str:
        """The change with its key and line: "editor.tools (studio.toml:11) new: uv"."""
        where = facts.source.exactly(*self.key)
        return f"{key_path(self.key)}{f' ({where})' if where else ''} {self.named}"


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - MOST} more" if len(values) > MOST else ""
    return f"{', '.join(values[:MOST])}{more}"


def is_known(parts: Parts) -> bool:
    """Whether both scripts can be read: the old one goes alone where an earlier run was interrupted."""
    return any(a.path == CONTENT and not a.unknown for part in parts for a in part.attributes)


def changed(editor: Location, parts: Parts, facts: Facts) -> tuple[KeyChange, ...]:
    """The keys that change below an `editor` of the file, in the order of the file; none where nobody can tell.

    Args:
        editor: Its location in the file: `("editor",)`, or a user's.
        parts: The scripts.
        facts: The file.
    """
    found: dict[str, list[_Difference]] = {}
    for script in (a for part in parts for a in part.attributes if a.path == CONTENT and not a.unknown):
        for key, values in _differences(decoded(script.before), decoded(script.after)).items():
            found.setdefault(key, []).extend(values)
    whole = [_together(_written(editor, key, facts), values) for key, values in found.items()]
    return tuple(sorted(whole, key=lambda change: facts.source.line(*change.key) or 0))


def _written(editor: Location, key: str, facts: Facts) -> Location:
    """The user's own key; the group's or everybody's where the user has none."""
    own = (*editor, key)
    return own if facts.source.exactly(*facts.shared(own)) else ("editor", key)


def _together(key: Location, values: Sequence[_Difference]) -> KeyChange:
    """The differences of one key, each once: scripts of several apps have the same."""
    kinds = [tuple(dict.fromkeys(words for kind, words in values if kind == wanted)) for wanted in ("new", "gone", "")]
    return KeyChange(key, *kinds)


def _differences(before: str, after: str) -> Mapping[str, Sequence[_Difference]]:
    was, now = editor_of(before), editor_of(after)
    if was is None or now is None:
        own = {
            (False, True): "your own script, in place of what studioctl makes",
            (True, False): "no longer your own script, but the one that studioctl makes",
        }
        return (
            {"script": [("", own.get((was is None, now is None), "the text is another one"))]}
            if before != after
            else {}
        )
    found = {key: list(_each(was.get(key, {}), now.get(key, {}))) for key in {**now, **was}}
    return {key: values for key, values in found.items() if values}


def _each(was: Values, now: Values) -> Iterator[_Difference]:
    for name in {**was, **now}:
        before, after = was.get(name), now.get(name)
        if before == after:
            continue
        if not name:  # a whole text, or a switch
            is_switch = {before, after} <= {"true", "false"}
            yield "", f"{before} -> {after}" if is_switch else _text(before, after)
        elif before and after:
            yield "", _short(f"{name} {before} -> {after}")
        else:
            kind, value = ("new", after) if before is None else ("gone", before)
            yield kind, _short(f"{name} {value}".rstrip())


def _text(before: str | None, after: str | None) -> str:
    if before is None:
        return "a new script"
    return "no script any more" if after is None else "the text is another one"


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 3]}..."
