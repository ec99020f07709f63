"""The background process: `python -m studio_emulator.process --state-dir DIR`. `server.start` runs it."""

import argparse
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from studio_emulator.sandbox import trees
from studio_emulator.sandbox.reach import passed_on
from studio_emulator.server import clean_environment, default_state_dir
from studio_emulator.settings import EmulatorSettings
from studio_emulator.state_file import State, make_private

if TYPE_CHECKING:  # it comes with moto
    from werkzeug.serving import BaseWSGIServer


def main() -> None:
    """Serve until SIGTERM or Ctrl-C. In the foreground the log goes to the terminal."""
    parser = argparse.ArgumentParser(prog="python -m studio_emulator.process", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, default=default_state_dir())
    parser.add_argument("--settings", type=EmulatorSettings.from_json, default=EmulatorSettings())
    arguments = parser.parse_args()
    reach = passed_on(os.environ) if arguments.settings.runs_code else {}
    os.environ.update(clean_environment(os.environ))
    for name in set(os.environ) - set(clean_environment(os.environ)):
        del os.environ[name]
    signal.signal(signal.SIGTERM, _leave)
    _open_many_files()
    serve(arguments.port, arguments.state_dir, arguments.settings, reach)


def serve(port: int, state_dir: Path, settings: EmulatorSettings, reach: Mapping[str, str]) -> None:
    """Listen, write the state file by which others find us, and remove it at the end."""
    # moto reads its settings when it is imported, so it is imported here
    from studio_emulator.application import Identity, bind  # noqa: PLC0415
    from studio_emulator.guard import keep_to_loopback  # noqa: PLC0415
    from studio_emulator.iam.credentials import AdministratorKey  # noqa: PLC0415
    from studio_emulator.install import jobs_beside, stop  # noqa: PLC0415

    keep_to_loopback()
    make_private(state_dir)
    identity, key = Identity.of(settings), AdministratorKey()
    volumes = state_dir.absolute() / "spaces"
    for left in (volumes, jobs_beside(volumes)):
        trees.remove(left)  # of an emulator that was killed
    server = bind(port, settings, identity, key, volumes, reach)
    state = State(identity.pid, server.server_port, identity.instance_id, key.access_key_id, key.secret_access_key)
    state.write(state_dir)
    signal.signal(signal.SIGTERM, lambda *_: _end(server))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        state.remove(state_dir)
        server.server_close()
        stop()


def _end(server: "BaseWSGIServer") -> None:
    """Lets the server end by itself: what a signal's handler raises can get lost, in a weak reference's callback."""
    threading.Thread(target=server.shutdown).start()
    with suppress(OSError):  # the server looks up at once, not only after its half second
        socket.create_connection(("127.0.0.1", server.server_port), timeout=1).close()


def _open_many_files() -> None:
    """Raise the limit of open files as far as the machine lets us: a cluster has up to 5000 clients, each with two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some machines have a smaller limit than they tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    main()
