"""The files that record a running emulator and its access key. Only their owner may read them."""

import hmac
import json
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from studio_emulator.errors import EmulatorError

FILE = "state.json"
BEFORE_KEYS = "studioctl-emulator"  # what versions that verified no signatures were signed in with


@dataclass(frozen=True)
class State:
    """The state file's content, by which a running emulator is found again."""

    pid: int
    port: int
    instance_id: str
    access_key_id: str = BEFORE_KEYS
    secret_access_key: str = field(default=BEFORE_KEYS, repr=False)

    def write(self, home: Path) -> None:
        """Replace the file in one step: a reader never sees half of it, and only its owner sees any."""
        new = home / f".{FILE}.{self.instance_id}"
        new.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(asdict(self), file)
            new.replace(home / FILE)
        finally:
            new.unlink(missing_ok=True)

    def remove(self, home: Path) -> None:
        """Remove the file, unless a later start has written its own."""
        if self.read(home) == self:
            (home / FILE).unlink(missing_ok=True)

    @classmethod
    def read(cls, home: Path) -> "State | None":
        """None when there is no file, or somebody else wrote it or could have."""
        try:
            with os.fdopen(os.open(home / FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                    return None
                state = cls(**json.load(file))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        kinds = (int, int, str, str, str)
        fits = all(type(value) is kind for value, kind in zip(asdict(state).values(), kinds, strict=True))
        return state if fits and 0 < state.port < 2**16 else None

    @property
    def is_old(self) -> bool:
        """Whether an emulator of an earlier version wrote it, which takes any key."""
        return self.access_key_id == BEFORE_KEYS


def proof(secret: str, challenge: str) -> str:
    """Return the answer to a challenge, which needs the secret."""
    return hmac.new(secret.encode(), challenge.encode(), "sha256").hexdigest()


def make_private(home: Path) -> None:
    """Make the directory, or see to it that it is the user's own and nobody else can look into it.

    Raises:
        EmulatorError: It cannot be made, or belongs to somebody else.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = home.stat()
        if found.st_uid != os.geteuid():
            raise EmulatorError(
                f"The emulator's directory '{home}' belongs to another user, who could read its access key.",
                hint=f"sudo chown -R {os.geteuid()} '{home}', or name another one in STUDIOCTL_EMULATOR_DIR",
            )
        if found.st_mode & 0o077:
            home.chmod(0o700)
    except OSError as error:
        raise EmulatorError(
            f"The emulator's directory '{home}' cannot be made: {error.strerror}",
            hint="Name another one in STUDIOCTL_EMULATOR_DIR.",
        ) from error
