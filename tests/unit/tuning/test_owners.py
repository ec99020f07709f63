"""A study is one person's: nobody else's run is mixed into it, and nobody else deletes it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.errors import RefusedError, StudioctlError
from studioctl.operations.tuning import owners
from studioctl.target import Target
from studioctl.tuning import places, refusals, runs, studies
from tests.environments import environment
from tests.fakes.training import FakeCloud

ROLE = "arn:aws:sts::123456789012:assumed-role"


@dataclass(frozen=True)
class Account:
    """As who somebody acts."""

    arn: str
    config: Any = field(default_factory=environment)
    target: Target = field(default_factory=lambda: Target("us-east-1"))

    @property
    def session(self) -> Any:
        return SimpleNamespace(identity=SimpleNamespace(arn=self.arn))


@pytest.mark.parametrize(
    ("arn", "person"),
    [
        ("arn:aws:iam::123456789012:user/ada", "user/ada"),
        ("arn:aws-us-gov:iam::123456789012:user/team/ada", "user/team/ada"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("arn:aws:sts::123456789012:federated-user/ada", "federated-user/ada"),
        ("arn:aws:sts::123456789012:assumed-root", "assumed-root"),
        (f"{ROLE}/AWSReservedSSO_Admin_1/ada@acme.com", "AWSReservedSSO_Admin_1/ada@acme.com"),
        (f"{ROLE}/acme-ml-execution/SageMaker", "acme-ml-execution"),
        (f"{ROLE}/deployer/botocore-session-1764489000", "deployer"),
    ],
)
def test_a_person_is_who_aws_tells(arn: str, person: str) -> None:
    assert owners.who(arn) == person
    roles = environment(users=[{"name": "ada"}], iam={"per_user_roles": True})
    assert owners.user_of(Account(arn, roles), None) is None  # type: ignore[arg-type]


def test_only_its_owner_goes_on_with_a_study_of_the_bucket() -> None:
    ada, bob = (Account(f"arn:aws:iam::123456789012:user/{name}") for name in ("ada", "bob"))
    cloud = FakeCloud(lambda _: 0.0)
    for each in (ada, ada):
        owners.claim(each, cloud, "tuning/shared/digits", "digits", "data")  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as raised:
        owners.claim(bob, cloud, "tuning/shared/digits", "digits", "data")  # type: ignore[arg-type]
    assert str(raised.value) == (
        "Study 'digits' of 'acme-ml' is of 'user/ada', and you are 'user/bob'. Nothing was changed."
    )
    assert raised.value.hint == (
        "name another study with --study; where both are you: aws s3 rm s3://data/tuning/shared/digits/owner.json"
        " --region us-east-1"
    )


def test_of_two_who_begin_a_study_at_once_one_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = (Account(f"arn:aws:iam::123456789012:user/{name}") for name in ("ada", "bob"))
    cloud, see = FakeCloud(lambda _: 0.0), owners.refuse_others

    def meanwhile(*arguments: Any) -> None:
        see(*arguments)
        monkeypatch.setattr(owners, "refuse_others", see)
        owners.claim(ada, cloud, *arguments[2:])  # type: ignore[arg-type]

    monkeypatch.setattr(owners, "refuse_others", meanwhile)
    with pytest.raises(RefusedError, match="is of 'user/ada', and you are 'user/bob'"):
        owners.claim(bob, cloud, "tuning/shared/digits", "digits", "data")  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"[" * 99_999, b"{}", b"\xff", b"7"])
def test_an_owner_that_is_none_keeps_nobody_out(content: bytes) -> None:
    cloud = FakeCloud(lambda _: 0.0)
    cloud.put(f"root/{owners.OWNER}", content)
    owners.claim(Account(f"{ROLE}/deployer/bob"), cloud, "root", "digits", "data")  # type: ignore[arg-type]


def test_a_user_with_a_role_has_studies_under_it() -> None:
    roles = environment(users=[{"name": "ada"}, {"name": "bob"}], iam={"per_user_roles": True})
    ada = Account(f"{ROLE}/acme-ml-execution-ada/SageMaker", roles)
    assert [owners.user_of(ada, asked) for asked in (None, "ada")] == ["ada", "ada"]  # type: ignore[arg-type]
    with pytest.raises(StudioctlError, match="You are 'ada', and 'bob' is another user"):
        owners.user_of(ada, "bob")  # type: ignore[arg-type]
    admin = Account("arn:aws:iam::123456789012:user/root", roles)
    assert [owners.user_of(admin, asked) for asked in (None, "bob")] == [None, "bob"]  # type: ignore[arg-type]
    assert owners.user_of(replace(ada, config=environment()), None) is None  # type: ignore[arg-type]


def test_two_users_do_not_share_a_study_of_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = places.place(tmp_path / "studio.toml", "digits")
    found.directory.mkdir(parents=True)
    studies.created(found, None)
    places.remember(found, {"jobs": {"user": "ada"}})
    settings = runs.Settings(tmp_path / "digits.py", 1, jobs={"user": "ada"})
    refusals.another_user(found, settings)
    with pytest.raises(RefusedError, match="is of user 'ada', and this run would be of all users"):
        refusals.another_user(found, replace(settings, jobs={"user": None}))
