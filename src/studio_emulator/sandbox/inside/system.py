"""The system's own programs, as far as they can be rehearsed: sudo, chown, apt, dpkg, cron.

All files of the room have one owner, so who may write stands in for who owns: what belongs to root can be written by
root alone, and `chown` gives that permission and takes it. See `init.py`.
"""

import grp
import json
import os
import pwd
import re
import shutil
import socket
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

from studio_emulator.sandbox.inside.words import VERSION, give_program, options_of, unknown, values_of

DOOR = "/run/room/sudo"
USER = "sagemaker-user"
SECURE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The room's way to the internet is in variables; on AWS root has it without.
PLUMBING = re.compile(
    r"(https?|no)_proxy|(PIP|UV)_\w+|\w+_(CERT|CA|CAINFO|CERT_FILE|CERT_DIR|CA_BUNDLE)", re.IGNORECASE
)
PACKAGES = {
    "docker-ce-cli": ["usr/bin/docker"],
    "docker-compose-plugin": ["usr/libexec/docker/cli-plugins/docker-compose"],
}
"""Debian packages whose programs have other names than they."""
KNOWN = Path("/var/lib/dpkg")
ROOTS_VERBS = {"install", "remove", "purge", "update", "upgrade", "autoremove", "dist-upgrade"}
YES = r"-\w*y\w*|--yes|--assume-yes"
CRONTABS = Path("/var/spool/cron/crontabs")
WITH_VALUE = "uUgpDhCTr"
"""Letters of sudo's options that take a value."""


def sudo(arguments: list[str]) -> int:
    """Runs a command as root of the room, with sudo's environment: `env_reset` and `secure_path`, as in the image."""
    options, words = _sudo_options(arguments)
    given = {}
    while words and (found := re.fullmatch(r"(\w+)=(.*)", words[0], re.DOTALL)):
        given[found[1]] = found[2]
        words.pop(0)
    if not words and not options.keys() & {"i", "s"}:
        return 0
    target = options.get("u", "root")
    if target not in {"root", "#0", USER, "#1000"}:
        print(f"sudo: unknown user {target}\nsudo: error initializing audit plugin sudoers_audit", file=sys.stderr)
        return 1
    if options.keys() & {"i", "s"}:
        words = ["/bin/bash", *(["-l"] if "i" in options else []), *(["-c", " ".join(words)] if words else [])]
    root = target in {"root", "#0"}
    environment = _sudo_environment(keep="E" in options, root=root, login="i" in options) | given
    if shutil.which(words[0], path=environment["PATH"]) is None:
        print(f"sudo: {words[0]}: command not found", file=sys.stderr)
        return 1
    directory = environment["HOME"] if "i" in options else options.get("D") or os.getcwd()  # noqa: PTH109
    return _ask({"command": words, "environment": environment, "directory": directory, "root": root})


def _sudo_options(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Sudo's own options by their letters, and the words after them."""
    found: dict[str, str] = {}
    words = list(arguments)
    letters = {"user": "u", "preserve-env": "E", "login": "i", "shell": "s", "chdir": "D"}
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            letter = letters.get(name, name)
            found[letter] = value if equals else words.pop(0) if letter in {"u", "D"} and words else ""
            continue
        for place, letter in enumerate(word[1:], start=2):
            if letter in WITH_VALUE:
                found[letter] = word[place:] or (words.pop(0) if words else "")
                break
            found[letter] = ""
    return found, words


def _sudo_environment(*, keep: bool, root: bool, login: bool) -> dict[str, str]:
    name, home = ("root", "/root") if root else (USER, f"/home/{USER}")
    kept = dict(os.environ) if keep else {key: text for key, text in os.environ.items() if PLUMBING.fullmatch(key)}
    if not keep:
        kept |= {key: os.environ[key] for key in ("LANG", "TERM") if key in os.environ}
    mine = {"PATH": SECURE_PATH, "USER": name, "LOGNAME": name, "SHELL": "/bin/bash", "SUDO_USER": USER}
    mine |= {"SUDO_UID": "1000", "SUDO_GID": "100"}
    if not keep or login:
        mine["HOME"] = home
    return kept | mine


def _ask(wanted: dict[str, object]) -> int:
    """Let the room's first process run it, with our files, and wait for its end."""
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(DOOR)
        text = json.dumps(wanted).encode() + b"\n"
        sent = door.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [0, 1, 2]))])
        if sent < len(text):
            door.sendall(text[sent:])
        code = int(door.recv(16) or b"1")
    return 128 - code if code < 0 else code


