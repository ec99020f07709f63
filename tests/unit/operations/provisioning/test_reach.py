"""The reach of a plan: what it leaves as the last `up` left it, and what makes it look at everything."""

import json
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studioctl.aws import changes, marks
from studioctl.aws.changes import LastChanges
from studioctl.catalog.provider import LOCK_FILE
from studioctl.errors import AwsError
from studioctl.events import Noted, Work
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import references
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt, last_up, reach, up
from studioctl.operations.studio import delete
from studioctl.review import since
from studioctl.target import Target
from studioctl.terraform import document, tables
from studioctl.terraform.plan import AttributeChange, OutputChange, PlanSummary, ResourceChange
from studioctl.terraform.reach import Reach
from studioctl.terraform.state_resources import Estate
from tests.environments import environment as config
from tests.fakes.work import done

DOMAIN = "d-0123456789ab"
PEOPLE = ("ada", "grace", "linus", "barbara")
PROFILE, SPACE = "aws_sagemaker_user_profile", "aws_sagemaker_space"
BASE = {"aws_vpc.studio", "aws_sagemaker_domain.studio", "aws_iam_role.execution", "aws_s3_bucket.data"}


@dataclass
class Terraform:
    """A state, and where a record lies beside it."""

    blueprint: Any
    directory: Path
    serial: int = 7
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def workspace(self) -> Any:
        return SimpleNamespace(
            directory=self.directory, anchor=None, hold=lambda _: nullcontext(), provider_version=lambda: self.provider
        )

    backend = SimpleNamespace(kind="local")
    engine = SimpleNamespace(kind="terraform", version="1.14", command=("/usr/bin/terraform",))
    provider = "5.100.0"

    def documents(self) -> dict[str, str]:
        return document.render(self.blueprint, Target("us-east-1"))

    def state(self) -> dict[str, Any]:
        """Everything of the blueprint that has attributes."""
        resources = [
            {"mode": "managed", "type": address.split(".")[0], "name": address.split(".")[1], "instances": [it]}
            for address, it in self.instances.items()
        ]
        return {"lineage": "acme", "serial": self.serial, "resources": resources, "outputs": {}}


@dataclass
class Life:
    """An environment after an `up`.

    Args:
        environment: The environment.
        times: What AWS lists.
        shared: A digest of what else it says.
        asked: The user profiles that were known when it was asked for those, each time.
    """

    environment: Environment
    times: dict[str, dict[str, str]]
    shared: dict[str, str]
    asked: list[Mapping[str, str]]

    @property
    def terraform(self) -> Terraform:
        return cast("Terraform", self.environment.terraform)

    def file(self, *people: str, **sections: Any) -> None:
        """Another content of the file."""
        described = config(users=[{"name": name} for name in people], **sections)
        self.terraform.blueprint = blueprint.build(described)

    def looked_at(self, **how: Any) -> set[str] | str:
        """The things that a plan looks at beyond the base, or why it is everything."""
        found = reach.of(self.environment, **how)
        return found.why or {a for a in found.reach.targets if a.startswith((PROFILE, SPACE))}

    def change(self, *changes: ResourceChange, **of_reach: Any) -> None:
        """An `up` with these changes, carried out."""
        now = reach.of(self.environment, refresh=True).reach
        looked = {**vars(now), "refreshed_at": time.time(), **of_reach}
        done(reach.remember(self.environment, summary(*changes, **looked)))


def summary(*changes: ResourceChange, **of_reach: Any) -> PlanSummary:
    found = PlanSummary(changes, (), (), destroy=False, has_changes=bool(changes), file=Path("plan"))
    return replace(found, reach=Reach(**of_reach))


def changed(address: str, action: Any = "create", *attributes: str) -> ResourceChange:
    kind, label = address.split(".")
    return ResourceChange(address, kind, label, "module", action, tuple(AttributeChange(a, 1, 2) for a in attributes))


def profiles(*names: str) -> set[str]:
    return {f"{PROFILE}.{name}" for name in names}


