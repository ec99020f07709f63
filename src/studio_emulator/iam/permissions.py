"""Every permission that was asked for: what a policy has to allow for the same to happen on AWS."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from studio_emulator.iam.received import Need

PASS_ROLE = "iam:PassRole"  # noqa: S105 - an action
PASSED_TO = "iam:passedtoservice"


class Permissions:
    """The permissions that were asked for: actions on resources, by whom and how often. The caller holds the lock."""

    def __init__(self) -> None:
        self._asked: Counter[tuple[str, str, str, str]] = Counter()

    def note(self, needs: Iterable[Need], by: str) -> None:
        """Counts what a request needs, and whose it is."""
        for need in needs:
            passed_to = str(need.context.get(PASSED_TO, "")) if need.action == PASS_ROLE else ""
            self._asked[need.action, need.resource, passed_to, by] += 1

    def clear(self) -> None:
        """Begins anew."""
        self._asked.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """The calls as JSON, by action and resource.

        `passed_to` is the service that a role was passed to, else empty. `by` is the ARN of the role's session that
        asked; empty for the administrator.
        """
        return [
            {"action": action, "resource": resource, "passed_to": passed_to, "by": by, "times": times}
            for (action, resource, passed_to, by), times in sorted(self._asked.items())
        ]
