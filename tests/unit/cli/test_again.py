"""The remedies that come before the same command again: each is run as printed, and the command then works."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from studioctl.aws import wait
from studioctl.aws.studio import Studio
from studioctl.cli import confirm
from studioctl.operations.spaces import start_stop
from tests.functional.living import Living
from tests.remedies import claimed
from tests.walking import COMMAND, InProcess

HERE = "tests/unit/cli/test_again.py"
START = ("start", "--local")


def once(patch: pytest.MonkeyPatch, owner: Any, name: str, instead: Callable[..., Any]) -> Callable[[], None]:
    """Replaces something until the function that is returned is called."""
    before = getattr(owner, name)
    patch.setattr(owner, name, instead)
    return lambda: patch.setattr(owner, name, before)


def interrupted(*_: Any, **__: Any) -> Iterator[None]:
    yield from ()
    raise KeyboardInterrupt


def test_the_same_command_again(inside: InProcess, home: Living) -> None:
    walk = inside

    def again(*words: str, of: str) -> None:
        walk.printed(walk.studioctl(*words), of=of)
        for mend in mended:
            mend()
        done = walk.studioctl(*words)
        assert done.code == 0, done

    mended: list[Callable[[], None]] = []
    home.faults({"action": "ListSpaces", "code": "OddException", "message": "odd"})
    again("status", "--local", of="studioctl.aws.errors")

    home.stop_everything()
    mended = [once(walk.patch, start_stop, "START_TIMEOUT", -1)]  # type: ignore[arg-type]
    again(*START, of="studioctl.aws.wait")

    home.stop_everything()
    nobody = once(walk.patch, confirm, "_somebody", lambda: None)
    mended = [once(walk.patch, typer, "confirm", lambda *_, **__: _aborted())]
    walk.printed(walk.studioctl("open", "--print", "--local"), of="studioctl.cli.confirm")
    walk.patch.setattr(typer, "confirm", lambda *_, **__: True)
    assert walk.studioctl("open", "--print", "--local").code == 0
    mended[0]()
    nobody()

    mended = [once(walk.patch, start_stop, "find", interrupted_at_once)]
    again("restart", "--local", of="studioctl.cli.main")
    mended = [once(walk.patch, start_stop, "restart", interrupted)]
    again("restart", "--local", of="studioctl.presentation.progress")

    home.stop_everything()
    mended = [once(walk.patch, Studio, "editor", lambda *_: None)]
    again(*START, of="studioctl.operations.spaces.start_stop")

    assert claimed(f"{HERE}::test_the_same_command_again") == walk.walked


def _aborted() -> None:
    raise typer.Abort


def interrupted_at_once(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_spaces_that_fail(inside: InProcess, home: Living) -> None:
    """Each printed command shows the state of things, or starts what was stopped in between."""
    walk, of = inside, "studioctl.operations.spaces.start_stop"
    before = Studio.space

    def failed(studio: Studio, *key: str) -> Any:
        found = before(studio, *key)
        return dataclasses.replace(found, status="Failed", failure="odd") if found else None

    back = once(walk.patch, Studio, "space", failed)
    printed = walk.printed(walk.studioctl(*START), of=of)
    back()
    assert walk.run(printed).code == 0

    settled = wait.until

    def stopped_meanwhile(look: Callable[[], bool], **about: Any) -> Any:
        home.stop_everything()
        return settled(look, **about)

    back = once(walk.patch, start_stop, "until", stopped_meanwhile)
    printed = walk.printed(walk.studioctl(*START), of=of)
    back()
    assert walk.run(printed).code == 0
    assert home.app("ada-editor")["Status"] == "InService"

    home.faults({"action": "DeleteApp", "code": "ResourceLimitExceeded", "message": "The limit is reached."})
    printed = walk.printed(walk.studioctl("stop", "--local"), of="studioctl.catalog.troubles")
    assert "Quotas" in walk.run(printed).out

    assert claimed(f"{HERE}::test_spaces_that_fail") == walk.walked


def test_a_local_editor(inside: InProcess, home: Living) -> None:
    """From `ssh` to a space that is ready; each remedy keeps the editor that was asked for."""
    walk, of = inside, "studioctl.operations.spaces"
    file = Path("studio.toml")
    before = file.read_text()
    connect = ("connect", "ada-editor", "--editor", "none", "--local")

    # Not allowed, and too small.
    file.write_text(f"{before}\n[studio]\nremote_access = false\n" if "[studio]" not in before else before)
    printed = walk.printed(walk.studioctl(*connect, "--instance-type", "ml.t3.large"), of=f"{of}.remote_requirements")
    assert printed == "write remote_access = true under [studio]"
    file.write_text(file.read_text().replace("remote_access = false", "remote_access = true"))
    printed = walk.printed(walk.studioctl("ssh", "ada-editor", "--local"), of=f"{of}.remote_requirements")
    assert "--editor none" in printed
    assert walk.run(f"{printed} --yes").code == 0

    # Allowed, large enough, and stopped.
    home.stop_everything()
    _type(home, "ml.t3.large")
    printed = walk.printed(walk.studioctl("ssh", "ada-editor", "--local"), of=f"{of}.connect")
    assert walk.run(f"{printed} --yes").code == 0
    home.stop_everything()

    # Each finding of a check.
    for finding in _check(walk):
        if finding["remedy"].startswith("studioctl connect"):
            module = "connect" if finding["id"] == "session" else "remote_requirements"
            walk.note(finding["remedy"], of=f"{of}.{module}")
            assert walk.run(f"{finding['remedy']} --yes").code == 0
            home.stop_everything()

    # AWS refuses the session of a space that was allowed while it ran.
    assert walk.studioctl(*connect, "--yes").code == 0
    refusal = {"action": "StartSession", "code": "ValidationException", "message": "odd", "times": 1}
    home.faults(refusal)
    printed = walk.printed(walk.studioctl(*connect, "--yes"), of=f"{of}.connect")
    assert walk.run(printed).code == 0
    assert walk.studioctl(*connect, "--yes").code == 0

    gone = once(walk.patch, Studio, "space", _only_listed)
    printed = walk.printed(walk.studioctl(*connect), of=f"{of}.connect")
    gone()
    assert walk.run(printed).code == 0

    file.write_text(before)
    home.stop_everything()
    _type(home, "ml.t3.medium")
    assert claimed(f"{HERE}::test_a_local_editor") == walk.walked


_asked: list[str] = []
_space = Studio.space


def _only_listed(studio: Studio, *key: str) -> Any:
    """It is there when it is looked for by name, and gone when its details are asked for."""
    _asked.append(key[1])
    return _space(studio, *key) if len(_asked) == 1 else None


def _check(walk: InProcess) -> list[dict[str, str]]:
    import json

    shown = walk.studioctl("connect", "ada-editor", "--editor", "cursor", "--check", "--json", "--local")
    return list(json.loads(shown.out)["findings"])


def _type(home: Living, instance_type: str) -> None:
    spec: Any = {"InstanceType": instance_type, "LifecycleConfigArn": home.script_arn}
    home.studio.sagemaker.update_space(
        DomainId=home.domain_id,
        SpaceName="ada-editor",
        SpaceSettings={"CodeEditorAppSettings": {"DefaultResourceSpec": spec}},
    )


def test_words(inside: InProcess) -> None:
    """Two flags that are one too many, a word that is none."""
    walk = inside
    walk.alone("audit", "--json", "--sarif", of="studioctl.cli.audit", ends=None)
    refused = walk.studioctl("down", "--delete-data=everything", "--local")
    assert COMMAND.findall(walk.printed(refused, of="studioctl.operations.data.inventory"))
    assert "--delete-data" in walk.shell("studioctl down --help").out

    assert claimed(f"{HERE}::test_words") == walk.walked
