"""Deleting what is in Studio, in the order that AWS wants: apps, spaces, user profiles, the domain.

Each blocks the next, whoever made it. AWS answers at once and deletes later, and says in a status how that goes.
"""

import time
from collections.abc import Callable, Sequence

from studioctl.aws.studio import Studio
from studioctl.aws.values import UNSETTLED, Space, UserProfile
from studioctl.aws.wait import until
from studioctl.errors import AwsError
from studioctl.events import Work
from studioctl.operations.studio.stop_apps import stop_apps

TIMEOUT = 1200.0  # seconds; the provider, too, gives a domain 20 minutes
ATTEMPTS = 2
# Seconds after which a status that is not Deleting is believed to be the outcome, and not the one from before.
STALE = 30.0


def remove_studio(studio: Studio, domain_id: str, *, keep_home: bool = False) -> Work[None]:
    """Permanently delete a domain with everything in it, including its home file system unless `keep_home` is set.

    Raises:
        AwsError: AWS refused, or failed twice. The message has AWS's reason.
    """
    yield from stop_apps(studio, domain_id, studio.apps(domain_id))
    yield from _drain(
        "space",
        lambda: studio.spaces(domain_id),
        lambda name: studio.delete_space(domain_id, name),
        lambda name: studio.space_failure(domain_id, name),
    )
    yield from _drain(
        "user profile",
        lambda: studio.user_profiles(domain_id),
        lambda name: studio.delete_user_profile(domain_id, name),
        lambda name: studio.user_profile_failure(domain_id, name),
    )
    subject = f"domain {domain_id}"
    deletion = Deletion(
        subject,
        lambda: studio.delete_domain(domain_id, keep_home=keep_home),
        lambda: studio.domain_failure(domain_id),
    )

    def gone() -> bool:
        domain = studio.domain(domain_id)
        if domain:
            deletion.advance(domain.status)
        return domain is None

    yield from until(gone, subject=subject, action="delete", timeout=TIMEOUT)


def settle(studio: Studio, domain_id: str, *, since: str = "") -> Work[None]:
    """Wait until AWS has finished the changes of an earlier run, because it refuses other changes until then.

    Args:
        studio: The account's Studio.
        domain_id: The domain.
        since: A time at which nothing was changing, if known. Only changes after it are then read from AWS.

    Raises:
        AwsError: AWS did not finish in time.
    """
    if studio.is_passing(domain_id, since=since):
        yield from until(
            lambda: not studio.is_passing(domain_id), subject=f"domain {domain_id}", action="settle", timeout=TIMEOUT
        )


class Deletion:
    """Asks AWS to delete one thing; once more when AWS tried and failed, as it does at times, and not a third time."""

    def __init__(self, title: str, delete: Callable[[], None], reason: Callable[[], str]) -> None:
        self._title = title
        self._delete = delete
        self._reason = reason
        self._asked = 0
        self._asked_at = 0.0
        self._has_begun = False

    def advance(self, status: str) -> None:
        """Does what the thing's newest status calls for.

        Raises:
            AwsError: AWS refused, or failed again.
        """
        if status == "Deleting":
            self._has_begun = True
        elif status not in UNSETTLED and (not self._asked or self._is_over()):
            if self._asked == ATTEMPTS:
                raise AwsError(
                    f"AWS could not delete {self._title}: {self._reason() or 'it does not say why'} ({status})",
                    hint="remove what AWS names, then run the same command again",
                )
            self._ask()

    def _is_over(self) -> bool:
        return self._has_begun or time.monotonic() - self._asked_at > STALE

    def _ask(self) -> None:
        self._delete()
        self._asked += 1
        self._asked_at = time.monotonic()
        self._has_begun = False


def _drain(
    kind: str,
    remaining: Callable[[], Sequence[Space | UserProfile]],
    delete: Callable[[str], None],
    reason: Callable[[str], str],
) -> Work[None]:
    """Delete all resources of a kind in parallel, including new ones that appear, until none is left."""
    deletions: dict[str, Deletion] = {}

    def deletion(name: str) -> Deletion:
        if name not in deletions:
            deletions[name] = Deletion(f"{kind} '{name}'", lambda: delete(name), lambda: reason(name))
        return deletions[name]

    def gone() -> bool:
        found = remaining()
        for thing in found:
            deletion(thing.name).advance(thing.status)
        return not found

    if found := remaining():
        subject = f"{kind} {found[0].name}" if len(found) == 1 else f"{len(found)} {kind}s"
        yield from until(gone, subject=subject, action="delete", timeout=TIMEOUT)
