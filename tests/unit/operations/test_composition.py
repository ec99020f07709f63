"""Refusals before anything is put together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studioctl.errors import ConfigError
from studioctl.infrastructure import blueprint
from studioctl.operations import composition
from studioctl.operations.composition import compose
from studioctl.operations.environment import Environment
from studioctl.operations.state import stored_at
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import backend as backends
from studioctl.terraform.executable import Engine
from tests.environments import environment as config
from tests.fakes import profiles as aws_profiles


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["bucket=acme-lake"], 'storage.extra_buckets.0: "acme-lake" holds Terraform\'s state'),
        (["bucket=acme-data"], 'state.bucket: "acme-data" is the data bucket'),
        (["bucket=acme-tfstate", "key=a/../b"], 'The state\'s key "a/../b" has a part that is empty, "." or ".."'),
    ],
)
def test_a_place_for_the_state_that_is_given_by_hand_keeps_to_the_files_rules(
    tmp_path: Path, settings: list[str], said: str
) -> None:
    described: Any = config(storage={"bucket": "acme-data", "extra_buckets": ["acme-lake"]})

    with pytest.raises(ConfigError) as refused:
        compose(
            tmp_path / "studio.toml",
            described,
            blueprint.build(described),
            Target("us-east-1"),
            backend_settings=settings,
        )
    assert said in refused.value.message


CONFIG = f"""{aws_profiles.mfa("plain")}[profile plain]
aws_access_key_id = key
aws_secret_access_key = secret
"""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "find", lambda: Engine("terraform", ("terraform",), "1.11.4"))  # asks a process
    aws_profiles.use(monkeypatch, tmp_path, CONFIG, "AWS_ACCESS_KEY_ID")


def composed(tmp_path: Path, profile: str | None, *settings: str) -> Environment:
    described: Any = config(profile=profile) if profile else config()
    settings = ("bucket=acme-tfstate", *settings)
    target = Target("us-east-1", profile)
    tmp_path.mkdir(exist_ok=True)
    (file := tmp_path / "studio.toml").write_text("")
    return compose(file, described, blueprint.build(described), target, backend_settings=settings)


@pytest.mark.usefixtures("profiles")
def test_whoever_borrows_a_session_is_told_no_profile(tmp_path: Path) -> None:
    """The provider would take the profile, not what is lent; `terraform init` depends on the backend's text."""
    borrows = composed(tmp_path / "a", "mfa", "profile=mfa").terraform
    assert (borrows.workspace.target.profile, borrows.backend.settings.get("profile")) == (None, None)
    assert borrows.lent.__name__ == "environment"
    signs_in = composed(tmp_path / "b", "plain", "profile=plain").terraform
    assert (signs_in.workspace.target.profile, signs_in.backend.settings["profile"]) == ("plain", "plain")
    assert signs_in.lent() is None


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("profile", "of_state"), [("mfa", "plain"), ("plain", "mfa"), (None, "mfa")])
def test_two_profiles_of_which_one_must_be_lent_are_refused(tmp_path: Path, profile: str | None, of_state: str) -> None:
    with pytest.raises(ConfigError, match=f"The state's profile is '{of_state}', the environment's is") as refused:
        composed(tmp_path, profile, f"profile={of_state}")
    assert "--backend-config none" in refused.value.hint


@pytest.mark.usefixtures("profiles")
def test_two_profiles_that_terraform_can_use_are_its_own_business(tmp_path: Path) -> None:
    assert composed(tmp_path, None, "profile=plain").terraform.backend.settings["profile"] == "plain"


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("profile", "settings", "told", "read_as"),
    [
        (None, (), None, Target("us-east-1")),
        ("plain", (), "plain", Target("us-east-1", "plain")),
        (None, ("profile=plain",), "plain", Target("us-east-1", "plain")),
        ("plain", ("profile=other", "region=eu-west-1"), "other", Target("eu-west-1", "other")),
        ("mfa", (), None, Target("us-east-1", "mfa")),  # which is lent
        ("mfa", ("profile=mfa",), None, Target("us-east-1", "mfa")),
    ],
)
def test_the_state_is_read_as_whom_terraform_reads_it(
    tmp_path: Path, profile: str | None, settings: tuple[str, ...], told: str | None, read_as: Target
) -> None:
    environment = composed(tmp_path, profile, *settings)
    backend = environment.terraform.backend
    arguments = backends.arguments(backend, environment.terraform.workspace.target)
    stored = stored_at(environment, backend)

    assert (arguments.get("profile"), stored.session.target) == (told, read_as)
    assert (stored.bucket, stored.key) == (arguments["bucket"], arguments["key"])
    assert arguments["region"] == read_as.region
    assert stored_at(environment, backend).session is stored.session  # whoever gives credentials is asked once
    assert (stored.session is environment.session) == (read_as == environment.target)


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("key", "settings", "sealed"),
    [
        ("YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgdGhlaXI=", (), b"a key of thirty-two bytes, their"),
        ("YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgdGhlaXI=", ("encrypt=false",), None),  # Terraform goes by both
        ("no key", (), None),
        ("", (), None),
    ],
)
def test_a_key_that_terraform_encrypts_the_state_with_is_known(
    tmp_path: Path, key: str, settings: tuple[str, ...], sealed: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SSE_CUSTOMER_KEY", key)
    environment = composed(tmp_path, "plain", *settings)
    stored = stored_at(environment, environment.terraform.backend)

    assert stored.sealed.get("SSECustomerKey") == sealed
    assert stored.extra == ({} if sealed else {"ServerSideEncryption": "AES256"})
    emulated = replace(environment, target=Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:9", "k", "s")))
    assert stored_at(emulated, environment.terraform.backend).sealed == {}
