"""Start the emulator in the background, find it again, stop it. Imports no moto, so that it costs nothing."""

import contextlib
import http.client
import importlib.util
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs

from studio_emulator.asking import LOOPBACK, RefusedError, ask
from studio_emulator.errors import EmulatorError, PackageMissingError
from studio_emulator.sandbox.reach import passed_on
from studio_emulator.secret_names import holds_secret
from studio_emulator.settings import EmulatorSettings
from studio_emulator.state_file import FILE, State, make_private, proof

START_SECONDS = 60.0
STOP_SECONDS = 15.0
ANSWER_SECONDS = 15.0  # on a busy machine
ACCOUNT_ID = "123456789012"  # the only one

_children: dict[int, subprocess.Popen[bytes]] = {}
"""The processes that this one started. A child must be waited for, or it stays as a zombie."""


@dataclass(frozen=True)
class RunningEmulator:
    """An emulator that answered.

    Args:
        endpoint_url: Its address without a slash at the end, such as "http://127.0.0.1:40123".
        pid: Its process.
        port: Its port on 127.0.0.1.
        instance_id: Random for each start; the same in `/health`.
        log_path: The log of requests and of errors.
        runs_lifecycle: Whether apps run their lifecycle configurations.
        accepts_any_key: Whether it takes every request, whoever signed it.
    """

    endpoint_url: str
    pid: int
    port: int
    instance_id: str
    log_path: Path
    runs_lifecycle: bool = False
    accepts_any_key: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The administrator's access key and its secret, from the state file: no field, so that nothing prints it.

        Raises:
            EmulatorError: It is not there: the emulator has ended, or another one has begun.
        """
        state = State.read(self.log_path.parent)
        if state is None or state.instance_id != self.instance_id:
            raise EmulatorError(f"The emulator at {self.endpoint_url} has ended.", hint="studioctl emulator start")
        return state.access_key_id, state.secret_access_key


def default_state_dir() -> Path:
    """`STUDIOCTL_EMULATOR_DIR`, or the place for state in the user's home.

    Raises:
        EmulatorError: The variable names a relative place, which is another one in each directory, or no home is known.
    """
    if named := os.environ.get("STUDIOCTL_EMULATOR_DIR"):
        if Path(named).is_absolute():
            return Path(named)
        raise EmulatorError(
            f"STUDIOCTL_EMULATOR_DIR is '{named}', which is another place in each directory.",
            hint=f"export STUDIOCTL_EMULATOR_DIR={shlex.quote(str(Path(named).absolute()))}",
        )
    with contextlib.suppress(RuntimeError):  # a number without a user's name, as in a container
        if (home := platformdirs.user_state_path("studioctl")).is_absolute():
            return home / "emulator"
    raise EmulatorError(
        f"Your home directory is not known: HOME is '{os.environ.get('HOME', '')}', and user {os.geteuid()} has no"
        " other. Nothing was started.",
        hint="name a directory that only you can write to: export HOME=DIRECTORY",
    )


def start(*, port: int = 0, settings: EmulatorSettings | None = None, state_dir: Path | None = None) -> RunningEmulator:
    """The emulator that runs already, else a new one. Two starts at once start only one.

    Args:
        port: On 127.0.0.1; 0 for a free one. Ignored when one runs already, and so are `settings`.
        settings: The emulator's behaviour; AWS-like by default.
        state_dir: The directory of its state file and log; `default_state_dir()` by default.

    Raises:
        EmulatorError: moto is not installed, or the process ended or did not answer in time.
    """
    home = (state_dir or default_state_dir()).absolute()
    if running := find(home):
        return running
    from filelock import FileLock, Timeout  # noqa: PLC0415 (it loads asyncio, and most often one runs already)

    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise PackageMissingError("The emulator needs moto, which is not installed.")
    make_private(home)
    try:
        with FileLock(home / "start.lock", timeout=START_SECONDS):
            return find(home) or _launch(home, port, settings or EmulatorSettings())
    except Timeout:
        raise EmulatorError(
            f"Another start of the emulator holds '{home / 'start.lock'}'.", hint="studioctl emulator status"
        ) from None


def find(state_dir: Path | None = None) -> RunningEmulator | None:
    """The emulator of the state file; None where it has ended. Raises EmulatorError where it lives and is silent."""
    home = (state_dir or default_state_dir()).absolute()
    state = State.read(home)
    if state is None:
        return None
    challenge = secrets.token_hex(16)
    try:
        health = ask(state.port, "GET", f"/health?challenge={challenge}", timeout=ANSWER_SECONDS)
    except TimeoutError:
        if not _is_alive(state.pid):
            return None
        raise EmulatorError(
            f"The emulator (process {state.pid}) lives, and did not answer within {ANSWER_SECONDS:g} s.",
            hint=f"run it again if this machine is busy; else end it, with everything in it: kill -9 {state.pid}",
        ) from None
    except (OSError, ValueError, http.client.HTTPException, RefusedError):
        return None
    if not isinstance(health, dict) or (health.get("pid"), health.get("instance_id")) != (state.pid, state.instance_id):
        return None
    if not state.is_old and health.get("proof") != proof(state.secret_access_key, challenge):
        return None  # another process has taken the port, and tells what the emulator told everybody
    return RunningEmulator(
        endpoint_url=f"http://{LOOPBACK}:{state.port}",
        pid=state.pid,
        port=state.port,
        instance_id=state.instance_id,
        log_path=_log_path(home),
        runs_lifecycle=bool(health.get("runs_lifecycle")),
        accepts_any_key=bool(health.get("accepts_any_key", state.is_old)),
    )


def stop(state_dir: Path | None = None) -> bool:
    """End the emulator and wait until it is gone. False when none runs.

    Raises:
        EmulatorError: it did not end in time.
    """
    running = find(state_dir)
    if running is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(running.pid):
        if time.monotonic() > deadline:
            raise EmulatorError(
                f"The emulator (process {running.pid}) did not end within {STOP_SECONDS:.0f} s.",
                hint=f"kill -9 {running.pid}; its log is '{running.log_path}'",
            )
        time.sleep(0.02)
    return True


def environment(emulator: RunningEmulator, region: str) -> dict[str, str]:
    """Return variables that point any AWS client at the emulator, with its administrator's key (not one of AWS).

    Clients bypass proxies for this machine, and for the hosts that the caller's environment excludes.
    """
    access_key_id, secret = emulator.key
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    no_proxy = ",".join(filter(None, (direct, LOOPBACK, "localhost")))
    return {
        "AWS_ENDPOINT_URL": emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": "",  # a real one left in the shell would go along with this key
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",  # true would make clients pass by AWS_ENDPOINT_URL
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def session(emulator: RunningEmulator, region: str, user: str, domain_id: str = "") -> dict[str, str]:
    """Variables that make any AWS client act as this user's app in Studio does: as a session of the execution role.

    Raises:
        EmulatorError: there is no such user, or SageMaker may not assume the role, or the emulator does not answer.
    """
    wanted = {"region": region, "user": user, "domain_id": domain_id}
    begun = own(
        emulator, "POST", "sessions", wanted, hint="studioctl emulator inventory   (names the domains and users)"
    )
    return environment(emulator, region) | {
        "AWS_ACCESS_KEY_ID": begun["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": begun["SecretAccessKey"],
        "AWS_SESSION_TOKEN": begun["SessionToken"],
    }


def inventory(emulator: RunningEmulator) -> dict[str, Any]:
    """Everything that exists in the emulator, see `inventory.take_inventory`.

    Raises:
        EmulatorError: it does not answer.
    """
    return own(emulator, "GET", "inventory")


def reset(emulator: RunningEmulator) -> None:
    """Remove everything that exists in the emulator, and all faults.

    Raises:
        EmulatorError: it does not answer.
    """
    set_faults(emulator, {})
    own(emulator, "DELETE", "clock")
    own(emulator, "POST", "/moto-api/reset")


def settings_of(emulator: RunningEmulator) -> EmulatorSettings:
    """Return the settings with which the emulator was started.

    Raises:
        EmulatorError: it does not answer.
    """
    told = own(emulator, "GET", "settings", hint="studioctl emulator stop   (everything in it will be gone)")
    known = {field.name for field in fields(EmulatorSettings)}  # one of another version may tell more
    return EmulatorSettings.of({name: value for name, value in told.items() if name in known})


def disturb_job(emulator: RunningEmulator, region: str, name: str, event: str) -> None:
    """Let AWS take back a spot job's instances ("interrupt"), or fail under any job ("internal-error").

    Raises:
        EmulatorError: No such job runs, or this cannot happen to it.
    """
    wanted = {"region": region, "name": name, "event": event}
    own(emulator, "POST", "training-jobs", wanted, hint="aws sagemaker list-training-jobs")


def permissions(emulator: RunningEmulator, *, forget: bool = False) -> Any:
    """A list of the permissions that were asked for, where `record_permissions` is set; `forget` begins anew."""
    return own(emulator, "DELETE" if forget else "GET", "permissions")


def faults(emulator: RunningEmulator) -> dict[str, Any]:
    """Return the active faults, see `faults.Faults.to_json`. Raises EmulatorError if the emulator does not answer."""
    return own(emulator, "GET", "faults")


def set_faults(emulator: RunningEmulator, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Replace all faults by these, see `faults.parse`; nothing clears them.

    Raises:
        EmulatorError: it does not answer, or does not know such a fault.
    """
    return own(emulator, "PUT", "faults", wanted)


