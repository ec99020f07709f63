"""Whatever could refuse is looked at before a question: nobody agrees to what cannot be."""

from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.cli import confirm, context, main
from studioctl.errors import StudioctlError
from studioctl.operations import secrets, state
from studioctl.operations.spaces import start_stop


def refuses(*_: Any, **__: Any) -> None:
    raise StudioctlError("No.", hint="name another")


def asks(*_: Any, **__: Any) -> None:
    pytest.fail("it asked")


@pytest.mark.parametrize(
    ("line", "module", "check"),
    [
        ("state restore 99", state, "snapshots"),
        ("secret get github", secrets, "require_value"),
        ("start --instance-type ml.x", start_stop, "check_instance_type"),
        ("restart --instance-type ml.x", start_stop, "check_instance_type"),
        ("connect --instance-type ml.x", start_stop, "check_instance_type"),
    ],
)
def test_it_looks_before_it_asks(
    line: str,
    module: Any,
    check: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(module, check, refuses)
    monkeypatch.setattr(context, "account", lambda *_, **__: None)
    monkeypatch.setattr(context, "environment", lambda *_, **__: None)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for question in ("agreed", "typed", "answer"):
        monkeypatch.setattr(confirm, question, asks)
    monkeypatch.setattr(start_stop, "candidates", asks)

    assert main.run(line.split()) == 1
    assert capsys.readouterr().err.endswith("Error: No.\nNext:  name another\n")
