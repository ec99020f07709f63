"""A secret is planted wherever a person may leave or type one, and looked for afterwards wherever it could have gone.

Typed at the prompt, piped or read from a file, in the space and at the registry: see test_secret.py,
test_private_repository.py, test_image.py and test_remote.py, which look in the same places.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import STUDIOCTL, Applied, Shell
from tests.functional.eavesdropper import files_with, listening

# None looks like another, so that what is found says where it came from.
LEFT = {
    "GITHUB_TOKEN": "ghp_" + "Canary1" * 6,
    "GH_TOKEN": "gho_" + "Canary2" * 6,
    "AWS_SECRET_ACCESS_KEY": "Canary3" * 6,
    "AWS_SESSION_TOKEN": "Canary4" * 6,
    "REGISTRY_PASSWORD": "Canary5" * 6,
    "HF_TOKEN": "hf_" + "Canary6" * 6,
    "OPENAI_API_KEY": "sk-" + "Canary7" * 6,
}
TYPED = "ghp_" + "Zq9" * 12
AWS_KEY = "AKIA" + "CANARY" * 3
HEAD = 'name = "acme-ml"\nregion = "us-east-1"\n'
USERS = '[[users]]\nname = "ada"\n'


@pytest.fixture
def poisoned(applied: Applied) -> Shell:
    """The shell of the shared environment, of somebody who has secrets of all kinds in theirs."""
    left = {**LEFT, "AWS_ACCESS_KEY_ID": AWS_KEY}
    return dataclasses.replace(applied.shell, variables={**applied.shell.variables, **left}, fresh=True)


def test_what_is_in_the_environment_goes_to_no_file_and_to_no_child(poisoned: Shell) -> None:
    secrets = (*LEFT.values(), AWS_KEY)
    with listening() as heard:
        said = [poisoned.studioctl("plan", "--local", "--verbose", "--debug"), poisoned.studioctl("status", "--local")]

    ours = {line for line in heard.holding(*secrets) if STUDIOCTL in line}
    assert ours, "nothing was heard of the commands themselves, whose environment it is"
    assert heard.with_text("terraform"), "nothing was heard of Terraform"
    assert heard.holding(*secrets) - ours == set()
    assert heard.with_text(*secrets) == []
    assert not any(secret in done.out + done.err for done in said for secret in secrets)
    assert [file for secret in secrets for file in files_with(secret, poisoned.directory)] == []
    log_of_cloudwatch_is_clean(poisoned, secrets)


def test_an_emulator_that_is_started_amid_secrets_has_none(tmp_path: Path) -> None:
    """It runs for days."""
    shell = Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator"), **LEFT}, fresh=True)
    with listening() as heard:
        shell.studioctl("emulator", "start")
        try:
            shell.studioctl("emulator", "status")
        finally:
            shell.studioctl("emulator", "stop")

    assert heard.with_text("studio_emulator")
    assert not [line for line in heard.holding(*LEFT.values()) if "studio_emulator" in line]
    assert [file for secret in LEFT.values() for file in files_with(secret, tmp_path)] == []


def log_of_cloudwatch_is_clean(shell: Shell, secrets: tuple[str, ...]) -> None:
    logs = shell.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
            place = {"logGroupName": group["logGroupName"], "logStreamName": stream["logStreamName"]}
            text = str(logs.get_log_events(**place)["events"])
            assert not [secret for secret in secrets if secret in text], place


MISTAKES = {
    "name": f'name = "{TYPED}"\nregion = "us-east-1"\n{USERS}',
    "profile": HEAD + f'profile = "{AWS_KEY}"\n{USERS}',
    "tag": HEAD + f'tags = {{ owner = "{TYPED}" }}\n{USERS}',
    "key of a tag": HEAD + f'tags = {{ "{TYPED}" = "ada" }}\n{USERS}',
    "user": HEAD + f'[[users]]\nname = "{TYPED}"\n',
    "user of github": HEAD + USERS + f'[secrets.github]\nusername = "{TYPED}"\n',
    "token of github": HEAD + USERS + f'[secrets.github]\nusername = "ada"\ntoken = "{TYPED}"\n',
    "variable": HEAD + USERS + f'[editor.environment]\nX = "{TYPED}"\n',
    "variable of a user": HEAD + USERS + f'[users.editor.environment]\nX = "{TYPED}"\n',
    "setting": HEAD + USERS + f'[editor.settings]\n"a.b" = ["{TYPED}"]\n',
    "git": HEAD + USERS + f'[editor.git]\n"http.extraHeader" = "Authorization: token {TYPED}"\n',
    "repository": HEAD + USERS + f'[editor]\nrepositories = ["https://ada:{TYPED}@github.com/acme/models.git"]\n',
    "extension": HEAD + USERS + f'[editor]\nextensions = ["https://{TYPED}@example.com/x.vsix"]\n',
    "tool": HEAD + USERS + f'[editor]\ntools = ["{TYPED}"]\n',
    "extra script": HEAD + USERS + '[editor]\nextra_script = "setup.sh"\n',
    "bucket": HEAD + USERS + f'[storage]\naccess_logs = "{TYPED}"\n',
    "key": HEAD + USERS + f'[encryption]\nkey = "{AWS_KEY}"\n',
    "half a file": HEAD + USERS + f'[editor]\ntools = ["{TYPED}\n',
}


@pytest.fixture(scope="module")
def typist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    directory = tmp_path_factory.mktemp("typist")
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator"), "TMPDIR": str(directory)})
    shell.write(f'#!/bin/bash\nexport TOKEN="{TYPED}"\n', "setup.sh")
    yield shell
    shell.studioctl("emulator", "stop")


@pytest.mark.parametrize("place", MISTAKES)
def test_one_that_is_typed_into_the_file_is_refused_and_repeated_nowhere(typist: Shell, place: str) -> None:
    typist.write(MISTAKES[place])
    with listening() as heard:
        said = typist.studioctl("up", "--local", "--yes", "--debug", expect=3)

    assert said.err.endswith("Next:  correct studio.toml, then run: studioctl validate\n")
    for secret in (TYPED, AWS_KEY):
        assert secret not in said.out + said.err
        assert secret.lower() not in said.err.lower()
        assert heard.with_text(secret) == []
        written = {path.name for path in files_with(secret, typist.directory)}
        assert written <= {"studio.toml", "setup.sh"}
    assert not (typist.directory / ".studioctl").exists()