def add_faults(emulator: RunningEmulator, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Set further faults beside those that are. Raises as `set_faults` does."""
    return own(emulator, "POST", "faults", wanted)


def own(
    emulator: RunningEmulator,
    method: str,
    what: str,
    content: Mapping[str, Any] | None = None,
    *,
    hint: str = "studioctl emulator faults set --help",
    seconds: float = 60,
) -> dict[str, Any]:
    """Call one of the emulator's own paths and return the answer; `hint` is the remedy if it refuses."""
    path = what if what.startswith("/") else f"/_studioctl/{what}"
    try:
        answer: dict[str, Any] = ask(emulator.port, method, path, timeout=seconds, content=content, key=emulator.key)
    except RefusedError as refused:
        raise EmulatorError(f"The emulator refused: {refused}", hint=hint) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise EmulatorError(
            f"The emulator at {emulator.endpoint_url} does not answer: {error}", hint="studioctl emulator start"
        ) from error
    return answer


def clean_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The process's environment without the user's AWS account and secrets, proxies and settings of moto's."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(("AWS_", "BOTO", "MOTO_", "TF_TOKEN_"))
        and not name.lower().endswith("_proxy")
        and not holds_secret(name)
    }
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": ACCOUNT_ID,  # or else moto looks for each key in every account and partition
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # moto's roles can hold AWS's own policies only then
        "MOTO_DISABLE_GLOBAL_CORS": "true",  # no page in a browser needs to read an answer
    }