def both(*names: str) -> set[str]:
    return profiles(*names) | {f"{SPACE}.{name}-editor" for name in names}


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    described = config(users=[{"name": name} for name in PEOPLE])
    terraform = Terraform(blueprint.build(described), tmp_path)
    for resource in terraform.blueprint.resources():
        names = {k: v for k, v in resource.arguments.items() if k in {"user_profile_name", "space_name"}}
        attributes = {"id": resource.label, "arn": f"arn:{resource.label}", "domain_id": DOMAIN, **names}
        terraform.instances[resource.address] = {"attributes": attributes}
    terraform.instances["aws_sagemaker_domain.studio"] = {"attributes": {"id": DOMAIN}}
    shared = {"now": "as it was"}
    times = {"profiles": dict.fromkeys(PEOPLE, "1"), "spaces": {f"{name}-editor": "1" for name in PEOPLE}}

    asked: list[Mapping[str, str]] = []

    def since(*_: object, since: str, known: Mapping[str, str], seen: str) -> LastChanges:
        asked.append(known)
        profiles, spaces = ({n: at for n, at in of.items() if at >= since} for of in times.values())
        profiles |= {n: at for n, at in known.items() if at and profiles.get(n, "") < seen}
        return LastChanges(profiles, spaces, people=tuple(profiles))

    monkeypatch.setattr(changes, "last_changes", since)
    monkeypatch.setattr(marks, "digest", lambda *_: str(shared["now"]))
    session = SimpleNamespace(calls=3)
    environment = Environment(described, Target("us-east-1"), cast("Any", terraform))
    environment.__dict__.update(session=session, studio=SimpleNamespace(described_domain=lambda _: {}))
    made = Life(environment, times, shared, asked)
    made.change()
    return made


def test_what_is_as_the_last_up_left_it_is_not_looked_at(life: Life) -> None:
    found = reach.of(life.environment)

    assert found.why == ""
    assert found.left == both(*PEOPLE)
    assert found.reach.targets >= BASE
    assert found.reach.targets | found.left == {r.address for r in life.terraform.blueprint.resources()}
    assert life.looked_at() == set()


def test_one_more_user_is_looked_at_alone(life: Life) -> None:
    life.file(*PEOPLE, "edsger")

    assert life.looked_at() == both("edsger")


def test_what_the_file_no_longer_has_is_found_in_the_state(life: Life) -> None:
    life.file("ada", "grace", "linus")

    assert life.looked_at() == both("barbara")


@pytest.mark.parametrize("now", ["2", None], ids=["changed", "gone"])
def test_what_somebody_else_changed_or_deleted_is_looked_at(life: Life, now: str | None) -> None:
    if now:
        life.times["spaces"]["ada-editor"] = now
    else:
        del life.times["spaces"]["ada-editor"]

    assert life.looked_at() == {f"{SPACE}.ada-editor"}


def test_a_changed_value_is_looked_at_where_it_is_used(life: Life) -> None:
    users = [{"name": "ada", "spaces": [{"name": "ada-editor", "volume_gb": 50}]}, *({"name": n} for n in PEOPLE[1:])]
    life.terraform.blueprint = blueprint.build(config(users=users))

    assert life.looked_at() == {f"{SPACE}.ada-editor"}


def test_settings_that_up_changes_by_api_count_too(life: Life) -> None:
    life.file(*PEOPLE, studio={"rootless_docker": True})
    assert life.looked_at() == set()  # the domain's alone, which is always looked at

    life.file(*PEOPLE, studio={"volume_gb": 33})
    assert life.looked_at() == "most of it is new, or was changed"


def test_another_state_makes_the_record_void(life: Life) -> None:
    life.terraform.serial += 1

    assert life.looked_at() == "the state was changed since the last record of it"


def test_a_state_of_the_same_serial_with_other_content_makes_it_void(life: Life) -> None:
    life.terraform.instances["aws_vpc.studio"]["attributes"]["id"] = "vpc-other"

    assert life.looked_at() == "the state was changed since the last record of it"


@pytest.mark.parametrize(
    ("age", "why"),
    [(reach.DAY - 60, set()), (reach.DAY + 60, "more than a day"), (-3600, "more than a day")],
    ids=["today", "yesterday", "in the future"],
)
def test_everything_is_looked_at_once_a_day(life: Life, age: float, why: Any) -> None:
    file = life.terraform.directory / "last-up.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "refreshed_at": time.time() - age}))

    found = life.looked_at()
    assert found == why if isinstance(why, set) else why in str(found)