def chown(arguments: list[str]) -> int:
    """Gives a file to somebody: to root by taking the user's permission to write, and to the user by giving it."""
    return _give("chown", arguments)


def chgrp(arguments: list[str]) -> int:
    """Groups decide nothing here: only whether it would be allowed is rehearsed."""
    return _give("chgrp", arguments)


def _give(tool: str, arguments: list[str]) -> int:
    recursive = any(re.fullmatch(r"-\w*R\w*|--recursive", word) for word in arguments)
    words = values_of(arguments)
    if not any(word.startswith("--reference") for word in arguments):
        owner, *files = words or [""]
        user, group = _owner(tool, owner)
    else:
        user, group, files = None, None, words
    if not files:
        print(f"{tool}: missing operand", file=sys.stderr)
        return 1
    code = 0
    for named in files:
        if not os.path.lexists(named):
            print(f"{tool}: cannot access '{named}': No such file or directory", file=sys.stderr)
            code = 1
            continue
        for file in _all_of(Path(named)) if recursive else [Path(named)]:
            code |= _give_one(tool, file, user, group)
    return code


def _owner(tool: str, words: str) -> tuple[int | None, int | None]:
    """Numbers of the user and the group, as far as they are named."""
    user, _, group = ("", "", words) if tool == "chgrp" else words.replace(".", ":", 1).partition(":")
    try:
        uid = int(user) if user.isdecimal() else pwd.getpwnam(user).pw_uid if user else None
        if group == USER:  # the image has a group of this name with the same number: its Dockerfile
            return uid, 100
        return uid, int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid if group else None
    except KeyError:
        raise ValueError(f"invalid {'group' if tool == 'chgrp' else 'user'}: '{words}'") from None


def _give_one(tool: str, file: Path, user: int | None, group: int | None) -> int:
    if file.is_symlink():
        return 0
    mode = file.stat().st_mode
    if os.geteuid() != 0:
        theirs = user in {None, os.geteuid()} and group in {None, os.getegid()}
        if theirs and os.access(file, os.W_OK):
            return 0
        what = "ownership" if tool == "chown" else "group"
        print(f"{tool}: changing {what} of '{file}': Operation not permitted", file=sys.stderr)
        return 1
    if user is not None:
        file.chmod(mode | 0o200 if user == 1000 else mode & ~0o200)
    return 0


def _all_of(place: Path) -> Iterator[Path]:
    yield place
    if place.is_dir() and not place.is_symlink():
        for directory, below, files in os.walk(place):
            yield from (Path(directory, name) for name in (*below, *files))


def apt(arguments: list[str]) -> int:
    """apt-get: a package that is installed gives the system its programs; one that is downloaded is a file here."""
    words = values_of(arguments, "-o", "-t", "-c")
    apart = any(word.startswith("Dir::State") for word in arguments)  # lists of one's own are locked there
    if words[:1] and words[0] in ROOTS_VERBS and os.geteuid() != 0 and not (apart and words[0] == "update"):
        lock = "/var/lib/apt/lists/lock" if words[0] == "update" else "/var/lib/dpkg/lock-frontend"
        print(f"E: Could not open lock file {lock} - open (13: Permission denied)", file=sys.stderr)
        return 100
    match words:
        case ["install", *packages]:
            return _install(packages, agreed=any(re.fullmatch(YES, word) for word in arguments))
        case ["download", *packages]:
            for package in packages:
                name, _, version = package.partition("=")
                Path(f"{name}_{(version or VERSION).replace(':', '%3a')}_all.deb").write_text(name)
            return 0
        case ["remove" | "purge", *packages]:
            for package in packages:
                (KNOWN / package).unlink(missing_ok=True)
            return 0
        case ["update" | "upgrade" | "clean" | "autoremove" | "dist-upgrade", *_]:
            return 0
    return unknown("apt-get", arguments)


