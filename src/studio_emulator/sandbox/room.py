"""The root that a script sees: the image's layout, its programs, its environment; and what was called in it."""

import contextlib
import errno
import json
import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio_emulator.sandbox import aws_cli, machine, trees
from studio_emulator.sandbox.enter import owner
from studio_emulator.sandbox.image import IN_OPT, Image
from studio_emulator.sandbox.inside import stand_ins
from studio_emulator.sandbox.programs import link_real_programs, write_program

HOME = "/home/sagemaker-user"
CONDARC = "channels: [conda-forge]\nenvs_dirs: [~/.conda/envs]\npkgs_dirs: [~/.conda/pkgs]\n"
BUNDLED = ("ms-python.python-2025.0.0", "ms-toolsai.jupyter-2025.0.0", "amazonwebservices.aws-toolkit-vscode-3.0.0")
USER_SETTINGS = {"extensions.autoUpdate": False}
"""The image's own default: `data/User/settings.json` of SageMaker Distribution."""
PATH = "/opt/conda/bin:/opt/conda/condabin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# From the image's Dockerfile, but the last one, which is not in the image.
USERS = (
    "opt/conda",
    "opt/amazon/sagemaker",
    "opt/db",
    "etc/xdg/sagemaker",
    "var/log/sagemaker",
    "var/log/studio",
    "var/log/apps",  # AWS's own scripts append to a file there: aws-samples, ebs-s3-backup-restore
)
"""Directories that belong to `sagemaker-user` beside the home directory, or that everybody may write to."""
FOR_ALL = ("tmp", "var/tmp", "home")
DIRECTORIES = "usr/bin usr/sbin usr/local/bin usr/local/sbin etc/cron.d root srv mnt media opt/ml/metadata var/cache"
INSTALLED = "bash coreutils cron curl dpkg gettext-base git gnupg jq less nano openssh-client rsync sudo unzip wget"
PASSWD = f"root:x:0:0:root:/root:/bin/bash\nsagemaker-user:x:1000:100::{HOME}:/bin/bash\n"
GROUP = "root:x:0:\nusers:x:100:\n"
SUDOERS = "Defaults env_reset\nALL    ALL=(ALL)    NOPASSWD:    ALL\n"
TOOLS = "usr/libexec/room"
CALL = f"""\
import sys
sys.path.insert(0, "/{TOOLS}")
from studio_emulator.sandbox.inside import stand_ins
sys.exit(stand_ins.main(*sys.argv[1:]))
"""
INIT = f"/{TOOLS}/studio_emulator/sandbox/inside/init.py"


@dataclass(frozen=True)
class Call:
    """One call of a stand-in."""

    tool: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class App:
    """The app that runs in the image, as the image sees it."""

    domain_id: str = "d-rehearsal000"
    space_name: str = "rehearsal"
    region: str = "us-east-1"
    account_id: str = "123456789012"
    type: str = "CodeEditor"

    @property
    def metadata(self) -> dict[str, str]:
        """`/opt/ml/metadata/resource-metadata.json`, as the samples of AWS read it."""
        place = f"{self.domain_id}/{self.space_name}/{self.type.lower()}/default"
        return {
            "AppType": self.type,
            "DomainId": self.domain_id,
            "SpaceName": self.space_name,
            "ResourceName": "default",
            "ResourceArn": f"arn:aws:sagemaker:{self.region}:{self.account_id}:app/{place}",
        }


