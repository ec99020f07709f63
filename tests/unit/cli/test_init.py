"""The proposals of `init`, and its refusals before it asks."""

from pathlib import Path

import pytest

from studioctl.cli import main
from studioctl.config.load import load


@pytest.mark.parametrize(
    ("directory", "name", "login", "user"),
    [
        ("grace2", "grace2", "grace2", "grace2"),
        ("acme-ml-2026", "acme-ml-2026", "007", "007"),
        ("José García 7", "jose-garcia-7", "x", "me"),
        ("2026-trial", "trial", "ada.l", "ada-l"),  # a letter first
        ("sg-web", "studio", "", "me"),  # AWS's own prefix
        ("2026", "studio", "ada_2", "ada-2"),
        ("a-very-long-directory-name", "a-very-long-director", "ada", "ada"),
    ],
)
def test_a_proposed_name_keeps_its_digits_where_it_may(
    directory: str, name: str, login: str, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / directory).mkdir()
    monkeypatch.chdir(tmp_path / directory)
    monkeypatch.setenv("USER", login)
    monkeypatch.delenv("LOGNAME", raising=False)

    assert main.run(["init", "--defaults"]) == 0

    written = load(Path("studio.toml"))
    assert (written.name, [each.name for each in written.users]) == (name, [user])


def test_a_directory_that_is_missing_is_told_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main.run(["init", "--config", "team one/studio.toml"]) == 64

    place = tmp_path / "team one"
    assert capsys.readouterr().err == (
        f"Error: There is no directory '{place}'. Nothing was written.\n"
        f"Next:  mkdir -p '{place}'   (then run the same command again)\n"
    )


def test_each_user_that_is_named_is_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--name", "acme-ml", "--region", "eu-west-1", "--user", "ada", "--user", "grace"]

    assert main.run(["init", *given, "--user", "ADA"]) == 64
    assert capsys.readouterr().err == (
        "Error: --user ADA is there twice. Nothing was written.\nNext:  name each user once\n"
    )
    assert main.run(["init", *given, "--user", "bob smith"]) == 64
    assert capsys.readouterr().err.startswith("Error: --user: ")
    assert list(tmp_path.iterdir()) == []
    assert main.run(["init", *given]) == 0
    assert capsys.readouterr().err.splitlines()[:5] == [
        "Wrote studio.toml:",
        "  name     acme-ml",
        "  region   eu-west-1",
        "  user     ada",
        "  user     grace",
    ]
    assert [each.name for each in load(Path("studio.toml")).users] == ["ada", "grace"]
