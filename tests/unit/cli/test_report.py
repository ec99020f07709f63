"""`studioctl report`: the file, and what is not written over."""

from pathlib import Path

import pytest

from studioctl import programs
from studioctl.cli import context
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


@pytest.mark.parametrize("name", ["nowhere/report.html", "."])
def test_a_place_that_cannot_be_written_is_told_before_aws_is_asked(
    name: str, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "audit", lambda *_, **__: pytest.fail("AWS was asked"))
    assert run(["report", "-o", name]) != 0
    assert name in capsys.readouterr().err
    assert run(["plan", "--local", "--out", name]) != 0
    assert name in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == ["studio.toml"]


def test_on_stdout_it_is_the_page_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--offline", "-o", "-"]) == 0
    written = capsys.readouterr()
    assert written.out.startswith("<!doctype html>")
    assert "Wrote" not in written.err
    assert not (here / "-").exists()


def test_a_picture_that_nothing_could_draw_is_told(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "laid_out", lambda *_: "")
    assert run(["report", "--offline"]) == 0
    told = capsys.readouterr().err
    assert "Wrote report.html.\nIt has no picture of the network: Graphviz draws it, or: " in told
    assert told.endswith(" 'studioctl[ui]'\n")
