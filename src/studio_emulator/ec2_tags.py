"""EC2's tags in a request, before anything is made with them: moto keeps whatever it is given.

Source: EC2 User Guide, "Using_Tags": 50 tags, 128 and 256 characters, and "aws:" is AWS's. The API reference says 127.
The words about "aws:" are AWS's own (kubernetes-sigs/cluster-api-provider-aws#5120); those about lengths are assumed.
"""

import re
from collections import Counter
from collections.abc import Mapping

from studio_emulator.signatures import Refused

LONGEST_KEY, LONGEST_VALUE, MOST = 128, 256, 50
_TAG = re.compile(r"((?:TagSpecifications?\.\d+\.)?)Tag\.\d+\.(Key|Value)")


def check(given: Mapping[str, str]) -> None:
    """Raises Refused."""
    found = [(name, match[1], match[2]) for name in given if (match := _TAG.fullmatch(name))]
    for name, _, part in found:
        if part == "Key":
            _check_key(given[name])
        elif len(given[name]) > LONGEST_VALUE:
            _refuse("value", given[name], f"Tag value exceeds the maximum length of {LONGEST_VALUE} characters")
    counts = Counter(whose for _, whose, part in found if part == "Key")
    if given.get("Action") != "DeleteTags" and any(number > MOST for number in counts.values()):
        raise Refused("too many tags")


def _check_key(key: str) -> None:
    if key.lower().startswith("aws:"):
        _refuse("key", key, "Tag keys starting with 'aws:' are reserved for internal use")
    if not key:
        _refuse("key", key, "Tag keys cannot be empty")
    if len(key) > LONGEST_KEY:
        _refuse("key", key, f"Tag key exceeds the maximum length of {LONGEST_KEY} characters")


def _refuse(part: str, value: str, why: str) -> None:
    raise Refused("bad value", f"Value ( {value} ) for parameter {part} is invalid. {why}")