def test_many_fast_ups_do_not_put_off_the_full_look(life: Life) -> None:
    before = reach.of(life.environment).reach.refreshed_at

    done(reach.remember(life.environment, summary(listed={}, refreshed_at=before)))

    assert reach.of(life.environment).reach.refreshed_at == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 2}',
        '{"format": 1, "state": 1}',
        "[" * 100_000,
        f'{{"format": 1, "resources": {{}}, "refreshed_at": 1{"0" * 400}}}',
        '{"format": 1, "resources": {}, "refreshed_at": 1, "quotas": {"L-1": [Infinity, 1]}}',
    ],
    ids=["none", "torn", "list", "null", "newer", "half", "deep", "large", "endless"],
)
def test_a_record_that_makes_no_sense_is_none(life: Life, text: str) -> None:
    (life.terraform.directory / "last-up.json").write_text(text)

    assert life.looked_at() == "there is no record of how it was left"


def test_other_tags_are_in_every_resource(life: Life) -> None:
    life.file(*PEOPLE, tags={"team": "vision"})

    assert life.looked_at() == "tags, provider or Terraform are others now"


def test_a_record_holds_on_each_machine_of_a_team(life: Life) -> None:
    """On another one Terraform lies elsewhere, and its lock file has the hashes for another platform."""
    life.terraform.engine = SimpleNamespace(kind="terraform", version="1.14", command=("/opt/bin/terraform",))
    (life.terraform.directory / LOCK_FILE).write_text("another platform's")
    assert life.looked_at() == set()

    life.terraform.provider = "6.0.0"
    assert life.looked_at() == "tags, provider or Terraform are others now"


def test_everything_is_looked_at_when_it_is_asked_for(life: Life) -> None:
    assert life.looked_at(refresh=True) == "it was asked for"


def test_a_killed_run_makes_plans_look_at_everything(life: Life) -> None:
    (life.terraform.directory / "runs.json").write_text('[{"verb": "apply", "pid": 1, "started": 1.0}]')

    assert life.looked_at() == "the last run was interrupted"


@pytest.mark.parametrize("mark", [{"status": "tainted"}, {"deposed": "0a1b"}], ids=["tainted", "deposed"])
def test_what_is_half_made_makes_plans_look_at_everything(life: Life, mark: Mapping[str, str]) -> None:
    life.terraform.instances[f"{SPACE}.ada-editor"] |= mark
    life.change()

    assert life.looked_at() == "something waits for its deletion"


