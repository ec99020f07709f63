"""The people whom an entry of a reviewed plan interrupts: what runs now, and what `up` does about it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from studioctl.catalog.kinds import DOMAIN, KINDS, NAT_GATEWAY, PROFILE, SCRIPT, SPACE, SUBNET
from studioctl.config.text import Location
from studioctl.infrastructure.naming import label
from studioctl.review.facts import Facts
from studioctl.review.nouns import counted, joined
from studioctl.review.now import Running
from studioctl.terraform.plan import ResourceChange

MOST = 8  # spaces that a line names
STOP_APPS = "--stop-apps"
STOPS = f"up refuses, and up {STOP_APPS} stops it."
ALL_STOP = f"While any app runs, {STOPS}"
OFFLINE = "Running editors lose the internet at once, and keep running. No flag is needed."
# Keys beside [editor] that are in every lifecycle script.
IN_SCRIPTS: Collection[Location] = {
    ("studio", "docker"),
    ("secrets", "github"),
    ("names", "secret"),
    ("limits", "idle_gpu_minutes"),
}
_NEEDED_BY_APPS = {kind.type: (kind.use, kind.noun) for kind in KINDS.values() if kind.use}


@dataclass(frozen=True)
class Touch:
    """The effect of an entry on apps that run.

    Args:
        words: In words, where nobody knows what runs.
        running: The apps that run now and that it stops, or takes something from; None where nobody knows.
        why: Why AWS wants them stopped; empty where `up` stops none.
    """

    words: str
    running: tuple[Running, ...] | None
    why: str = ""

    @property
    def stops(self) -> bool:
        """Whether `up` has to stop them."""
        return bool(self.why)

    @property
    def is_harmless(self) -> bool:
        """Whether it is known that nobody is there whom it could interrupt."""
        return self.running == ()


def touch(key: Location, changes: Collection[ResourceChange], facts: Facts) -> Touch | None:
    """The effect of an entry on apps that run; None where it does nothing to any."""
    if facts.is_new:
        return None
    if key in IN_SCRIPTS:  # another key may be told as the one behind the scripts
        scripts = [it for it in facts.summary.changes if it.type == SCRIPT and it.action == "replace"]
        changes = [*changes, *(script for script in scripts if script not in changes)]
    destroyed = [change for change in changes if change.destroys and not change.is_unfinished]
    gone = {change.type for change in destroyed}
    everybody = _staying(facts.now.running, changes, facts) if facts.now else None
    fewer = key == ("network", "availability_zones") and SUBNET in gone
    if key in {("network", "access"), ("iam", "per_user_roles")} or fewer:
        return Touch(ALL_STOP, everybody, "AWS does this only while no app runs")
    if key == ("network", "internet") and NAT_GATEWAY in gone:
        return Touch(OFFLINE, everybody)
    kind = next((kind for kind in _NEEDED_BY_APPS if kind in gone), None)
    if kind is None:
        return None
    use, its_noun = _NEEDED_BY_APPS[kind]
    words = f"While {use.while_}, {STOPS}"
    why = f"AWS deletes {use.what or counted(1, its_noun)} only when no app uses it"
    if DOMAIN in gone or facts.now is None:
        return Touch(words, everybody, why)
    using = [app for change in destroyed for app in facts.now.using.get(change.address, ())]
    return Touch(words, tuple(app for app in everybody or () if app in using), why)


def _staying(running: tuple[Running, ...], changes: Collection[ResourceChange], facts: Facts) -> tuple[Running, ...]:
    """The apps that run, without those of other spaces that the plan deletes: it is told there what becomes of them."""
    deleted = {it.label for it in facts.summary.changes if it.type == SPACE and it.action == "delete"}
    told = deleted - {change.label for change in changes}
    return tuple(app for app in running if label(app.space or "") not in told)


def people(touched: Touch | None, changes: Collection[ResourceChange], facts: Facts) -> Iterator[str]:
    """A line for the spaces that run and one for those that do not: whose they are, and what `up` does with each."""
    gone = {change.type for change in changes if change.destroys}
    if touched is None or touched.running is None or DOMAIN in gone or _is_told_by_spaces(gone, facts):
        return
    resting = _resting(changes, touched.running, facts)
    if touched.running:
        one = len(touched.running) == 1
        they, them, people_ = ("it", "it", "its user starts") if one else ("they", "them", "people start")
        begins = f"Running now: {named([app.title for app in touched.running])}"
        if not touched.stops:
            s = "s" if one else ""
            yield f"{begins}: {they} lose{s} the internet at once, and keep{s} running. No flag is needed."
        elif gone & {SPACE, PROFILE}:
            yield f"{begins}. {touched.why}: up --stop-apps stops {them}."
        else:
            yield (
                f"{begins}. {touched.why}: up --stop-apps stops {them}, and {people_} {them} again. Files are kept."
                f" Unsaved work, and anything running in {them} (terminals, containers, computations), is lost."
            )
        if resting:
            then = "It gets the change at its" if len(resting) == 1 else "They get the change at their"
            yield f"Not running: {named(resting)}. {then} next start."
    elif touched.stops:
        begins = f"Not running: {named(resting)}. " if resting else "No app runs that this concerns. "
        asked = [flag for flag in facts.now.flags if flag != STOP_APPS] if facts.now else []
        too = f" beside {joined(asked)}" if asked else ""
        yield f"{begins}If that changes, up needs {STOP_APPS}{too}."


def _is_told_by_spaces(gone: Collection[str], facts: Facts) -> bool:
    """Whether a user leaves together with spaces: each of these tells what runs."""
    return PROFILE in gone and any(it.type == SPACE and it.action == "delete" for it in facts.summary.changes)


def _resting(changes: Collection[ResourceChange], running: Sequence[Running], facts: Facts) -> list[str]:
    """The spaces that an entry concerns and that do not run, with whose they are."""
    owners = owners_of(facts)
    concerned = [change.label for change in changes if change.type == SPACE]
    if not concerned and any(change.type == PROFILE and change.action == "delete" for change in changes):
        left = {change.label for change in changes if change.type == PROFILE}
        concerned = [space for space, owner in owners.items() if label(owner) in left]
    elif not concerned:
        concerned = list(facts.spaces)
    busy = {label(app.space) for app in running if app.space}
    return [_with_owner(space, owners) for space in concerned if space not in busy]


def owners_of(facts: Facts) -> Mapping[str, str]:
    """The owner of each space, by its label in Terraform: those of the file, and those that AWS has besides."""
    there = {label(space): owner for space, owner in facts.now.owners.items()} if facts.now else {}
    return there | {space: facts.config.users[int(place[1])].name for space, place in facts.spaces.items()}


def _with_owner(space: str, owners: Mapping[str, str]) -> str:
    return Running(space.lstrip("_"), owners.get(space)).title


def named(titles: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    return joined(titles) if len(titles) <= MOST else f"{', '.join(titles[:MOST])} and {len(titles) - MOST} more"
