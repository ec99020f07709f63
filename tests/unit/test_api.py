"""Refusals of the Python API, and the call that each names instead."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.api import Studio
from studioctl.errors import StudioctlError
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import down
from studioctl.target import Target
from tests.environments import environment
from tests.remedies import claimed, made_from

HERE = "tests/unit/test_api.py::test_another_name_is_answered_with_the_call_that_is_meant"


def test_another_name_is_answered_with_the_call_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Any] = []

    def nothing_there(found: Any, **_: Any) -> Any:
        looked_at.append(found)
        yield from ()
        return SimpleNamespace(is_empty=True, kept=())

    monkeypatch.setattr(Studio, "_environment", lambda self: self.name)
    monkeypatch.setattr(down, "survey", nothing_there)
    studio = Studio(Account(environment(name="acme-ml"), Target("us-east-1")), Path("studio.toml"), None)

    with pytest.raises(StudioctlError) as refused:
        studio.down("acme-web")
    assert looked_at == []
    said = re.search(r'down\("(.+)"\)$', refused.value.hint)
    assert said
    studio.down(said[1])

    assert looked_at == ["acme-ml"]
    assert claimed(HERE) == made_from(refused.value.hint, "studioctl.api")
