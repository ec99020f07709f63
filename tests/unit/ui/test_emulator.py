"""The emulator's faults and inventory on the page."""

from collections.abc import Mapping
from typing import Any

import pytest

from studioctl.operations import emulation
from studioctl.target import Target
from tests.unit.ui.house import House, house
from tests.unit.ui.test_spaces import text_of

PAGE = "/e/acme-ml/emulator"


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The faults set in an emulator that is none."""
    found: list[dict[str, Any]] = []

    def add(kind: str, *, action: str = "", code: str = "", times: int | None = None) -> None:
        words = {"kind": kind, "service": "", "action": action, "code": code, "times": times}
        found.append({**words, "after": 0, "probability": 1.0, "seen": 3, "hit": 2})

    def inventory() -> Mapping[str, Any]:
        return {"vpcs": ["us-east-1/vpc-1"], "roles": {"arn:<role>": {}}, "buckets": {}, "not_looked_at": "nothing"}

    monkeypatch.setattr(emulation, "wrong", lambda: {"faults": found})
    monkeypatch.setattr(emulation, "go_wrong", add)
    monkeypatch.setattr(emulation, "go_well", found.clear)
    monkeypatch.setattr(emulation, "inventory", inventory)
    return found


def ask(home: House, path: str, **form: str) -> Any:
    return home.client.post(PAGE + path, data=form, headers={"origin": home.keys.address}, follow_redirects=False)


def test_a_fault_is_set_shown_and_cleared(faults: list[dict[str, Any]]) -> None:
    with house("ada-editor") as home:
        home.enter()
        assert "Nothing is wrong." in text_of(home.client.get(PAGE).text)
        answer = ask(home, "/faults", kind="throttling", action=" CreateApp ", times="2")
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        ask(home, "/faults", kind="error", code=" AccessDeniedException ")
        assert [each["code"] for each in faults] == ["", "AccessDeniedException"]
        said = text_of(home.client.get(PAGE).text)
        assert "throttling CreateApp 2x 3 2" in said
        assert "error AccessDeniedException everywhere always" in said
        assert "vpcs (1) us-east-1/vpc-1 roles (1) arn:<role>" in said
        assert ask(home, "/faults/clear").status_code == 303
        assert faults == []


@pytest.mark.parametrize("times", ["0", "-1", "many", "1.5", "9999999"])
def test_a_number_of_times_that_is_none(faults: list[dict[str, Any]], times: str) -> None:
    with house("ada-editor") as home:
        home.enter()
        answer = ask(home, "/faults", kind="throttling", times=times)
        assert answer.status_code == 409
        assert f"'{times}' is no number of times." in text_of(answer.text)
        assert faults == []


def test_on_aws_there_is_no_such_page(faults: list[dict[str, Any]]) -> None:
    with house("ada-editor") as home:
        home.enter()
        vars(home.desk.account("acme-ml"))["target"] = Target("us-east-1")
        assert home.client.get(PAGE).status_code == 409
        assert ask(home, "/faults", kind="throttling").status_code == 409
        assert faults == []
        assert "Emulator" not in text_of(home.client.get("/e/acme-ml/costs").text)
