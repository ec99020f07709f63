"""The promises of `aws/studio.py`, against the emulator: and, word for word the same, against a real account.

For the latter, name the file of an environment that was made by `studioctl up`. Its first Code Editor space must be
stopped; it is started and stopped again, which costs a few minutes of its instance:

    STUDIOCTL_CONTRACT_CONFIG=studio.toml pytest tests/contract/test_studio_port.py
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studioctl.aws.errors import InUseError, MissingError
from studioctl.aws.studio import Studio
from studioctl.aws.values import EDITOR, App, Space, SpaceDetails
from studioctl.config.load import load
from studioctl.operations import emulation
from studioctl.operations.environment import Account
from studioctl.target import Target
from tests.functional.living import living

CONFIG = "STUDIOCTL_CONTRACT_CONFIG"
NOBODY = "studioctl-contract-nobody"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account that the variable names; without it, an environment on the emulator."""
    if file := os.environ.get(CONFIG):
        config = load(Path(file))
        yield Account(config, Target(config.region, config.profile))
        return
    with living(tmp_path_factory.mktemp("contract"), users={"ada": ("ada-editor",)}) as home:
        config = load(home.shell.directory / "studio.toml")
        yield Account(config, emulation.target(home.emulator, config.region))


@pytest.fixture
def studio(account: Account) -> Studio:
    return account.studio


@pytest.fixture
def space(account: Account, studio: Studio) -> SpaceDetails:
    """The first Code Editor space. It must be stopped: nobody's work may be disturbed."""
    domain = account.domain()
    assert domain is not None, "there is no such environment: make it with studioctl up"
    listed = next(space for space in studio.spaces(domain.id) if space.app_type == EDITOR)
    found = studio.space(domain.id, listed.name)
    assert found is not None
    running = studio.editor(found)
    assert running is None or running.status in {"Deleted", "Failed"}, f"'{found.name}' runs: stop it first"
    return found


def eventually(look: Callable[[], App | SpaceDetails | None], *statuses: str) -> App | SpaceDetails:
    """Looks until the status is one of these; AWS takes minutes."""
    end = time.monotonic() + 1200
    while (found := look()) is None or found.status not in statuses:
        assert time.monotonic() < end, found
        time.sleep(0.1 if CONFIG not in os.environ else 5)
    return found


def test_a_domain_is_found_by_its_tag_whatever_its_name(account: Account, studio: Studio) -> None:
    name = account.config.name
    found = studio.find_domain(name, tag=("studioctl:environment", name))

    assert found is not None
    assert (found.name, found.status) == (name, "InService")
    assert found.arn.endswith(f":domain/{found.id}")
    assert found.url.startswith("https://")
    assert found.home_file_system_id is not None
    assert found.home_file_system_id.startswith("fs-")
    assert studio.domain(found.id) == found
    assert studio.find_domain(name, tag=("studioctl:environment", NOBODY)) is None
    assert studio.find_domain(NOBODY, tag=("studioctl:environment", name)) == found


def test_what_does_not_exist_is_none_or_nothing(studio: Studio, space: SpaceDetails) -> None:
    assert studio.domain("d-studioctlnone") is None
    assert studio.space(space.domain_id, NOBODY) is None
    assert studio.editor(replace(space, name=NOBODY)) is None
    assert studio.spaces("d-studioctlnone") == ()
    assert studio.apps("d-studioctlnone") == ()
    assert studio.user_profiles("d-studioctlnone") == ()


def test_a_listing_and_a_look_agree(studio: Studio, space: SpaceDetails) -> None:
    listed = next(found for found in studio.spaces(space.domain_id) if found.name == space.name)

    assert listed == Space(**{field: getattr(space, field) for field in Space.__dataclass_fields__})
    assert space.arn.endswith(f":space/{space.domain_id}/{space.name}")
    assert space.owner in {profile.name for profile in studio.user_profiles(space.domain_id)}
    assert space.spec.instance_type is not None


def test_the_life_of_an_editor(studio: Studio, space: SpaceDetails) -> None:
    studio.create_editor(space, space.spec)
    accepted = studio.editor(space)
    assert accepted is not None
    assert accepted.status in {"Pending", "InService"}
    try:
        with pytest.raises(InUseError):
            studio.create_editor(space, space.spec)
        running = eventually(lambda: studio.editor(space), "InService")
        assert isinstance(running, App)
        assert (running.name, running.type, running.space, running.user_profile) == (
            "default",
            EDITOR,
            space.name,
            None,
        )
        assert running.spec.instance_type == space.spec.instance_type
        assert running.spec.lifecycle_config_arn == space.spec.lifecycle_config_arn
        assert running in [replace(app, failure=running.failure) for app in studio.apps(space.domain_id)]
        url = studio.presigned_url(space, landing_uri="app:CodeEditor:", expires_seconds=5)
        assert f"{space.domain_id}" in url
        assert "token=" in url
    finally:
        eventually(lambda: studio.editor(space), "InService", "Failed")
        studio.delete_app(space.domain_id, accepted)
    stopped = eventually(lambda: studio.editor(space), "Deleted")
    assert isinstance(stopped, App)
    assert not stopped.is_running
    with pytest.raises(MissingError):
        studio.delete_app(space.domain_id, accepted)


def test_remote_access_is_changed_and_nothing_else(studio: Studio, space: SpaceDetails) -> None:
    try:
        studio.update_space(space, remote_access=not space.remote_access)
        eventually(lambda: studio.space(space.domain_id, space.name), "InService")
        changed = studio.space(space.domain_id, space.name)
    finally:
        studio.update_space(space, remote_access=space.remote_access)
        eventually(lambda: studio.space(space.domain_id, space.name), "InService")

    assert changed == replace(space, remote_access=not space.remote_access)
    assert studio.space(space.domain_id, space.name) == space
