"""Values of options that are none."""

import re
from pathlib import Path

import pytest

from studio_emulator.faults import Kind
from studioctl.cli import main
from studioctl.cli.faults import KINDS
from studioctl.cli.streams import accept_every_character
from studioctl.config.load import load
from studioctl.errors import ConfigError
from studioctl.operations.doctor import file
from studioctl.operations.doctor.patient import Patient
from studioctl.target import Target


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty directory."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("user add eve --volume-gb 50GB", "Invalid value for '--volume-gb': must be a whole number; write 50"),
        ("user add eve --volume-gb=1TB", "Invalid value for '--volume-gb': must be a whole number; write 1024"),
        ("cost --volume-gb big", "Invalid value for '--volume-gb': must be a whole number"),
        ("cost --hours 25", "Invalid value for '--hours': must be at most 24"),
        ("cost --hours=-1", "Invalid value for '--hours': must be at least 0"),
        ("state restore yesterday", "Invalid value for 'serial': must be a whole number"),
    ],
)
def test_a_wrong_number_is_told_with_the_one_to_write(
    typed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(typed.split()) == 64

    assert capsys.readouterr().err.splitlines()[0] == f"Error: {told}"


@pytest.mark.parametrize(
    ("typed", "help_"),
    [("up --adopt", "up"), ("down --adopt", "down"), ("state bucket create --config", "state bucket create")],
)
def test_an_option_without_its_value_leads_to_the_commands_own_help(
    typed: str, help_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(typed.split()) == 64

    assert capsys.readouterr().err.splitlines()[-1] == f"Next:  studioctl {help_} --help"


@pytest.mark.usefixtures("nowhere")
def test_a_question_in_an_error_has_no_full_stop_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["init", "--name", "acme", "--user", "linus", "--region", "useast1"]) == 64

    assert 'did you mean "us-east-1"? Nothing was written.' in capsys.readouterr().err


@pytest.mark.usefixtures("nowhere")
def test_a_file_that_is_not_there_is_to_be_written_and_not_to_be_checked() -> None:
    with pytest.raises(ConfigError) as absent:
        load(Path("nope.toml"))
    patient = Patient(Target("us-east-1", None), Path("nope.toml"), None, absent.value)
    (finding,) = file._file(patient)

    assert finding.remedy == "write one with: studioctl init --config nope.toml"


def test_a_fault_without_a_kind_is_asked_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["emulator", "faults", "set"]) == 64
    assert "say what goes wrong: throttling, server-error, " in capsys.readouterr().err
    assert main.run(["emulator", "faults", "set", "throtling"]) == 64
    assert "unknown kind 'throtling'; did you mean 'throttling'? There are " in capsys.readouterr().err


@pytest.mark.usefixtures("nowhere")
def test_a_file_of_faults_has_no_other_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["emulator", "faults", "set", "quota", "--times", "2", "--file", "faults.toml"]) == 64

    told = capsys.readouterr().err
    assert "Invalid value for --file: the file says all of it; leave out --times, KIND\n" in told


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_of_fault_is_in_the_help_and_on_the_page(kind: Kind) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "survive-faults.md"
    rows = [line.split("|")[1] for line in page.read_text("utf-8").splitlines() if line.startswith("| `")]

    assert re.search(rf"\b{kind}\b", KINDS)
    assert any(f"`{kind}`" in row for row in rows)


def test_bytes_that_are_no_text_here_are_told_as_they_were_typed(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """An accent in UTF-8, in a locale of ASCII."""
    word = b"jos\xc3\xa9".decode("ascii", "surrogateescape")
    accept_every_character()

    assert main.run([word]) == 64
    assert main.run(["init", "--name", word, "--user", "ada", "--region", "us-east-1"]) == 64

    told = capsysbinary.readouterr().err
    assert b"No such command 'jos\xc3\xa9'." in told
    assert b'--name: "jos\xc3\xa9" is not a prefix' in told


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("typed", "more"),
    [
        ("start ada-editor", "; or, for one that exists, add --env NAME: studioctl list shows them"),
        ("status --local", "; or, for one that exists, add --env NAME: studioctl list --local shows them"),
        ("up --local", ""),
    ],
)
def test_whoever_needs_no_file_is_told_how_to_do_without(
    typed: str, more: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(typed.split()) == 3

    assert capsys.readouterr().err.splitlines()[-1] == f"Next:  write one with: studioctl init{more}"
