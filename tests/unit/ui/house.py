"""A page without a server, over an environment that a test tells."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from starlette.testclient import TestClient

from studioctl.aws.values import App, Domain, EditorDefaults, ResourceSpec, Space, SpaceDetails
from studioctl.cli.main import as_ours
from studioctl.config.model import EnvironmentConfig
from studioctl.config.users import User
from studioctl.operations.environment import Account
from studioctl.operations.status import SpaceStatus, Status, UserStatus
from studioctl.target import LocalEndpoint, Target
from studioctl.ui.app import application
from studioctl.ui.desk import Desk
from studioctl.ui.gate import Keys
from studioctl.ui.ways import OfFile, Ways
from tests.fakes.studio import EDITOR

PORT = 8000
DOMAIN = Domain("d-abc", "arn:domain", "acme-ml", "InService", "https://studio", None, 60)
MOMENT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass
class Fleet:
    """SageMaker Studio with some spaces. An app runs as soon as it is looked at, and is gone as soon as it is deleted.

    Args:
        details: The spaces by name.
        apps_: By name of the space: its Code Editor.
        fails: Why a start fails; empty when it does not.
    """

    details: dict[str, SpaceDetails]
    apps_: dict[str, App] = field(default_factory=dict)
    fails: str = ""

    def find_domain(self, name: str, *, tag: tuple[str, str]) -> Domain | None:
        return DOMAIN if name == "acme-ml" else None

    def space(self, domain_id: str, name: str) -> SpaceDetails | None:
        return self.details.get(name)

    def spaces(self, domain_id: str) -> tuple[Space, ...]:
        return tuple(self.details.values())

    def apps(self, domain_id: str) -> tuple[App, ...]:
        return tuple(self.apps_.values())

    def editor_defaults(self, domain_id: str, user_profile: str) -> EditorDefaults:
        return EditorDefaults(ResourceSpec(), None)

    def instance_types(self) -> frozenset[str]:
        return frozenset({"ml.t3.medium"})

    def create_editor(self, space: Space, spec: ResourceSpec, *, recovery: bool = False) -> None:
        status: Any = "Failed" if self.fails else "InService"
        app = App("default", "CodeEditor", space.name, None, status, MOMENT, spec)
        self.apps_[space.name] = replace(app, failure=self.fails)

    def editor(self, space: Space) -> App | None:
        return self.apps_.get(space.name)

    def app_status(self, domain_id: str, app: App) -> str | None:
        found = self.apps_.get(app.space or "")
        return found.status if found else None

    def delete_app(self, domain_id: str, app: App) -> None:
        del self.apps_[app.space or ""]

    def presigned_url(self, space: Space, *, landing_uri: str, expires_seconds: int) -> str:
        return f"https://studio.example/{space.name}?token=a&b=c"


@dataclass
class House:
    """The page, its browser, and the environment behind it."""

    desk: Desk
    keys: Keys
    fleet: Fleet
    client: TestClient
    warned: list[str] = field(default_factory=list)
    now: datetime | None = None  # a clock that stands; None for the machine's

    def clock(self) -> float:
        return self.now.timestamp() if self.now else time.time()

    def enter(self) -> None:
        """The browser takes the one-time address."""
        assert self.client.get(f"/enter/{self.keys.token}").status_code == 200

    def post(self, path: str, **headers: str) -> Any:
        """As the page's own form does it."""
        return self.client.post(path, headers={"origin": self.keys.address, **headers}, follow_redirects=False)

    def finished(self) -> None:
        """Waits until nothing is being done any more."""
        while self.desk.jobs.running:
            pass


def account(name: str, fleet: Fleet) -> Account:
    config = EnvironmentConfig(name=name, region="us-east-1", users=(User(name="ada"),))
    made = Account(config, Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:9", "id", "key")))
    made.__dict__["studio"] = fleet
    return made


@contextmanager
def house(*names: str, text: str = "", of_file: OfFile | None = None, root: str = "") -> Iterator[House]:
    """A page over spaces of these names.

    Args:
        names: Of the spaces.
        text: What each owner is called.
        of_file: What the environment's file allows; left out, there is none.
        root: The beginning of all paths; for most tests there is none.
    """
    details = {name: replace(EDITOR, name=name, owner=text or name.partition("-")[0]) for name in names}
    fleet = Fleet(details)
    made_once = account("acme-ml", fleet)
    ways = Ways(
        "acme-ml", lambda: made_once, lambda _, name: account(name, fleet), lambda hint, _: f"{hint} --local", of_file
    )
    desk = Desk(ways, as_ours, root=root, look=lambda _: looked(fleet))
    warned: list[str] = []
    keys = Keys(PORT, root, on_second_use=lambda: warned.append("again"))
    client = TestClient(application(desk, keys), base_url=keys.home, raise_server_exceptions=True)
    made = House(desk, keys, fleet, client, warned)
    desk.clock = made.clock
    yield made
    desk.stopping.set()


def looked(fleet: Fleet) -> Status:
    """The status of a fleet, as `status` reports it."""
    spaces = tuple(_space(space, fleet.apps_.get(space.name)) for space in fleet.details.values())
    costs = sum(space.usd_per_hour or 0.0 for space in spaces)
    return Status(
        "acme-ml", "us-east-1", "local", DOMAIN, (UserStatus("ada", "InService"),), spaces, costs, "2026-08-24"
    )


def _space(space: SpaceDetails, app: App | None) -> SpaceStatus:
    running = app if app and app.status != "Failed" else None
    return SpaceStatus(
        name=space.name,
        owner=space.owner,
        status=space.status,
        volume_gb=space.volume_gb,
        app_status=app.status if app else "Stopped",
        instance_type=running.instance_type if running else None,
        image=None,
        since=running.created_at if running else None,
        idle_timeout_minutes=60 if running else None,
        usd_per_hour=0.05 if running else None,
    )
