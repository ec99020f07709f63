"""Whole rounds of the guard, against an AWS of which each answer is set."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from studioctl.config.model import EnvironmentConfig
from studioctl.guard import function
from studioctl.guard.function import Settings, clock, run
from studioctl.guard.ledger import LEDGER, Ledger, archive_key
from studioctl.guard.reading import LAG, owner_of
from studioctl.guard.spans import TRAINING, UNKNOWN, Span
from studioctl.infrastructure.guard import archived
from studioctl.infrastructure.naming import Naming
from tests.environments import environment

HOUR, DAY = 3600.0, 86400.0
ENVIRON = {"DOMAIN_ID": "d-1", "BUCKET": "b", "POLICY_ARN": "arn:hold", "TOPIC_ARN": "arn:topic"}
NOW = datetime(2026, 12, 10, 12, tzinfo=UTC).timestamp()


def moment(*date: int) -> float:
    return datetime(*date, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Any")


class Client:
    """All services at once; what an operation is called with is noted."""

    class exceptions:  # noqa: N801 (as boto3 has it)
        ClientError = ClientError

    def __init__(self) -> None:
        self.apps: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, bytes] = {}
        self.holders: set[str] = set()
        self.said: list[str] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.words: dict[str, float] = {}  # when an object of a space was written
        self.fails: dict[str, str] = {}  # a code, by an operation or by the name of an app

    def __call__(self, _: str) -> "Client":
        return self

    def get_paginator(self, operation: str) -> Any:
        client = self

        class Pages:
            def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
                client.note(operation, asked)
                yield from getattr(client, operation)(**asked)

        return Pages()

    def note(self, operation: str, asked: dict[str, Any]) -> None:
        self.asked.append((operation, asked))
        if code := self.fails.get(operation) or self.fails.get(str(asked.get("SpaceName"))):
            raise refused(code)

    def calls(self, operation: str) -> list[dict[str, Any]]:
        return [asked for name, asked in self.asked if name == operation]

    def list_apps(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Apps": self.apps}

    def list_spaces(self, **_: Any) -> Iterator[dict[str, Any]]:
        spaces = sorted({app["SpaceName"] for app in self.apps})
        owner = "OwnerUserProfileName"
        yield {
            "Spaces": [
                {"SpaceName": space, "OwnershipSettingsSummary": {owner: space.partition("-")[0]}} for space in spaces
            ]
        }

    def list_training_jobs(self, **asked: Any) -> Iterator[dict[str, Any]]:
        yield {
            "TrainingJobSummaries": [
                {"TrainingJobName": name}
                for name, job in self.jobs.items()
                if asked.get("StatusEquals", job["TrainingJobStatus"]) == job["TrainingJobStatus"]
                and asked.get("LastModifiedTimeAfter", 0)
                < job["LastModifiedTime"].timestamp()
                <= asked.get("LastModifiedTimeBefore", job["LastModifiedTime"].timestamp())
            ]
        }

    def describe_training_job(self, **asked: Any) -> dict[str, Any]:
        self.note("describe_training_job", asked)
        if asked["TrainingJobName"] not in self.jobs:
            raise refused("ValidationException")
        return self.jobs[asked["TrainingJobName"]]

    def lookup_events(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Events": []}

    def list_objects_v2(self, **_: Any) -> Iterator[dict[str, Any]]:
        dates = {f"shared/studioctl-gpu/{name}": datetime.fromtimestamp(at, UTC) for name, at in self.words.items()}
        yield {"Contents": [{"Key": key, "LastModified": date} for key, date in dates.items()]}

    def list_entities_for_policy(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"PolicyRoles": [{"RoleName": role} for role in sorted(self.holders)]}

    def attach_role_policy(self, **asked: Any) -> None:
        self.note("attach_role_policy", asked)
        self.holders.add(asked["RoleName"])

    def detach_role_policy(self, **asked: Any) -> None:
        self.note("detach_role_policy", asked)
        self.holders.discard(asked["RoleName"])

    def delete_app(self, **asked: Any) -> None:
        self.note("delete_app", asked)
        self.apps = [app for app in self.apps if app["SpaceName"] != asked["SpaceName"]]

    def stop_training_job(self, **asked: Any) -> None:
        self.note("stop_training_job", asked)

    def publish(self, **asked: Any) -> None:
        self.note("publish", asked)
        self.said.append(asked["Message"])

    def get_object(self, **asked: Any) -> dict[str, Any]:
        if asked["Key"] not in self.objects:
            raise refused("NoSuchKey")
        body = self.objects[asked["Key"]]
        return {"Body": io.BytesIO(body), "ETag": str(hash(body))}

    def put_object(self, **asked: Any) -> None:
        self.note("put_object", asked)
        if asked.get("IfNoneMatch") == "*" and asked["Key"] in self.objects:
            raise refused("PreconditionFailed")
        self.objects[asked["Key"]] = asked["Body"]

    def start(self, space: str, began: float, instance_type: str = "ml.t3.medium", status: str = "InService") -> None:
        self.apps.append(
            {
                "AppType": "CodeEditor",
                "SpaceName": space,
                "AppName": "default",
                "Status": status,
                "CreationTime": datetime.fromtimestamp(began, UTC),
                "ResourceSpec": {"InstanceType": instance_type},
            }
        )

    def train(self, name: str, began: float, ended: float | None = None) -> None:
        dates = {"TrainingStartTime": datetime.fromtimestamp(began, UTC)}
        if ended is not None:
            dates["TrainingEndTime"] = datetime.fromtimestamp(ended, UTC)
        self.jobs[name] = {
            "TrainingJobName": name,
            "TrainingJobStatus": "InProgress" if ended is None else "Completed",
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            "LastModifiedTime": datetime.fromtimestamp(ended or began, UTC),
            **dates,
        }

    @property
    def ledger(self) -> Ledger:
        return Ledger.of(self.objects[LEDGER])

    def store(self, ledger: Ledger) -> None:
        self.objects[LEDGER] = ledger.to_text().encode()


@pytest.fixture
def aws() -> Client:
    return Client()


def settings(config: EnvironmentConfig | None = None, **limits: Any) -> Settings:
    """As the function reads them, from the archive that Lambda has."""
    config = config or environment(
        limits=limits, iam={"per_user_roles": True}, users=[{"name": "ada"}, {"name": "bob"}]
    )
    with zipfile.ZipFile(io.BytesIO(archived(config, Naming.of(config)))) as archive:
        return Settings.of(json.loads(archive.read(function.SETTINGS)), ENVIRON)


def test_a_job_belongs_to_the_user_that_its_name_begins_with() -> None:
    prefixes = settings(monthly_usd=9.0).job_prefixes
    naming = Naming.of(environment())
    assert owner_of(f"{naming.job_prefix('ada')}1", prefixes) == "ada"
    assert owner_of(f"{naming.job_prefix()}1", prefixes) == UNKNOWN
    assert owner_of("others--1", prefixes) is None


def test_a_user_is_held_for_what_the_users_jobs_cost(aws: Client) -> None:
    known = settings(monthly_usd_per_user=1.0)
    aws.store(Ledger.new(NOW - 2 * DAY))
    name = f"{known.job_prefixes['ada']}1"
    aws.train(name, NOW - 20 * HOUR)
    found = run(known, aws, NOW, NOW)
    assert found["held"] == ["ada"]
    assert [call["TrainingJobName"] for call in aws.calls("stop_training_job")] == [name]


def test_a_job_that_has_ended_is_described_once_and_one_that_runs_in_each_look(aws: Client) -> None:
    known = settings(monthly_usd=900.0)
    prefix = known.job_prefixes["ada"]
    aws.store(Ledger.new(NOW - DAY))
    aws.train(f"{prefix}over", NOW - 10 * HOUR, NOW - HOUR)
    aws.train(f"{prefix}runs", NOW - 10 * HOUR)
    run(known, aws, NOW, NOW)
    aws.asked.clear()
    run(known, aws, NOW + 300, NOW + 300)
    assert [call["TrainingJobName"] for call in aws.calls("describe_training_job")] == [f"{prefix}runs"]
    assert aws.calls("list_training_jobs")[0]["LastModifiedTimeAfter"] == NOW - LAG
    aws.jobs[f"{prefix}runs"] |= {"TrainingJobStatus": "Stopped"}  # no end is told
    run(known, aws, NOW + 600, NOW + 600)
    assert not [span for span in aws.ledger.spans if span.is_open]


def test_a_job_that_was_deleted_keeps_no_look_from_succeeding(aws: Client) -> None:
    known = settings(monthly_usd=900.0)
    aws.store(Ledger.new(NOW - DAY))
    aws.train(f"{known.job_prefixes['ada']}1", NOW - HOUR)
    run(known, aws, NOW, NOW)
    aws.jobs.clear()
    run(known, aws, NOW + 300, NOW + 300)
    assert [span.ended for span in aws.ledger.spans] == [NOW]


def test_a_month_that_is_over_is_kept_whole_and_written_once(aws: Client) -> None:
    known = settings(monthly_usd=900.0)
    aws.store(replace(Ledger.new(moment(2026, 10, 1)), sampled=moment(2026, 12, 31, 23)))
    for day in range(1, 28, 3):
        span = Span(TRAINING, "ada", "", f"{known.job_prefixes['ada']}{day}", "ml.m5.large", 0, 0)
        began = moment(2026, 11, day)
        more = replace(span, began=began, seen=began + HOUR, ended=began + HOUR)
        aws.store(replace(aws.ledger, spans=(*aws.ledger.spans, more)))
    over = Span("CodeEditor", "bob", "bob-editor", "default", "ml.t3.medium", moment(2026, 11, 30, 23), 0)
    over = replace(over, seen=moment(2026, 12, 1, 1), ended=moment(2026, 12, 1, 1))
    aws.store(replace(aws.ledger, spans=(*aws.ledger.spans, over)))
    january = moment(2027, 1, 1, 0, 5)
    run(known, aws, january, january)
    kept = Ledger.of(aws.objects[archive_key("2026-11")])
    assert len(kept.spans) == 10
    assert aws.ledger.spans == (over,)
    aws.train(f"{known.job_prefixes['ada']}1", moment(2026, 11, 1), moment(2026, 11, 1, 1))
    aws.jobs[f"{known.job_prefixes['ada']}1"]["LastModifiedTime"] = datetime.fromtimestamp(january, UTC)
    for later in (january + 300, moment(2027, 2, 1, 0, 5)):
        run(known, aws, later, later)
    assert Ledger.of(aws.objects[archive_key("2026-11")]) == kept
    assert [span.owner for span in Ledger.of(aws.objects[archive_key("2026-12")]).spans] == ["bob"]


def test_nobody_stays_held_once_only_a_schedule_is_left(aws: Client) -> None:
    aws.holders = {"acme-ml-execution-ada", "another-role"}
    found = run(settings(schedule={"stop": "20:00"}), aws, NOW, NOW)
    assert aws.holders == {"another-role"}
    assert found["roles"] == ["-acme-ml-execution-ada"]


def test_a_look_that_fails_lifts_holds_of_last_month_all_the_same(aws: Client) -> None:
    known = settings(monthly_usd_per_user=1.0)
    aws.store(Ledger.new(moment(2026, 11, 1)))
    aws.start("ada-editor", moment(2026, 11, 20))
    run(known, aws, moment(2026, 11, 30, 23), moment(2026, 11, 30, 23))
    assert aws.holders == {"acme-ml-execution-ada"}
    aws.fails["list_apps"] = "ThrottlingException"
    december = moment(2026, 12, 1, 0, 10)
    with pytest.raises(ExceptionGroup):
        run(known, aws, december, december)
    assert aws.holders == set()


def test_a_look_that_fails_stops_nothing_that_may_be_another_app_by_now(aws: Client) -> None:
    known = settings(max_hours_per_start=1.0)
    aws.store(Ledger.new(NOW - DAY))
    aws.start("ada-editor", NOW - 600)
    run(known, aws, NOW, NOW)
    aws.fails["list_apps"] = "ThrottlingException"
    with pytest.raises(ExceptionGroup):
        run(known, aws, NOW + 2 * HOUR, NOW + 2 * HOUR)
    assert not aws.calls("delete_app")


def test_a_time_that_is_still_to_come_changes_nothing(aws: Client) -> None:
    known = settings(monthly_usd_per_user=1.0)
    aws.store(Ledger.new(NOW - DAY))
    aws.start("ada-editor", NOW - 23 * HOUR)
    before, aws.holders = aws.ledger, {"acme-ml-execution-ada"}
    with pytest.raises(ValueError, match="2099-01-01 00:00 UTC is still to come"):
        run(known, aws, moment(2099, 1, 1), NOW)
    assert (aws.ledger, aws.holders) == (before, {"acme-ml-execution-ada"})


def test_a_ledger_that_has_looked_at_a_time_to_come_is_mended(aws: Client) -> None:
    known = settings(monthly_usd_per_user=1.0)
    far = moment(2099, 1, 1)
    app = Span("CodeEditor", "ada", "ada-editor", "default", "ml.t3.medium", NOW - 23 * HOUR, far)
    aws.store(Ledger(since=NOW - DAY, sampled=far, spans=(app,), scheduled=far))
    aws.start("ada-editor", NOW - 23 * HOUR)
    found = run(known, aws, NOW, NOW)
    assert (aws.ledger.sampled, aws.ledger.scheduled, found["held"]) == (NOW, NOW, ["ada"])
    assert [span.seen for span in aws.ledger.spans] == [NOW]


def test_the_time_is_that_of_s3() -> None:
    class S3:
        def head_bucket(self, **_: str) -> dict[str, Any]:
            told = format_datetime(datetime.fromtimestamp(NOW, UTC), usegmt=True)
            return {"ResponseMetadata": {"HTTPHeaders": {"date": told}}}

    assert clock(S3(), "b") == NOW


@pytest.mark.parametrize(("operation", "left"), [("bob-editor", 1), ("attach_role_policy", 0), ("publish", 0)])
def test_what_cannot_be_done_protects_nobody_else_and_fails_the_run(aws: Client, operation: str, left: int) -> None:
    known = settings(monthly_usd=1.0)
    aws.store(Ledger.new(NOW - 2 * DAY))
    aws.start("bob-editor", NOW - DAY, "ml.m5.large")
    aws.start("ada-editor", NOW - DAY)
    aws.fails[operation] = "AccessDeniedException"
    with pytest.raises(ExceptionGroup):
        run(known, aws, NOW, NOW)
    assert len(aws.apps) == left
    assert {each.space for each in aws.ledger.stopped} >= {"ada-editor"}
    assert bool(aws.said) == (operation != "publish")
    assert bool(aws.holders) == (operation != "attach_role_policy")
    aws.fails.clear()
    later = NOW + 300
    run(known, aws, later, later)
    assert (aws.apps, len(aws.holders), len(aws.said)) == ([], 3, 1)


def test_a_schedule_that_is_added_in_the_working_day_stops_nothing_until_its_time(aws: Client) -> None:
    began = moment(2026, 12, 10, 7)
    aws.store(Ledger.new(moment(2026, 12, 1)))
    aws.start("ada-editor", moment(2026, 12, 9, 7))
    run(settings(monthly_usd=900.0), aws, began, began)
    added = settings(monthly_usd=900.0, schedule={"stop": "20:00"})
    run(added, aws, began + 300, began + 300)
    changed = settings(monthly_usd=900.0, schedule={"stop": "06:30"})
    run(changed, aws, began + 600, began + 600)
    assert aws.apps
    run(added, aws, began + 900, began + 900)
    evening = moment(2026, 12, 10, 20, 2)
    run(added, aws, evening, evening)
    assert aws.apps == []


def test_an_app_on_a_type_that_nobody_has_a_price_for_is_stopped_and_told_once(aws: Client) -> None:
    known = settings(monthly_usd_per_user=50.0)
    aws.store(Ledger.new(NOW - DAY))
    aws.start("ada-editor", NOW - 60, "ml.p5.48xlarge")
    assert run(known, aws, NOW, NOW)["held"] == []
    aws.start("ada-editor", NOW + 200, "ml.p5.48xlarge")
    run(known, aws, NOW + 300, NOW + 300)
    assert aws.apps == []
    assert [each.why for each in aws.ledger.stopped] == ["no price", "no price"]
    (said,) = aws.said
    assert '"ml.p5.48xlarge" = ... under [cost.prices]' in said


@pytest.mark.parametrize("limits", [{"schedule": {"stop": "11:30"}}, {"max_hours_per_start": 1.0}])
def test_times_are_kept_in_a_region_without_prices(aws: Client, limits: dict[str, Any]) -> None:
    known = settings(environment(region="eu-west-1", limits=limits))
    assert known.rates.usd == {}
    aws.store(replace(Ledger.new(NOW - DAY), schedule=known.schedule))
    aws.start("ada-editor", NOW - 3 * HOUR)
    aws.start("bob-editor", NOW - 3 * HOUR, "system")
    run(known, aws, NOW, NOW)
    assert [app["SpaceName"] for app in aws.apps] == ["bob-editor"]


def idle(aws: Client, *, alive: float, working: float, instance_type: str = "ml.g5.xlarge") -> dict[str, Any]:
    """A look at an app that has run for five hours, and told so many seconds ago that it lives, and works."""
    aws.store(Ledger.new(NOW - DAY))
    aws.start("ada-editor", NOW - 5 * HOUR, instance_type)
    aws.words = {"ada-editor/alive": NOW - alive, "ada-editor/working": NOW - working}
    return run(settings(idle_gpu_minutes=30), aws, NOW, NOW)


def test_a_gpu_that_does_nothing_is_stopped_and_the_reason_is_told(aws: Client) -> None:
    assert idle(aws, alive=200, working=31 * 60)["stopped"] == ["ada/ada-editor: idle_gpu_minutes"]
    assert aws.apps == []


@pytest.mark.parametrize(
    ("alive", "working", "instance_type"),
    [(200, 29 * 60, "ml.g5.xlarge"), (200, 31 * 60, "ml.t3.medium"), (20 * 60, 31 * 60, "ml.g5.xlarge")],
    ids=["at work", "no GPU", "the watch is dead"],
)
def test_what_works_or_does_not_tell_is_not_idle(aws: Client, alive: float, working: float, instance_type: str) -> None:
    assert idle(aws, alive=alive, working=working, instance_type=instance_type)["stopped"] == []


def test_a_word_from_an_earlier_start_says_nothing_of_this_one(aws: Client) -> None:
    known = settings(idle_gpu_minutes=30)
    aws.store(Ledger.new(NOW - DAY))
    aws.start("ada-editor", NOW - 40 * 60, "ml.g5.xlarge")
    aws.words = {"ada-editor/alive": NOW - 41 * 60, "ada-editor/working": NOW - 9 * HOUR}
    assert run(known, aws, NOW, NOW)["stopped"] == []
    assert "does not tell whether it is at work" in aws.said[0]
    run(known, aws, NOW + 300, NOW + 300)
    assert len(aws.said) == 1  # once for each start
    aws.words["ada-editor/alive"] = NOW + 500
    assert run(known, aws, NOW + 600, NOW + 600)["stopped"] == ["ada/ada-editor: idle_gpu_minutes"]


def test_words_that_cannot_be_read_keep_no_other_limit_from_being_kept(aws: Client) -> None:
    known = settings(idle_gpu_minutes=30, max_hours_per_start=1.0)
    aws.store(Ledger.new(NOW - DAY))
    aws.start("ada-editor", NOW - 5 * HOUR, "ml.g5.xlarge")
    aws.fails["list_objects_v2"] = "AccessDenied"
    with pytest.raises(ExceptionGroup):
        run(known, aws, NOW, NOW)
    assert [each.why for each in aws.ledger.stopped] == ["max_hours_per_start"]
