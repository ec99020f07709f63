"""The effect of keys about data and about who reaches it, in sentences."""

from studioctl.config.text import count
from studioctl.review import marks
from studioctl.review.facts import Facts
from studioctl.review.fixed_sentences import NEXT_REQUEST, NO_STOP, NOBODY
from studioctl.review.marks import Parts
from studioctl.review.nouns import joined

MOST_PEOPLE = 6


def said_of_buckets(parts: Parts, facts: Facts) -> str:
    """The buckets that people reach from now on, and those that they no longer do."""
    gone, new = marks.buckets(parts)
    now = set(facts.config.storage.extra_buckets)
    told = []
    if added := sorted(new & now):
        told.append(
            f"{everybody(facts)} may list, read, write and delete objects anywhere in the"
            f" bucket{'s' * (len(added) > 1)} {joined(added)}, as far as the bucket's own policy allows it,"
            f" {NEXT_REQUEST}."
        )
    if gone:
        told.append(f"{everybody(facts)} can no longer use {joined(sorted(gone))}, {NEXT_REQUEST}.")
        told.append(f"Nothing in {'it' if len(gone) == 1 else 'them'} is deleted.")
    if not told and now:
        told.append(f"The ways to the buckets {joined(sorted(now))} change.")
    return " ".join([*told, NO_STOP])


def roles(_: Parts, facts: Facts) -> str:
    """The part of the data bucket that each user reaches."""
    mine = next((user.name for user in facts.config.users), "")
    if facts.config.iam.per_user_roles:
        return (
            "Each user gets a separate role, which reaches only users/<user>/ and shared/ in the data bucket. Objects"
            " elsewhere in it stay, but no user can reach them: have an administrator copy them first, to"
            f" users/{mine}/ and so on, or to shared/."
        )
    return (
        "All users share one role, and each of them reaches the whole data bucket, what is below users/ of others too."
        " No object is moved or deleted."
    )


def versioning(_: Parts, facts: Facts) -> str:
    """The objects that can be restored from now on."""
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
    days = count(facts.config.storage.keep_old_versions_days, "day")
    if facts.config.storage.versioning:
        return f"The data bucket keeps what is overwritten or deleted, for {days}."
    return (
        "Objects stored from now on cannot be restored once they are overwritten or deleted. Objects stored before"
        f" that can, for {days} after they are. Nothing is deleted now. {NOBODY}"
    )


def everybody(facts: Facts) -> str:
    """The users by name, where they are few."""
    names = [user.name for user in facts.config.users]
    return joined(names) if len(names) <= MOST_PEOPLE else f"all {len(names)} users"
