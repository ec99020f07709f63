"""The effect of each entry of a reviewed plan, in sentences."""

from collections.abc import Iterator, Sequence

from studioctl.catalog.kinds import BUCKET, DOMAIN, KMS_KEY, REPOSITORY, SECRET, SPACE
from studioctl.config.text import Location
from studioctl.review import sentences
from studioctl.review.entry import Weight
from studioctl.review.facts import ASKED_FOR, Facts
from studioctl.review.fixed_sentences import GUARD, NO_STOP, NOBODY
from studioctl.review.marks import KEPT, LOST, Parts, deletes_older, is_lost
from studioctl.review.met import Touch, owners_of
from studioctl.review.nouns import joined, noun
from studioctl.review.sentences import sentence
from studioctl.terraform.plan import ResourceChange

REFUSED = "up refuses this, whatever flags it has."
ASKS = "up deletes it only with --delete-data."


def effect(key: Location, parts: Parts, facts: Facts, touched: Touch | None, weights: Sequence[Weight]) -> str:
    """The sentences."""
    lost = " ".join(dict.fromkeys(_lost(parts, facts)))
    if facts.is_new:
        return _counted(parts, without=lost)
    if any(part.change.type == DOMAIN and part.change.destroys and not part.change.is_unfinished for part in parts):
        return lost  # beside that, nothing else counts
    said = sentences.said(key, parts, facts)
    if "interrupts" in weights:
        said = said.removesuffix(NOBODY).rstrip()
    older = KEPT[key] if deletes_older(key, parts) else ""
    # Where it is known who runs, `people` says whom it interrupts.
    interrupted = touched.words if touched and touched.running is None else ""
    told = [lost, said or _counted(parts, without=lost), older, interrupted]
    if weights[0] == "created" and (key[:1] == ("users",) or key[:2] == ("images", "custom")):
        told.append(NOBODY)
    elif weights[0] in {"changed", "takes", "widens"} and not touched and not _says_who_is_met(said):
        told.append(NO_STOP)
    return " ".join(filter(None, told))


def _says_who_is_met(said: str) -> bool:
    return any(words in said for words in (NOBODY, NO_STOP, GUARD))


def _lost(parts: Parts, facts: Facts) -> Iterator[str]:
    changes = [part.change for part in parts]
    gone = [change for change in changes if is_lost(change, facts)]
    if any(change.type == DOMAIN for change in gone):
        yield from (sentence(LOST[DOMAIN]), *_kept_beside(facts), REFUSED)
        return
    yield from (_space_lost(change, facts) for change in gone if change.type == SPACE)
    for change in gone:
        if change.type != SPACE:
            yield sentence(f"the {noun(change.type)}{_held(change, facts)} {LOST[change.type]}")
    if any(change.type == KMS_KEY for change in gone):
        yield REFUSED
    elif any(change.type in ASKED_FOR for change in gone):
        yield ASKS if facts.now else ASKS.replace(".", ", unless AWS shows that nothing is in it.")
    nothing = [change for change in changes if change.destroys and facts.holds_nothing(change)]
    if nothing and not gone:
        is_space = any(change.type == SPACE for change in nothing)
        why = "a file: it has no volume, as its app was never started" if is_space else "anything: nothing is in it"
        yield f"The {noun(nothing[0].type)} is deleted, and nobody loses {why}."


def _space_lost(change: ResourceChange, facts: Facts) -> str:
    owner = owners_of(facts).get(change.label)
    whose = f"{owner}'s space" if owner else "The space"
    volume = facts.now.held.get(change.address, "") if facts.now else ""
    return f"{whose} is deleted with {volume or 'its volume'}: every file on it is gone, and AWS keeps no copy."


def _held(change: ResourceChange, facts: Facts) -> str:
    held = facts.now.held.get(change.address) if facts.now and change.type != SECRET else None
    return f" ({held})" if held else ""


def _kept_beside(facts: Facts) -> Iterator[str]:
    """The things that outlive the domain, in words."""
    gone = {change.type for change in facts.summary.changes if change.destroys}
    kept = ["the data bucket"] if BUCKET not in gone else []
    kept += ["the images"] if REPOSITORY not in gone else []
    has_secret = facts.config.secrets.github is not None and SECRET not in gone
    kept += ["the secret of the GitHub token"] if has_secret else []
    if kept:
        yield sentence(f"{joined(kept)} {'is' if kept == ['the data bucket'] else 'are'} kept")


def _counted(parts: Parts, *, without: str) -> str:
    """Count what is created, changed and deleted, by its nouns."""
    return sentences.counted([p for p in parts if not (without and p.change.type in LOST and p.change.destroys)])
