"""The region in which a command without a file acts."""

import pytest

from studioctl.cli import main
from studioctl.errors import ConfigError
from studioctl.operations import proposals

HINT = "export AWS_REGION=...   (where the environment is), or name it in the profile of your AWS configuration"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region is named on this machine."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("local", [False, True])
def test_a_region_with_a_slip_is_not_another_one(monkeypatch: pytest.MonkeyPatch, variable: str, local: bool) -> None:
    monkeypatch.setenv(variable, "us-esat-1")

    with pytest.raises(ConfigError) as refused:
        proposals.acting_region(local=local)

    assert refused.value.message.startswith('AWS_REGION, or your AWS configuration: "us-esat-1" is not a region')
    assert refused.value.hint == HINT


def test_one_that_nobody_names_is_asked_for_on_aws(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["list"]) == 3
    assert capsys.readouterr().err == f"Error: No region is named.\nNext:  {HINT}\n"
    assert proposals.acting_region(local=True) == "us-east-1"

    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert proposals.acting_region(local=False) == "eu-west-1"
