"""The network access of a room: none, the emulator only, or the internet as this user's own programs reach it.

The room reaches the internet through a proxy that is answered outside and refuses this machine and its network. Hosts
that the user's settings name (a package index, a proxy) can be reached too.
"""

import configparser
import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

PROXY_PORT = 3128
POSTGRESQL = 5432
CREDENTIALS_ADDRESS = "169.254.170.2"
"""The address of credentials for clients: AWS SDKs and Tools Reference Guide, "container credential provider"."""
FILES = "/run/reach"

# One by one: others of these programs' variables lead to caches and places of this person, or hold their tokens.
PASSED_ON = """
PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST PIP_PROXY PIP_CERT PIP_CLIENT_CERT
PIP_CONFIG_FILE PIP_CONSTRAINT PIP_DEFAULT_TIMEOUT PIP_RETRIES PIP_DISABLE_PIP_VERSION_CHECK
UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_INSECURE_HOST UV_NATIVE_TLS
UV_SYSTEM_CERTS UV_HTTP_TIMEOUT SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO
http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
"""
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


@dataclass(frozen=True)
class Reach:
    """The network access of a room. The default is none.

    Args:
        internet: Whether it can reach the internet.
        emulator: The emulator's port on 127.0.0.1, which is the same in the room.
        source: The loopback address by which the emulator recognises the room.
        credentials: Whether the emulator also answers at the address where containers ask for their role's credentials.
        variables: Variables that programs in the room need to reach their package indexes.
        files: Files of this machine that the variables name, by their place in the room.
        directories: Directories of this machine that the variables name; they have the same place in the room.
        hosts: Further hosts of this machine or its network that may be reached, as `host` or `host:port`.
        upstream: The proxy that this machine itself uses, by scheme.
        direct: The hosts that this machine reaches without its proxy: `no_proxy`.
        databases: Names of databases that the room knows, and the port of 127.0.0.1 for each.
    """

    internet: bool = False
    emulator: int | None = None
    source: str = "127.0.0.1"
    credentials: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    directories: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    upstream: Mapping[str, str] = field(default_factory=dict)
    direct: str = ""
    databases: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def the_internet(cls, environ: Mapping[str, str], *, allow: Iterable[str] = ()) -> "Reach":
        """The internet, by what a person's environment says of the way there.

        Args:
            environ: Theirs, or what `passed_on` left of it.
            allow: Further hosts of their machine or network, as `host` or `host:port`.
        """
        passed = passed_on(environ)
        upstream = {
            scheme: proxy
            for scheme in ("http", "https")
            if (proxy := _first(passed, "PIP_PROXY", f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy"))
        }
        variables, files, directories = {}, {}, dict[Path, None]()
        for name, value in passed.items():
            if name.lower().endswith("_proxy"):
                continue
            variables[name] = value
            if Path(value).is_absolute() and _is_file(Path(value)):
                place = f"{FILES}/{name}{Path(value).suffix}"
                files[place], variables[name] = Path(value), place
            directories.update(dict.fromkeys(_directories(value)))
        if "PIP_CONFIG_FILE" in passed:
            for value in _settings(Path(passed["PIP_CONFIG_FILE"])):
                directories.update(dict.fromkeys(_directories(value)))
        named = (host for value in passed.values() for host in _hosts(value))
        return cls(
            internet=True,
            variables=variables,
            files=files,
            directories=tuple(directories),
            hosts=(*dict.fromkeys((*named, *allow)),),
            upstream=upstream,
            direct=_first(environ, "no_proxy", "NO_PROXY") or "",
        )

    def with_emulator(self, port: int) -> "Reach":
        """The same, and the emulator on this port."""
        return replace(self, emulator=port)

    def with_container(self, port: int, source: str) -> "Reach":
        """The same, and the emulator on this port for a container, whose role's credentials it gives out."""
        return replace(self, emulator=port, source=source, credentials=True)

    @property
    def hosts_file(self) -> str:
        """Lines of /etc/hosts: each database has another address in the room, as all have the same port."""
        return "".join(f"127.0.1.{number} {name}\n" for number, name in enumerate(sorted(self.databases), 1))

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the room that this adds."""
        if not self.internet:
            return dict(self.variables)
        proxy = f"http://127.0.0.1:{PROXY_PORT}"
        direct = f"127.0.0.1,{CREDENTIALS_ADDRESS}" if self.credentials else "127.0.0.1"
        return {**self.variables, **dict.fromkeys(PROXIES, proxy), "no_proxy": direct, "NO_PROXY": direct}

    @property
    def ports(self) -> dict[tuple[str, int], dict[str, object]]:
        """The addresses and ports that the room has, and where each leads, see `proxy.Relay`."""
        found: dict[tuple[str, int], dict[str, object]] = {}
        if self.internet:
            relay: dict[str, object] = {"hosts": self.hosts, "upstream": dict(self.upstream), "direct": self.direct}
            found["127.0.0.1", PROXY_PORT] = relay
        if self.emulator is not None:
            found["127.0.0.1", self.emulator] = {"port": self.emulator, "source": self.source}
            if self.credentials:
                found[CREDENTIALS_ADDRESS, 80] = {"port": self.emulator, "source": self.source}
        for number, name in enumerate(sorted(self.databases), 1):
            found[f"127.0.1.{number}", POSTGRESQL] = {"port": self.databases[name], "source": self.source}
        return found


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of a person's environment that pip and its like need to get to their indexes, and no more.

    That includes pip's own configuration, which names the index in many companies.
    """
    passed = {name: value for name, value in environ.items() if name in PASSED_ON.split()}
    if "HOME" in environ:
        home = Path(environ["HOME"])
        own = [home / ".pip/pip.conf", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"]
        own += [Path(passed["PIP_CONFIG_FILE"])] if "PIP_CONFIG_FILE" in passed else []
        for file in filter(_is_file, own):  # the last one, as pip has it
            passed["PIP_CONFIG_FILE"] = str(file)
        index = _configured_index([Path("/etc/pip.conf"), *own])
        if index and "PIP_INDEX_URL" not in passed:
            passed["PIP_INDEX_URL"] = index  # for those who do not read pip's files
    direct = _first(environ, "no_proxy", "NO_PROXY")
    if direct and any(name.lower().endswith("_proxy") for name in passed):
        passed["no_proxy"] = direct
    return passed


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):  # of somebody else's directory, or no path at all
        return path.is_file()
    return False


def _is_dir(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return path.is_dir()
    return False


def _first(environ: Mapping[str, str], *names: str) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _configured_index(files: Iterable[Path]) -> str | None:
    """The index that pip's configuration names; later files override earlier ones."""
    return _read(files).get("global", "index-url", fallback=None)


def _read(files: Iterable[Path]) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    for file in filter(_is_file, files):  # a pipe would be waited for
        with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
            parser.read(file)
    return parser


def _settings(file: Path) -> Iterator[str]:
    parser = _read([file])
    yield from (value for section in parser.sections() for _, value in parser.items(section))


def _hosts(value: str) -> Iterator[str]:
    """The hosts of addresses in a variable, each with its port."""
    for word in value.split():
        with contextlib.suppress(ValueError):
            url = urlsplit(word)
            if url.scheme in {"http", "https"} and url.hostname:
                yield f"{url.hostname}:{url.port or (443 if url.scheme == 'https' else 80)}"


def _directories(value: str) -> Iterator[Path]:
    """The directories of packages in a variable."""
    for word in value.split():
        path = Path(re.sub(r"^file://(localhost)?", "", word))
        if path.is_absolute() and len(path.parts) > 2 and _is_dir(path):
            yield path
