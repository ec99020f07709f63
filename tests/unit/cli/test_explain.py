"""`studioctl explain`: whole outputs and exit codes."""

import io
import json

import pytest

from studioctl.cli.main import run

EXPLAINED = """\
the name is taken
  A resource with this name exists already, in this account or, for a bucket, anywhere in AWS.

Usual causes
  An earlier run made it and was interrupted; the next one takes it over.
  Another environment has the same name.
  A deleted secret keeps its name for a few days.

Look
  studioctl doctor

Then
  the same command again

More: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""


def test_a_code_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "EntityAlreadyExists"]) == 0
    assert capsys.readouterr().out == EXPLAINED


@pytest.mark.parametrize(("own", "title"), [("QUO001", "user profiles"), ("STUDIO-001", "AWS managed policies")])
def test_our_own_ids_are_explained(own: str, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", own]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{own}: ")
    assert title in first


def test_a_message_comes_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Error: creating IAM Role: EntityAlreadyExists: no\nmore"))
    assert run(["explain", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found[0]["name"] == "the name is taken"
    assert found[0].keys() == {"name", "means", "causes", "look", "run", "source"}


def test_a_message_of_ours_says_itself_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "Error: Space 'x' is odd.\nNext:  studioctl status --local"]) == 0
    assert capsys.readouterr().out.endswith("\n\nThen\n  studioctl status --local\n")


def test_bytes_that_are_no_text_are_not_shown_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(b"foo\xff\x9b31m\x00".decode(errors="surrogateescape")))
    assert run(["explain"]) == 1
    assert capsys.readouterr().err.startswith("Error: Nothing is known of 'foo\ufffd\ufffd31m\ufffd'.")


def test_what_is_not_known_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "foo"]) == 1
    assert capsys.readouterr().err.startswith("Error: Nothing is known of 'foo'.\nNext:  give the code")


def test_nothing_to_explain_is_wrong_usage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(["explain"]) == 64
    assert "There is no code and no message to explain." in capsys.readouterr().err


def test_the_example_of_the_message_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    run(["explain", "foo"])
    assert (code := "ResourceInUse") in capsys.readouterr().err
    assert run(["explain", code]) == 0
