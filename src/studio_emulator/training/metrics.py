"""A job's metrics: what its regular expressions find in its output, the last value of each.

Source: Developer Guide, "training-metrics": the first group of an expression is the value. That the last one is the
final one is assumed. A value has 32 bits, as the service model's `Float` and AWS's answers (0.9736999869346619) show.
"""

import re
import struct
from collections.abc import Iterable
from datetime import UTC, datetime

from studio_emulator.studio.resource import Settings


class Metrics:
    """The values found so far."""

    def __init__(self, definitions: Iterable[Settings]) -> None:
        self._patterns = [(each["Name"], re.compile(each["Regex"])) for each in definitions]
        self._found: dict[str, Settings] = {}

    def read(self, line: str, milliseconds: int) -> None:
        """Look for values in a line of output."""
        for name, pattern in self._patterns:
            for match in pattern.finditer(line):
                if (value := _number(match)) is not None:
                    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
                    self._found[name] = {"MetricName": name, "Value": value, "Timestamp": moment}

    @property
    def final(self) -> list[Settings]:
        """FinalMetricDataList, in the order of the definitions."""
        return [self._found[name] for name, _ in self._patterns if name in self._found]


def _number(match: "re.Match[str]") -> float | None:
    try:
        return float(struct.unpack("f", struct.pack("f", float(match[1])))[0])
    except (IndexError, TypeError, ValueError, OverflowError):
        return None
