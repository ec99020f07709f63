"""studioctl for notebooks and scripts: the same verbs as the command line, with values instead of text.

    from studioctl import Studio

    studio = Studio.load("studio.toml")
    studio.start("ada-editor", on_event=print)
    print(studio.status().usd_per_hour)

Nothing here prints, asks or exits. What goes wrong is a `StudioctlError`, with a message and a hint.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studioctl.config.load import load
from studioctl.errors import ExitCode, StudioctlError
from studioctl.events import Event, result_of
from studioctl.operations.environment import Account
from studioctl.target import Target

if TYPE_CHECKING:  # they load what talks to AWS, which is done when first needed
    from studioctl.aws.values import App, Space
    from studioctl.operations.environment import Environment
    from studioctl.operations.provisioning.down import Outcome
    from studioctl.operations.spaces.logs import LogLine
    from studioctl.operations.status import Status
    from studioctl.terraform.plan import PlanSummary

OnEvent = Callable[[Event], None]


class Studio:
    """One environment: create, use and remove it.

    Every method raises StudioctlError (or one of its subclasses in `studioctl.errors`) with a message and a hint. The
    name of a space may be left out if there is only one. `on_event` is called with each event of `studioctl.events`
    during long work.
    """

    def __init__(self, account: Account, file: Path, emulator: str | None = None) -> None:
        self._account, self._file, self._emulator = account, file, emulator

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
        file = Path(file)
        config = load(file)
        if not local:
            return cls(Account(config, Target(config.region, config.profile)), file)
        from studioctl.operations import emulation  # noqa: PLC0415 (only for a rehearsal)

        target, instance_id = emulation.begin(config.region)
        return cls(Account(config, target), file, instance_id)

    @property
    def name(self) -> str:
        """The environment's name."""
        return self._account.config.name

    def plan(self, *, refresh: bool = False, on_event: OnEvent | None = None) -> "PlanSummary":
        """Plan what `up` would create, change and destroy. Changes nothing. Runs Terraform, like `up` and `down`.

        Args:
            refresh: Ask AWS about every resource, including those that the last `up` left unchanged.
            on_event: Called with each event.

        Raises:
            RefusedError: The state would have to move. `studioctl plan` asks for confirmation.
            TerraformError: Terraform failed.
        """
        from studioctl.operations.provisioning import up as provision  # noqa: PLC0415

        return result_of(provision.plan(self._environment(), refresh=refresh), on_event)

    def up(
        self,
        *,
        stop_apps: bool = False,
        delete_data: bool = False,
        adopt: str | None = None,
        on_event: OnEvent | None = None,
    ) -> "Mapping[str, Any]":
        """Create or change the environment as the file describes, without asking, and return its outputs by name.

        Args:
            stop_apps: Stop running apps that block the plan. Their files are kept.
            delete_data: Also permanently delete the data in what the plan deletes: volumes, objects, images.
            adopt: The environment's name, to take over an existing one that has no record here.
            on_event: Called with each event.

        Raises:
            RefusedError: Data would be lost, apps block the plan, AWS cannot make a change, or an existing environment
                of this name has no record here. Nothing was changed.
            TerraformError: AWS refused a call. Calling it again continues from there.
        """
        from studioctl.operations.provisioning import meeting  # noqa: PLC0415
        from studioctl.operations.provisioning import up as provision  # noqa: PLC0415

        environment = self._environment()
        summary = result_of(provision.plan(environment, adopt=adopt), on_event)
        met = meeting.obstacles(environment, summary)
        stop = provision.cleared(
            environment, summary, stop_apps=stop_apps, delete_data=delete_data, adopt=adopt, met=met
        )
        lose = tuple(met.held) if delete_data else ()
        return result_of(provision.apply(environment, summary, stop=stop, lose=lose), on_event)

    def down(
        self,
        name: str,
        *,
        delete_data: Collection[str] = (),
        adopt: str | None = None,
        on_event: OnEvent | None = None,
    ) -> "Outcome":
        """Remove the environment without asking. Return what was kept, and what remains although it should not.

        Args:
            name: The environment's name once more, to prevent the removal of a wrong environment.
            delete_data: Data to permanently delete too: "bucket", "homes", "images", "secrets", "spaces", or "all".
            adopt: The environment's name, to take over an existing one that has no record here.
            on_event: Called with each event.

        Raises:
            RefusedError: Volumes of spaces would be lost, and "spaces" is not in `delete_data`; or an existing
                environment of this name has no record here.
            TerraformError: AWS refused a call. Calling it again continues from there.
        """
        from studioctl.operations.data import inventory  # noqa: PLC0415
        from studioctl.operations.provisioning import down as teardown  # noqa: PLC0415

        if name != self.name:
            raise StudioctlError(
                f"This is '{self.name}', not '{name}'. Nothing was changed.",
                hint=f'say which one goes: down("{self.name}")',
                exit_code=ExitCode.USAGE,
            )
        environment, kinds = self._environment(), inventory.kinds(delete_data)
        found = result_of(teardown.survey(environment, delete=kinds, adopt=adopt), on_event)
        if found.is_empty:
            return teardown.Outcome(found.kept, ())
        teardown.refuse_to_lose(found, is_local=self._account.target.is_local)
        return result_of(teardown.remove(environment, kinds), on_event)

    def _environment(self) -> "Environment":
        from studioctl.infrastructure import blueprint  # noqa: PLC0415
        from studioctl.operations.composition import compose  # noqa: PLC0415

        account = self._account
        everything = blueprint.build(account.config)
        return compose(self._file, account.config, everything, account.target, emulator=self._emulator)

    def status(self) -> "Status":
        """The domain, its users and spaces, what runs and what it costs: live from AWS."""
        from studioctl.operations.status import status  # noqa: PLC0415

        return status(self._account)

    def spaces(self) -> "tuple[Space, ...]":
        """Return the spaces for Code Editor or JupyterLab, by name. Raises StudioctlError if there is none."""
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        return spaces.candidates(self._account)

    def start(
        self,
        space: str | None = None,
        *,
        instance_type: str | None = None,
        wait: bool = True,
        recovery: bool = False,
        on_event: OnEvent | None = None,
    ) -> "App":
        """Start the editor of a space. Does nothing if it is running. You pay for the instance until it stops.

        Args:
            space: The space's name.
            instance_type: Instance type for this run only, such as "ml.t3.xlarge".
            wait: Wait until the editor is ready, which takes minutes on AWS, and not only until AWS has accepted it.
            recovery: Start it for repairs: with an empty home beside the volume, and without the lifecycle script.
            on_event: Called with each event.

        Raises:
            RefusedError: It already runs on another instance type, or without `recovery`.
            AwsError: AWS refused the call, or the start failed. The message says why.
        """
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        found = spaces.find(self._account, space)
        work = spaces.start(self._account, found, instance_type=instance_type, wait=wait, recovery=recovery)
        return result_of(work, on_event)

    def stop(
        self, *names: str, everything: bool = False, wait: bool = True, on_event: OnEvent | None = None
    ) -> tuple[str, ...]:
        """Stop the apps of spaces and return the names of the spaces that were running. Files are kept.

        Args:
            names: The spaces' names.
            everything: Stop every space of the environment instead.
            wait: Wait until each is stopped, and not only until AWS has accepted it.
            on_event: Called with each event.
        """
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        account = self._account
        wanted: Iterable[str | None] = names or (None,)
        found = spaces.candidates(account) if everything else tuple(spaces.find(account, name) for name in wanted)
        return result_of(spaces.stop(account, found, wait=wait), on_event)

    def restart(
        self,
        space: str | None = None,
        *,
        instance_type: str | None = None,
        wait: bool = True,
        recovery: bool = False,
        on_event: OnEvent | None = None,
    ) -> "App":
        """Stop the editor of a space if it is running, and start it; see `start`."""
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        found = spaces.find(self._account, space)
        work = spaces.restart(self._account, found, instance_type=instance_type, wait=wait, recovery=recovery)
        return result_of(work, on_event)

    def open_url(self, space: str | None = None) -> str:
        """Return an address that opens the editor in a browser as the space's owner, once, within five minutes.

        It is a credential: anybody can use it. The space should be running. In a domain with IAM Identity Center it is
        the domain's address, where users sign in themselves.
        """
        from studioctl.operations.spaces import address  # noqa: PLC0415
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        found = spaces.find(self._account, space)
        return address.portal(self._account) or address.presigned_url(self._account, found)

    def logs(self, space: str | None = None, *, lines: int = 100) -> "tuple[LogLine, ...]":
        """Return the last lines of the logs of the lifecycle script and the editor, by time.

        Args:
            space: The space's name.
            lines: The number of lines of each log.
        """
        from studioctl.operations.spaces import logs  # noqa: PLC0415
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        return logs.read(self._account, spaces.find(self._account, space), lines=lines)

    def follow_logs(self, space: str | None = None, *, lines: int = 100) -> "Iterator[LogLine]":
        """Yield the same lines as `logs`, and then each new line, without an end."""
        from studioctl.operations.spaces import logs  # noqa: PLC0415
        from studioctl.operations.spaces import start_stop as spaces  # noqa: PLC0415

        return logs.follow(self._account, spaces.find(self._account, space), lines=lines)