def _launch(home: Path, port: int, settings: EmulatorSettings) -> RunningEmulator:
    for ended in _children.values():
        ended.poll()
    (home / FILE).unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "studio_emulator.process", "--state-dir", str(home)]
    command += ["--port", str(port), "--settings", settings.to_json()]
    if _log_path(home).exists():  # why the last one ended may still be wanted
        _log_path(home).replace(_log_path(home).with_suffix(".log.1"))
    _log_path(home).unlink(missing_ok=True)
    with os.fdopen(os.open(_log_path(home), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
        # It cleans itself, too; what a script needs to get to package indexes it hands to the script alone.
        environment = clean_environment(os.environ) | (passed_on(os.environ) if settings.runs_code else {})
        child = _spawn(command, home=home, env=environment, log=log.fileno())
    _children[child.pid] = child
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        running = None
        with contextlib.suppress(EmulatorError):  # it may be slow to begin with
            running = find(home)
        if running is not None and running.pid == child.pid:
            return running
        time.sleep(0.02)
    child.kill()
    child.wait()
    _refuse_full_disk(_log_path(home))
    last = _log_path(home).read_text(errors="replace").strip().splitlines()[-1:] or ["it wrote nothing"]
    if last[0].startswith("ModuleNotFoundError"):  # an installation that was interrupted
        raise PackageMissingError(f"The emulator needs packages that are not installed: {last[0]}")
    raise EmulatorError(f"The emulator did not start: {last[0]}", hint=f"Read its log: less '{_log_path(home)}'")


def _spawn(command: Sequence[str], *, home: Path, env: Mapping[str, str], log: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )


def _refuse_full_disk(log: Path) -> None:
    """Raises OSError when the disk does not take one more line in the log: no line of it says why the start failed."""
    try:
        with log.open("ab") as file:
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
            file.truncate(file.tell() - 1)
    except OSError as error:
        error.filename = str(log.parent)
        raise


def _is_alive(pid: int) -> bool:
    child = _children.get(pid)
    if child is not None:
        return child.poll() is None
    with contextlib.suppress(OSError):  # only Linux tells; a zombie has ended, and waits for whoever started it
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _log_path(state_dir: Path) -> Path:
    return state_dir / "emulator.log"
