"""Warnings in words. Pure: what was told is not told again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from studioctl.guard.limits import Decision, Spent
from studioctl.guard.rates import BY_THEMSELVES
from studioctl.guard.spans import TRAINING, Span, titled


@dataclass(frozen=True)
class Message:
    """One mail: about whom, "" for everybody; the words; and the keys by which it is known to be told."""

    who: str
    text: str
    keys: tuple[str, ...]

    @property
    def subject(self) -> str:
        """A line for the mail; SNS takes less than 100 characters."""
        return self.text.partition(":")[0][:99]


def messages(
    decision: Decision, environment: str, month: str, told: Collection[str], *, has_database: bool = False
) -> Iterator[Message]:
    """All that is to be told. Of several shares that were reached at once the highest is."""
    yield from _shares(decision, environment, month, told, has_database=has_database)
    once = [
        (f"{month} no price {span.kind} {span.instance_type} {span.owner}", span.owner, _no_price(environment, span))
        for span in decision.unpriced
    ]
    once += [
        (f"{month} silent {span.space} {span.kind} {span.began:.0f}", span.owner, _silent(environment, span))
        for span in decision.silent
    ]
    for key, (who, text) in {key: (who, text) for key, who, text in reversed(once)}.items():
        if key not in told:
            yield Message(who, text, (key,))


def _shares(
    decision: Decision, environment: str, month: str, told: Collection[str], *, has_database: bool
) -> Iterator[Message]:
    highest: dict[str, tuple[Spent, float]] = {}
    keys: dict[str, list[str]] = {}
    for warning in decision.warnings:
        who = warning.spent.who
        key = f"{month} {who} {warning.share:g} of {warning.spent.limit:g}"
        if key not in told:
            keys.setdefault(who, []).append(key)
            if warning.share >= highest.get(who, (warning.spent, 0.0))[1]:
                highest[who] = warning.spent, warning.share
    for who, (spent, share) in highest.items():
        stopped = "Apps, jobs and the database" if has_database and not who else "Apps and jobs"
        yield Message(who, _used(environment, spent, share, stopped), tuple(keys[who]))


def _used(environment: str, spent: Spent, share: float, stopped: str) -> str:
    whose = spent.who or "all users"
    used = f"{spent.usd:,.2f} of {spent.limit or 0:,.2f} USD"
    if share < 1:
        return f"{environment}, {whose}: {used} of this month are used."
    return (
        f"{environment}, {whose}: {used} of this month are used up. No file is lost. {stopped} were stopped, and"
        " none can be started until the month ends (UTC) or an administrator grants more (studioctl limits grant)."
    )


def _no_price(environment: str, span: Span) -> str:
    job, alone = span.kind == TRAINING, span.kind in BY_THEMSELVES
    on = span.kind if alone else span.instance_type
    what, item = ("job", f"training {on}") if job else ("app", on)
    return (
        f"{environment}, {span.owner or 'a user'}: {what} {titled(span.kind, span.space, span.name)} was stopped, as"
        f" nobody knows what {on} costs and so whether a limit is kept. No file is lost. An administrator can write the"
        f' price into the file and deploy it: "{item}" = ... under [cost.prices].'
    )


def _silent(environment: str, span: Span) -> str:
    return (
        f"{environment}, {span.owner or 'a user'}: {span.space} runs on {span.instance_type} and does not tell"
        " whether it is at work, so it is not stopped when it is idle. Start it again (studioctl restart) with an image"
        " that has the AWS CLI and nvidia-smi."
    )
