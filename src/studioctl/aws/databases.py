"""Clusters of Aurora and their snapshots: what they are, how they go, and statements by RDS's Data API.

The Data API reaches a cluster in private subnets from anywhere, with IAM's permission and the secret that RDS keeps
of the cluster's first user: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
"""

import time
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studioctl import disk
from studioctl.aws.errors import MissingError, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.aws.wait import until
from studioctl.errors import AwsError
from studioctl.events import Work

TIMEOUT = 3600.0  # a snapshot of much data takes long
WAKE_SECONDS = 120.0
"""A database that pauses answers after 15 seconds, and after a minute where it has paused for more than a day."""
WAKING = "DatabaseResuming"
RESTING, STOPPED = frozenset({"stopping", "stopped"}), "stopped"
NOT_AWAKE = RESTING | {"starting"}
GIGABYTE = 1 << 30
BUNDLE = "global-bundle.pem"
LARGEST_BUNDLE = 1 << 22
Tag = tuple[str, str]


@dataclass(frozen=True)
class Cluster:
    """A cluster.

    Args:
        name: Its identifier.
        arn: Its ARN.
        status: Such as "available".
        endpoint: The address inside its VPC.
        port: There.
        resource_id: The id that IAM uses.
        secret_arn: The secret of its first user; None while it has none.
        has_iam: Whether IAM lets users in.
        has_data_api: Whether the Data API reaches it.
        protected: Whether it refuses to be deleted.
        instances: Its instances.
        tags: Its tags.
    """

    name: str
    arn: str
    status: str
    endpoint: str
    port: int
    resource_id: str
    secret_arn: str | None
    has_iam: bool
    has_data_api: bool
    protected: bool
    instances: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that stays when its cluster goes.

    Args:
        name: Its identifier.
        status: Such as "available".
        created: When it was made, as text that can be compared.
        size: Bytes that the cluster had allocated; what AWS charges is at most that.
    """

    name: str
    status: str
    created: str
    size: int


def cluster(session: Session, name: str, tag: Tag) -> Cluster | None:
    """The cluster of this name, if it carries the tag."""
    try:
        with translated():
            found = session.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    except MissingError:
        return None
    read = _read(found)
    return read if read.tags.get(tag[0]) == tag[1] else None


def _read(found: Mapping[str, Any]) -> Cluster:
    return Cluster(
        name=found["DBClusterIdentifier"],
        arn=found["DBClusterArn"],
        status=found["Status"],
        endpoint=found.get("Endpoint", ""),
        port=found.get("Port", 0),
        resource_id=found["DbClusterResourceId"],
        secret_arn=found.get("MasterUserSecret", {}).get("SecretArn"),
        has_iam=bool(found.get("IAMDatabaseAuthenticationEnabled")),
        has_data_api=bool(found.get("HttpEndpointEnabled")),
        protected=bool(found.get("DeletionProtection")),
        instances=tuple(member["DBInstanceIdentifier"] for member in found.get("DBClusterMembers", ())),
        tags={each["Key"]: each["Value"] for each in found.get("TagList", ())},
    )


def snapshots(session: Session, prefix: str, tag: Tag) -> tuple[Snapshot, ...]:
    """The snapshots whose names begin so and that carry the tag, the oldest first."""
    with translated():
        pages = session.client("rds").get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual")
        found = [each for page in pages for each in page["DBClusterSnapshots"]]
    return tuple(
        sorted(
            (
                Snapshot(
                    each["DBClusterSnapshotIdentifier"],
                    each["Status"],
                    each["SnapshotCreateTime"].isoformat() if "SnapshotCreateTime" in each else "",
                    each.get("AllocatedStorage", 0) * GIGABYTE,
                )
                for each in found
                if each["DBClusterSnapshotIdentifier"].startswith(prefix)
                and any((one["Key"], one["Value"]) == tag for one in each.get("TagList", ()))
            ),
            key=lambda each: (not each.created, each.created),  # one without a time is about to be made
        )
    )


def remove(session: Session, found: Cluster, snapshot: str | None) -> Work[None]:
    """Deletes a cluster with its instances; a snapshot of this name stays, or nothing where there is no name."""
    rds = session.client("rds")
    yield from until(
        lambda: (_now(session, found) or found).status != "creating",
        subject=found.name,
        action="settle",
        timeout=TIMEOUT,
    )
    yield from awake(session, found)
    if found.protected:
        with translated():
            rds.modify_db_cluster(DBClusterIdentifier=found.name, DeletionProtection=False, ApplyImmediately=True)
    for instance in found.instances:
        with ignoring_missing():
            rds.delete_db_instance(DBInstanceIdentifier=instance, SkipFinalSnapshot=True)
    last: Any = {"FinalDBSnapshotIdentifier": snapshot} if snapshot else {"SkipFinalSnapshot": True}
    if found.status != "deleting":
        with ignoring_missing():
            rds.delete_db_cluster(DBClusterIdentifier=found.name, **last)
    yield from until_gone(session, found)


def awake(session: Session, found: Cluster) -> Work[None]:
    """Starts a cluster that is stopped, and waits until it runs: AWS changes and deletes none that is.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html
    """

    def status() -> str:
        return (_now(session, found) or found).status

    subject = f"database {found.name}"
    if status() in RESTING:
        yield from until(lambda: status() != "stopping", subject=subject, action="stop", timeout=TIMEOUT)
        start(session, found)
    if status() in NOT_AWAKE:
        yield from until(lambda: status() not in NOT_AWAKE, subject=subject, action="start", timeout=TIMEOUT)


def start(session: Session, found: Cluster) -> None:
    """Starts a cluster that is stopped; one that is still being stopped AWS refuses to."""
    with translated():
        session.client("rds").start_db_cluster(DBClusterIdentifier=found.name)


def until_gone(session: Session, found: Cluster) -> Work[None]:
    """Waits until a cluster that is being deleted is no more."""
    subject = f"database {found.name}"
    yield from until(lambda: _now(session, found) is None, subject=subject, action="delete", timeout=TIMEOUT)


def _now(session: Session, found: Cluster) -> Cluster | None:
    return cluster(session, found.name, next(iter(found.tags.items())))


def until_made(session: Session, found: Snapshot) -> Work[Snapshot]:
    """The snapshot, once AWS is through with it, however that ended."""

    def now() -> Snapshot:
        with translated():
            told = session.client("rds").describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=found.name)
        return replace(found, status=told["DBClusterSnapshots"][0]["Status"])

    if found.status != "creating":
        return found
    subject = f"snapshot {found.name}"
    yield from until(lambda: now().status != "creating", subject=subject, action="settle", timeout=TIMEOUT)
    return now()


def remove_snapshot(session: Session, name: str) -> None:
    """Deletes a snapshot; it may be gone already."""
    with ignoring_missing():
        session.client("rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)


def switch_on(session: Session, found: Cluster) -> None:
    """IAM's users and the Data API, where they are off: a cluster that was restored begins without."""
    rds = session.client("rds")
    with translated():
        if not found.has_iam:
            rds.modify_db_cluster(
                DBClusterIdentifier=found.name, EnableIAMDatabaseAuthentication=True, ApplyImmediately=True
            )
        if not found.has_data_api:
            rds.enable_http_endpoint(ResourceArn=found.arn)


