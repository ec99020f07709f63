"""`studioctl why` where AWS cannot be asked."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.cli import context
from studioctl.cli.main import run
from studioctl.errors import StudioctlError
from studioctl.operations.why import permission
from studioctl.operations.why.permission import ANYTHING, Permission
from tests.environments import environment

MINIMAL = 'name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n[studio]\nvolume_gb = 50\n'


@pytest.fixture(autouse=True)
def cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise StudioctlError("Nobody is signed in", hint="studioctl doctor")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(context, "environment", refuse)
    (tmp_path / "acme.toml").write_text(MINIMAL)


def test_the_file_answers_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "ada.volume_gb", "-c", "acme.toml"]) == 0
    assert capsys.readouterr().out.endswith(
        "\nThe file, the nearest first\n"
        "  acme.toml:6  50  <- this one decides\n"
        "  default      20\n"
        "\nAWS was not asked: Nobody is signed in\n"
        "Next: studioctl doctor --config acme.toml\n"
    )
    assert run(["why", "network.cidr", "-c", "acme.toml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["wanted"], found["holds"], found["remedy"]) == (
        '"10.0.0.0/16"',
        None,
        "studioctl doctor --config acme.toml",
    )


def test_what_is_asked_wrong_is_told_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "studio.dokcer", "-c", "acme.toml"]) == 3
    assert "Did you mean studio.docker?" in capsys.readouterr().err


FIRST = "This is the answer for ada, the first of 3 users. For another: --user grace\n"


@pytest.mark.parametrize(("given", "last"), [([], FIRST), (["--user", "ada"], "  allowed by own (Objects)\n")], ids=str)
def test_whose_role_it_is_is_told_where_nobody_said(
    given: list[str], last: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = SimpleNamespace(config=environment(users=[{"name": name} for name in ("ada", "grace", "mary")]))
    monkeypatch.setattr(context, "account", lambda *_, **__: account)
    role = "arn:aws:iam::123456789012:role/acme-ml"
    found = Permission("ada", role, "s3:GetObject", ANYTHING, True, "", "own (Objects)", "", "")
    monkeypatch.setattr(permission, "permission", lambda *_, **__: found)

    assert run(["why", "S3:getobject", *given]) == 0
    assert capsys.readouterr().out.endswith(last)
