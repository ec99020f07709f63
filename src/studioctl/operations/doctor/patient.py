"""The environment under examination. Facts that several checks need are read once, by the first check that asks."""

import os
import shlex
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox import run as sandbox
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.errors import AwsError, StudioctlError
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Blueprint
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.target import Target
from studioctl.terraform.provider import MACHINE_WIDE
from studioctl.terraform.workspace import Workspace

if TYPE_CHECKING:
    from studioctl.aws.quotas import Limits, RunningApp
    from studioctl.aws.session import Identity, Session
    from studioctl.aws.studio import Studio
    from studioctl.aws.values import App, Domain, Space, SpaceDetails, UserProfile

T = TypeVar("T")
# Settings are asked for one space at a time: of a thousand spaces, the first ones must do.
EXAMINED_SPACES = 50
DEFAULT_REGION = "us-east-1"


def region_without_file() -> str:
    """The region to check if no file names one: the one that other AWS programs would use."""
    from studioctl.aws.surroundings import usual_region  # noqa: PLC0415 (boto3 is heavy)

    try:
        return usual_region() or DEFAULT_REGION
    except AwsError:  # another check reports a configuration that cannot be read
        return DEFAULT_REGION


class Once(Generic[T]):
    """A value that is made when first asked for, by whichever thread; a failure is kept, too."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._failure: Exception | None = None

    def __call__(self) -> T:
        """The value. Raises what its making raised."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._made:
                try:
                    self._made.append(self._make())
                except Exception as error:
                    self._failure = error
                    raise
            return self._made[0]

    def peek(self) -> T | None:
        """The value, if it is there already: never waits, never raises."""
        return self._made[0] if self._made else None


class shared(Generic[T]):  # noqa: N801 (used like `property`)
    """A property that is asked for once. functools' own does not keep other threads out, nor failures."""

    def __init__(self, look: "Callable[[Patient], T]") -> None:
        self._look = look
        self.__doc__ = look.__doc__

    def __get__(self, patient: "Patient", _: type) -> T:
        kept: Once[T] = patient.known.setdefault(self._look.__name__, Once(lambda: self._look(patient)))
        return kept()


@dataclass(frozen=True)
class Patient:
    """An environment, or as much of one as there is. What asks AWS raises AwsError.

    Args:
        target: Its target, existing or not.
        file: The file that describes it.
        config: Its content; None when there is no such file, or it is wrong.
        mistake: The error in it.
        absent: Why there is no emulator to ask; None where it runs, and for AWS.
        environ: Our own environment.
        now: The local clock.
        homes: Directories whose direct children may be mirrors of the AWS provider.
        source: The file's text, for the lines of what is found; None when there is no `config`.
    """

    target: Target
    file: Path
    config: EnvironmentConfig | None = None
    mistake: StudioctlError | None = None
    absent: StudioctlError | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    homes: tuple[Path, ...] = MACHINE_WIDE
    source: Source | None = None
    known: dict[str, Once[Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def wanted(self) -> EnvironmentConfig:
        """The file's configuration. Only checks that need the file may use it."""
        assert self.config is not None  # noqa: S101 - the examination sees to it
        return self.config

    @property
    def tag(self) -> tuple[str, str]:
        """The tag that marks things as this environment's."""
        return ENVIRONMENT_TAG, self.wanted.name

    @property
    def file_flag(self) -> str:
        """The flag with which studioctl means the same file."""
        return "" if self.file == Path("studio.toml") else f" --config {shlex.quote(str(self.file))}"

    @property
    def flags(self) -> str:
        """The flags with which studioctl means the same environment."""
        return self.file_flag + (" --local" if self.target.is_local else "")

    @shared
    def rehearsal(self) -> "SandboxError | None":
        """The reason why no script can be rehearsed on this machine; found out by trying."""
        return sandbox.probe()

    @shared
    def workspace(self) -> Workspace:
        """The directory in which Terraform works, and which holds a local state."""
        return Workspace.beside(self.file, self.wanted.name, self.target)

    @shared
    def blueprint(self) -> Blueprint:
        """Everything that `up` would make."""
        return blueprint.build(self.wanted)

    @shared
    def session(self) -> "Session":
        """Clients that do not wait long."""
        if self.absent is not None:
            raise AwsError(self.absent.message, hint=self.absent.hint)
        from studioctl.aws.session import HURRIED, Session  # noqa: PLC0415 (boto3 is heavy)

        return Session(self.target, HURRIED)

    @shared
    def identity(self) -> "Identity":
        """The identity that AWS reports."""
        return self.session.identity

    @shared
    def studio(self) -> "Studio":
        """SageMaker Studio."""
        from studioctl.aws.studio import Studio  # noqa: PLC0415

        return Studio(self.session)

    @shared
    def domain(self) -> "Domain | None":
        """The environment's domain; None before `up`."""
        return self.studio.find_domain(Naming.of(self.wanted).domain, tag=self.tag)

    @property
    def domain_id(self) -> str | None:
        """The domain's id; None before `up`."""
        return self.domain.id if self.domain else None

    @shared
    def profiles(self) -> "tuple[UserProfile, ...]":
        """The domain's user profiles."""
        return self.studio.user_profiles(self.domain.id) if self.domain else ()

    @shared
    def spaces(self) -> "tuple[Space, ...]":
        """The domain's spaces."""
        return self.studio.spaces(self.domain.id) if self.domain else ()

    @shared
    def apps(self) -> "tuple[App, ...]":
        """The domain's apps, without those that AWS only remembers."""
        found = self.studio.apps(self.domain.id) if self.domain else ()
        return tuple(app for app in found if app.status != "Deleted")

    def leaving(self, _: str) -> int:
        """Return 0: without a plan, nobody knows how many resources of a type `up` deletes."""
        return 0

    @shared
    def running(self) -> "tuple[RunningApp, ...]":
        """The running apps of all domains in the region, because quotas apply to the account."""
        from studioctl.aws.quotas import running_apps  # noqa: PLC0415

        return running_apps(self.session)

    @property
    def limits(self) -> "Limits":
        """The account's quotas."""
        from studioctl.aws.quotas import Limits  # noqa: PLC0415

        return Limits(self.session)

    @shared
    def every_profile(self) -> "tuple[tuple[str, str], ...]":
        """The user profiles of all domains of the region: the domain's id and the name."""
        from studioctl.aws import quotas  # noqa: PLC0415

        return quotas.profiles(self.session)

    @shared
    def every_space(self) -> "tuple[tuple[str, str], ...]":
        """The spaces of all domains of the region: the domain's id and the name."""
        from studioctl.aws import quotas  # noqa: PLC0415

        return quotas.spaces(self.session)

    @shared
    def examined_spaces(self) -> "tuple[SpaceDetails, ...]":
        """The first of the file's spaces with their settings, as far as they exist."""
        if self.domain is None:
            return ()
        names = [space.name for space in self.wanted.resolved_spaces()][:EXAMINED_SPACES]
        return self.studio.spaces_in_detail(self.domain.id, names)
