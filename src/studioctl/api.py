"""studioctl for notebooks and scripts: the same verbs as the command line, with values instead of text.

    from studioctl import Studio

    studio = Studio.load("studio.toml")
    studio.start("ada-editor", on_event=print)
    print(studio.status().usd_per_hour)

Nothing here prints, asks or exits. What goes wrong is a `StudioctlError`, with a message and a hint.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studioctl.config.load import load
from studioctl.events import Event, T, Work
from studioctl.operations.environment import Account
from studioctl.target import Target

if TYPE_CHECKING:  # they load what talks to AWS, which is done when first needed
    from studioctl.aws.values import App, Space
    from studioctl.operations.logs import LogLine
    from studioctl.operations.status import Status

OnEvent = Callable[[Event], None]


class Studio:
    """One environment: its spaces during the day.

    Every method raises StudioctlError (or one of its families in `studioctl.errors`) with a message and a hint. A
    space is named; where there is only one, the name may be left out. `on_event` is called with each of
    `studioctl.events` while long work goes on.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    @classmethod
    def load(cls, file: str | Path = "studio.toml", *, local: bool = False) -> "Studio":
        """The environment that a file describes.

        Args:
            file: The studio.toml.
            local: Act on the emulator on this machine, which is started if it is not running, instead of AWS.

        Raises:
            ConfigError: The file is missing or wrong.
            EmulatorError: The emulator cannot be started.
        """
        config = load(Path(file))
        if not local:
            return cls(Account(config, Target(config.region, config.profile)))
        from studioctl.emulator import server  # noqa: PLC0415 (only for a rehearsal)

        return cls(Account(config, Target(config.region, endpoint_url=server.start().endpoint_url)))

    @property
    def name(self) -> str:
        """The environment's name."""
        return self._account.config.name

    def status(self) -> "Status":
        """The domain, its users and spaces, what runs and what it costs: live from AWS."""
        from studioctl.operations.status import status  # noqa: PLC0415

        return status(self._account)

    def spaces(self) -> "tuple[Space, ...]":
        """The Code Editor spaces, by name. Raises StudioctlError when there is none."""
        from studioctl.operations import spaces  # noqa: PLC0415

        return spaces.candidates(self._account)

    def start(
        self,
        space: str | None = None,
        *,
        instance_type: str | None = None,
        wait: bool = True,
        on_event: OnEvent | None = None,
    ) -> "App":
        """Starts Code Editor; running already is fine. The instance is paid for from then on.

        Args:
            space: Its name.
            instance_type: For this time only, such as "ml.t3.xlarge".
            wait: Until it can be opened, which takes minutes on AWS; else until AWS has accepted it.
            on_event: Called with each event.

        Raises:
            RefusedError: It runs on another instance type.
            AwsError: AWS refused, or it failed; the message says why.
        """
        from studioctl.operations import spaces  # noqa: PLC0415

        found = spaces.find(self._account, space)
        return _done(spaces.start(self._account, found, instance_type=instance_type, wait=wait), on_event)

    def stop(
        self, *names: str, everything: bool = False, wait: bool = True, on_event: OnEvent | None = None
    ) -> tuple[str, ...]:
        """Stops Code Editor; files are kept, and stopped already is fine. Returns the names of those that ran.

        Args:
            names: Of the spaces.
            everything: Stop every space of the environment instead.
            wait: Until each is stopped; else until AWS has accepted it.
            on_event: Called with each event.
        """
        from studioctl.operations import spaces  # noqa: PLC0415

        account = self._account
        wanted: Iterable[str | None] = names or (None,)
        found = spaces.candidates(account) if everything else tuple(spaces.find(account, name) for name in wanted)
        return _done(spaces.stop(account, found, wait=wait), on_event)

    def restart(
        self,
        space: str | None = None,
        *,
        instance_type: str | None = None,
        wait: bool = True,
        on_event: OnEvent | None = None,
    ) -> "App":
        """Stops Code Editor, if it runs, and starts it; see `start`."""
        from studioctl.operations import spaces  # noqa: PLC0415

        found = spaces.find(self._account, space)
        return _done(spaces.restart(self._account, found, instance_type=instance_type, wait=wait), on_event)

    def open_url(self, space: str | None = None) -> str:
        """An address that opens the editor in a browser as the space's owner, once, within five minutes.

        It is a credential: whoever has it gets in. The space should be running.
        """
        from studioctl.operations import access, spaces  # noqa: PLC0415

        return access.presigned_url(self._account, spaces.find(self._account, space))

    def logs(self, space: str | None = None, *, lines: int = 100) -> "tuple[LogLine, ...]":
        """The last lines of what the lifecycle script and the editor wrote, by time.

        Args:
            space: Its name.
            lines: How many of each of the two logs.
        """
        from studioctl.operations import logs, spaces  # noqa: PLC0415

        return logs.read(self._account, spaces.find(self._account, space), lines=lines)

    def follow_logs(self, space: str | None = None, *, lines: int = 100) -> "Iterator[LogLine]":
        """The same, and then each line as it comes, without an end."""
        from studioctl.operations import logs, spaces  # noqa: PLC0415

        return logs.follow(self._account, spaces.find(self._account, space), lines=lines)


def _done(work: Work[T], on_event: OnEvent | None) -> T:
    """Runs the work to its end; its result."""
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if on_event is not None:
            on_event(event)
