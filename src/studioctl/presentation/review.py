"""A plan in the words of studio.toml, as text and as Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from studioctl.presentation.console import hung, shown
from studioctl.presentation.progress import duration
from studioctl.review.entry import Entry, Review, Weight
from studioctl.review.facts import PROFILE
from studioctl.review.marks import LOST, REMADE
from studioctl.review.nouns import TITLES, counted, joined, listed, noun
from studioctl.terraform.plan import Action, PlanSummary, ResourceChange, Step

MOST_KINDS = 3  # that the last line names
BEGINS = "Nothing of this environment exists yet: all of it is created."
NOTHING = "No changes: everything is as the file says."
FIRST = "Look at this first"
BUCKET, REPOSITORY = "aws_s3_bucket", "aws_ecr_repository"
# How an entry begins, and its colour. The words say it all; the colour only repeats it.
SIGNS: Mapping[Weight, tuple[str, str]] = {
    "lost": ("! WILL BE LOST:", "bold red"),
    "replaced": ("! REPLACED:", "bold red"),
    "interrupts": ("! INTERRUPTS:", "bold yellow"),
    "widens": ("! WIDENS ACCESS:", "bold yellow"),
    "unprotected": ("! PROTECTS LESS:", "bold yellow"),
    "final": ("! CANNOT BE UNDONE:", "bold yellow"),
    "costs": ("! COSTS MORE IF LEFT RUNNING:", "bold yellow"),
    "changed": ("~", "yellow"),
    "created": ("+", "green"),
}
COUNTED: tuple[tuple[Action, str], ...] = (
    ("create", "to create"),
    ("update", "to change"),
    ("replace", "to replace"),
    ("delete", "to destroy"),
    ("import", "to adopt"),
)
UNKNOWN_TIME = "How long this takes is not known: no earlier run here did all of it."


def text(review: Review, summary: PlanSummary, console: Console, *, seconds: float | None = None) -> None:
    """Write the plan: what to look at first, then each part of the environment.

    Args:
        review: The plan in the words of the file.
        summary: The plan.
        console: Where to write it.
        seconds: How long it will take; None where no earlier run tells.
    """
    if not summary.has_changes:
        console.print(NOTHING)
        return
    if review.is_new and _begins(summary):
        _line(console, BEGINS)
    for line in elsewhere(summary):
        _line(console, f"! {line}", "yellow")
    for title, entries in parts(review):
        _line(console, f"\n{title}", "bold")
        for entry in entries:
            _line(console, f"  {sign(entry)} {entry.sentence()}", SIGNS[entry.weight][1], hanging=True)
    if not summary.changes:
        _line(console, "Only outputs change.")
    _line(console, f"\n{hung(console, total(summary))}", "bold")
    _line(console, UNKNOWN_TIME if seconds is None else f"This takes about {duration(seconds)}, going by earlier runs.")
    if len(summary.steps) > 1:
        _line(console, "In this order:")
        for number, step in enumerate(summary.steps, 1):
            _line(console, f"  {number}. {step_in_words(step)}", hanging=True)


def markdown(review: Review, summary: PlanSummary, *, title: str, money: Sequence[str] = (), refusal: str = "") -> str:
    """The plan as Markdown, for a pull request.

    Args:
        review: The plan in the words of the file.
        summary: The plan.
        title: The heading's text.
        money: What the plan does to the costs: a sentence, and a line for each change.
        refusal: Why `up` refuses the plan; empty if it does not.
    """
    lines = [f"### {escaped(title)}", ""]
    if not summary.has_changes:
        return "\n".join([*lines, NOTHING])
    if refusal:
        lines += [f"> **`up` refuses this plan.** {escaped(' '.join(refusal.split()))}", ""]
    lines += [f"> {escaped(line)}" for line in elsewhere(summary)]
    for heading, entries in parts(review):
        lines += [f"**{heading}**", "", *(f"- {_item(entry)}" for entry in entries), ""]
    lines.append(total(summary))
    if money:
        lines += ["", escaped(money[0]), "", *(f"- {escaped(line)}" for line in money[1:])]
    if len(summary.steps) > 1:
        lines += ["", *(f"{n}. {escaped(step_in_words(step))}" for n, step in enumerate(summary.steps, 1))]
    addresses = [f"- `{change.action}` `{change.address}`" for change in summary.changes]
    if addresses:
        lines += ["", "<details><summary>Terraform's addresses</summary>", "", *addresses, "", "</details>"]
    return "\n".join(lines)


def sign(entry: Entry) -> str:
    """The words with which an entry begins; both marks where it loses something and stops apps."""
    words = SIGNS[entry.weight][0]
    return words.replace("LOST:", "LOST, INTERRUPTS:") if entry.weight == "lost" and entry.interrupts else words


def total(summary: PlanSummary) -> str:
    """How many resources in AWS are created, changed and destroyed."""
    return f"In AWS: {', '.join(filter(None, (_number(summary, *each) for each in COUNTED))) or 'only outputs change'}."


def _number(summary: PlanSummary, action: Action, words: str) -> str:
    """How many of them; which, where nobody has anything in them and AWS cannot change them."""
    types = [change.type for change in summary.changes if change.action == action]
    if action == "replace" and types and REMADE.issuperset(types):
        return f"{listed(types)} {words}"
    kinds = set(types)
    if action == "update" and 1 < len(kinds) <= MOST_KINDS:
        return f"{len(types)} {words} ({listed(types)})"
    harmless = action == "delete" and types and not {*LOST, PROFILE} & kinds
    return f"{len(types)} {words}{' (no data)' if harmless else ''}" if types else ""


def _begins(summary: PlanSummary) -> bool:
    """Whether nothing was kept from an earlier life of the environment."""
    created = {change.type for change in summary.changes if change.action == "create"}
    return all(change.action == "create" for change in summary.changes) and created >= {BUCKET, REPOSITORY}


def step_in_words(step: Step) -> str:
    """A step, with what it is about counted by its nouns."""
    return f"{step.does}: {listed(address.split('.')[0] for address in step.addresses)}"


def escaped(words: str) -> str:
    """Text that Markdown and HTML show as it is, whoever wrote the names in it."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!~&@" else letter for letter in shown(words))


def parts(review: Review) -> Iterator[tuple[str, Sequence[Entry]]]:
    """The entries below their headings; what to look at first, at the top."""
    if review.loud:
        yield FIRST, review.loud
    for group, title in TITLES.items():
        if entries := review.of(group):
            yield title, entries


def _item(entry: Entry) -> str:
    begins = sign(entry)
    loud = f"**{begins.strip('! :')}** " if len(begins) > 1 else ""
    values = "" if entry.after is None else f" {escaped(entry.before or '')} → {escaped(entry.after)}"
    return f"{loud}**{escaped(entry.subject)}**{values}{escaped(entry.place())}: {escaped(entry.effect)}"


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
    of_people = change.type in {"aws_sagemaker_space", "aws_sagemaker_user_profile"}
    return noun(change.type), change.label.lstrip("_") if of_people else ""


def _collected(named: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (f"{word} {name}" for word, name in named if name)
    nameless = [word for word, name in named if not name]
    yield from (counted(nameless.count(word), word) for word in dict.fromkeys(nameless))


def _line(console: Console, words: str, style: str = "", *, hanging: bool = False) -> None:
    words = hung(console, words) if hanging else words
    console.print(Text(words, style=style), soft_wrap=True)
