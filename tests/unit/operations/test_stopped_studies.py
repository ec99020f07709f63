"""A database of studies that is stopped: workers would wait for it in vain."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from studioctl.aws.databases import Cluster
from studioctl.errors import RefusedError
from studioctl.infrastructure.database import WORKER
from studioctl.infrastructure.naming import DATABASE_READY_TAG
from studioctl.operations.environment import Account
from studioctl.operations.tuning import workers
from studioctl.target import Target
from tests.environments import environment


def stopped(status: str) -> Cluster:
    return Cluster(
        name="acme-ml-tuning",
        arn="arn",
        status=status,
        endpoint="acme",
        port=5432,
        resource_id="cluster-1",
        secret_arn=None,
        has_iam=True,
        has_data_api=True,
        protected=True,
        instances=("acme-ml-tuning",),
        tags={DATABASE_READY_TAG: WORKER},
    )


@pytest.mark.parametrize("status", ["stopped", "stopping"])
def test_no_worker_is_started_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    monkeypatch.setattr("studioctl.operations.data.databases.of", lambda _: stopped(status))
    account = Account(environment(), Target("us-east-1"))
    with pytest.raises(RefusedError, match=f"The database of studies is {status}") as refused:
        workers.fleet_of(account, None, SimpleNamespace(file=tmp_path / "objective.py"), None)  # type: ignore[arg-type]
    assert refused.value.hint is not None
    assert refused.value.hint.startswith(
        "studioctl limits show; if somebody else has stopped it: aws rds start-db-cluster"
    )
