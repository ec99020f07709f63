"""Work out when ECR's lifecycle policy lets each existing image expire. Pure.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, "Lifecycle policy evaluation
rules". The decisive one: an image that fits a rule's tags is never taken by a rule of lower priority, which still
counts it. So one rule decides about each image, the first that its tags fit. An image that a multi-architecture index
names stays as long as the index does; indexes are not looked into here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from studioctl.aws.registry import Image


@dataclass(frozen=True)
class Expiry:
    """The action that the policy takes on an image. ECR acts within 24 hours of the due time.

    Args:
        rule: Priority of the rule that decides.
        description: The rule's own description.
        action: "expire", or "transition" into the archive.
        at: When the action is due; None if that depends on pushes or is unknown.
        after_pushes: The number of further images of the same kind after which the action is due, 0 for now; None if it
            depends on time.
    """

    rule: int
    description: str
    action: str
    at: datetime | None = None
    after_pushes: int | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether ECR may act on it at any moment."""
        return self.after_pushes == 0 or (self.at is not None and self.at <= now)


def expiries(policy: Mapping[str, Any], images: Sequence[Image]) -> Mapping[str, Expiry]:
    """Return the policy's action for each image, by digest. Images that no rule selects are left out.

    Args:
        policy: The policy as ECR returns it; empty for none.
        images: Every image of the repository, because rules count them.
    """
    found: dict[str, Expiry] = {}
    for rule in sorted(policy.get("rules", ()), key=lambda rule: int(rule["rulePriority"])):
        matching = [image for image in _youngest_first(images) if _fits(rule["selection"], image)]
        for place, image in enumerate(matching):
            found.setdefault(image.digest, _expiry(rule, image, place))
    return found


def _youngest_first(images: Iterable[Image]) -> list[Image]:
    return sorted(images, key=lambda image: image.pushed_at, reverse=True)


def _expiry(rule: Mapping[str, Any], image: Image, place: int) -> Expiry:
    """Return a rule's action for the image at this position among the images it selects; the youngest is at 0."""
    selection = rule["selection"]
    number = int(selection["countNumber"])
    at, after_pushes = None, None
    match selection["countType"]:
        case "imageCountMoreThan":
            after_pushes = max(number - place, 0)
        case "sinceImagePushed":
            at = image.pushed_at + timedelta(days=number)
        case "sinceImagePulled":  # one that was never pulled counts from its push
            at = (image.pulled_at or image.pushed_at) + timedelta(days=number)
        case _:  # sinceImageTransitioned is about the archive, whose dates are not known here
            pass
    action = str(rule.get("action", {}).get("type", "expire"))
    return Expiry(int(rule["rulePriority"]), str(rule.get("description", "")), action, at, after_pushes)


def _fits(selection: Mapping[str, Any], image: Image) -> bool:
    match selection["tagStatus"]:
        case "any":
            return True
        case "untagged":
            return not image.tags
        case _:
            patterns = [*map(_pattern, selection.get("tagPatternList", ()))]
            patterns += [re.compile(re.escape(prefix) + ".*") for prefix in selection.get("tagPrefixList", ())]
            # Several entries mean "and": each must fit one of the image's tags.
            return bool(patterns) and all(any(p.fullmatch(tag) for tag in image.tags) for p in patterns)


def _pattern(wildcards: str) -> re.Pattern[str]:
    """`*` stands for any characters, everything else for itself."""
    return re.compile(".*".join(map(re.escape, wildcards.split("*"))))