def _install(packages: list[str], *, agreed: bool) -> int:
    if not agreed:
        print(
            "apt-get is a stand-in here: on AWS, without -y, it asks before it installs what a package needs besides,"
            " and fails because nobody answers",
            file=sys.stderr,
        )
    for package in packages:
        name = package.partition("=")[0]
        _unpack(name, Path("/"))
        (KNOWN / name).write_text(package)
    return 0


def dpkg_deb(arguments: list[str]) -> int:
    """dpkg-deb: unpacks what the stand-in of apt-get downloaded."""
    match arguments:
        case ["-x" | "--extract", package, directory]:
            _unpack(Path(package).read_text(), Path(directory))
            return 0
    return unknown("dpkg-deb", arguments)


def _unpack(package: str, directory: Path) -> None:
    for file in PACKAGES.get(package, [f"usr/bin/{package}"]):
        give_program(directory / file)


def dpkg(arguments: list[str]) -> int:
    """dpkg: whether a package is there, and what machine this is."""
    match arguments:
        case ["--print-architecture"]:
            print({"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine))
            return 0
        case ["-s" | "--status", *packages]:
            return 0 if all((KNOWN / name).exists() for name in packages) else 1
    return unknown("dpkg", arguments)


def dpkg_query(arguments: list[str]) -> int:
    """dpkg-query -W: what is known of packages, in the form that is asked for."""
    if not any(word in {"-W", "--show"} for word in arguments):
        return unknown("dpkg-query", arguments)
    options = options_of(arguments)
    form = (options.get("--showformat") or options.get("-f") or ["${Package}\\t${Version}\\n"])[-1]
    code = 0
    for name in values_of(arguments, "-f", "--showformat"):
        if not (KNOWN / name).exists():
            print(f"dpkg-query: no packages found matching {name}", file=sys.stderr)
            code = 1
            continue
        known = {"Package": name, "Version": VERSION, "Status": "install ok installed", "db:Status-Status": "installed"}
        text = re.sub(r"\$\{([\w:-]+)\}", lambda found: known.get(found[1], ""), form)  # noqa: B023
        sys.stdout.write(text.replace("\\n", "\n").replace("\\t", "\t"))
    return code


def crontab(arguments: list[str]) -> int:
    """crontab: keeps the table. Nothing of it is run: a rehearsal is over before its time would come."""
    options, words = options_of(arguments), values_of(arguments, "-u")
    whose = options.get("-u", ["root" if os.geteuid() == 0 else USER])[-1]
    if os.geteuid() != 0:
        if whose != USER:
            print("must be privileged to use -u", file=sys.stderr)
            return 1
        return sudo(["/usr/bin/crontab", "-u", USER, *arguments])  # it is set-gid crontab
    table = CRONTABS / whose
    if "-l" in arguments or "-r" in arguments:
        if not table.exists():
            print(f"no crontab for {whose}", file=sys.stderr)
            return 1
        if "-l" in arguments:
            sys.stdout.write(table.read_text())
        else:
            table.unlink()
        return 0
    text = sys.stdin.read() if words in ([], ["-"]) or "-" in arguments else Path(words[0]).read_text()
    for number, line in enumerate(text.splitlines()):
        if line.strip() and not re.match(r"\s*(#|\w+\s*=|@\w+\s+\S|(\S+\s+){5}\S)", line):
            print(f'"-":{number}: bad minute\nerrors in crontab file, can\'t install.', file=sys.stderr)
            return 1
    table.write_text(text)
    return 0


def service(arguments: list[str]) -> int:
    """service: cron's, which is the one that the image has."""
    match values_of(arguments):
        case ["cron", "start" | "stop" | "restart" | "reload" | "force-reload" as verb]:
            if os.geteuid() != 0:
                print(f"cron: can't {verb}: Permission denied", file=sys.stderr)
                return 1
            print(f" * {verb.capitalize()}ing periodic command scheduler cron\n   ...done.")
            return 0
        case ["cron", "status"]:
            print(" * cron is running")
            return 0
        case [name, *_]:
            print(f"{name}: unrecognized service", file=sys.stderr)
            return 1
    return unknown("service", arguments)
