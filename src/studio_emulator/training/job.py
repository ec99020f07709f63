"""A training job's record: what was asked for, what became of it, and when."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from studio_emulator.studio.resource import Resource, Settings, now, present
from studio_emulator.studio.store import Outcome

ENDED = frozenset({"Completed", "Failed", "Stopped"})
LONGEST_REASON = 1024  # service model, FailureReason
# What each secondary status says of itself. Sources: API reference, SecondaryStatusTransition; logs in
# aws/sagemaker-python-sdk#835 and #1968; those of Interrupted, Stopping and the limits are assumed.
SAID = {
    "Starting": "Starting the training job.",
    "Downloading": "Downloading input data",
    "Training": "Downloading the training image.",
    "Interrupted": "Training job interrupted",
    "Restarting": "Restarting the training job",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job waittime exceeded MaxWaitTimeInSeconds provided",
}
_ECHOED = (
    *("HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig"),
    *("VpcConfig", "StoppingCondition", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"),
    *(
        "EnableManagedSpotTraining",
        "CheckpointConfig",
        "DebugHookConfig",
        "ExperimentConfig",
        "TensorBoardOutputConfig",
    ),
    *("ProfilerConfig", "Environment", "RetryStrategy", "RemoteDebugConfig", "InfraCheckConfig", "MlflowConfig"),
    *("DebugRuleConfigurations", "ProfilerRuleConfigurations", "ModelPackageConfig"),
)


@dataclass(kw_only=True)
class TrainingJob(Resource):
    """One job. `status` is TrainingJobStatus.

    Its program runs in a thread, and requests look at it: what changes is changed and read under `turn_lock`.
    """

    name: str
    request: Settings
    outcome: Outcome | None = None  # how it was told to end, in place of running
    secondary: str = ""
    transitions: list[Settings] = field(default_factory=list)
    started: datetime | None = None
    ended: datetime | None = None
    billable_seconds: float = 0
    metrics: list[Settings] = field(default_factory=list)
    warm_pool: Settings | None = None
    stop_wanted: threading.Event = field(default_factory=threading.Event)
    network_interface_ids: list[str] = field(default_factory=list)
    turn_lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def is_spot(self) -> bool:
        """Whether it runs on capacity that AWS may take back."""
        return bool(self.request.get("EnableManagedSpotTraining"))

    @property
    def has_ended(self) -> bool:
        """Whether it is over, with whatever outcome."""
        return self.status in ENDED

    @property
    def artifacts(self) -> str:
        """The S3 URI of the model: Developer Guide, "your-algorithms-training-algo-output"."""
        output = self.request["OutputDataConfig"]
        place = f"{output['S3OutputPath'].rstrip('/')}/{self.name}/output/model"
        return f"{place}/" if output.get("CompressionType") == "NONE" else f"{place}.tar.gz"

    def go_to(self, secondary: str, message: str | None = None) -> None:
        """Take on a secondary status, now, or another message in the one that it has."""
        said = SAID[secondary] if message is None else message
        with self.turn_lock:
            moment = self.last_modified_time = now()
            if secondary == self.secondary:
                self.transitions[-1]["StatusMessage"] = said
                return
            if self.transitions:
                self.transitions[-1]["EndTime"] = moment
            self.secondary = secondary
            self.transitions.append({"Status": secondary, "StartTime": moment, "StatusMessage": said})

    def finish(self, status: str, secondary: str | None = None, reason: str | None = None) -> None:
        """Be over, for good."""
        with self.turn_lock:
            self.go_to(secondary or status)
            self.transitions[-1]["EndTime"] = self.last_modified_time
            if self.started is not None:
                self.ended = self.last_modified_time
            self.status, self.failure_reason = status, reason[:LONGEST_REASON] if reason else None

    def summary(self) -> Settings:
        """The shape TrainingJobSummary."""
        with self.turn_lock:
            return present(
                {
                    "TrainingJobName": self.name,
                    "TrainingJobArn": self.arn,
                    "CreationTime": self.creation_time,
                    "TrainingEndTime": self.ended,
                    "LastModifiedTime": self.last_modified_time,
                    "TrainingJobStatus": self.status,
                    "SecondaryStatus": self.secondary,
                    "WarmPoolStatus": dict(self.warm_pool) if self.warm_pool else None,
                }
            )

    def describe(self) -> Settings:
        """The shape DescribeTrainingJobResponse."""
        with self.turn_lock:
            told: dict[str, Any] = self.summary() | {
                "ModelArtifacts": {"S3ModelArtifacts": self.artifacts},
                "FailureReason": self.failure_reason,
                "TrainingStartTime": self.started,
                "SecondaryStatusTransitions": [dict(transition) for transition in self.transitions],
                "FinalMetricDataList": [dict(metric) for metric in self.metrics] or None,
            }
            if self.started is not None and self.ended is not None:
                seconds = max(1, round((self.ended - self.started).total_seconds()))
                told["TrainingTimeInSeconds"] = seconds
                told["BillableTimeInSeconds"] = max(1, round(self.billable_seconds)) if self.is_spot else seconds
            return present(told | {name: self.request.get(name) for name in _ECHOED})
