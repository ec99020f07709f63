"""A plan in the words of studio.toml, as text and as Markdown."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from rich.console import Console
from rich.text import Text

from studioctl.catalog.kinds import BUCKET, PROFILE, REPOSITORY, SPACE
from studioctl.errors import RefusedError
from studioctl.operations.provisioning.durations import Expectation
from studioctl.presentation import costs
from studioctl.presentation.console import hung, shown
from studioctl.presentation.progress import duration
from studioctl.review.entry import Entry, Review, Weight
from studioctl.review.marks import LOST
from studioctl.review.nouns import TITLES, counted, joined, listed, noun
from studioctl.terraform.plan import Action, PlanSummary, ResourceChange, Step

LONGEST_COMMENT = 65_000  # characters; GitHub takes 65,536 in a comment or an issue, and a pipeline adds its mark
TOO_LONG = "A comment takes no more than this: `studioctl plan -v` shows all of it."
LONGEST_REASON = 5_000  # of a refusal, which may name everybody
MOST_NAMES = 10  # of spaces and people in one sentence
MOST_KINDS = 9  # of what changes, that the last line names
BEGINS = "Nothing of this environment exists yet: all of it is created."
NOTHING = "No changes: everything is as the file says."
FIRST = "Look at this first"
UNDONE = "The file asks for this, and none of it is done:"
DEARER = "COSTS MORE"
STOP_APPS = "--stop-apps"
IN_ORDER = "In this order:"
_DEARER = f"- **{DEARER}**"  # in Markdown
# How an entry begins, and its colour. The words say it all; the colour only repeats it.
SIGNS: Mapping[Weight, tuple[str, str]] = {
    "lost": ("LOST FOR GOOD", "bold red"),
    "replaced": ("CREATED ANEW", "bold red"),
    "interrupts": ("INTERRUPTS", "bold yellow"),
    "deleted": ("DELETED", "bold yellow"),
    "takes": ("TAKES AWAY", "bold yellow"),
    "widens": ("WIDENS ACCESS", "bold yellow"),
    "unprotected": ("PROTECTS LESS", "bold yellow"),
    "exposed": ("EXPOSED UNTIL up", "bold yellow"),
    "costs": ("COSTS MORE IF LEFT RUNNING", "bold yellow"),
    "changed": ("~", "yellow"),
    "removed": ("-", "yellow"),
    "created": ("+", "green"),
}
COUNTED: tuple[tuple[Action, str], ...] = (
    ("create", "to create"),
    ("update", "to change"),
    ("replace", "to create anew"),
    ("delete", "to delete"),
    ("import", "to adopt"),
)
UNKNOWN_TIME = "How long this takes is not known: no earlier run on this machine did all of it."


def text(
    review: Review,
    summary: PlanSummary,
    console: Console,
    *,
    expected: Expectation | None = None,
    dearer: str = "",
    flags: Sequence[str] = (),
    repeat: Callable[[str], str] = str,
) -> None:
    """Write the plan: what to look at first, then each part of the environment.

    Args:
        review: The plan in the words of the file.
        summary: The plan.
        console: The console to write to.
        expected: The expected duration; None if no earlier run tells.
        dearer: That it costs much more, in words.
        flags: The flags without which `up` refuses it.
        repeat: Completes words that name commands.
    """
    if not summary.has_changes:
        console.print(NOTHING)
        return
    review = review.told(repeat)
    if review.is_new and _begins(summary):
        _line(console, BEGINS)
    for number, line in enumerate(needed(flags)):
        _line(console, repeat(line), "" if number else "bold yellow")
    _entries(review, summary, console, dearer)
    if not summary.changes:
        _line(console, "Only outputs change.")
    _line(console, f"\n{hung(console, total(summary))}", "bold")
    _line(console, timed(expected), hanging=True)
    if len(summary.steps) > 1:
        _line(console, IN_ORDER)
        for number, step in enumerate(summary.steps, 1):
            _line(console, f"  {number}. {step_in_words(step)}", hanging=True)


def short(shortages: Sequence[str], console: Console, repeat: Callable[[str], str] = str) -> None:
    """Write what the account lacks for a plan, below it."""
    if shortages:
        _line(console, "")
    for line in shortages:
        _line(console, repeat(line), "bold yellow", hanging=True)


def refused(review: Review, summary: PlanSummary, console: Console, refusal: RefusedError) -> None:
    """Write a plan that `up` refuses whatever is said: the reason and the way on, then what the file asks for.

    Args:
        review: The plan in the words of the file.
        summary: The plan.
        console: The console to write to.
        refusal: Why, and the way on.
    """
    for number, line in enumerate(refusal.message.splitlines()):
        _line(console, line if number else f"REFUSED: {line}", "bold red", hanging=not number)
    _line(console, f"Next:  {refusal.hint}", "bold", hanging=True)
    _line(console, f"\n{UNDONE}")
    for line in _asked(review, summary):
        _line(console, f"  {line}", hanging=True)


def _asked(review: Review, summary: PlanSummary) -> Iterator[str]:
    """The changes that the file asks for, without what would become of them."""
    yield from elsewhere(summary)
    yield from (entry.asked() for entry in review.entries)


def _entries(review: Review, summary: PlanSummary, console: Console, dearer: str) -> None:
    for line in elsewhere(summary):
        _line(console, f"! {line}", "yellow")
    for title, entries in parts(review, first=bool(dearer)):
        _line(console, f"\n{title}", "bold")
        for entry in entries:
            _line(console, f"  {sign(entry)} {entry.asked()}", SIGNS[entry.weight][1], hanging=True)
            for line in (entry.effect, *entry.people, *entry.copies):
                _line(console, f"      {line}", hanging=True)
        if dearer and title == FIRST:
            _line(console, f"  ! {DEARER}: {dearer}", "bold yellow", hanging=True)


def needed(flags: Sequence[str]) -> list[str]:
    """The commands that carry out a plan which `up` refuses without flags; nothing if it needs none."""
    if not flags:
        return []
    told = ["up refuses this as it stands. To do it now:", f"  studioctl up {' '.join(flags)}"]
    if STOP_APPS in flags:
        others = "".join(f" {flag}" for flag in flags if flag != STOP_APPS)
        told += ["Or wait until none of the apps named below runs:", f"  studioctl up{others}"]
    return told


def timed(expected: Expectation | None) -> str:
    """The expected duration of a plan, and whether it includes the time in which apps stop."""
    if expected is None:
        return UNKNOWN_TIME
    stopping = {None: "", True: ", including stopping apps", False: " without stopping apps"}
    return (
        f"This takes about {duration(expected.seconds)}{stopping[expected.counts_stopping]}, judging by earlier runs."
    )


def markdown(
    review: Review,
    summary: PlanSummary,
    *,
    title: str,
    money: costs.Effect | None = None,
    shortages: Sequence[str] = (),
    refusal: RefusedError | None = None,
    expected: Expectation | None = None,
    dearer: str = "",
    flags: Sequence[str] = (),
    repeat: Callable[[str], str] = str,
) -> str:
    """The plan as Markdown, for a pull request.

    Args:
        review: The plan in the words of the file.
        summary: The plan.
        title: The heading's text.
        money: The effect of the plan on the costs.
        shortages: The account's shortages, and what to do about them.
        refusal: Why `up` refuses the plan, whatever is said; None if it does not.
        expected: The expected duration; None if no earlier run tells.
        dearer: That it costs much more, in words.
        flags: The flags without which `up` refuses it.
        repeat: Completes words that name commands.
    """
    review = review.told(repeat)
    head = [f"### {escaped(title)}", ""]
    if not summary.has_changes:
        return "\n".join([*head, NOTHING])
    if refusal:
        head += [f"> **REFUSED.** {escaped(_reason(refusal))}", ">"]
        head += [f"> Next: {escaped(refusal.hint)}", "", UNDONE, ""]
        told, figures = [f"- {escaped(line)}" for line in _asked(review, summary)], []
    else:
        head += [BEGINS, ""] if review.is_new and _begins(summary) else []
        head += [line for each in needed(flags) for line in (f"> {escaped(repeat(each.strip()))}", ">")][:-1]
        head += [""] if flags else []
        told, figures = list(_told(review, summary, dearer)), _figures(summary, money, expected)
        figures += [line for each in shortages for line in ("", f"> {escaped(repeat(each))}")]
    addresses = [f"- `{change.action}` `{change.address}`" for change in summary.changes]
    if addresses:
        addresses = ["", "<details><summary>Terraform's addresses</summary>", "", *addresses, "", "</details>"]
    return "\n".join(_fitting(head, told, figures, addresses))


def _reason(refusal: RefusedError) -> str:
    words = " ".join(refusal.message.split())
    return words if len(words) <= LONGEST_REASON else f"{words[:LONGEST_REASON]} ..."


def _fitting(head: list[str], told: list[str], figures: list[str], addresses: list[str]) -> list[str]:
    """All of it, or as much as a comment takes: that it costs more, and the figures, are there in any case."""
    sure = [*head, *figures, TOO_LONG, *(line for line in told if line.startswith(_DEARER))]
    room = LONGEST_COMMENT - sum(len(line) + 1 for line in sure)
    long = sum(len(line) + 1 for line in told)
    if long + sum(len(line) + 1 for line in addresses) <= room:
        return [*head, *told, *figures, *addresses]
    ends = accumulate(len(line) + 1 for line in told)
    kept = told[: sum(end <= room for end in ends)]
    kept += [line for line in told[len(kept) :] if line.startswith(_DEARER)]
    return [*head, *kept, *([""] if kept != told else []), *figures, "", TOO_LONG]


def _told(review: Review, summary: PlanSummary, dearer: str) -> Iterator[str]:
    yield from (line for each in elsewhere(summary) for line in (f"> {escaped(each)}", ""))
    for heading, entries in parts(review, first=bool(dearer)):
        yield from (f"**{heading}**", "")
        yield from (line for entry in entries for line in _item(entry))
        if dearer and heading == FIRST:
            yield f"{_DEARER} {escaped(dearer)}"
        yield ""


def _figures(summary: PlanSummary, money: costs.Effect | None, expected: Expectation | None) -> list[str]:
    lines = [escaped(total(summary)), "", timed(expected)]
    if len(summary.steps) > 1:
        lines += ["", IN_ORDER, ""]
        lines += [f"{n}. {escaped(step_in_words(step))}" for n, step in enumerate(summary.steps, 1)]
    if money:
        lines += ["", escaped(money.title), "", *(f"- {escaped(line)}" for line in money.ways)]
        lines += [f"- {costs.BECAUSE}"] if money.because else []
        lines += [f"  - {escaped(line)}" for line in money.because]
        lines += [f"- {escaped(line)}" for line in money.notes]
    return lines


def sign(entry: Entry) -> str:
    """The words with which an entry begins: all of its marks, or a letter."""
    if entry.marks:
        return f"! {marks(entry)}:"
    switched = entry.weight in {"created", "removed"} and entry.after is not None
    return SIGNS["changed" if switched else entry.weight][0]


def marks(entry: Entry) -> str:
    """The reasons to look at an entry first, in words; empty for most."""
    return ", ".join(SIGNS[mark][0] for mark in entry.marks)


def total(summary: PlanSummary) -> str:
    """The number of resources that are created, changed and destroyed in AWS."""
    return f"In AWS: {', '.join(filter(None, (_number(summary, *each) for each in COUNTED))) or 'only outputs change'}."


def _number(summary: PlanSummary, action: Action, words: str) -> str:
    """The number of resources with this action, and their names."""
    changes = [change for change in summary.changes if change.action == action]
    if not changes:
        return ""
    types = [change.type for change in changes]
    if action == "delete":
        files = "it holds no files" if len(types) == 1 else "none of them holds files"
        harmless = "" if {*LOST, PROFILE} & {*types} else f"; {files}"
        return f"{len(changes)} {words} ({joined(_collected([_named(change) for change in changes]))}{harmless})"
    many = len({*types}) > MOST_KINDS and (action == "update" or _begins(summary))
    return f"{len(changes)} {words}{'' if many else f' ({listed(types)})'}"


def _begins(summary: PlanSummary) -> bool:
    """Whether nothing was kept from an earlier life of the environment."""
    created = {change.type for change in summary.changes if change.action == "create"}
    return all(change.action == "create" for change in summary.changes) and created >= {BUCKET, REPOSITORY}


def step_in_words(step: Step) -> str:
    """A step, with what it is about counted by its nouns."""
    return f"{step.does}: {listed(address.split('.')[0] for address in step.addresses)}"


def escaped(words: str) -> str:
    """Text that Markdown and HTML show as it is, whoever wrote the names in it."""
    made = "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!~&@" else letter for letter in shown(words))
    return made.replace(" -\\> ", " -> ")  # between words, an arrow is no markup


def parts(review: Review, *, first: bool = False) -> Iterator[tuple[str, Sequence[Entry]]]:
    """The entries below their headings; what to look at first, at the top.

    Args:
        review: The plan in the words of the file.
        first: Whether there is more to look at first than entries.
    """
    if review.loud or first:
        yield FIRST, review.loud
    for group, title in TITLES.items():
        if entries := review.of(group):
            yield title, entries


def _item(entry: Entry) -> Iterator[str]:
    loud = f"**{marks(entry)}** " if entry.marks else ""
    values = "" if entry.after is None else f" {escaped(entry.before or '')} -> {escaped(entry.after)}"
    yield f"- {loud}**{escaped(entry.subject)}**{values}{escaped(entry.place())}: {escaped(entry.effect)}"
    yield from (f"  - {escaped(line)}" for line in (*entry.people, *entry.copies))


def elsewhere(summary: PlanSummary) -> Iterator[str]:
    """Changes that were made outside of studioctl, and that the plan puts back."""
    changing = {change.address: _members(change) for change in summary.changes if not change.is_unfinished}
    removed = [_named(drifted) for drifted in summary.drift if drifted.action == "delete"]
    # Other drift is AWS filling in what was left out, or what `up` itself changed by AWS's API.
    changed = [
        _named(d) for d in summary.drift if d.action != "delete" and changing.get(d.address, set()) & _members(d)
    ]
    for what, done in ((removed, "removed"), (changed, "changed")):
        if what:
            yield f"{joined(_collected(what))} {'was' if len(what) == 1 else 'were'} {done} outside of studioctl"


def _members(change: ResourceChange) -> set[str]:
    """The first names in the paths of its attributes, of those that Terraform looks after."""
    return {re.split(r"[.\[]", it.path, maxsplit=1)[0] for it in change.attributes if not it.by_api}


def _named(change: ResourceChange) -> tuple[str, str]:
    """A resource's noun, and the name that people gave it, if they did."""
    of_people = change.type in {SPACE, PROFILE}
    return noun(change.type), change.label.lstrip("_") if of_people else ""


def _collected(named: Sequence[tuple[str, str]]) -> Iterator[str]:
    names = [f"{word} {name}" for word, name in named if name]
    yield from names[:MOST_NAMES]
    nameless = Counter(word for word, name in named if not name)
    yield from (counted(number, word) for word, number in nameless.items())
    if len(names) > MOST_NAMES:
        yield f"{len(names) - MOST_NAMES} more"


def _line(console: Console, words: str, style: str = "", *, hanging: bool = False) -> None:
    words = hung(console, words) if hanging else words
    console.print(Text(words, style=style), soft_wrap=True)
