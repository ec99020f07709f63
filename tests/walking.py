"""Doing what a message says: the command that it prints is run as printed, and each remedy so followed is noted.

tests/remedies.toml says which test follows which; a test compares that with what its walk has noted.
"""

import io
import os
import re
import shlex
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from studioctl.cli import main
from tests.functional.conftest import STUDIOCTL, Done, Shell
from tests.remedies import literal, made_from

NEXT = re.compile(r"(?:^|: .*\. )Next: +(.*)$", re.MULTILINE)  # `ssh-proxy` writes one line
FLAGS = re.compile(r" --(?:local|config \S+)(?= |$)")  # which the command line puts behind each command
PROGRAMS = "studioctl|cd|unset|export|mkdir|kill"
COMMAND = re.compile(rf"(?:gh auth token \| )?\b(?:{PROGRAMS}) .*?(?=, then |, or |, which |   \(|; |$)")
TO_ADD = re.compile(r"\badd:? (--\S+(?: (?!to )\S+\.toml)?)")


class Walk(ABC):
    """Does as it is told, and notes by which remedies.

    Args:
        walked: Module and template of each remedy so far.
    """

    def __init__(self, walked: set[tuple[str, str]] | None = None) -> None:
        self.walked = set() if walked is None else walked

    @abstractmethod
    def studioctl(self, *words: str) -> Done:
        """Runs one command of ours, which has nobody to ask."""

    @abstractmethod
    def shell(self, line: str) -> Done:
        """Runs a line as it is typed into a shell."""

    def note(self, text: str, *, of: str) -> str:
        """The remedy, which must be one of this module's."""
        found = made_from(text, of) | made_from(FLAGS.sub("", text), of)
        known = {(module, template) for module, template in found if literal(template)}
        assert known, (of, text)
        self.walked |= known
        return text

    def printed(self, refused: Done, *, of: str) -> str:
        """The remedy that was printed at the end of an error."""
        return self.note(remedy(refused), of=of)

    def run(self, text: str, then: str = "") -> Done:
        """The command in the text, and another after it in the same shell."""
        command = COMMAND.findall(text)[0]
        return self.shell(f"{command} && {then}" if then else command)

    def alone(self, *words: str, of: str, ends: int | None = 0) -> Done:
        """Run the printed remedy and check that it helps: it is not printed again."""
        printed = self.printed(self.studioctl(*words), of=of)
        done = self.run(printed)
        assert ends is None or done.code == ends, (printed, done)
        assert printed not in done.err
        return done

    def then_again(self, *words: str, of: str) -> Done:
        """After what is printed, the command that was refused does its work."""
        printed = self.printed(self.studioctl(*words), of=of)
        done = self.run(printed, shlex.join(["studioctl", *words]))
        assert done.code == 0, (printed, done)
        return done

    def with_more(self, *words: str, of: str) -> Done:
        """With what is to be added, the command that was refused does its work."""
        printed = self.printed(self.studioctl(*words), of=of)
        done = self.studioctl(*words, *TO_ADD.findall(printed)[0].split())
        assert done.code == 0, (printed, done)
        return done


class InShell(Walk):
    """With the installed program, by bash."""

    def __init__(self, shell: Shell, walked: set[tuple[str, str]] | None = None) -> None:
        super().__init__(walked)
        self.there = shell

    def studioctl(self, *words: str) -> Done:
        return self.there.studioctl(*words, expect=None)

    def shell(self, line: str) -> Done:
        path = f"{Path(STUDIOCTL).parent}:{self.there.environment['PATH']}"
        environment = {**self.there.environment, "PATH": path}
        return _bash(line, self.there.directory, environment)


class InProcess(Walk):
    """With the command line in this process, which takes a hundredth of the time. What is not ours, bash does.

    Args:
        patch: Makes it stand in that directory, with these variables.
        streams: Takes what is printed.
        directory: The directory, which is also the home.
        variables: Beside HOME.
    """

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        streams: pytest.CaptureFixture[str],
        directory: Path,
        **variables: str,
    ) -> None:
        super().__init__()
        self.patch, self.streams = patch, streams
        patch.chdir(directory)
        for name, value in {"HOME": str(directory), "COLUMNS": "100", **variables}.items():
            patch.setenv(name, value)

    def studioctl(self, *words: str) -> Done:
        self.streams.readouterr()
        code = main.run(list(words))
        return Done(code, *self.streams.readouterr())

    def shell(self, line: str) -> Done:
        done = Done(0, "", "")
        for part in line.split(" && "):
            piped, _, command = part.rpartition(" | ")
            if piped:
                given = io.BytesIO(_bash(piped, Path.cwd(), dict(os.environ)).out.encode())
                self.patch.setattr("sys.stdin", io.TextIOWrapper(given))
            program, *words = shlex.split(command)
            done = self.studioctl(*words) if program == "studioctl" else self._bash(command)
            if done.code != 0:
                break
        return done

    def _bash(self, line: str) -> Done:
        """Runs it, and is then where it leads, with the variables that it sets."""
        done = _bash(f"{line} && printf '\\0' && pwd && env -0", Path.cwd(), dict(os.environ))
        if done.code == 0:
            printed, _, rest = done.out.partition("\0")
            directory, _, variables = rest.partition("\n")
            done = Done(done.code, printed, done.err)
            self.patch.chdir(directory)
            after = dict(each.split("=", 1) for each in variables.split("\0") if each)
            for name in os.environ.keys() - after.keys():
                self.patch.delenv(name)
            for name, value in after.items():
                if os.environ.get(name) != value:
                    self.patch.setenv(name, value)
        return done


def remedy(refused: Done) -> str:
    """The remedy at the end of an error. It is not noted as walked."""
    assert refused.code != 0, refused
    found = NEXT.search(refused.err)
    assert found, refused
    return found[1]


def _bash(line: str, directory: Path, environment: dict[str, str]) -> Done:
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
