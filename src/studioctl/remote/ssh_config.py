"""The one block of studioctl in the user's ssh configuration. Not a byte of the user's lines ever changes.

For each setting ssh uses the first value that it finds, so the block goes to the top, before any `Host *` of the user.
It ends with another `Host *`, which keeps the meaning of the lines after it: lines at the top of a file apply to every
host. The block contains the hosts themselves instead of an `Include`. After somebody's `Host`, an `Include` would be
read only for that host, while a `Host` begins a section anywhere.
"""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock

from studioctl import disk, homes
from studioctl.errors import RefusedError
from studioctl.remote.host import Host

BEGIN = "# >>> studioctl: spaces >>>"
END = "# <<< studioctl: spaces <<<"
REMARK = "# Written by studioctl connect; studioctl connect --remove takes it out again."
MADE = "# There was no file before."
BACKUP = ".before-studioctl"


@dataclass(frozen=True)
class Content:
    """The file, taken apart: what is before the block, its hosts by alias, what is after it.

    `made` is whether the file exists because of the block.
    """

    before: bytes = b""
    hosts: dict[str, str] = field(default_factory=dict)
    after: bytes = b""
    made: bool = False

    @classmethod
    def parse(cls, text: bytes, path: Path) -> "Content":
        """Raises RefusedError when the markers do not stand as we wrote them."""
        lines = text.splitlines(keepends=True)
        marks = [line.strip().decode("utf-8", "replace") for line in lines]
        if BEGIN not in marks and END not in marks:
            return cls(after=text)
        if marks.count(BEGIN) != 1 or marks.count(END) != 1 or marks.index(BEGIN) > marks.index(END):
            raise RefusedError(
                f"{path}: studioctl's block was changed by hand: '{BEGIN}' and '{END}' must be there once each.",
                hint=f"correct the two lines in {path}, or delete everything between them and them too",
            )
        first, last = marks.index(BEGIN), marks.index(END)
        inside = b"".join(lines[first + 1 : last]).decode("utf-8", "surrogateescape")
        hosts, theirs = _taken_apart(inside)
        after = theirs.encode("utf-8", "surrogateescape") + b"".join(lines[last + 1 :])
        return cls(b"".join(lines[:first]), hosts, after, MADE in marks[first:last])

    def to_bytes(self) -> bytes:
        """The file again. Without hosts there is no block."""
        if not self.hosts:
            return self.before + self.after
        made = f"{MADE}\n" if self.made else ""
        block = f"{BEGIN}\n{REMARK}\n{made}{''.join(self.hosts.values())}Host *\n{END}\n"
        return self.before + block.encode("utf-8", "surrogateescape") + self.after


class SshConfig:
    """A user's ssh configuration, with our block in it or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backup = path.with_name(path.name + BACKUP)

    def hosts(self) -> tuple[str, ...]:
        """The aliases in our block."""
        return tuple(self._read().hosts)

    def put(self, host: Host) -> bool:
        """Adds a host, or brings it up to date; whether the file was changed.

        Raises:
            RefusedError: The alias leads to a space of another account or region, or the block is damaged.
        """
        with self._alone():
            content = self._read()
            self._refuse_another(host, content.hosts.get(host.alias, ""))
            text = section(host) + _added(host, content.hosts.get(host.alias, ""))
            content = replace(content, hosts=content.hosts | {host.alias: text})
            return self._write(content)

    def remove(self, *aliases: str) -> tuple[str, ...]:
        """Takes hosts out, and the block with the last one; those that were there."""
        with self._alone():
            content = self._read()
            gone = tuple(name for name in content.hosts if name in aliases)
            if gone:
                self._write(replace(content, hosts={n: text for n, text in content.hosts.items() if n not in gone}))
            return gone

    def _read(self) -> Content:
        try:
            with disk.open_regular(self.path) as file:  # nothing else is ever replaced: it may lead to a device
                return Content.parse(file.read(), self.path)
        except FileNotFoundError:
            return Content(made=True)

    def _refuse_another(self, host: Host, text: str) -> None:
        found = re.search(r"arn:[^\s'\"]+", text)
        # A domain that was made anew has another id; everything else in the ARN must be the same.
        if found and _without_domain(found[0]) != _without_domain(host.arn):
            space = host.alias.partition(".")[0]
            raise RefusedError(
                f"{self.path}: '{host.alias}' leads to another space already: {found[0]}",
                hint=f"take it out first: studioctl connect {space} --remove",
            )

    def _write(self, content: Content) -> bool:
        """Replaces the file in one step, behind a link where there is one, with the permissions that it had."""
        existed = self.path.exists()
        real, new = self.path.resolve(), content.to_bytes()
        if existed and real.read_bytes() == new:
            return False
        if content.made and not new:
            real.unlink(missing_ok=True)
            return True
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if existed:
            disk.replace(self.backup, real.read_bytes(), mode=0o600)
        handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")  # for its owner only
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(new)
                file.flush()
                os.fsync(file.fileno())
            if existed:
                shutil.copymode(real, temporary)
                before = real.stat()
                os.chown(temporary, before.st_uid, before.st_gid)
            Path(temporary).replace(real)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return True

    def _alone(self) -> FileLock:
        home = homes.state()
        home.mkdir(parents=True, exist_ok=True)
        return FileLock(home / "ssh-config.lock", timeout=30)


def section(host: Host) -> str:
    """The lines of one host."""
    lines = [f"Host {host.alias}", *(f"    {keyword} {value}" for keyword, value in host.settings())]
    return "".join(f"{line}\n" for line in lines)


def _taken_apart(inside: str) -> tuple[dict[str, str], str]:
    """The sections that we wrote, by alias, and all that somebody wrote between them."""
    top, *sections = re.split(r"^(?=[ \t]*(?:Host|Match)[ \t=])", inside, flags=re.MULTILINE | re.IGNORECASE)
    lines = top.splitlines(keepends=True)
    hosts, theirs = {}, "".join(line for line in lines if line.strip() not in {REMARK, MADE, ""})
    for text in sections:
        first = text.split("\n", 1)[0].strip()
        if " ssh-proxy " in text and re.fullmatch(r"Host [^\s*?!]+", first):
            # Comments that are not indented belong to what comes next, which is not ours.
            remarks = re.findall(r"^#.*\n", text, flags=re.MULTILINE)
            theirs += "".join(remarks)
            hosts[first.removeprefix("Host ")] = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
        elif first == "Host *" and re.fullmatch(r"(\s*(#.*)?\n)*", text.partition("\n")[2]):
            theirs += text.partition("\n")[2]  # our own end, and remarks
        else:
            theirs += text
    return hosts, theirs


def _added(host: Host, before: str) -> str:
    """Return the lines that somebody added to our section, such as a port to forward: those that set other keywords."""
    ours = {"host", *(keyword.lower() for keyword, _ in host.settings())}
    lines = before.splitlines(keepends=True)
    return "".join(line for line in lines if re.split(r"[\s=]", line.strip(), maxsplit=1)[0].lower() not in {*ours, ""})


def _without_domain(arn: str) -> list[str]:
    first, _, name = arn.split("/", 2) if arn.count("/") >= 2 else (arn, "", "")
    return [first, name]
