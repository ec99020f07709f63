"""The stages of one attempt beside the program itself: containers with their input, their start, artifacts to S3."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio_emulator.sandbox.reach import Reach
from studio_emulator.training import files
from studio_emulator.training.aws import Role
from studio_emulator.training.checkpoints import Checkpoints
from studio_emulator.training.container import Container, Host
from studio_emulator.training.files import Place, TransferError
from studio_emulator.training.hosts import Launch
from studio_emulator.training.logs import LogStream

if TYPE_CHECKING:
    from studio_emulator.settings import EmulatorSettings
    from studio_emulator.training.images import TrainingImage
    from studio_emulator.training.job import TrainingJob
    from studio_emulator.training.metrics import Metrics
    from studio_emulator.training.network import Network
    from studio_emulator.training.peers import Peer

NO_S3 = (  # seen for uploads in aws/amazon-sagemaker-operator-for-k8s#22; the same is assumed for downloads
    "Please ensure that the subnet's route table has a route to an S3 VPC endpoint or a NAT device, and both the"
    " security groups and the subnet's network ACL allow outbound traffic to S3"
)


class JobFailed(Exception):  # noqa: N818 - an outcome of the job
    """The job has failed, for this reason."""


@dataclass(frozen=True)
class Plan:
    """All that a job needs to run.

    Args:
        image: None when it cannot be pulled.
        network: The network that its containers reach.
        role: The role whose permissions it has.
        settings: The emulator's.
        endpoint_url: The emulator's address.
        reach: Anything else that its containers reach.
        directory: The directory in which they may be laid out.
        is_warm: Whether its instances run already.
    """

    image: TrainingImage | None
    network: Network
    role: Role
    settings: EmulatorSettings
    endpoint_url: str
    reach: Reach
    directory: Path
    is_warm: bool = False

    def require_s3(self, what: str) -> None:
        """Raises JobFailed where the job's subnets do not reach S3."""
        if not self.network.reaches("s3"):
            raise JobFailed(f"ClientError: {what}{NO_S3}")


def containers_of(job: TrainingJob, plan: Plan) -> list[Container]:
    """One for each instance, not laid out yet, in places where no job of the same name was before."""
    attempt = secrets.token_hex(4)
    resources, image = job.request["ResourceConfig"], plan.image
    count = resources["InstanceCount"]
    return [
        Container(
            plan.directory / f"{job.name}-{attempt}-algo-{number}",
            Host(number, count, resources["InstanceType"]),
            image.distributions if image else (),
            has_toolkit=bool(image and image.has_toolkit),
        )
        for number in range(1, count + 1)
    ]


def prepare(job: TrainingJob, plan: Plan, containers: list[Container]) -> None:
    """Lay them out with their input. Raises JobFailed."""
    channels, config = job.request.get("InputDataConfig", []), job.request.get("CheckpointConfig")
    if channels or config:
        plan.require_s3("Data download failed:")
    try:
        for container in containers:
            container.lay_out(job.request.get("HyperParameters", {}), channels)
            _bring_channels(job, plan, container)
            if config:
                Checkpoints(config, container.root).bring(plan.role.client("s3"))
    except TransferError as error:
        raise JobFailed(f"ClientError: {error}") from None


def _bring_channels(job: TrainingJob, plan: Plan, container: Container) -> None:
    """Each channel into its directory; the shards of a sharded one are dealt out by turns, which is assumed."""
    client, host = plan.role.client("s3"), container.host
    for channel in job.request.get("InputDataConfig", []):
        source = channel["DataSource"]["S3DataSource"]
        place = Place.of(source["S3Uri"])
        keys: Iterator[str] | None = None
        if source.get("S3DataDistributionType") == "ShardedByS3Key":
            keys = iter(list(files.list_keys(client, place))[host.number - 1 :: host.count])
        directory = container.root / "opt/ml/input/data" / channel["ChannelName"]
        directory.mkdir(parents=True, exist_ok=True)
        files.download(client, place, directory, keys=keys)
        if channel.get("InputMode", job.request["AlgorithmSpecification"]["TrainingInputMode"]) == "FastFile":
            files.close_to_writing(directory)


def launch(
    job: TrainingJob, plan: Plan, image: TrainingImage, container: Container, peer: Peer, metrics: Metrics
) -> Launch:
    """The program of a container, with which variables, and what it reaches.

    A container without a network has no credentials either: Developer Guide, "mkt-algo-model-internet-free".
    """
    variables = dict(image.variables) | {"TRAINING_JOB_NAME": job.name, "TRAINING_JOB_ARN": job.arn}
    reach = Reach()
    if not job.request.get("EnableNetworkIsolation"):
        region = job.arn.split(":")[3]
        variables |= {
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": plan.endpoint_url,
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": peer.path,
        }
        reach = plan.reach.with_container(int(plan.endpoint_url.rpartition(":")[2]), peer.address)
        with (container.root / "etc/hosts").open("a") as hosts:
            hosts.write(reach.hosts_file)
    container.give_away()
    return Launch(
        container,
        f"exec {shlex.join(image.start(job.request['AlgorithmSpecification']))}\n",
        container.environment(variables | job.request.get("Environment", {})),
        reach,
        LogStream(plan.role, job.name, container.host.name),
        metrics,
    )


def take_out(job: TrainingJob, plan: Plan, containers: list[Container]) -> None:
    """Model and output to S3; a directory without files gives no archive, which is assumed. Raises JobFailed."""
    output = job.request["OutputDataConfig"]
    there = Place.of(output["S3OutputPath"]).below(job.name, "output")
    plan.require_s3("Artifact upload failed:")
    client, key_id = plan.role.client("s3"), output.get("KmsKeyId") or None
    roots = [container.root for container in containers]
    try:
        if output.get("CompressionType", "GZIP") == "GZIP":
            _upload_archive(client, roots, "opt/ml/model", there.below("model.tar.gz"), key_id)
        else:
            _upload_files(client, roots, "opt/ml/model", there.below("model"), key_id)
        _upload_archive(client, roots, "opt/ml/output/data", there.below("output.tar.gz"), key_id)
    except TransferError as error:
        raise JobFailed(f"ClientError: {error}") from None


def _upload_archive(client: Any, roots: list[Path], place: str, there: Place, key_id: str | None) -> None:
    with files.packed(roots, place) as archive:
        if archive is not None:
            files.upload(client, there, archive, key_id)


def _upload_files(client: Any, roots: list[Path], place: str, there: Place, key_id: str | None) -> None:
    for root in reversed(roots):  # the first one's last, so that they stay
        for path, _, number in files.below(root, place):
            with open(number, "rb", closefd=False) as content:
                files.upload(client, there.below(path), content, key_id)
