"""The names of a study's workers: each says its study, its slot, and how many there were before it in this slot."""

import re
from dataclasses import dataclass
from hashlib import sha256

LONGEST = 63
_WORD = re.compile(r"[A-Za-z0-9-]{1,24}")


@dataclass(frozen=True)
class WorkerNames:
    """The names of a study's workers.

    Args:
        prefix: Of all jobs of the environment that tune, such as "acme-ml--tune-".
        study: The study's name.
    """

    prefix: str
    study: str

    @property
    def head(self) -> str:
        """The prefix of all of them."""
        study = self.study
        if not _WORD.fullmatch(study):
            study = f"{study[:16].replace('_', '-').rstrip('-')}-{_digest(study)}"
        head = f"{self.prefix}{study}"
        return head if len(head) <= LONGEST - 12 else f"{head[:38].rstrip('-')}-{_digest(head)}"

    def of(self, slot: int, number: int) -> str:
        """The name of a slot's worker."""
        return f"{self.head}-w{slot}-{number}"

    def place_of(self, job: str) -> tuple[int, int] | None:
        """The slot and the number of a job; None for another one."""
        found = re.fullmatch(rf"{re.escape(self.head)}-w(\d+)-(\d+)", job)
        return (int(found[1]), int(found[2])) if found else None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:7]
