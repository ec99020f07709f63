"""A grant that is written is told, whatever happens to the database afterwards."""

from types import SimpleNamespace

import pytest

from studioctl.cli import context, main
from studioctl.errors import AwsError, StudioctlError
from studioctl.operations import limits
from tests.environments import environment


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (AwsError("AWS cannot be reached.", hint="check the network"), "check the network"),
        (
            limits.BrokenLedgerError("The grants cannot be read.", hint="grant again: studioctl limits grant USER USD"),
            "grant again: studioctl limits grant --local USER USD",
        ),
    ],
)
def test_a_grant_is_told_though_the_database_cannot_be_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: StudioctlError, remedy: str
) -> None:
    def wake(_: object) -> bool:
        raise error

    account = SimpleNamespace(config=environment(limits={"monthly_usd": 10.0}))
    monkeypatch.setattr(context, "account", lambda *_, **__: account)
    monkeypatch.setattr(limits, "grant", lambda *_: 20.0)
    monkeypatch.setattr(limits, "wake", wake)
    assert main.run(["limits", "grant", "ada", "20", "--local"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        "20.00 USD are granted to ada this month. The guard looks within 5 minutes. If the guard has stopped the"
        f" database of studies, its next look starts it. {error.message} To put it right: {remedy}"
    )
