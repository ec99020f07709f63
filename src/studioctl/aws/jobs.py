"""The jobs and endpoints of an environment that run. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studioctl.aws.errors import DeniedError, translated
from studioctl.aws.session import Session
from studioctl.aws.tagged import listed

STUDY_TAG = "studioctl:study"
TRAINING = "TrainingJob"
# As AWS names the kinds: how each is told, and with which command of AWS's it ends.
KINDS = {
    TRAINING: ("training job", "stop-training-job --training-job-name"),
    "ProcessingJob": ("processing job", "stop-processing-job --processing-job-name"),
    "HyperParameterTuningJob": (
        "tuning job",
        "stop-hyper-parameter-tuning-job --hyper-parameter-tuning-job-name",
    ),
    "Endpoint": ("endpoint", "delete-endpoint --endpoint-name"),
}
_LISTS = {
    TRAINING: "list_training_jobs",
    "ProcessingJob": "list_processing_jobs",
    "HyperParameterTuningJob": "list_hyper_parameter_tuning_jobs",
    "Endpoint": "list_endpoints",
}
_ENTRIES = {kind: f"{kind}Summaries" for kind in KINDS} | {"Endpoint": "Endpoints"}
_OVER = {"Completed", "Deleting", "Failed", "Stopped"}
_PAGE: Any = {"PageSize": 100}


@dataclass(frozen=True)
class Running:
    """A job or an endpoint that has not ended. `study` is the one that it tunes, if it is a job of one."""

    kind: str
    name: str
    status: str
    study: str = ""

    def __str__(self) -> str:
        """The job in words, for a message."""
        of = f" of study '{self.study}'" if self.study else ""
        return f"{KINDS[self.kind][0]} {self.name}{of} ({self.status})"

    @property
    def ending(self) -> str:
        """The command of `aws sagemaker` that ends it."""
        return f"{KINDS[self.kind][1]} {self.name}"


def running(session: Session, prefix: str, tag: tuple[str, str]) -> tuple[tuple[Running, ...], tuple[str, ...]]:
    """The jobs and endpoints that run under names that begin so; and those that we may not look for, and why.

    Args:
        session: The account.
        prefix: The prefix of their names.
        tag: Key and value of what a study's jobs carry beside the study's name.
    """
    found, unseen = list[Running](), list[str]()
    for kind, (words, _) in KINDS.items():
        try:
            with translated():
                found += _of_kind(session, kind, prefix)
        except DeniedError as denied:
            unseen.append(f"Not looked at: {words}s that run. {denied.message}")
    if not any(each.kind == TRAINING for each in found):
        return tuple(found), tuple(unseen)
    try:
        tags = listed(session, tag, "sagemaker:training-job")
    except DeniedError:  # their names are enough to see that they run
        tags = {}
    studies = {arn.rpartition("/")[2]: its.get(STUDY_TAG, "") for arn, its in tags.items()}
    told = (
        Running(each.kind, each.name, each.status, studies.get(each.name, "") if each.kind == TRAINING else "")
        for each in found
    )
    return tuple(told), tuple(unseen)


def _of_kind(session: Session, kind: str, prefix: str) -> Iterator[Running]:
    pages: Any = session.client("sagemaker").get_paginator(_LISTS[kind])  # type: ignore[call-overload]
    for page in pages.paginate(NameContains=prefix, PaginationConfig=_PAGE):
        for each in page[_ENTRIES[kind]]:
            name, status = each[f"{kind}Name"], each[f"{kind}Status"]
            if name.startswith(prefix) and status not in _OVER:
                yield Running(kind, name, status)
