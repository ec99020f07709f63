"""`studioctl report`: the file, and what is not written over."""

from pathlib import Path

import pytest

from studioctl.cli.main import run

MINIMAL = 'name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studio.toml").write_text(MINIMAL)
    return tmp_path


def test_a_report_is_written_and_written_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(["report", "--offline"]) == 0
    assert capsys.readouterr().err.endswith("Wrote report.html.\n")
    text = (here / "report.html").read_text()
    assert text.startswith("<!doctype html>")
    assert "STUDIO-002" in text
    assert "<h2 " in text


def test_something_else_is_not_written_over(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "thesis.html").write_text("<html>")
    assert run(["report", "--offline", "-o", "thesis.html"]) == 4
    assert "'thesis.html' exists and is no report. Nothing was changed." in capsys.readouterr().err
    assert (here / "thesis.html").read_text() == "<html>"
