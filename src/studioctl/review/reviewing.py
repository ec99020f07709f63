"""Turn a plan of resources into entries in the words of the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from studioctl.catalog.kinds import POLICY, SPACE, SUBNET
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.config.text import Location, count
from studioctl.review import beside, causes, copies, effects, marks, met, nouns, set_up, since, words
from studioctl.review.entry import WEIGHTS, Entry, Review
from studioctl.review.facts import Facts
from studioctl.review.fixed_sentences import NOBODY
from studioctl.review.marks import Part
from studioctl.review.now import Now
from studioctl.terraform.plan import PlanSummary, ResourceChange

# What these do is no news: only the address in the state changes.
SILENT = {"move"}
MOST_NEW = 20  # users who have a line each
MOST_NAMED = 4  # spaces that a subject names
ZONES = ("network", "availability_zones")
GONE = {("users",)}  # stands for those that are no longer there


@dataclass
class _Gathered:
    """Everything that one key causes, while it is gathered."""

    key: Location
    subject: str
    parts: dict[str, Part] = field(default_factory=dict)
    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, part: Part, values: tuple[str, str] | None) -> None:
        """Add a resource, or attributes of one that is there."""
        known = self.parts.get(part.change.address)
        attributes = (known.attributes if known else ()) + part.attributes
        self.parts[part.change.address] = Part(part.change, attributes)
        if values:
            self.values.setdefault(part.change.address, values)

    @property
    def first_values(self) -> tuple[str, str] | None:
        """The old and the new value; None where nothing says both."""
        return next(iter(self.values.values()), None)

    def by_value(self) -> Iterator["_Gathered"]:
        """The same, apart for each old value, where spaces have several of them."""
        befores = list(dict.fromkeys(values[0] for values in self.values.values()))
        if len(befores) == 1 or not any(self.parts[address].change.type == SPACE for address in self.values):
            yield self
            return
        for before in befores:
            having = {it: values for it, values in self.values.items() if values[0] == before}
            rest = () if before != befores[0] else self.parts.keys() - self.values.keys()
            parts = {it: part for it, part in self.parts.items() if it in having or it in rest}
            spaces = [part.change.label.lstrip("_") for part in parts.values() if part.change.type == SPACE]
            of = f" of {count(len(spaces), 'space') if len(spaces) > MOST_NAMED else nouns.joined(spaces)}"
            yield _Gathered(self.key, self.subject + (of if len(spaces) == len(parts) else ""), parts, having)


def review(config: EnvironmentConfig, source: Source, summary: PlanSummary, now: Now | None = None) -> Review:
    """A plan in the words of the file.

    Args:
        config: The environment that the plan is for.
        source: The text of its file.
        summary: The plan.
        now: The present things in AWS; None if nobody looked.
    """
    facts = Facts(config, summary, source, now)
    gathered: dict[tuple[Location, str], _Gathered] = {}
    for change in summary.changes:
        if change.action not in SILENT:
            _gather(change, facts, gathered)
    entries = [_entry(each, facts) for every in gathered.values() for each in every.by_value()]
    order = {where: number for number, where in enumerate(source.spots())}
    ranked = sorted(entries, key=lambda entry: (*_rank(entry), order.get(entry.where, 0), _is_below(entry)))
    return Review(tuple(_together(ranked)), facts.is_new)


def _together(entries: list[Entry]) -> Iterator[Entry]:
    """The entries, with one for all new users where they are many. What is lost is always told one by one."""
    new = [
        entry for entry in entries if entry.weight == "created" and entry.key[:1] == ("users",) and len(entry.key) == 2
    ]
    if len(new) <= MOST_NEW:
        yield from entries
        return
    addresses = tuple(address for entry in new for address in entry.addresses)
    effect = f"{nouns.listed(address.split('.')[0] for address in addresses)} are created. {NOBODY}"
    subject = f"{count(len(new), 'new user')}, {new[0].subject.removeprefix('user ')} and others"
    for entry in entries:
        if entry is new[0]:
            yield replace(entry, key=("users",), subject=subject, effect=effect, addresses=addresses)
        elif entry not in new:
            yield entry


def _gather(change: ResourceChange, facts: Facts, gathered: dict[tuple[Location, str], _Gathered]) -> None:
    def add(key: Location, part: Part, values: tuple[str, str] | None) -> None:
        key = facts.shared(key)
        if since.is_policy_of_others(key, part, facts):
            key, subject = ("iam",), since.called(change)
        else:
            subject = words.subject(key, change, facts)
        gathered.setdefault((key, subject), _Gathered(key, subject)).add(part, values)

    limits = Part(change, change.attributes) if (change.type, change.label) == (POLICY, "limits") else None
    if limits and not facts.is_new and not since.is_policy_of_others(("limits",), limits, facts):
        for key in causes.limits(change, facts):
            add(key, limits, None)
        return
    if not facts.is_new:
        for key, part in beside.hidden(change, facts):
            add(key, part, None)
    if change.action in {"create", "delete", "forget"} or not change.attributes:
        add(causes.of_existence(change, facts), Part(change, change.attributes), None)
        return
    for attribute in change.attributes:
        key = causes.of_attribute(change, attribute, facts)
        add(key, Part(change, (attribute,)), words.values(key, attribute))


def _entry(gathered: _Gathered, facts: Facts) -> Entry:
    parts = list(gathered.parts.values())
    before, after = gathered.first_values or _switched(gathered, facts) or (None, None)
    key, subject = _of_editor(gathered, facts) or (gathered.key, gathered.subject)
    changes = [part.change for part in parts]
    where = None if gathered.key in GONE else facts.source.exactly(*key)
    touched = met.touch(gathered.key, changes, facts)
    made_by = since.told(gathered.key, parts, facts)
    weights = marks.weights(gathered.key, parts, facts, touched)
    weights = ("exposed", *weights) if made_by and since.is_exposed(gathered.key, parts, facts) else weights
    effect = effects.effect(gathered.key, parts, facts, touched, weights)
    return Entry(
        group=words.group(gathered.key, parts[0].change),
        key=gathered.key,
        subject=subject,
        where=where,
        before=before,
        after=after,
        weights=weights,
        effect=" ".join(filter(None, (made_by, effect))),
        addresses=tuple(gathered.parts),
        is_gone=where is None and any(change.action == "delete" for change in changes),
        people=tuple(met.people(touched, changes, facts)),
        copies=tuple(copies.copies(parts, facts)),
    )


def _of_editor(gathered: _Gathered, facts: Facts) -> tuple[Location, str] | None:
    """The key below an `editor`, where one alone changes."""
    if facts.is_new or gathered.key[-1] != "editor":
        return None
    found = set_up.changed(gathered.key, list(gathered.parts.values()), facts)
    return (found[0].key, f"{gathered.subject}.{found[0].key[-1]}") if len(found) == 1 else None


def _switched(gathered: _Gathered, facts: Facts) -> tuple[str, str] | None:
    """The values of a switch; None where something was only put back that others had removed."""
    gone = {change.address for change in facts.summary.drift if change.action == "delete"}
    if facts.is_new or gone.intersection(gathered.parts):
        return None
    comes_or_goes = {part.change.action for part in gathered.parts.values()} & {"create", "delete"}
    if "delete" not in comes_or_goes and facts.now and facts.now.is_unfinished:
        return None  # a run was interrupted: nobody has changed the file since
    if gathered.key == ZONES:
        return _zones(gathered, facts)
    return words.switched(gathered.key, facts.config, comes_or_goes) if comes_or_goes else None


def _zones(gathered: _Gathered, facts: Facts) -> tuple[str, str] | None:
    """The numbers of zones: each has one subnet. None where no zone comes or goes."""
    actions = [part.change.action for part in gathered.parts.values() if part.change.type == SUBNET]
    now = facts.config.network.availability_zones
    before = now - actions.count("create") + actions.count("delete")
    return (str(before), str(now)) if before != now else None


def _is_below(entry: Entry) -> bool:
    """Whether it is a space that left the file: its user, who may be behind it, comes first."""
    return entry.key in GONE and not entry.subject.startswith("user ")


def _rank(entry: Entry) -> tuple[int, int]:
    groups = list(nouns.TITLES)
    return (WEIGHTS.index(entry.weight) if entry.marks else len(WEIGHTS), groups.index(entry.group))