def test_where_aws_does_not_list_everything_is_looked_at(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> LastChanges:
        raise AwsError("You may not: sagemaker:ListSpaces", hint="ask")

    monkeypatch.setattr(changes, "last_changes", refuse)

    assert life.looked_at() == "You may not: sagemaker:ListSpaces"
    assert done(reach.remember(life.environment, summary(changed(f"{SPACE}.ada-editor")))) is None


def test_what_up_did_not_change_keeps_the_time_from_before_it_was_looked_at(life: Life) -> None:
    """So a change that somebody makes between the plan and the end of the `up` is seen by the next plan."""
    listed = reach.of(life.environment).reach.listed
    life.times["spaces"] |= {"ada-editor": "2", "grace-editor": "2"}

    change = changed(f"{SPACE}.ada-editor", "update", "space_settings")
    done(reach.remember(life.environment, summary(change, listed=listed, refreshed_at=time.time())))

    assert life.looked_at() == {f"{SPACE}.grace-editor"}


@pytest.mark.parametrize(
    ("change", "is_everything"),
    [
        (changed("aws_sagemaker_domain.studio", "replace", "vpc_id"), True),
        (changed("aws_sagemaker_studio_lifecycle_config.editor", "create"), True),
        (changed("aws_iam_role.execution", "update", "arn"), True),
        (changed("aws_iam_role.execution", "update", "assume_role_policy"), False),
        (changed("aws_iam_policy.studio", "replace", "name"), False),
        (changed("aws_s3_bucket_versioning.data", "create"), False),
    ],
    ids=["domain", "script", "arn", "trust", "policy", "bucket"],
)
def test_what_others_refer_to_makes_a_plan_look_again(
    life: Life, monkeypatch: pytest.MonkeyPatch, change: ResourceChange, is_everything: bool
) -> None:
    asked: list[tuple[bool, bool]] = []

    def planned(*_: Any, targets: Any = (), reach: Reach | None = None, **__: Any) -> Work[PlanSummary]:
        asked.append((bool(targets), reach is None or not reach.is_known))
        yield Noted("planned")
        return summary(change)

    monkeypatch.setattr(adopt, "plan", planned)

    found = done(reach.plan(life.environment, adopt=None, refresh=False))

    assert asked == [(True, False), *([(False, True)] if is_everything else [])]
    assert found.reach.covers(f"{SPACE}.ada-editor") is is_everything
    assert found.reach.covers("aws_vpc.studio")


def test_a_record_that_somebody_else_wrote_is_not_used(life: Life) -> None:
    strange = SimpleNamespace(knows=lambda name: name != "last-up.json")
    there = SimpleNamespace(directory=life.terraform.directory, anchor=strange)
    terraform = SimpleNamespace(workspace=there, backend=life.terraform.backend)

    assert last_up.read(cast("Any", SimpleNamespace(terraform=terraform, target=Target("us-east-1")))) is None


def test_tables_come_from_the_state_and_the_rest_from_terraform(life: Life) -> None:
    life.file(*PEOPLE, "edsger")
    recorded = life.terraform.state()

    assert tables.values(life.terraform.blueprint, recorded, {}) == {}  # nothing was ever applied
    found = tables.values(life.terraform.blueprint, recorded, {"domain_id": {"value": DOMAIN}})

    assert list(found) == ["domain_id", "job_prefixes", "spaces", "user_profiles"]
    assert found["spaces"] == {f"{name}-editor": f"arn:{name}-editor" for name in PEOPLE}
    stored = json.loads(life.terraform.documents()["sagemaker.tf.json"])["output"]
    assert list(stored) == ["domain_id", "domain_url"]


def test_a_table_that_an_earlier_version_stored_is_no_change(life: Life) -> None:
    assert tables.is_left(life.terraform.blueprint, OutputChange("spaces", "delete"))
    assert not tables.is_left(life.terraform.blueprint, OutputChange("domain_id", "delete"))
    assert not tables.is_left(life.terraform.blueprint, OutputChange("spaces", "create"))


def test_nothing_but_people_refers_to_what_may_be_left(life: Life) -> None:
    """A group, policy or output that named a profile would change with it, unseen."""
    described = life.terraform.blueprint.resources()
    people = {r.address for r in described if r.type in reach.LISTED}

    assert not any(people & set(references(r.arguments)) for r in described if r.type not in reach.LISTED)
    assert dict(Estate(life.terraform.state()).addresses()).keys() == {r.address for r in described}


def is_known(life: Life) -> bool:
    """Whether the next plan asks AWS about nothing more."""
    return reach.of(life.environment).reach.is_known


def test_terraform_asks_nothing_where_all_that_users_share_is_as_it_was(life: Life) -> None:
    assert is_known(life)
    life.file(*PEOPLE, "edsger")
    assert is_known(life)  # who comes is not there yet, and who goes is as the state has it
    life.file(*PEOPLE[1:])
    assert is_known(life)


def test_terraform_asks_where_somebody_changed_what_users_share(life: Life) -> None:
    life.shared["now"] = "changed"

    assert not is_known(life)
    life.change(marks="changed")  # an `up` that looked, and found nothing to do
    assert is_known(life)


def test_terraform_asks_where_somebody_changed_a_space(life: Life) -> None:
    life.times["spaces"]["ada-editor"] = "2"

    assert not is_known(life)


@pytest.mark.parametrize("refresh", [True, False], ids=["everything", "a part"])
@pytest.mark.parametrize(
    "changes",
    [(), (changed(f"{SPACE}.ada-editor"),), (changed("aws_s3_bucket_versioning.data", "update", "status"),)],
    ids=["nothing", "a space", "what is shared"],
)
def test_what_others_change_during_an_up_is_seen_by_the_next_plan(
    life: Life, changes: tuple[ResourceChange, ...], refresh: bool
) -> None:
    planned = reach.of(life.environment, refresh=refresh).reach
    life.shared["now"] = "changed by somebody else, or by this very up: nobody can tell"
    done(reach.remember(life.environment, summary(*changes, **vars(planned))))

    assert not is_known(life)


def test_an_up_that_changes_what_users_share_lets_the_next_one_look_at_it(life: Life) -> None:
    life.change(changed("aws_s3_bucket_versioning.data", "update", "status"))
    assert not is_known(life)
    life.change()
    assert is_known(life)


def test_whether_anything_is_under_way_is_asked_again_before_the_plan_is_applied(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may think about a plan for an hour. Only what AWS changed since then is asked for."""
    asked: list[tuple[str, str]] = []

    def settle(_studio: object, domain_id: str, *, since: str) -> Work[None]:
        asked.append((domain_id, since))
        yield Noted("settled")

    monkeypatch.setattr(delete, "settle", settle)
    change = changed(f"{SPACE}.edsger-editor")

    for refresh in (False, True):
        found = reach.of(life.environment, refresh=refresh).reach
        done(up._settle(life.environment, summary(change, **vars(found))))
    done(up._settle(life.environment, summary()))

    assert asked == [(DOMAIN, "1"), (DOMAIN, "")]  # of the last run's end nobody knows where all is looked at


def test_where_aws_does_not_tell_of_what_users_share_terraform_asks(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AwsError("You may not: iam:ListPolicies", hint="ask")

    monkeypatch.setattr(marks, "digest", refuse)
    assert not is_known(life)
    life.change()
    assert not is_known(life)


def test_a_record_without_marks_is_of_an_earlier_version(life: Life) -> None:
    file = life.terraform.directory / "last-up.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in record.items() if key != "marks"}))

    assert life.looked_at() == set()
    assert not is_known(life)


def test_what_the_file_says_as_it_did_at_the_last_up_is_known(life: Life) -> None:
    before = life.environment.config
    as_it_was = reach.same(life.environment)
    life.environment.__dict__["config"] = config(users=[{"name": name} for name in PEOPLE], studio={"volume_gb": 50})
    life.terraform.blueprint = blueprint.build(life.environment.config)
    changed = reach.same(life.environment)

    assert as_it_was.keys == frozenset(since.digests(before))
    assert as_it_was.resources == {*both(*PEOPLE), "aws_sagemaker_domain.studio"}
    assert as_it_was.keys - changed.keys == {"studio", "studio.volume_gb"}
    assert not changed.resources & {f"{SPACE}.ada-editor", "aws_sagemaker_domain.studio"}


def test_nothing_is_known_of_another_state_or_another_version(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setattr(reach, "__version__", "99.0")
        assert reach.same(life.environment) == reach.Same()
    life.terraform.serial += 1

    assert reach.same(life.environment) == reach.Same()


@pytest.mark.parametrize("passing", [True, False])
def test_what_passes_is_waited_for(life: Life, monkeypatch: pytest.MonkeyPatch, passing: bool) -> None:
    listed = changes.last_changes
    monkeypatch.setattr(changes, "last_changes", lambda *a, **k: replace(listed(*a, **k), passing=passing))

    assert reach.of(life.environment).reach.is_settled is not passing
    assert not reach.of(life.environment, refresh=True).reach.is_settled  # nobody knows how the last run ended


def test_who_is_known_is_not_asked_for_again(life: Life) -> None:
    life.times["profiles"] |= {"edsger": "1"}
    life.change()

    reach.of(life.environment)
    assert life.asked[-1] == dict.fromkeys(PEOPLE, "1") | {"edsger": ""}  # somebody made edsger by hand
    reach.of(life.environment, refresh=True)
    assert life.asked[-1] == {}


def test_who_failed_and_who_came_with_an_up_is_known(life: Life) -> None:
    planned = reach.of(life.environment).reach
    life.times["profiles"] |= {"edsger": "2"}
    new = {"user_profile_name": "edsger", "domain_id": DOMAIN}
    life.file(*PEOPLE, "edsger")
    life.terraform.instances[f"{PROFILE}.edsger"] = {"attributes": new}
    del life.times["profiles"]["ada"]
    listed = {address: at for address, at in planned.listed.items() if address != f"{PROFILE}.ada"}
    done(reach.remember(life.environment, summary(changed(f"{PROFILE}.edsger"), **{**vars(planned), "listed": listed})))

    reach.of(life.environment)

    assert life.asked[-1] == {**dict.fromkeys(PEOPLE, "1"), "ada": "", "edsger": "2"}


@pytest.mark.parametrize(
    ("content", "why"),
    [({"strangers": None}, "there is no record of how it was left"), ({"state": "another"}, "the state was changed")],
    ids=["makes no sense", "of another state"],
)
def test_by_a_record_that_is_not_trusted_nobody_is_known(life: Life, content: Any, why: str) -> None:
    file = life.terraform.directory / "last-up.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **content}))

    assert str(life.looked_at()).startswith(why)
    assert life.asked[-1] == {}


def test_by_a_record_of_an_earlier_version_nobody_is_known(life: Life) -> None:
    file = life.terraform.directory / "last-up.json"
    record = json.loads(file.read_text())
    del record["strangers"], record["quotas"]
    file.write_text(json.dumps(record))

    assert life.looked_at() == set()
    assert life.asked[-1] == {}


def test_quotas_are_kept_for_a_day(life: Life) -> None:
    now = time.time()
    life.change(quotas={"L-1": (5, now - 60), "L-2": (6, now - reach.DAY - 60), "L-3": (7, now + 3600)})

    assert reach.of(life.environment).reach.quotas == {"L-1": (5, now - 60)}
    assert reach.of(life.environment, refresh=True).reach.quotas == {}


@pytest.mark.parametrize(
    ("status", "passing", "is_told"),
    [("InService", False, True), ("Updating", False, False), ("InService", True, False)],
)
def test_what_aws_said_of_the_domain_holds_while_nothing_is_under_way(
    life: Life, monkeypatch: pytest.MonkeyPatch, status: str, *, passing: bool, is_told: bool
) -> None:
    said = {"Status": status}
    life.environment.__dict__["studio"] = SimpleNamespace(described_domain=lambda _: said)
    listed = changes.last_changes
    monkeypatch.setattr(changes, "last_changes", lambda *a, **k: replace(listed(*a, **k), passing=passing))

    assert reach.of(life.environment).reach.domain_at_rest == (said if is_told else {})
    assert reach.of(life.environment, refresh=True).reach.domain_at_rest == {}


def test_only_what_aws_lists_is_looked_for_before_it_is_made(life: Life) -> None:
    listed = LastChanges(people=("ADA", "grace"), rooms=(cast("Any", SimpleNamespace(name="ada-editor")),))

    found = adopt._unlisted(life.environment, listed)

    assert found == both(*PEOPLE) - {f"{PROFILE}.ada", f"{PROFILE}.grace", f"{SPACE}.ada-editor"}


def test_what_somebody_changed_while_an_up_ran_is_seen_next_time(life: Life) -> None:
    listed = reach.of(life.environment, refresh=True).reach
    life.times["profiles"] |= {"ada": "5", "grace": "9"}  # ada by somebody else, then grace by the `up`
    looked = {**vars(listed), "refreshed_at": time.time()}
    done(reach.remember(life.environment, summary(changed(f"{PROFILE}.grace", "update"), **looked)))

    assert reach.of(life.environment).left == both(*PEOPLE) - profiles("ada")


def test_what_was_not_listed_for_a_plan_is_looked_at_by_the_next_one(life: Life) -> None:
    """Terraform may have read it before somebody changed it, or have left it as it was."""
    planned = reach.of(life.environment, refresh=True).reach
    listed = {address: at for address, at in planned.listed.items() if address != f"{PROFILE}.ada"}  # it was passing
    life.times["profiles"]["ada"] = "9"
    done(reach.remember(life.environment, summary(**{**vars(planned), "listed": listed, "refreshed_at": time.time()})))

    assert life.looked_at() == profiles("ada")
