"""One provider process that serves several runs of Terraform, one after the other: on the emulator, in tests.

Behind a front (see front/) it is started once, and Terraform is told where it listens.

`STUDIOCTL_WARM_PROVIDER` names the directory of such a process. It is for our own tests. Nothing of AWS's ever goes
there: only runs on the emulator use it, and only when the directory is ours and closed to everybody else, so that no
other user of the machine can put his own in its place. A user's `TF_REATTACH_PROVIDERS` is dropped as ever.
https://developer.hashicorp.com/terraform/plugin/debugging
"""

import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from studioctl import disk
from studioctl.catalog.provider import DEFAULT, NAME
from studioctl.errors import ConfigError
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import provider
from studioctl.terraform.environment import child_environment
from studioctl.terraform.front import OFFER, starting

VARIABLE = "STUDIOCTL_WARM_PROVIDER"
_KEY = "credentials"
_KEY_FILE = "[default]\naws_access_key_id = {0.access_key_id}\naws_secret_access_key = {0.secret_access_key}\n"


def package(environ: Mapping[str, str]) -> Path | None:
    """The provider's package, a directory in a mirror on this machine; None where there is none that is unpacked."""
    mirror = provider.find(environ, provider.TERRAFORM_REGISTRY)
    if mirror is None:
        return None
    directory = mirror.directory / mirror.registry / NAME / DEFAULT / provider.platform_name()
    return directory if directory.is_dir() else None


def is_named(environ: Mapping[str, str]) -> bool:
    """Whether our own environment names one."""
    return bool(environ.get(VARIABLE))


@contextmanager
def kept_warm(package: Path, directory: Path) -> Iterator[Path]:
    """A provider that runs until the end of the block, or of our process; its directory, for the variable.

    Args:
        package: See `package`.
        directory: For its socket and log; made, and open to us alone. A short path: a socket's has 107 bytes.

    Raises:
        TerraformError: It did not start.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    running = starting.start(package, directory, _environ(directory))
    try:
        running.ready()
        yield directory
    finally:
        running.end()


@contextmanager
def borrowed(
    environ: Mapping[str, str], child: Mapping[str, str], target: Target, types: Callable[[], Collection[str] | None]
) -> Iterator[Mapping[str, str]]:
    """The environment of Terraform's process while it uses the warm provider; `child` where it may not, or cannot.

    It cannot where another Terraform uses it, since a provider is configured for one at a time, and with a CA bundle,
    which version 5 of the provider takes only the first time that it is configured.

    Args:
        environ: Our own environment.
        child: The environment variables of Terraform's process otherwise.
        target: The target of Terraform.
        types: Tells the types of resources and data sources that its documents and its state hold; None for any.

    Raises:
        ConfigError: The directory is not ours alone.
    """
    named = environ.get(VARIABLE)
    if not named or not target.is_local or "AWS_CA_BUNDLE" in child:
        yield child
        return
    directory = Path(named)
    _require_private(directory)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield child
            return
        offer = _running(directory)
        if offer and target.local:
            disk.replace(directory / _KEY, _KEY_FILE.format(target.local), mode=0o600)
            starting.tell_types(directory, types())
        yield {**child, "TF_REATTACH_PROVIDERS": offer} if offer else child


def _environ(directory: Path) -> dict[str, str]:
    """No way out, and the key of whoever borrows it.

    Each configuration says where its calls go. The key it has from a file that is read with each configuration: an
    environment could not change.
    """
    nowhere = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:9", "none", "none"))
    sealed = child_environment(os.environ, nowhere, cli_config=None)
    for name in ("AWS_CA_BUNDLE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        sealed.pop(name, None)
    return sealed | {"AWS_SHARED_CREDENTIALS_FILE": str(directory / _KEY)}


def _require_private(directory: Path) -> None:
    if not disk.is_ours(directory, closed=0o077):
        raise ConfigError(
            f'{VARIABLE} names "{directory}", which is not a directory that you alone can open',
            hint=f"unset {VARIABLE}",
        )


def _running(directory: Path) -> str | None:
    """The offer in a directory, if who made it still runs and listens there."""
    try:
        text = (directory / OFFER).read_text(encoding="utf-8")
        ((_, offer),) = json.loads(text).items()
        os.kill(offer["Pid"], 0)
        return text if Path(offer["Addr"]["String"]).parent == directory else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
