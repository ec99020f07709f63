"""The guard at work: its archive runs in the emulator, as its role, by the emulator's clock."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from benchmarks.guard_month import run
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from tests.functional.guarded import BUCKET, Guarded, guarded

from studio_emulator import controls
from studioctl.audit.account import Held, look
from studioctl.aws.session import HURRIED, Session
from studioctl.config.load import load
from studioctl.guard.ledger import GRANTS, LEDGER
from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.target import EMULATORS_KEY

ROOT = Path(__file__).parents[2]
LIMITS = """monthly_usd_per_user = 1.0
monthly_usd = 100.0
schedule = { stop = "20:00", days = "mon-fri", time_zone = "Europe/Berlin" }
max_hours_per_start = 20.0
idle_gpu_minutes = 60
check_minutes = 30"""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Ada, bob and eve; the tests here are one story, in their order."""
    with guarded(tmp_path_factory.mktemp("guard"), ("ada", "bob", "eve"), LIMITS) as made:
        yield made


def test_the_limit_of_one_user_stops_and_holds_that_user(team: Guarded) -> None:
    team.forward(to="2036-12-01T08:00:00")
    team.start("ada", "ml.g5.xlarge")
    team.start("bob")
    team.forward(forward=5400)
    assert (team.status("ada"), team.status("bob"), team.held("ada"), team.held("bob")) == (
        "Deleted",
        "InService",
        True,
        False,
    )
    with pytest.raises(ClientError, match="explicit deny in an identity-based policy"):
        team.start("ada")
    assert [(each.owner, each.why) for each in team.ledger().stopped] == [("ada", "monthly_usd_per_user")]
    shown = team.home.run("limits", "show")
    assert "May start nothing: acme-ml-execution-ada" in shown.out
    status = team.home.run("status").out
    assert re.search(r"^limits  [1-9].* USD used in 2036-12 \(UTC\), .* left of 100\.00$", status, re.MULTILINE)
    assert re.search(r"^guard   looked \d+m ago$", status, re.MULTILINE)
    assert re.search(r"^ada   .* 1\.00   0\.00$", status, re.MULTILINE)
    assert [(each["id"], each["severity"]) for each in team.diagnosis()] == [("LIM003", "ok"), ("LIM004", "info")]


def test_who_is_told_and_who_has_not_opened_the_link(team: Guarded) -> None:
    assert "Told: nobody" in team.home.run("limits", "show").out
    sns = team.home.client("sns")
    topic = sns.create_topic(Name="acme-ml-guard")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@acme.com")
    shown = team.home.run("limits", "show").out
    assert "Not told yet: ops@acme.com (the link in AWS's mail was not opened)" in shown
    token = re.findall(r"ops@acme\.com: .* token (\w+)", team.emulator.log_path.read_text())[-1]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    assert "Told: ops@acme.com" in team.home.run("limits", "show").out


def test_a_guard_that_is_new_by_the_emulators_clock_is_not_old(team: Guarded) -> None:
    told = team.home.client("lambda").get_function(FunctionName="acme-ml-guard")["Configuration"]["LastModified"]
    assert told.startswith("2036-12-01T06:00:")


def test_the_calls_of_an_audit_are_those_that_its_page_names(team: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: set[str] = set()
    call: Any = vars(BaseClient)["_make_api_call"]
    # IAM's actions, where they have another name than the call.
    actions = {
        ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
        ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
        ("s3", "HeadObject"): "s3:GetObject",
    }

    def recorded(self: Any, name: str, asked: Any) -> Any:
        service = self.meta.service_model.service_name
        calls.add(actions.get((service, name), f"{service}:{name}"))
        return call(self, name, asked)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    config = load(team.home.shell.directory / "studio.toml")
    session = Session(emulation.target(team.emulator, config.region), HURRIED)
    assert list(look(Held(session, config, blueprint.build(config))))
    page = (ROOT / "docs/how-to/audit-an-environment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+:\w+)`", page.partition("All calls are reads:")[2]))
    assert {"lambda:GetFunction", "iam:GetPolicyVersion"} <= calls <= named


def test_a_user_cannot_lift_it_nor_write_the_ledger(team: Guarded) -> None:
    arn = "arn:aws:iam::123456789012:policy/acme-ml-hold"
    with pytest.raises(ClientError, match="not authorized"):
        team.client("ada", "iam").detach_role_policy(RoleName="acme-ml-execution-ada", PolicyArn=arn)


