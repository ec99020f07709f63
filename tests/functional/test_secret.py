"""The GitHub token as people store it: typed, piped or read from a file, and seen by nobody else."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import SMALL, STUDIOCTL, Done, Shell
from tests.functional.eavesdropper import files_with, listening

TOKEN = "ghp_" + "Q7w" * 12
NEXT = "Next:  revoke that token on GitHub, make another, then: studioctl secret set github --local\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    directory = tmp_path_factory.mktemp("secret")
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator"), "TMPDIR": str(directory)})
    shell.write(SMALL.format(name="acme-ml"))
    shell.client("secretsmanager").create_secret(Name="acme-ml/github")
    yield shell
    shell.studioctl("emulator", "stop")


def piped(shell: Shell, value: str, *arguments: str, code: int = 0) -> Done:
    done = subprocess.run(
        [STUDIOCTL, *arguments],
        cwd=shell.directory,
        env=shell.environment,
        input=value,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def stored(shell: Shell) -> str:
    return str(shell.client("secretsmanager").get_secret_value(SecretId="acme-ml/github")["SecretString"])


def test_its_whole_life_in_a_pipe(world: Shell) -> None:
    with listening() as heard:
        done = piped(world, f"{TOKEN}\n", "secret", "set", "github", "-", "--local")
        got = world.studioctl("secret", "get", "github", "--local")

    assert (done.out, done.err) == ("", "Stored 40 characters in 'acme-ml/github'.\n")
    assert (got.out, got.err) == (f"{TOKEN}\n", "")
    assert heard.with_text("secret set github")
    assert heard.with_text(TOKEN) == []
    assert files_with(TOKEN, world.directory) == []


def test_it_is_typed_unseen(world: Shell) -> None:
    token = "github_pat_" + "9z_" * 10
    with listening() as heard:
        code, shown = world.typed("secret", "set", "github", "--local", answers={"GitHub token: ": token})

    assert code == 0, shown
    assert shown.startswith("GitHub token: \r\n")
    assert shown.endswith("Stored 41 characters in 'acme-ml/github'.\r\n")
    assert token not in shown
    assert heard.with_text(token) == []
    assert stored(world) == token


def test_from_a_file_and_a_doubtful_one_is_noted(world: Shell, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("glpat-of-somewhere-else\r\n")
    done = world.studioctl("secret", "set", "github", "--from-file", str(tmp_path / "token"), "--local")

    assert done.err == (
        "Note: this does not look like a token of GitHub's, which begin with ghp_, github_pat_ or gho_.\n"
        "Stored 23 characters in 'acme-ml/github'.\n"
    )
    assert stored(world) == "glpat-of-somewhere-else"


@pytest.mark.parametrize(
    "arguments", [("github", TOKEN), ("github", "-", TOKEN), (TOKEN,), ("github", "--token", TOKEN)]
)
def test_an_argument_is_refused_and_not_repeated(world: Shell, arguments: tuple[str, ...]) -> None:
    before = stored(world)
    done = world.studioctl("secret", "set", *arguments, "--local", "--debug", expect=64)

    assert TOKEN not in done.out + done.err
    assert stored(world) == before
    if arguments[0] == "github" and "--token" not in arguments:
        assert done.err.endswith(
            "Error: A value is never taken from an argument: it stays in the shell's history, and every user of this"
            f" machine can read it in the list of processes. Nothing was stored.\n{NEXT}"
        )


def test_nothing_is_not_a_value(world: Shell) -> None:
    before = stored(world)
    done = piped(world, "\n", "secret", "set", "github", "-", "--local", code=1)
    unasked = world.studioctl("secret", "set", "github", "--local", expect=1)

    assert done.err == "Error: The value is empty. Nothing was changed.\nNext:  studioctl secret set github --local\n"
    assert unasked.err.startswith("Error: There is no terminal to ask on.\n")
    assert stored(world) == before


def test_nobody_is_asked_for_the_token_of_a_secret_that_there_is_not(world: Shell) -> None:
    done = world.studioctl("secret", "set", "github", "--user", "ada", "--local", expect=1)

    assert done.err.startswith("Error: The file asks for no token of ada's own, so there is none.\n")


def test_a_refusal_of_aws_does_not_show_it_even_with_tracebacks(world: Shell) -> None:
    aws = world.client("secretsmanager")
    aws.delete_secret(SecretId="acme-ml/github", ForceDeleteWithoutRecovery=True)
    done = piped(world, TOKEN, "secret", "set", "github", "-", "--local", "--debug", code=1)
    aws.create_secret(Name="acme-ml/github", SecretString="old")

    assert "Traceback" in done.err
    assert TOKEN not in done.err
    assert done.err.endswith("Error: Secret 'acme-ml/github' does not exist yet.\nNext:  studioctl up --local\n")


def test_it_is_shown_on_a_terminal_only_on_request(world: Shell) -> None:
    piped(world, TOKEN, "secret", "set", "github", "-", "--local")
    code, shown = world.typed("secret", "get", "github", "--local", answers={"[y/N]": "n"})

    assert code == 4
    assert TOKEN not in shown
    assert TOKEN in world.typed("secret", "get", "github", "--local", answers={"[y/N]": "y"})[1]
    assert TOKEN in world.typed("secret", "get", "github", "--local", "--yes", answers={})[1]


def test_a_terminal_is_not_read_aloud(world: Shell) -> None:
    """`-` typed on a terminal asks, unseen, instead of showing what is typed."""
    shown = world.typed("secret", "set", "github", "-", "--local", answers={"GitHub token: ": TOKEN})[1]

    assert TOKEN not in shown
    assert stored(world) == TOKEN


def test_what_is_known_without_reading_it(world: Shell) -> None:
    piped(world, TOKEN, "secret", "set", "github", "-", "--local")
    shown = json.loads(world.studioctl("secret", "status", "github", "--local", "--json").out)
    assert shown["name"] == "acme-ml/github"
    assert shown["state"] == "set"
    assert shown["secret"].keys() == {"name", "arn", "has_value", "changed_at", "used_at", "deletion_at"}

    world.client("secretsmanager").delete_secret(SecretId="acme-ml/github", RecoveryWindowInDays=7)
    said = world.studioctl("secret", "status", "github", "--local")
    assert said.out.startswith("acme-ml/github  is scheduled for deletion\nchanged    2")
    assert "deletion   2" in said.out
    assert said.err == "\nNext:\n  studioctl secret set github --local  restore it with a new token\n"

    done = piped(world, TOKEN, "secret", "set", "github", "-", "--local")
    assert done.err == (
        "Restored 'acme-ml/github', which was scheduled for deletion.\nStored 40 characters in 'acme-ml/github'.\n"
    )