@dataclass(frozen=True)
class Room:
    """A directory that is the root of what a script sees. `run.Run` runs something in it.

    Args:
        root: Absolute. Only the home persists from one `lay_out` to the next, as the space's volume does.
        image: The image whose layout it has.
        app: The app that runs there.
        home_place, hostname, shown, mounts, most_output: See `run.Place`.
    """

    root: Path
    image: Image
    app: App = App()
    home_place: str = HOME
    hostname: str = "default"
    shown: Mapping[str, Path] = field(default_factory=dict)
    mounts: Mapping[str, Path] = field(default_factory=dict)
    most_output: int = 2 * 1024 * 1024

    @property
    def home(self) -> Path:
        """The space's volume."""
        return self.root / HOME[1:]

    @property
    def server_data(self) -> Path:
        """The directory in which this image's editor keeps its settings."""
        return self.root / self.image.server_data

    @property
    def extensions(self) -> Path:
        """The directory in which this image's editor looks for extensions."""
        return self.root / self.image.extensions

    @property
    def log_path(self) -> Path:
        """The output of the last script. It is outside the room, which contains only files that a script may change."""
        return self.root.with_name(f"{self.root.name}.log")

    def lay_out(self) -> None:
        """Prepare the room for the start of an app: a new image, with the home directory of earlier starts."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        self._clear()
        for directory in (*DIRECTORIES.split(), *USERS, *FOR_ALL):
            (self.root / directory).mkdir(parents=True, exist_ok=True)
        self.home.mkdir(exist_ok=True)
        self._lay_etc()
        self._put("opt/ml/metadata/resource-metadata.json", json.dumps(self.app.metadata))
        for package in INSTALLED.split():
            self._put(f"var/lib/dpkg/{package}", package)
        (self.root / "var/spool/cron/crontabs").mkdir(parents=True)
        machine.lay_libraries(self.root)
        machine.lay_base(self.root)
        link_real_programs(self.root / "usr/bin")
        (self.root / "usr/bin/python").symlink_to("/opt/conda/bin/python3")
        self._lay_tools()
        self._lay_editor()
        self._lay_mounts()
        self._protect()

    def remove(self) -> None:
        """Take all of it away, the home too."""
        trees.remove(self.root)
        self.log_path.unlink(missing_ok=True)

    def environment(self, account: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables of the image: nothing of the person who runs it.

        Args:
            account: Variables that lead AWS's clients to an emulator; without them, there is no account.
        """
        return {
            **(account or {}),
            "PATH": PATH,
            "HOME": HOME,
            "USER": "sagemaker-user",
            "LOGNAME": "sagemaker-user",
            "MAMBA_USER": "sagemaker-user",
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "EDITOR": "nano",
            "AWS_REGION": self.app.region,
            "AWS_DEFAULT_REGION": self.app.region,
            # Where clients ask for the role's credentials; nobody answers there, so a client's own keys come first.
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/_sagemaker-instance-credentials/rehearsal",
            "SAGEMAKER_APP_TYPE": self.app.type,
            "SAGEMAKER_APP_TYPE_LOWERCASE": self.app.type.lower(),
            "SAGEMAKER_LOGGING_DIR": "/var/log/sagemaker/",
            "STUDIO_LOGGING_DIR": "/var/log/studio/",
        }

    def calls(self) -> list[Call]:
        """Return the script's calls of stand-ins since `lay_out`, in order."""
        return [call for line in (self.read(stand_ins.CALLS) or "").splitlines() if (call := _call(line))]

    def read(self, place: str, most: int = 4 * 1024 * 1024) -> str | None:
        """Read a file of the room, which a script may have made. Follows no link and waits for no pipe."""
        directory, opened = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY), -1
        try:
            *parents, name = Path(place.lstrip("/")).parts
            for parent in parents:
                below = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
                os.close(directory)
                directory = below
            opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                return None
            return os.read(opened, most).decode(errors="replace")
        except OSError:
            return None
        finally:
            os.close(directory)
            if opened >= 0:
                os.close(opened)

    def misbehave(self, tool: str, *, exit_code: int = 1, message: str = "", seconds: float = 0) -> None:
        """Make a stand-in wait, write to stderr and fail from now on."""
        known: dict[str, Any] = json.loads(self.read(stand_ins.BEHAVIOUR) or "{}")
        known[tool] = {"exit_code": exit_code, "message": message, "seconds": seconds}
        with _writable(self.root / "var/lib/room"):
            self._put(stand_ins.BEHAVIOUR, json.dumps(known))

    def behave(self) -> None:
        """Make every stand-in work normally from now on."""
        with _writable(self.root / "var/lib/room"):
            self._put(stand_ins.BEHAVIOUR, "{}")

    def without(self, tool: str) -> None:
        """Take a program away, as on a machine that does not have it."""
        for place in ("opt/conda/bin", "usr/local/bin", "usr/bin"):
            with _writable(self.root / place):
                (self.root / place / tool).unlink(missing_ok=True)

    def add_program(self, name: str, text: str, place: str = "opt/conda/bin") -> None:
        """Put a program on PATH, before any other of its name."""
        with _writable(self.root / place):
            write_program(self.root / place / name, text)

    def _clear(self) -> None:
        for entry in self.root.iterdir():
            if entry.name != "home" or entry.is_symlink():
                trees.remove(entry)
        for entry in (self.root / "home").glob("*"):
            if entry.name != self.home.name:
                trees.remove(entry)

    def _lay_etc(self) -> None:
        version, name = self.image.ubuntu
        self._put("etc/os-release", f'ID=ubuntu\nVERSION_ID="{version}"\nVERSION_CODENAME={name}\n')
        self._put("etc/lsb-release", f"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={version}\nDISTRIB_CODENAME={name}\n")
        self._put("etc/conda/.condarc", CONDARC)
        self._put("etc/environment", f'PATH="{PATH}"\n')
        self._put("etc/hosts", "127.0.0.1 localhost default\n")
        for file, text in (("passwd", PASSWD), ("group", GROUP), ("sudoers", SUDOERS), ("profile", "")):
            self._put(f"etc/{file}", text)

    def _lay_tools(self) -> None:
        """The programs that stand in for others, and what runs them."""
        package = Path(stand_ins.__file__).parents[2]
        for file in (*package.glob("sandbox/inside/*.py"), package / "__init__.py", package / "sandbox/__init__.py"):
            self._put(f"{TOOLS}/{file.relative_to(package.parent)}", file.read_text())
        self._put(f"{TOOLS}/call.py", CALL)
        run = shlex.join([machine.interpreter(), "-I", "-S", f"/{TOOLS}/call.py"])
        for tool, place in stand_ins.PLACES.items():
            write_program(self.root / place / tool, f'#!/bin/sh\nexec {run} {tool} "$@"\n')
        if cli := aws_cli.find():
            write_program(self.root / stand_ins.REAL_AWS[1:], f'#!/bin/sh\nexec {shlex.join(cli.command)} "$@"\n')
        self._put(stand_ins.CALLS, "")
        self._put(stand_ins.BEHAVIOUR, "{}")

    def _lay_editor(self) -> None:
        """The editor's shipped data, and where this version has it look for the user's."""
        for directory in stand_ins.SERVER_DATA:  # the image is built by calling the editor
            (self.root / IN_OPT / "data" / directory).mkdir(parents=True)
        for part, settings in (("data/Machine", {}), ("data/User", USER_SETTINGS)):
            self._put(f"{IN_OPT}/{part}/settings.json", json.dumps(settings))
        for extension in BUNDLED:
            self._put(f"{IN_OPT}/extensions/{extension}/package.json", json.dumps({"name": extension}))
        self._put("usr/local/bin/start-code-editor", _start(self.image))
        (self.root / "usr/local/bin/start-code-editor").chmod(0o755)

    def _lay_mounts(self) -> None:
        """Something to mount on. In the home a script may have put anything in its place, which gives way to it."""
        for place, source in self.mounts.items():
            there = self.root / place.lstrip("/")
            if there.is_symlink() or there.is_file():
                there.unlink()
            there.mkdir(parents=True, exist_ok=True)
            source.mkdir(parents=True, exist_ok=True)
            give_away(source)

    def _protect(self) -> None:
        """Make it belong to nobody of this machine, and the image's own files nobody's to write: see `init.py`."""
        for entry in trees.below(self.root, but=("home", *USERS)):
            place = os.path.relpath(entry.path, self.root)
            if entry.is_symlink() or place in USERS:
                continue
            if entry.is_dir():
                os.chmod(entry.path, 0o1777 if place in FOR_ALL else 0o555)  # noqa: PTH101 - hundreds
            else:
                os.chmod(entry.path, entry.stat().st_mode & 0o555)  # noqa: PTH101 - as above
        (self.root / "home").chmod(0o777)
        (self.root / stand_ins.CALLS[1:]).chmod(0o666)
        self.root.chmod(0o555)
        give_away(self.root)

    def _put(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)