def test_a_grant_lets_the_user_start_again(team: Guarded) -> None:
    assert "20.00 USD are granted to ada" in team.home.run("limits", "grant", "ada", "20").err
    team.forward(forward=1800)
    assert not team.held("ada")
    team.start("ada")
    told = json.loads(team.home.run("limits", "show", "--json").out)
    assert [each["granted"] for each in told["allowances"] if each["user"] == "ada"] == [20.0]
    assert "0.00 USD are granted to ada" in team.home.run("limits", "revoke", "ada").err
    team.forward(forward=1800)
    assert team.held("ada")
    team.home.run("limits", "grant", "ada", "50")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("zoe", "5"), "'zoe' has no limit in the file."),
        (("ada", "0"), "must be at least 0.01"),
        (("ada",), "Missing argument"),
    ],
)
def test_a_grant_that_is_none_is_refused(team: Guarded, words: tuple[str, ...], said: str) -> None:
    assert said in team.home.run("limits", "grant", *words, expect=None).err


def test_a_guard_that_is_killed_goes_on_where_it_was(team: Guarded) -> None:
    before = len(team.ledger().stopped)
    team.forward(to="2036-12-01T18:30:00")
    team.start("eve")
    controls.kill_functions(team.emulator, 4)
    team.forward(to="2036-12-01T19:00:00")  # 20:00 in Berlin
    controls.kill_functions(team.emulator, 9)
    team.forward(to="2036-12-01T19:40:00")
    assert [team.status(user) for user in ("bob", "eve")] == ["Deleted", "Deleted"]
    assert {each.why for each in team.ledger().stopped[before:]} == {"schedule"}


def test_what_starts_after_the_schedule_runs_on_until_its_longest_time(team: Guarded) -> None:
    team.home.run("limits", "grant", "bob", "10")
    team.forward(forward=1800)
    team.start("bob")
    team.forward(to="2036-12-02T06:00:00")
    assert team.status("bob") == "InService"
    team.forward(to="2036-12-02T17:00:00")
    assert team.status("bob") == "Deleted"
    assert [each.why for each in team.ledger().stopped if each.owner == "bob"][-1] == "max_hours_per_start"


def test_a_gpu_that_is_idle_is_stopped_and_one_that_works_or_is_silent_is_not(team: Guarded) -> None:
    def tell(what: str) -> None:
        team.home.client("s3").put_object(Bucket=BUCKET, Key=f"shared/studioctl-gpu/ada-editor/{what}")

    team.home.run("limits", "grant", "ada", "70")
    team.forward(to="2036-12-03T06:00:00")
    team.start("ada", "ml.g4dn.xlarge")
    team.forward(forward=5400)
    assert team.status("ada") == "InService"  # silent
    for time, status in (("07:55", "InService"), ("08:55", "Deleted")):
        team.forward(to=f"2036-12-03T{time}:00")
        tell("alive")
        if status == "InService":
            tell("working")
        team.forward(forward=600)
        assert team.status("ada") == status
    assert [each.why for each in team.ledger().stopped if each.owner == "ada"][-1] == "idle_gpu_minutes"


def test_the_same_call_twice_changes_nothing(team: Guarded) -> None:
    at = team.forward(forward=1800)
    team.call(at)
    before = team.ledger()
    team.call(at)
    assert team.ledger() == before


def test_a_ledger_or_grants_that_are_none_are_told_everywhere_and_lose_nobody_a_limit(team: Guarded) -> None:
    s3, before = team.home.client("s3"), team.ledger()
    s3.put_object(Bucket=BUCKET, Key=LEDGER, Body=b'{"version": 1, "since": ')
    said = f"The guard's ledger 's3://{BUCKET}/{LEDGER}' cannot be read: it is no JSON, or only a part of it."
    assert said in team.home.run("limits", "show", expect=1).err
    assert f"\nlimits  {said}" in team.home.run("status").out
    assert json.loads(team.home.run("status", "--json").out)["limits_trouble"].startswith(said)
    assert [(each["id"], each["message"]) for each in team.diagnosis()] == [("LIM005", said), ("LIM004", ANY)]
    assert "Counted from CloudTrail" in team.home.run("cost", "--month", "this").err
    team.forward(forward=1800)
    after = team.ledger()
    assert [each.hours(0, after.sampled) for each in after.spans] == pytest.approx(
        [each.hours(0, after.sampled) for each in before.spans]
    )
    kept = s3.list_objects_v2(Bucket=BUCKET, Prefix="studioctl-guard/unreadable-")["Contents"]
    assert s3.get_object(Bucket=BUCKET, Key=kept[0]["Key"])["Body"].read() == b'{"version": 1, "since": '

    grants = s3.get_object(Bucket=BUCKET, Key=GRANTS)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=GRANTS, Body=b"[]")
    said = f"The grants in 's3://{BUCKET}/{GRANTS}' cannot be read: it is no JSON object."
    for words in (("grant", "ada", "5"), ("revoke", "ada")):
        assert said in team.home.run("limits", *words, expect=1).err
    shown = team.home.run("limits", "show")
    assert "\nada " in shown.out
    assert f"{said} For the guard nothing is granted. To put it right: {EMULATORS_KEY} && aws s3 mv " in shown.err
    assert "studioctl limits grant --local USER USD" in shown.err
    assert f"\ngrants  {said}" in team.home.run("status").out
    assert team.diagnosis()[0]["id"] == "LIM006"
    moved = f"{EMULATORS_KEY} && aws s3 mv s3://{BUCKET}/{GRANTS} s3://{BUCKET}/{GRANTS}.unreadable"
    assert team.diagnosis()[0]["remedy"].startswith(moved)
    team.forward(forward=1800)
    assert team.held("ada")
    s3.put_object(Bucket=BUCKET, Key=GRANTS, Body=grants)
    team.forward(forward=1800)
    assert not team.held("ada")


