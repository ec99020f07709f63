"""The guard and the database of studies: counted, stopped with the limit of all together, and started again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.functional.guarded import Guarded, guarded
from tests.functional.living import REGION
from tests.unit.emulator.emulated import eventually

from studioctl.config.load import load
from studioctl.events import Stage
from studioctl.operations import emulation
from studioctl.operations.data import databases
from studioctl.operations.environment import Account

NAME = "acme-ml-tuning"
MORE = '[network]\naccess = "vpc-only"\n[tuning]\ndatabase = "aurora-postgresql"\nmin_acu = 2'
LIMITS = "monthly_usd = 1.0\ncheck_minutes = 30"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Ada, and a database of 2 ACU at least: 0.24 USD an hour. The tests here are one story, in their order."""
    with guarded(tmp_path_factory.mktemp("guard"), ("ada",), LIMITS, more=MORE) as made:
        until(made, "available")
        yield made


def cluster(lab: Guarded) -> dict[str, Any]:
    found: dict[str, Any] = lab.home.client("rds").describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"][0]
    return found


def until(lab: Guarded, status: str) -> None:
    """The servers begin and end by this machine's clock."""
    eventually(lambda: cluster(lab)["Status"], lambda found: found == status, seconds=180)


def run(lab: Guarded, statement: str) -> Any:
    where = {"resourceArn": cluster(lab)["DBClusterArn"], "secretArn": cluster(lab)["MasterUserSecret"]["SecretArn"]}
    return lab.home.client("rds-data").execute_statement(sql=statement, **where).get("records")


def test_it_counts_for_all_together_and_stops_with_their_limit(lab: Guarded) -> None:
    run(lab, "CREATE TABLE trial(number int)")
    run(lab, "INSERT INTO trial VALUES (7)")
    lab.forward(to="2036-12-01T09:00:00")
    meter = lab.ledger().database
    assert meter is not None
    assert meter.hours("2036-12") == pytest.approx(5, abs=0.2)  # two hours and a half, at the latest look
    shown = lab.home.run("limits", "show").out
    assert "\nDatabase of studies, for all together: 0.6" in shown
    assert "ada" in shown.split("Database")[0]

    lab.forward(to="2036-12-01T10:31:00")
    assert lab.held("ada")
    until(lab, "stopped")
    assert "ACU hours; stopped until the month ends or you grant more" in lab.home.run("limits", "show").out
    assert "\nstudies stopped: the limit of all together is reached\n" in lab.home.run("status").out
    with pytest.raises(ClientError, match="DatabaseUnavailableException"):
        run(lab, "SELECT 1")


def test_nothing_changes_or_deletes_it_while_it_is_stopped(lab: Guarded) -> None:
    rds = lab.home.client("rds")
    changes: tuple[Callable[[], object], ...] = (
        lambda: rds.modify_db_cluster(DBClusterIdentifier=NAME, DeletionProtection=False),
        lambda: rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True),
        lambda: rds.stop_db_cluster(DBClusterIdentifier=NAME),
        lambda: rds.reboot_db_instance(DBInstanceIdentifier=NAME),
        lambda: rds.modify_db_instance(DBInstanceIdentifier=NAME, AutoMinorVersionUpgrade=False),
    )
    for change in changes:
        with pytest.raises(ClientError, match=r"InvalidDBClusterStateFault|InvalidDBInstanceState"):
            change()


def test_it_costs_nothing_while_it_is_stopped_and_aws_starts_it_after_seven_days(lab: Guarded) -> None:
    before = lab.ledger().database
    lab.skip("2036-12-08T09:55:00")
    lab.forward(forward=1800)  # the guard catches up, so that its look at 10:30 is one: quicker than AWS starts it
    lab.forward(forward=1800)
    assert cluster(lab)["Status"] in {"starting", "available"}
    until(lab, "available")
    lab.forward(forward=1800)
    until(lab, "stopped")
    after = lab.ledger().database
    assert before is not None
    assert after is not None
    # Nothing for a week; then 2 ACU from 10:30 until the guard saw it, within an hour.
    assert 0.9 < after.hours("2036-12") - before.hours("2036-12") < 2.0
    assert after.rests


def test_a_grant_starts_it_with_every_row(lab: Guarded) -> None:
    assert "database of studies is starting" not in lab.home.run("limits", "grant", "everybody", "0.01").err
    assert cluster(lab)["Status"] == "stopped"
    assert "The database of studies is starting" in lab.home.run("limits", "grant", "everybody", "50").err
    until(lab, "available")
    assert lab.ledger().database.rests  # type: ignore[union-attr]  # until the guard has seen that it runs
    lab.forward(forward=1800)
    assert run(lab, "SELECT number FROM trial") == [[{"longValue": 7}]]
    lab.forward(forward=1800)
    found = lab.ledger().database
    assert found is not None
    assert not found.rests
    assert not lab.held("ada")


def test_the_month_is_counted_by_cloudwatch_as_the_guard_has_it(lab: Guarded) -> None:
    found = lab.ledger().database
    assert found is not None
    shown = lab.home.run("cost", "--month", "this").out
    hours = found.hours("2036-12")
    assert f"database of studies: {hours:,.2f} ACU hours by CloudWatch, {hours * 0.12:,.2f} USD\n" in shown


def test_a_cluster_that_runs_is_not_started_and_one_without_an_instance_not_stopped(lab: Guarded) -> None:
    rds = lab.home.client("rds")
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        rds.start_db_cluster(DBClusterIdentifier=NAME)
    rds.create_db_cluster(
        DBClusterIdentifier="bare",
        Engine="aurora-postgresql",
        MasterUsername="studies",
        ManageMasterUserPassword=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 1},
    )
    eventually(
        lambda: rds.describe_db_clusters(DBClusterIdentifier="bare")["DBClusters"][0]["Status"],
        lambda found: found == "available",
        seconds=60,
    )
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        rds.stop_db_cluster(DBClusterIdentifier="bare")
    rds.delete_db_cluster(DBClusterIdentifier="bare", SkipFinalSnapshot=True)


def test_who_takes_the_guard_away_gets_the_database_back(lab: Guarded) -> None:
    lab.home.run("limits", "revoke", "everybody")
    lab.forward(forward=1800)
    until(lab, "stopped")
    file = load(lab.home.shell.directory / "studio.toml")
    told = list(databases.awake(Account(file, emulation.target(lab.emulator, REGION))))
    assert told[0] == Stage("Starting the database of studies, which is stopped")
    assert cluster(lab)["Status"] == "available"
