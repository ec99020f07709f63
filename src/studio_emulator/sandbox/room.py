"""The root that a script sees: the image's layout, its programs, its environment; and what was called in it."""

import configparser
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox import stand_ins
from studio_emulator.sandbox.image import IN_OPT, Image
from studio_emulator.sandbox.programs import link_program, link_real_programs

CONDARC = "channels: [conda-forge]\nenvs_dirs: [~/.conda/envs]\npkgs_dirs: [~/.conda/pkgs]\n"
BUNDLED = ("ms-python.python-2025.0.0", "ms-toolsai.jupyter-2025.0.0", "amazonwebservices.aws-toolkit-vscode-3.0.0")
USER_SETTINGS = {"extensions.autoUpdate": False}
"""The image's own default: `data/User/settings.json` of SageMaker Distribution."""

# One by one: others of these programs' variables lead to caches and places of this person, or hold their tokens.
PASSED_ON = """
PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST PIP_PROXY PIP_CERT PIP_CLIENT_CERT
PIP_CONFIG_FILE PIP_CONSTRAINT PIP_DEFAULT_TIMEOUT PIP_RETRIES PIP_DISABLE_PIP_VERSION_CHECK
UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_INSECURE_HOST UV_NATIVE_TLS
UV_SYSTEM_CERTS UV_HTTP_TIMEOUT SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO
http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
"""


@dataclass(frozen=True)
class Call:
    """One call of a stand-in."""

    tool: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class App:
    """What the image is told about the app that runs in it."""

    domain_id: str = "d-rehearsal000"
    space_name: str = "rehearsal"
    region: str = "us-east-1"
    account_id: str = "123456789012"

    @property
    def metadata(self) -> dict[str, str]:
        """`/opt/ml/metadata/resource-metadata.json`, as the samples of AWS read it."""
        place = f"{self.domain_id}/{self.space_name}/codeeditor/default"
        return {
            "AppType": "CodeEditor",
            "DomainId": self.domain_id,
            "SpaceName": self.space_name,
            "ResourceName": "default",
            "ResourceArn": f"arn:aws:sagemaker:{self.region}:{self.account_id}:app/{place}",
        }


