"""Assignments to a domain's application in IAM Identity Center: made before a profile, released after it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studioctl.aws import identity_center
from studioctl.catalog import kinds
from studioctl.events import Stage
from studioctl.operations.provisioning import assignments
from studioctl.operations.provisioning import up as provision
from studioctl.terraform.plan import Action, PlanSummary, ResourceChange
from tests.fakes.work import done
from tests.unit.operations.provisioning.test_domain_by_api import HandedOver, domains, unmade
from tests.unit.operations.test_settings_beyond_the_provider import PROFILE
from tests.unit.operations.test_studio_settings import Home


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """It takes profiles of those alone who are assigned."""
    state = tmp_path_factory.mktemp("emulator")
    yield server.start(settings=EmulatorSettings(transition_seconds=0.05, registration_seconds=0), state_dir=state)
    server.stop(state)


@dataclasses.dataclass
class OfPeople(HandedOver):
    """Makes profiles of users of Identity Center, and records whose they are."""

    def _make(self, address: str) -> None:
        if address != PROFILE:
            super()._make(address)
            return
        user = self._described(PROFILE).arguments[assignments.USER]
        self.make_profile(SingleSignOnUserIdentifier="UserName", SingleSignOnUserValue=user)
        self.know(PROFILE, id="ada", **{assignments.USER: user})


@dataclasses.dataclass
class Directory:
    """An environment whose users are of Identity Center, with two people in it: ada, who is a user, and carol."""

    home: Home
    ada: str
    carol: str

    @property
    def admin(self) -> Any:
        return self.home.environment.session.client("sso-admin")

    @property
    def application(self) -> str:
        arn: str = self.home.domain()["SingleSignOnApplicationArn"]
        return arn

    def assigned(self) -> set[str]:
        found = self.admin.list_application_assignments(ApplicationArn=self.application)["ApplicationAssignments"]
        return {each["PrincipalId"] for each in found}

    def change(self, **actions: Action) -> None:
        """Does what a plan with these actions on profiles wants."""
        changes = tuple(
            ResourceChange(f"{kinds.PROFILE}.{name}", kinds.PROFILE, name, "", action)
            for name, action in actions.items()
        )
        summary = PlanSummary(changes, (), (), destroy=False, has_changes=True, file=Path("plan"))
        done(assignments.change(self.home.environment, summary))


def directory(emulator: RunningEmulator) -> Directory:
    home = unmade(emulator, "open")
    home.terraform = OfPeople(**vars(home.terraform))
    session = home.environment.session
    store = session.client("sso-admin").list_instances()["Instances"][0]["IdentityStoreId"]
    ids = [
        session.client("identitystore").create_user(
            IdentityStoreId=store,
            UserName=mail(home, name),
            DisplayName=name,
            Name={"GivenName": name, "FamilyName": "A"},
        )["UserId"]
        for name in ("ada", "carol")
    ]
    home.write(access={"auth": "sso"}, users=[user(home, "ada")])
    return Directory(home, *ids)


def mail(home: Home, name: str) -> str:
    return f"{name}@{home.name}.example"


def user(home: Home, name: str, of: str = "") -> Any:
    return {"name": name, "spaces": [], "sso_user": mail(home, of or name)}


def test_a_user_is_assigned_between_the_domain_and_the_profile(emulator: RunningEmulator) -> None:
    people = directory(emulator)
    summary = people.home.up()

    assert [(step.by, step.does) for step in summary.steps][-3:] == [
        ("api", "Create the domain"),
        ("api", assignments.STEP),
        ("terraform", "Create the rest"),
    ]
    assert summary.steps[-2].addresses == (PROFILE,)
    assert people.assigned() == {people.ada}
    assert not people.home.plan().has_changes


def test_killed_before_anybody_is_assigned_the_same_command_completes(emulator: RunningEmulator) -> None:
    people = directory(emulator)
    work = provision.apply(people.home.environment, people.home.plan())
    assert any(event == Stage("Telling IAM Identity Center who may come in") for event in work)
    work.close()
    assert people.home.environment.domain()
    people.home.up()

    assert (domains(people.home), people.assigned()) == (1, {people.ada})
    assert not people.home.plan().has_changes


def test_who_goes_is_released_and_nobody_else(emulator: RunningEmulator) -> None:
    people = directory(emulator)
    people.home.up()
    people.admin.create_application_assignment(
        ApplicationArn=people.application, PrincipalId=people.carol, PrincipalType="USER"
    )
    people.change(ada="replace")
    assert people.assigned() == {people.ada, people.carol}

    people.home.write(users=[user(people.home, "eve", of="ada")])
    people.change(ada="delete", eve="create")
    assert people.assigned() == {people.ada, people.carol}

    people.home.write(users=[user(people.home, "eve", of="carol")])
    people.change(ada="delete", eve="create")
    assert people.assigned() == {people.carol}


def test_who_goes_and_was_deleted_in_the_directory_is_released_by_the_id(emulator: RunningEmulator) -> None:
    people = directory(emulator)
    people.home.up()
    people.admin.create_application_assignment(
        ApplicationArn=people.application, PrincipalId=people.carol, PrincipalType="USER"
    )
    session = people.home.environment.session
    store = session.client("sso-admin").list_instances()["Instances"][0]["IdentityStoreId"]
    session.client("identitystore").delete_user(IdentityStoreId=store, UserId=people.ada)
    people.home.write(users=[user(people.home, "eve", of="carol")])
    people.change(ada="delete")

    assert people.assigned() == {people.carol}


def test_nobody_is_released_for_a_directory_that_this_account_does_not_see(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = directory(emulator)
    people.home.up()
    people.admin.create_application_assignment(
        ApplicationArn=people.application, PrincipalId=people.carol, PrincipalType="USER"
    )
    monkeypatch.setattr(identity_center, "stores", lambda _session: ())
    people.home.write(users=[user(people.home, "eve", of="carol")])
    people.change(ada="delete")

    assert people.assigned() == {people.ada, people.carol}