def mark(session: Session, found: Cluster, tag: Tag) -> None:
    """Puts a tag on a cluster."""
    with translated():
        session.client("rds").add_tags_to_resource(ResourceName=found.arn, Tags=[{"Key": tag[0], "Value": tag[1]}])


def run(session: Session, found: Cluster, statements: Iterable[str], database: str) -> None:
    """Runs statements as the cluster's first user, one after the other; waits for a database that pauses.

    Raises:
        AwsError: AWS or the database refused.
    """
    data = session.client("rds-data")
    until_ = time.monotonic() + WAKE_SECONDS
    for statement in statements:
        while True:
            try:
                with translated():
                    data.execute_statement(
                        resourceArn=found.arn, secretArn=found.secret_arn or "", sql=statement, database=database
                    )
                break
            except AwsError as error:
                if WAKING not in str(error) or time.monotonic() > until_:
                    raise
                time.sleep(2)


def certificates(session: Session, kept: Path) -> bytes:
    """The authorities that RDS's servers are signed by, as AWS publishes them.

    Args:
        session: The account's partition has its own address for them.
        kept: A file where they stay for a time when nobody reaches that address.

    Raises:
        AwsError: They cannot be had, and were not kept.
    """
    endpoint = session.endpoint("sts") if session.target.is_local else None
    chinese = session.target.region.startswith("cn-")
    home = "rds-truststore.s3.cn-north-1.amazonaws.com.cn" if chinese else "truststore.pki.rds.amazonaws.com"
    address = f"{endpoint}/_studioctl/{BUNDLE}" if endpoint else f"https://{home}/global/{BUNDLE}"
    past_proxies = [urllib.request.ProxyHandler({})] if endpoint else []
    try:
        with urllib.request.build_opener(*past_proxies).open(address, timeout=30) as answer:
            found: bytes = answer.read(LARGEST_BUNDLE)
    except OSError as error:
        if not endpoint and kept.is_file():
            return kept.read_bytes()
        found, why = b"", str(error)
    else:
        why = "what is there is something else"
    if b"BEGIN CERTIFICATE" not in found:
        raise AwsError(
            f"AWS's certificates for databases cannot be fetched from {address}: {why}. Nothing was started.",
            hint=f"fetch them elsewhere, and put them into {kept}",
        )
    if not endpoint:
        kept.parent.mkdir(parents=True, exist_ok=True)
        disk.replace(kept, found)
    return found