@dataclass(frozen=True)
class Room:
    """A directory that stands for the image's root. The script finds it in STUDIOCTL_ROOT.

    Args:
        root: Absolute. Only `root`/home persists from one `lay_out` to the next, as the space's volume does.
        image: Whose layout it has.
        app: What runs there.
    """

    root: Path
    image: Image
    app: App = App()

    @property
    def home(self) -> Path:
        """The space's volume."""
        return self.root / "home/sagemaker-user"

    @property
    def server_data(self) -> Path:
        """Where this image's editor keeps its settings."""
        return self.root / self.image.server_data

    @property
    def extensions(self) -> Path:
        """Where this image's editor looks for extensions."""
        return self.root / self.image.extensions

    @property
    def log_path(self) -> Path:
        """What the last script wrote."""
        return self.root / "var/log/lifecycle.log"

    def lay_out(self) -> None:
        """What each start of an app finds: a new image around the home of before."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for entry in self.root.iterdir():
            if entry.is_symlink() or not entry.is_dir():
                entry.unlink()
            elif entry.name != "home":
                shutil.rmtree(entry)
        for directory in ("usr/bin", "usr/local/bin", "etc/conda", "tmp", "var/log", "opt/ml/metadata"):
            (self.root / directory).mkdir(parents=True)
        self.home.mkdir(parents=True, exist_ok=True)
        self._put("opt/ml/metadata/resource-metadata.json", json.dumps(self.app.metadata))
        version, name = self.image.ubuntu
        self._put("etc/os-release", f'ID=ubuntu\nVERSION_ID="{version}"\nVERSION_CODENAME={name}\n')
        self._put("etc/conda/.condarc", CONDARC)
        self._make_base()
        link_real_programs(self.root / "usr/bin")
        for tool, place in stand_ins.PLACES.items():
            self._stand_in(tool, self.root / place / tool)
        link_program("aws", self.root / stand_ins.REAL_AWS)
        self._make_editor()

    def start_editor(self) -> None:
        """What `start-code-editor` does before the editor is there: it gives the home what it has not got yet.

        Settings are copied when there are none; the bundled extensions are linked only when there is no directory.
        """
        shipped = self.root / IN_OPT
        if self.image.settings_persist:
            for part in ("data/Machine", "data/User"):
                (self.server_data / part).mkdir(parents=True, exist_ok=True)
                settings = self.server_data / part / "settings.json"
                if not settings.exists():
                    shutil.copyfile(shipped / part / "settings.json", settings)
        if self.image.extensions_persist and not self.extensions.exists():
            self.extensions.mkdir(parents=True)
            for extension in BUNDLED:
                (self.extensions / extension).symlink_to(shipped / "extensions" / extension)

    def environment(
        self, reach: Mapping[str, str] | None = None, account: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """All that a script's environment holds: nothing of the person who runs it.

        Args:
            reach: What programs need to get to their indexes, see `reach`.
            account: Variables that lead AWS's clients to an emulator; without them, there is no account.
        """
        path = os.pathsep.join(str(self.root / place) for place in ("opt/conda/bin", "usr/local/bin", "usr/bin"))
        return {
            **(reach or {}),
            **(account or {}),
            "PATH": path,
            "HOME": str(self.home),
            "USER": "sagemaker-user",
            "LOGNAME": "sagemaker-user",
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.root / "tmp"),
            "STUDIOCTL_ROOT": str(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",  # this machine's settings may lead to this person's credentials
            "AWS_REGION": self.app.region,
            "AWS_DEFAULT_REGION": self.app.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAGEMAKER_APP_TYPE": "CodeEditor",
            "SAGEMAKER_APP_TYPE_LOWERCASE": "codeeditor",
        }

    def calls(self) -> list[Call]:
        """What the script called of what is not really here, since `lay_out`, in order."""
        file = self.root / stand_ins.CALLS
        lines = file.read_text().splitlines() if file.exists() else []
        return [Call(call[0], tuple(call[1:])) for call in map(json.loads, lines)]

    def misbehave(self, tool: str, *, exit_code: int = 1, message: str = "", seconds: float = 0) -> None:
        """From now on a stand-in waits, says something on stderr and fails."""
        file = self.root / stand_ins.BEHAVIOUR
        known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        known[tool] = {"exit_code": exit_code, "message": message, "seconds": seconds}
        file.write_text(json.dumps(known))

    def without(self, tool: str) -> None:
        """Take a program away, as on a machine that does not have it."""
        for place in ("opt/conda/bin", "usr/local/bin", "usr/bin"):
            (self.root / place / tool).unlink(missing_ok=True)

    def add_program(self, name: str, text: str) -> None:
        """Put a program on PATH, before any other of its name."""
        file = self.root / "opt/conda/bin" / name
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def write_script(self, text: str) -> Path:
        """The script as a program's file."""
        file = self.root / "tmp/OnStart.sh"
        file.write_text(text, newline="")
        file.chmod(0o700)
        return file

    def _put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _make_base(self) -> None:
        """conda's base: an environment of this machine's Python, so that what is installed there stays there."""
        base = self.root / "opt/conda"
        python = getattr(sys, "_base_executable", None) or sys.executable
        pip = _own_pip()
        made = subprocess.run(
            [python, "-I", "-m", "venv", *(["--without-pip"] if pip else []), str(base)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise SandboxError(
                f"conda's base could not be made from {python}: {made.stdout.strip()}{made.stderr.strip()}",
                hint="install Python's module venv (Debian's python3-venv), then run the same command again",
            )
        (base / "conda-meta").mkdir()
        # Linked, not copied, and outside of base: pip never touches what is outside of its environment.
        shelf = self.root / "usr/lib/pip"
        shelf.mkdir(parents=True)
        for part in pip:
            (shelf / part.name).symlink_to(part)
        (next(base.glob("lib/python*/site-packages")) / "pip.pth").write_text(f"{shelf}\n")
        for name in ("pip", "pip3"):
            self._program(base / "bin" / name, shlex.join([str(base / "bin/python3"), "-m", "pip"]))

    def _make_editor(self) -> None:
        """The editor's shipped data, and where this version has it look for the user's."""
        for part, settings in (("data/Machine", {}), ("data/User", USER_SETTINGS)):
            self._put(f"{IN_OPT}/{part}/settings.json", json.dumps(settings))
        for extension in BUNDLED:
            self._put(f"{IN_OPT}/extensions/{extension}/package.json", json.dumps({"name": extension}))
        self._put(
            "usr/local/bin/start-code-editor",
            "#!/bin/bash\n"
            "sagemaker-code-editor --host 0.0.0.0 --port 8888"
            f" --server-data-dir /{self.image.server_data} --extensions-dir /{self.image.extensions}\n",
        )

    def _stand_in(self, tool: str, file: Path) -> None:
        command = shlex.join([sys.executable, "-I", "-S", stand_ins.__file__, tool, str(self.root)])
        self._program(file, command)

    def _program(self, file: Path, command: str) -> None:
        file.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        file.chmod(0o755)


def _own_pip() -> list[Path]:
    """The pip that came with this Python or its environment, ready to run; nothing where there is none."""
    for place in (Path(entry) for entry in sys.path if entry):
        if (place / "pip/__main__.py").is_file():
            return [place / "pip", *place.glob("pip-*.dist-info")]
    return []


def reach(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of a person's environment that pip and its like need to get to their indexes, and no more.

    That includes pip's own configuration, which names the index in many companies.
    """
    passed = {name: value for name, value in environ.items() if name in PASSED_ON.split()}
    if "HOME" in environ:
        home = Path(environ["HOME"])
        own = [home / ".pip/pip.conf", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"]
        own += [Path(passed["PIP_CONFIG_FILE"])] if "PIP_CONFIG_FILE" in passed else []
        for file in filter(Path.is_file, own):  # the last one, as pip has it
            passed["PIP_CONFIG_FILE"] = str(file)
        index = _configured_index([Path("/etc/pip.conf"), *own])
        if index and "PIP_INDEX_URL" not in passed:
            passed["PIP_INDEX_URL"] = index  # for those who do not read pip's files
    if any(name.lower().endswith("_proxy") for name in passed):
        direct = environ.get("no_proxy") or environ.get("NO_PROXY")
        passed["no_proxy"] = passed["NO_PROXY"] = ",".join(filter(None, (direct, "127.0.0.1", "localhost")))
    return passed


def _configured_index(files: Iterable[Path]) -> str | None:
    """The index that pip's configuration names; later files override earlier ones."""
    parser = configparser.RawConfigParser(strict=False)
    for file in files:
        with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
            parser.read(file)
    return parser.get("global", "index-url", fallback=None)
