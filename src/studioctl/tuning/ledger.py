"""The costs of a study's jobs: a line for each, beside its journal."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Bill:
    """A job that is over: its name, instance type, billed seconds, and US dollars, which may be unknown."""

    job: str
    instance_type: str
    seconds: float
    usd: float | None


@dataclass
class Ledger:
    """The bills in a file. A job is billed once."""

    file: Path
    _bills: dict[str, Bill] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file.is_file():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                try:
                    bill = Bill(**json.loads(line))
                except (ValueError, TypeError):  # a line that a full disk cut off
                    continue
                self._bills[bill.job] = bill

    @property
    def usd(self) -> float:
        """US dollars so far, as far as prices are known."""
        return sum(bill.usd or 0.0 for bill in self._bills.values())

    def has(self, job: str) -> bool:
        """Whether a job has been billed."""
        return job in self._bills

    def add(self, bill: Bill) -> None:
        """Note what a job has cost."""
        if bill.job in self._bills:
            return
        self._bills[bill.job] = bill
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(bill)) + "\n")
            file.flush()
            os.fsync(file.fileno())
