"""Fakes for image programs that are missing here or unsafe to run: what can be observed of them, and no more.

Run in the room, see `room.Room`. Each call is recorded. What belongs to the system is in `system.py`.
"""

import json
import os
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from studio_emulator.sandbox.inside import system
from studio_emulator.sandbox.inside.words import VERSION, give_program, options_of, unknown, values_of

CALLS = "/var/lib/room/calls.jsonl"
BEHAVIOUR = "/var/lib/room/stand-ins.json"
REAL_AWS = "/usr/libexec/aws"
BASE = Path("/opt/conda")

SERVER_DATA = ("Machine", "User/globalStorage", "User/History")
"""The directories that the editor's server creates in its data directory whenever it is called."""

Tool = Callable[[list[str]], int]


def main(tool: str, *arguments: str) -> int:
    """Record the call, misbehave if that is wanted, else do it. What goes wrong is told in one line, as programs do."""
    with open(CALLS, "a") as calls:  # noqa: PTH123 - one short write: calls at the same time do not mix
        calls.write(json.dumps([tool, *arguments]) + "\n")
    wanted = json.loads(Path(BEHAVIOUR).read_text()).get(tool)
    if wanted:
        time.sleep(wanted["seconds"])
        print(wanted["message"], file=sys.stderr)
        return int(wanted["exit_code"])
    try:
        return TOOLS[tool](list(arguments))
    except OSError as error:
        print(f"{tool}: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    except (ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        print(f"{tool}: {error}", file=sys.stderr)
    return 1


def conda(arguments: list[str]) -> int:
    """conda: `config` changes ~/.condarc; `install` and `create` give the environment a program for each package."""
    verb, *rest = arguments or [""]
    match verb:
        case "config":
            return conda_config(rest)
        case "install" | "create" | "update":
            specs = values_of(rest, "-n", "--name", "-c", "--channel", "-p", "--prefix")
            return conda_install(_conda_prefix(options_of(rest)), specs)
        case "list":
            for record in sorted((BASE / "conda-meta").glob("*.json")):
                print(*json.loads(record.read_text()).values())
            return 0
        case "info" if "--base" in rest:
            print(BASE)
            return 0
        case "--version":
            print("conda 24.11.3")
            return 0
    return unknown("conda", arguments)


def _conda_prefix(options: dict[str, list[str]]) -> Path:
    prefix, name = options.get("--prefix") or options.get("-p"), options.get("--name") or options.get("-n") or ["base"]
    if prefix:
        return Path(prefix[-1])
    return BASE if name[-1] == "base" else Path(os.environ["HOME"]) / ".conda/envs" / name[-1]


def conda_install(prefix: Path, specs: list[str]) -> int:
    """A record and a program for each package, whose name is what its specification begins with."""
    for directory in ("bin", "conda-meta"):
        (prefix / directory).mkdir(parents=True, exist_ok=True)
    for spec in specs:
        name = re.split(r"[=<>!~ \[]", spec.rpartition("::")[2], maxsplit=1)[0].lower()
        record = {"name": name, "version": VERSION}
        (prefix / f"conda-meta/{name}-{VERSION}-0.json").write_text(json.dumps(record))
        give_program(prefix / "bin" / name)
    return 0


def conda_config(arguments: list[str]) -> int:
    """`--set KEY VALUE`, `--append`, `--prepend`, `--add`, `--remove-key`, `--get`, `--show`, as conda does it."""
    file = Path(os.environ["HOME"]) / ".condarc"
    known = dict(_read_yaml(file.read_text() if file.exists() else ""))
    words = [word for word in arguments if word not in {"--system", "--env"}]
    while words:
        match words:
            case ["--set", key, value, *words]:
                known[key] = value
            case ["--append", key, value, *words]:
                known[key] = [*(item for item in known.get(key, []) if item != value), value]
            case ["--add" | "--prepend", key, value, *words]:
                known[key] = [value, *(item for item in known.get(key, []) if item != value)]
            case ["--remove-key", key, *words]:
                if known.pop(key, None) is None:
                    print(f"CondaKeyError: {key!r}: key is not in the config file", file=sys.stderr)
                    return 1
            case ["--get" | "--show", *keys]:
                for key in [key for key in keys if key in known] or ([] if keys else known):
                    print(f"--set {key} {known[key]}")
                return 0
            case ["--file", _, *words]:
                return unknown("conda config", arguments)
            case _:
                return unknown("conda config", arguments)
    file.write_text("".join(_yaml_lines(known)))
    return 0


def _read_yaml(text: str) -> Iterator[tuple[str, Any]]:
    """The little YAML that conda writes: a key with a value, or with a list below it."""
    key, items = "", []
    for line in text.splitlines():
        if found := re.match(r"\s*- (.*)", line):
            items.append(_scalar(found[1]))
            yield key, list(items)
        elif found := re.match(r"([\w.]+):\s*(.*)", line):
            key, items = found[1], []
            if found[2]:
                yield key, _scalar(found[2])


def _scalar(text: str) -> Any:
    return json.loads(text) if text[:1] in {'"', "["} else text


def _yaml_lines(values: dict[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, list):
            yield f"{key}:\n" + "".join(f"  - {_plain(item)}\n" for item in value)
        else:
            yield f"{key}: {_plain(value)}\n"


def _plain(value: str) -> str:
    return value if re.fullmatch(r"[\w./~@-][\w./~@ -]*", value) else json.dumps(value)


def code_editor(arguments: list[str]) -> int:
    """sagemaker-code-editor: installs extensions as the editor keeps them, from an id or from a VSIX file."""
    options = options_of(arguments)
    data = Path(options.get("--server-data-dir", [str(Path.home() / ".sagemaker-code-editor")])[-1])
    directory = Path(options.get("--extensions-dir", [str(data / "extensions")])[-1])
    for place in (directory, *(data / "data" / part for part in SERVER_DATA)):
        place.mkdir(parents=True, exist_ok=True)
    if "--list-extensions" in arguments:
        for entry in _extensions(directory):
            version = f"@{entry['version']}" if "--show-versions" in arguments else ""
            print(entry["identifier"]["id"] + version)
        return 0
    if "--host" in options:  # the server: it has made its directories now, and answers nobody
        return 0
    for name in options.get("--uninstall-extension", ()):
        if not _uninstall_extension(directory, name):
            return 1
    if "--install-extension" not in options:
        return 0 if "--uninstall-extension" in options else unknown("sagemaker-code-editor", arguments)
    print("Installing extensions...", flush=True)
    for wanted in options["--install-extension"]:
        _install_extension(directory, wanted, force="--force" in arguments)
    return 0


def _install_extension(directory: Path, wanted: str, *, force: bool) -> None:
    if wanted.endswith(".vsix"):
        with zipfile.ZipFile(wanted) as archive:
            manifest = json.loads(archive.read("extension/package.json"))
        name, version = f"{manifest['publisher']}.{manifest['name']}", manifest["version"]
    else:
        name, _, version = wanted.partition("@")
        manifest = {"publisher": name.partition(".")[0], "name": name.partition(".")[2], "version": version or VERSION}
    version = version or VERSION
    known = _extensions(directory)
    before = [entry["version"] for entry in known if entry["identifier"]["id"].lower() == name.lower()]
    if before and not force and ("@" not in wanted or before == [version]):
        print(
            f"Extension '{name}' v{before[0]} is already installed. Use '--force' option to update to latest version."
        )
        return
    place = directory / f"{name.lower()}-{version}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "package.json").write_text(json.dumps(manifest))
    entry = {"identifier": {"id": name.lower()}, "version": version, "relativeLocation": place.name}
    others = [other for other in known if other["identifier"]["id"].lower() != name.lower()]
    (directory / "extensions.json").write_text(json.dumps([*others, entry]))
    print(f"Extension '{name}' v{version} was successfully installed.")


def _uninstall_extension(directory: Path, name: str) -> bool:
    known = _extensions(directory)
    gone = [entry for entry in known if entry["identifier"]["id"].lower() == name.lower()]
    if not gone:
        print(f"Extension '{name}' is not installed.", file=sys.stderr)
        return False
    for entry in gone:
        place = directory / entry["relativeLocation"]
        place.unlink() if place.is_symlink() else shutil.rmtree(place, ignore_errors=True)
    (directory / "extensions.json").write_text(json.dumps([entry for entry in known if entry not in gone]))
    print(f"Extension '{name}' was successfully uninstalled!")
    return True


def _extensions(directory: Path) -> list[dict[str, Any]]:
    """The editor's own list; extensions that are only there as directories are found as it finds them."""
    file = directory / "extensions.json"
    listed: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    if listed or not directory.is_dir():
        return listed
    return [
        {"identifier": {"id": found[1]}, "version": found[2], "relativeLocation": entry.name}
        for entry in sorted(directory.iterdir())
        if (found := re.fullmatch(r"(.+)-(\d[\w.]*)", entry.name))
    ]


def aws(arguments: list[str]) -> int:
    """The AWS CLI, only at an emulator on this machine: what scripts need itself, the rest by the real one if any."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if not re.fullmatch(r"http://127\.0\.0\.1:\d+", endpoint):
        print("There is no AWS account here: this is a rehearsal without an emulator.", file=sys.stderr)
        return 253  # what the CLI says when it finds no credentials
    options = options_of(arguments)
    match [word for word in arguments if not word.startswith("-")][:2]:
        case ["secretsmanager", "get-secret-value"]:
            return aws_secret(endpoint, options)
    real = Path(REAL_AWS)
    if not real.exists():
        print("aws: the image has this program, and this machine does not: install the AWS CLI", file=sys.stderr)
        return 127
    # The real one; a request that names another address goes nowhere
    dead = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    os.environ.update(dead, no_proxy="127.0.0.1", NO_PROXY="127.0.0.1")
    return os.execv(real, [str(real), *arguments])  # noqa: S606


def aws_secret(endpoint: str, options: dict[str, list[str]]) -> int:
    """`aws secretsmanager get-secret-value`, as JSON or, with `--query SecretString --output text`, the bare value."""
    import urllib.error  # noqa: PLC0415 - the other programs are called often and need no network
    import urllib.request  # noqa: PLC0415

    region = options.get("--region", [os.environ["AWS_REGION"]])[-1]
    body = json.dumps({"SecretId": options["--secret-id"][-1]}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
    headers |= _signed(endpoint.partition("://")[2], body, region)
    request = urllib.request.Request(endpoint, body, headers)  # noqa: S310 - loopback, checked above
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=30) as answer:
            secret = json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
        code = str(said.get("__type", "")).rpartition("#")[2]
        why = said.get("message") or said.get("Message")
        print(f"\nAn error occurred ({code}) when calling the GetSecretValue operation: {why}", file=sys.stderr)
        return 254
    except OSError as error:
        print(f'\nCould not connect to the endpoint URL: "{endpoint}/": {error}', file=sys.stderr)
        return 255
    query = options.get("--query", [""])[-1]
    value = secret.get(query) if query else secret
    print(value if options.get("--output") == ["text"] and query else json.dumps(value, indent=4))
    return 0


def _signed(host: str, body: bytes, region: str) -> dict[str, str]:
    """The headers of a signed POST to Secrets Manager: Signature Version 4, see the emulator's sigv4.py."""
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415
    import time  # noqa: PLC0415

    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    parts = (moment[:8], region, "secretsmanager", "aws4_request")
    scope, digest = "/".join(parts), hashlib.sha256(body).hexdigest()
    request = f"POST\n/\n\nhost:{host}\nx-amz-date:{moment}\n\nhost;x-amz-date\n{digest}"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for part in parts:
        key = hmac.digest(key, part.encode(), "sha256")
    made = hmac.new(key, text.encode(), "sha256").hexdigest()
    credential = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders=host;x-amz-date"
    headers = {"X-Amz-Date": moment, "Authorization": f"AWS4-HMAC-SHA256 {credential}, Signature={made}"}
    token = os.environ.get("AWS_SESSION_TOKEN")
    return headers | ({"X-Amz-Security-Token": token} if token else {})


TOOLS: dict[str, Tool] = {
    "conda": conda,
    "mamba": conda,
    "micromamba": conda,
    "sagemaker-code-editor": code_editor,
    "aws": aws,
    "sudo": system.sudo,
    "chown": system.chown,
    "chgrp": system.chgrp,
    "apt-get": system.apt,
    "apt": system.apt,
    "dpkg": system.dpkg,
    "dpkg-deb": system.dpkg_deb,
    "dpkg-query": system.dpkg_query,
    "crontab": system.crontab,
    "service": system.service,
}
PLACES = dict.fromkeys(TOOLS, "usr/bin") | {
    "conda": "opt/conda/bin",
    "mamba": "opt/conda/bin",
    "micromamba": "usr/local/bin",
    "sagemaker-code-editor": "opt/conda/bin",
    "aws": "usr/local/bin",
    "service": "usr/sbin",
}
"""Their directory in the image, below its root."""