def test_a_new_month_lets_everybody_start(team: Guarded) -> None:
    team.home.run("limits", "revoke", "ada")
    team.forward(forward=1800)
    assert team.held("ada")
    team.skip(to="2036-12-31T23:50:00")
    team.forward(to="2037-01-01T00:40:00")
    assert not team.held("ada")


def test_a_month_that_cloudtrail_has_forgotten_is_counted_from_the_ledger(team: Guarded) -> None:
    before = json.loads(team.home.run("cost", "--month", "2036-12", "--by", "user", "--json").out)
    team.skip(to="2037-05-01T06:00:00")
    team.forward(forward=3600)
    after = json.loads(team.home.run("cost", "--month", "2036-12", "--by", "user", "--json").out)
    assert (before["source"], after["source"]) == ("CloudTrail", "the guard's ledger")
    assert after["since"].startswith("2036-12-01T00:00:00")  # the ledger was counted anew
    assert [each["name"] for each in after["by"]] == ["ada", "bob", "eve"]
    assert after["by"] == before["by"]


def test_a_call_for_a_time_to_come_is_refused(team: Guarded) -> None:
    before = team.ledger()
    with pytest.raises(AssertionError, match="2099-01-01 00:00 UTC is still to come"):
        team.call("2099-01-01T00:00:00Z")
    assert team.ledger() == before


def test_a_guard_that_is_switched_off_is_told(team: Guarded) -> None:
    team.home.client("lambda").put_function_concurrency(FunctionName="acme-ml-guard", ReservedConcurrentExecutions=0)
    team.forward(forward=7200)
    assert "nobody is watched" in team.home.run("limits", "show").err
    told = json.loads(team.home.run("status", "--json").out)["limits"]
    assert (told["is_old"], told["allowances"][0]["user"]) == (True, "")
    assert told["age_minutes"] >= 90
    (finding,) = team.diagnosis()
    assert finding["id"] == "LIM002"
    assert finding["remedy"].startswith(f"{EMULATORS_KEY} && aws lambda delete-function-concurrency --function-name ")
    assert team.unguarded() == ["function 'acme-ml-guard' may not run: its reserved concurrency is 0"]
    team.home.client("lambda").delete_function_concurrency(FunctionName="acme-ml-guard")
    assert team.unguarded() == ["guard 'acme-ml-guard' does not look"]
    late = team.ledger().to_text()
    team.home.client("s3").put_object(Bucket=BUCKET, Key=LEDGER, Body=late.encode())  # as each look does, in its time
    assert "The guard is catching up: it has counted until " in team.home.run("limits", "show").err
    assert "guard   catching up, has counted until " in team.home.run("status").out
    assert team.diagnosis()[0]["severity"] == "ok"
    assert team.unguarded() == []
    team.forward(forward=1800)
    assert team.unguarded() == []
    assert [(each["id"], each["severity"]) for each in team.diagnosis()] == [("LIM003", "ok"), ("LIM004", "ok")]
    assert team.home.client("s3").head_object(Bucket=BUCKET, Key="studioctl-guard/ledger.json")


def test_days_of_a_team_are_counted_to_the_cent_by_two_guards_that_are_killed() -> None:
    found = run(4, 1, 60, seed=4, throttling=0.02, kills=2, twice=True)
    assert found.sessions > 0
    assert found.ledger_usd == found.truth_usd
    assert found.worst_overspend <= found.worst_allowed
    assert found.wrongly_stopped == 0