def _call(line: str) -> Call | None:
    """A line of the record, to which everything in the room can write; None for one that no stand-in wrote."""
    try:
        words = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        return None
    return Call(words[0], tuple(words[1:]))


def _start(image: Image) -> str:
    """Return a script like `start-code-editor`, which adds missing files to the home directory before an editor starts.

    It copies settings if there are none, and links the bundled extensions only if there is no directory for them.
    """
    lines = ["#!/bin/bash", "set -e", f"shipped=/{IN_OPT} data=/{image.server_data} extensions=/{image.extensions}"]
    if image.settings_persist:
        lines += [
            "for part in data/Machine data/User; do",
            '  mkdir -p "${data}/${part}"',
            '  [ -f "${data}/${part}/settings.json" ] || cp "${shipped}/${part}/settings.json" "${data}/${part}"',
            "done",
        ]
    if image.extensions_persist:
        lines += [
            'if [ ! -d "${extensions}" ]; then',
            '  mkdir -p "${extensions}"',
            '  ln -s "${shipped}/extensions"/* "${extensions}"',
            "fi",
        ]
    server = f"--server-data-dir /{image.server_data} --extensions-dir /{image.extensions}"
    return "\n".join([*lines, f"exec sagemaker-code-editor --host 0.0.0.0 --port 8888 {server}", ""])


@contextlib.contextmanager
def _writable(directory: Path) -> Iterator[None]:
    mode = directory.stat().st_mode
    directory.chmod(mode | 0o200)
    try:
        yield
    finally:
        give_away(directory)
        directory.chmod(mode)


def give_away(root: Path) -> None:
    """Give all of it to the user nobody, as whom the room's programs run. Runs as root."""
    if os.geteuid() != 0:
        return
    user = owner()
    os.chown(root, user, user)
    for entry in trees.below(root):
        try:
            os.chown(entry.path, user, user, follow_symlinks=False)
        except OSError as error:  # a path that is too long for us was made in the room, by that user
            if error.errno != errno.ENAMETOOLONG:
                raise
