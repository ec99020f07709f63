"""Terraform's JSON event stream, one line at a time: our events out, what the run came to kept.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from studioctl.events import Event, Failed, Finished, Noted, Progressed, Started

_PART_OF_JSON = re.compile(r'^\s*\{"|\\"|":["{\[\dtfn]')
_STARTS = {"apply_start", "refresh_start"}
_ENDS = {"apply_complete", "refresh_complete"}


@dataclass
class Transcript:
    """The output of a run so far.

    Args:
        planned: Changes, as events.
        drifted: Changes that somebody made outside Terraform.
        outputs: Outputs by name.
        diagnostics: Errors and warnings.
        plain: Lines that are not events.
        completed: The number of completed changes.
        is_torn: Whether an incomplete event was read: the log is not whole.
        is_summed_up: Whether the end of a plan or an apply was read.
    """

    planned: list[dict[str, Any]] = field(default_factory=list)
    drifted: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    completed: int = 0
    is_torn: bool = False
    is_summed_up: bool = False
    _began: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether all of a plan, or of an apply, was read."""
        return self.is_summed_up and not self.is_torn

    def read(self, line: str, *, is_stopping: bool = False) -> Iterator[Event]:
        """The events that a line stands for: mostly one, often none.

        Args:
            line: The line.
            is_stopping: Whether the user has pressed Ctrl-C before it.
        """
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._unread(line)
            return
        kind = message.get("type")
        if kind == "planned_change":
            self.planned.append(message["change"])
        elif kind == "resource_drift":
            self.drifted.append(message["change"])
        elif kind == "change_summary":
            self.is_summed_up = True
        elif kind == "outputs":
            self.outputs = message["outputs"]
        elif kind == "diagnostic":
            yield from self._diagnostic(message["diagnostic"])
        elif "hook" in message:
            for event in self._hook(str(kind), message["hook"], _seconds(message["@timestamp"])):
                yield replace(event, is_stopped=True) if is_stopping and isinstance(event, Failed) else event

    def _unread(self, line: str) -> None:
        """A crash, or an error from before Terraform knew of -json; or a part of an event that the disk did not take.

        Such a part is not for people: it may be out of a state that Terraform could store nowhere else.
        """
        if _PART_OF_JSON.search(line):
            self.is_torn = True
        else:
            self.plain.append(line)

    def _diagnostic(self, diagnostic: dict[str, Any]) -> Iterator[Event]:
        if diagnostic in self.diagnostics:
            return
        self.diagnostics.append(diagnostic)
        if diagnostic.get("severity") == "warning" and not _is_ours(diagnostic):
            address = diagnostic.get("address")
            yield Noted(f"{address}: {diagnostic['summary']}" if address else diagnostic["summary"])

    def _hook(self, kind: str, hook: Mapping[str, Any], now: float) -> Iterator[Event]:
        subject = hook["resource"]["addr"]
        action = hook.get("action", "refresh")
        if kind in _STARTS:
            self._began[subject, action] = now
            yield Started(subject, action)
            return
        elapsed = now - self._began.get((subject, action), now)
        if kind == "apply_progress":
            yield Progressed(subject, action, elapsed)
        elif kind in _ENDS:
            self.completed += kind == "apply_complete" and action != "read"
            yield Finished(subject, action, elapsed, _detail(hook))
        elif kind == "apply_errored":
            yield Failed(subject, action, elapsed)


def _detail(hook: Mapping[str, Any]) -> str:
    return str(hook.get("id_value") or "")


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _is_ours(diagnostic: Mapping[str, Any]) -> bool:
    """A warning about what we do on purpose, and that a person can do nothing about."""
    if str(diagnostic.get("detail")).startswith("lifecycle_rule is deprecated."):
        return True  # infrastructure/s3.py says why the bucket's rules are inside it
    return diagnostic.get("summary") in {
        "Incomplete lock file information for providers",  # it is the workspace's own, for this machine
        "Resource targeting is in effect",  # a plan that only adopts is limited to what it adopts
        "Applied changes may be incomplete",
        "Deprecated flag: -state",  # a part of a plan reads the state beside it; thinned.py
    }
