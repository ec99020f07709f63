"""The rules of tags: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""

import unicodedata
from collections.abc import Iterable, Mapping

from studioctl.config.text import Violation, count, quote

# AWS takes 50 on a resource. Ours are two, and on some resources a third: `Name`, or a space's owner.
MOST_TAGS = 47
RESERVED_PREFIXES = ("aws:", "studioctl:", "sagemaker:")


def violations(tags: Mapping[str, object]) -> Iterable[Violation]:
    """Check the tags. Each violation has the key that it concerns."""
    if len(tags) > MOST_TAGS:
        yield (), f"there are {len(tags)} tags, and AWS takes {MOST_TAGS} beside ours; delete some"
    seen: dict[str, str] = {}
    for key, value in tags.items():
        yield from (((key,), problem) for problem in _of_key(key))
        # IAM, unlike other services, does not tell keys apart by case.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
        if key.casefold() in seen:
            yield (key,), f"differs from {quote(seen[key.casefold()])} only in case, which IAM refuses; delete one"
        seen.setdefault(key.casefold(), key)
        if isinstance(value, str):
            yield from (((key,), problem) for problem in _of_value(value))


def _of_key(key: str) -> Iterable[str]:
    if not 1 <= len(key) <= 128:
        yield f"the key has {count(len(key), 'character')}; write 1 to 128"
    for prefix in RESERVED_PREFIXES:
        if key.casefold().startswith(prefix):
            yield f'keys that begin with "{prefix}" are reserved; write another key'
    if wrong := _wrong_character(key):
        yield f"the key contains {quote(wrong)}; write letters, digits, spaces and _ . : / = + - @"


def _of_value(value: str) -> Iterable[str]:
    if len(value) > 256:
        yield f"the value has {count(len(value), 'character')}; write at most 256"
    if wrong := _wrong_character(value):
        yield f"the value contains {quote(wrong)}; write letters, digits, spaces and _ . : / = + - @"


def _wrong_character(value: str) -> str | None:
    # SageMaker's own pattern, the narrowest: letters (L), numbers (N), spaces and a few signs.
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html
    return next((c for c in value if c not in " _.:/=+-@" and unicodedata.category(c)[0] not in "LN"), None)
