"""The copy of a shared study on this machine: the newest one of the bucket, and what no newer one has.

Newer is what was read from the database later, by the database's own clock, however many trials it has: a database that
was restored has fewer. Trials that had ended and that a newer copy lacks are kept as another study.
"""

import gzip
import os
import secrets
import shlex
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from filelock import Timeout
from optuna.trial import FrozenTrial

from studioctl import disk
from studioctl.errors import StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.cloud import Cloud
from studioctl.tuning.copies import KEPT, PREFIX, Written, journal_of
from studioctl.tuning.places import Place

LARGEST_COPY = 1 << 30
CLOCKS = timedelta(minutes=1)  # may differ by so much, and reading a study takes a moment
LONGEST_NAME = 39  # of a study, before a time and what tells copies apart are added
TAKE_SECONDS = 60.0  # until another process that takes a copy is waited for no longer


@dataclass
class Latest:
    """A study's copy on this machine.

    Args:
        cloud: The bucket.
        root: The study's prefix there.
        bucket: Its name, for a remedy.
        found: The study's place.
    """

    cloud: Cloud
    root: str
    bucket: str
    found: Place
    _unread: set[str] = field(default_factory=set)  # kept copies that cannot be read: told once

    @property
    def written(self) -> Written | None:
        """The time and the database of the copy here; None if there is none yet."""
        return Written.of(str(self.found.shared().get("copy", "")))

    def take(self) -> list[str]:
        """Takes the newest copy if there is one that is newer than what is here, and says what is to be told of it.

        Raises:
            StudioctlError: It cannot be read.
        """
        if self._newer() is None:
            return []
        try:
            with self.found.taking().acquire(timeout=TAKE_SECONDS):
                newest = self._newer()
                text = None if newest is None else self._text(newest)
                return [] if newest is None or text is None else self._taken(newest, text)
        except Timeout:  # another process takes it
            return []

    def _newer(self) -> str | None:
        """The newest copy's key; None where what is here is as new."""
        here = self.found.shared().get("copy", "")
        newest = max(self._copies(PREFIX), default=None)
        return None if newest is None or (newest <= str(here) and self.found.exists) else newest

    def _copies(self, prefix: str) -> list[str]:
        """Keys of copies; there may be anything else."""
        return [key for key in self.cloud.keys(f"{self.root}/{prefix}") if Written.of(key)]

    def _taken(self, newest: str, text: bytes) -> list[str]:
        told = list(self._kept())
        temporary = self.found.directory / ".copy"
        disk.replace(temporary, text)
        try:
            now = self._trials(temporary, newest)
            lacking = _ended(_local(self.found), Written.of(newest)) - _ended(now)
            if lacking:
                told += self._keep(self.found.journal, len(lacking), str(self.found.shared().get("copy", "")))
            temporary.replace(self.found.journal)
            now_ns = time.time_ns()
            os.utime(self.found.journal, ns=(now_ns, now_ns))  # later than what was kept: this study changed last
        finally:
            temporary.unlink(missing_ok=True)
        self.found.note_shared(copy=newest)
        return told

    def _text(self, key: str) -> bytes | None:
        """A copy's journal; None where a newer one has taken its place at this moment."""
        content = self.cloud.get(key)
        if content is None:
            return None
        packed = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            text = packed.decompress(content, LARGEST_COPY)
        except zlib.error as error:
            raise self._unreadable(key, error) from None
        if not packed.eof:
            raise self._unreadable(key, "it is cut off, or too large")
        return text

    def _trials(self, journal: Path, key: str) -> list[FrozenTrial]:
        try:
            return studies.in_journal(journal, self.found.name).get_trials(deepcopy=False)
        except Exception as error:  # noqa: BLE001 (what is no journal makes Optuna stumble anywhere)
            raise self._unreadable(key, error) from None

    def _unreadable(self, key: str, why: object) -> StudioctlError:
        return StudioctlError(
            f"The copy of study '{self.found.name}' in the bucket cannot be read: {why}.",
            hint=f"aws s3 rm s3://{self.bucket}/{shlex.quote(key)}   (workers write a better one)",
        )

    def _kept(self) -> Iterator[str]:
        """Takes what workers have kept: copies with trials that their database no longer had."""
        for key in self._copies(KEPT):
            if key in self._unread or self._place(key).exists:
                continue
            temporary = self.found.directory / ".kept"
            try:
                text = self._text(key)
                if text is None:
                    continue
                disk.replace(temporary, text)
                lacking = _ended(self._trials(temporary, key))
                yield from self._keep(temporary, len(lacking), key)
            except StudioctlError as error:  # nothing else depends on it
                self._unread.add(key)
                yield f"{error.message} It is left where it is: s3://{self.bucket}/{key}"
            finally:
                temporary.unlink(missing_ok=True)

    def _keep(self, journal: Path, lacking: int, key: str) -> Iterator[str]:
        """Makes a study of a journal; the note about it, unless it is one already.

        Args:
            journal: Of the copy.
            lacking: The number of its trials that are not in the database any more.
            key: The copy's.
        """
        study, to = studies.in_journal(journal, self.found.name), self._place(key)
        trials = _ended(study.get_trials(deepcopy=False))
        while to.exists:
            if trials <= _ended(_local(to)):
                return
            to = self._place(key, another=secrets.token_hex(4))
        to.directory.mkdir(exist_ok=True)
        disk.replace(to.journal, gzip.decompress(journal_of(study, to.name)[1]))  # whole, or there is no study
        yield (
            f"{lacking} trials of study '{self.found.name}' that had ended are not in the database any more, as after"
            f" it was restored from an older backup. They are kept here, in study '{to.name}'."
        )

    def _place(self, key: str, another: str = "") -> Place:
        """The place of a copy: each has its own name, also if two are of one second or of two studies."""
        written = Written.of(key)
        own = sha256(f"{self.found.name}/{key.rpartition('/')[2]}{another}".encode()).hexdigest()[:6]
        moment = written.moment if written else datetime.now(UTC)
        return Place(self.found.directory.with_name(f"{self.found.name[:LONGEST_NAME]}-{moment:%Y%m%d-%H%M%S}-{own}"))


def _local(found: Place) -> list[FrozenTrial]:
    has_journal = found.journal.is_file() and found.journal.stat().st_size
    return studies.opened(found).get_trials(deepcopy=False) if has_journal else []


def _ended(trials: list[FrozenTrial], by: Written | None = None) -> set[object]:
    """The trials that have ended, so that those of another database are told apart.

    Args:
        trials: Of a copy.
        by: The copy that would have them: it need not have those that ended while it was written.
    """
    return {
        (each.number, each.state, each.datetime_complete, tuple(each.values or ()))
        for each in trials
        if (ended := each.datetime_complete) and (by is None or ended.astimezone(UTC) < by.moment - CLOCKS)
    }
