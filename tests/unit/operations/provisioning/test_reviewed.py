"""A reviewed plan is applied as it was reviewed, or not at all."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studioctl.catalog.provider import LOCK_FILE
from studioctl.config.source import Source
from studioctl.errors import RefusedError
from studioctl.events import Work
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import reviewed, up
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform.plan import PlanSummary
from tests.environments import environment
from tests.unit.review.planned import between

BEFORE, AFTER = environment(), environment(studio={"volume_gb": 50})
SUMMARY = between(BEFORE, AFTER)
DOMAIN = {"address": "aws_sagemaker_domain.studio", "change": {"actions": ["update"], "after": {"size": 50}}}
READ = {"address": "data.aws_partition.current", "change": {"actions": ["read"], "after": {"at": "12:00"}}}
PLAN_FILE = "reviewed.json"


def zipped() -> bytes:
    """An archive that would write beside its place."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../../escaped", "x" * 9999)
    return content.getvalue()


class Harm:
    """A pickle of it makes a file when it is read."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("escaped"),)


def pickled() -> bytes:
    """A pickle that does something."""
    return pickle.dumps(Harm())


class World:
    """Terraform and its directory, as they are now. What a test changes is what has changed since the review."""

    def __init__(self, directory: Path) -> None:
        self.state: dict[str, Any] = {"lineage": "1234", "serial": 7}
        self.documents = {"main.tf.json": "{}", "variables.tf.json": '{"who": "ada"}'}
        self.changes = [DOMAIN, READ]
        self.summary = SUMMARY
        self.engine = SimpleNamespace(kind="terraform", version="1.11.4")
        self.inits: list[bool] = []
        self.looked_up: dict[str, str] = {}
        (directory / LOCK_FILE).write_text('hashes = ["h1:abc"]')
        (directory / "emulator").write_text("0123")
        terraform = SimpleNamespace(
            workspace=SimpleNamespace(directory=directory),
            engine=self.engine,
            state=lambda: self.state,
            documents=lambda: self.documents,
            shown=lambda: {"resource_changes": self.changes, "output_changes": {}},
            init=self.init,
        )
        target = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:1", "key", "secret"))
        found = Environment(AFTER, target, cast("Any", terraform), source=Source("studio.toml", ""))
        self.environment = found

    def init(self, *, migrate: bool) -> Work[None]:
        self.inits.append(migrate)
        yield from ()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)

    def planned(_: Environment, *, move_state: bool, refresh: bool) -> Work[PlanSummary]:
        assert not move_state
        assert refresh
        yield from ()
        made.documents.update(made.looked_up)
        return made.summary

    monkeypatch.setattr(up, "plan", planned)
    return made


def written(world: World, directory: Path) -> Path:
    file = directory / PLAN_FILE
    reviewed.store(reviewed.of(world.environment, SUMMARY), file)
    return file


def resealed(content: dict[str, Any]) -> str:
    """As somebody writes it who knows how."""
    return json.dumps(reviewed.sealed(content))


def applied(world: World, file: Path) -> PlanSummary:
    work = reviewed.planned_again(world.environment, reviewed.read(file), file, move_state=False)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return cast("PlanSummary", stop.value)


def test_what_is_as_it_was_is_planned_again_and_returned(world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)

    assert applied(world, file) == SUMMARY
    assert world.inits == [False]
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["plan"]["counts"]["update"] == 3


def test_what_planning_looks_up_for_the_documents_is_reviewed_with_them(world: World, tmp_path: Path) -> None:
    """A snapshot that becomes the database, or the zones that lack a service: known once it was planned, not before."""
    before, found = dict(world.documents), {"database.tf.json": '{"snapshot_identifier": "studies-1"}'}
    world.documents.update(found)
    file = written(world, tmp_path)

    world.documents, world.looked_up = dict(before), found
    assert applied(world, file) == SUMMARY
    world.documents, world.looked_up = dict(before), {"database.tf.json": '{"snapshot_identifier": "studies-2"}'}
    with pytest.raises(RefusedError, match="what AWS has now, would tell Terraform something else"):
        applied(world, file)


def test_who_asks_and_what_is_only_read_make_no_difference(world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    world.documents["variables.tf.json"] = '{"who": "bob"}'
    world.changes = [{**READ, "change": {"actions": ["read"], "after": {"at": "13:00"}}}, DOMAIN]
    world.environment = replace(world.environment, config=environment(studio={"volume_gb": 50}, profile="bob"))

    assert applied(world, file) == SUMMARY


def test_documents_that_follow_from_the_file_are_told_with_it_alone(world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    world.documents.update({"main.tf.json": "{ }"})
    world.environment = replace(world.environment, config=BEFORE)

    with pytest.raises(RefusedError) as refused:
        applied(world, file)
    assert "studio.toml, or a file that it names, has changed\n" in refused.value.message
    assert "this version of studioctl" not in refused.value.message


CHANGED: dict[str, tuple[Callable[[World, Path], Any], str]] = {
    "the file": (
        lambda w, _: setattr(w, "environment", replace(w.environment, config=BEFORE)),
        "studio.toml, or a file that it names, has changed",
    ),
    "another environment": (
        lambda w, _: setattr(
            w, "environment", replace(w.environment, config=environment(name="other", studio={"volume_gb": 50}))
        ),
        "it is for another environment",
    ),
    "the state": (lambda w, _: w.state.update(serial=8), "somebody has applied a change since then"),
    "another state": (lambda w, _: w.state.update(lineage="9"), "it is for another state"),
    "the documents": (
        lambda w, _: w.documents.update({"main.tf.json": "{ }"}),
        "this version of studioctl, or what AWS has now, would tell Terraform something else",
    ),
    "the provider": (
        lambda _, d: (d / LOCK_FILE).write_text('hashes = ["h1:xyz"]'),
        "the provider is another one",
    ),
    "the engine": (lambda w, _: setattr(w.engine, "version", "1.12.0"), "the version of Terraform is another one"),
    "the account": (lambda _, d: (d / "emulator").write_text("4567"), "it is for another account"),
    "the values in AWS": (
        lambda w, _: setattr(w, "changes", [{**DOMAIN, "change": {"actions": ["update"], "after": {"size": 60}}}]),
        "what AWS has now leads to another plan",
    ),
    "the steps by the API": (
        lambda w, _: setattr(w, "summary", replace(SUMMARY, changes=SUMMARY.changes[:1])),
        "what AWS has now leads to another plan",
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_whatever_has_changed_since_is_refused_by_its_name(what: str, world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    change, words = CHANGED[what]
    change(world, tmp_path)

    with pytest.raises(RefusedError) as refused:
        applied(world, file)
    assert f"  {words}\n" in refused.value.message
    assert refused.value.message.endswith("Nothing was changed.")
    assert refused.value.hint == f"review it again: studioctl plan --out {file}"


def test_a_plan_that_says_less_than_it_did_is_refused(world: World, tmp_path: Path) -> None:
    """Somebody shortens the file, so that less is seen in a review: what counts are the digests, not what is shown."""
    file = written(world, tmp_path)
    content = json.loads(file.read_text())
    file.write_text(resealed({**content, "planned": "0" * 64}))

    with pytest.raises(RefusedError, match="leads to another plan"):
        applied(world, file)


@pytest.mark.parametrize("changed", [{"planned": "0" * 64}, {"plan": {}}, {"more": 1}, {"digest": "0" * 64}])
def test_a_file_that_somebody_changed_is_told_from_a_changed_environment(
    changed: dict[str, Any], world: World, tmp_path: Path
) -> None:
    file = written(world, tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))

    with pytest.raises(RefusedError, match="is not as studioctl wrote it: somebody has changed it") as refused:
        reviewed.read(file)
    assert refused.value.hint == f"review it again: studioctl plan --out {file}"


def test_comments_and_another_name_of_the_file_make_no_difference(world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    moved = Source("later.toml", "# a comment\n[studio]\nvolume_gb = 50\n")
    world.environment = replace(world.environment, source=moved)

    assert applied(world, file) == SUMMARY


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"entries": []},
        {"counts": {"create": 0, "update": 0, "replace": 0, "delete": 0}},
        {"entries": [{"effect": "nobody is interrupted"}, 7]},
    ],
)
def test_a_plan_that_shows_something_else_than_it_does_is_refused(
    told: dict[str, Any], world: World, tmp_path: Path
) -> None:
    """A reviewer reads what the file shows."""
    file = written(world, tmp_path)
    content = json.loads(file.read_text())
    file.write_text(resealed({**content, "plan": {**content["plan"], **told} if told else told}))

    with pytest.raises(RefusedError, match="somebody has changed what the file shows"):
        applied(world, file)


@pytest.mark.parametrize("value", [None, "7", {"a": 1}, [], 7.5])
def test_a_basis_of_another_form_is_another(value: object, world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    content = json.loads(file.read_text())
    content["basis"]["serial"] = value
    file.write_text(resealed(content))

    with pytest.raises(RefusedError, match="somebody has applied a change since then"):
        applied(world, file)


def test_a_link_a_pipe_a_device_and_a_directory_are_read_or_refused(world: World, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(written(world, tmp_path))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    assert reviewed.read(link).basis.serial == 7
    for file in (pipe, tmp_path, Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(RefusedError, match="is no plan that this version"):
            reviewed.read(file)


@pytest.mark.parametrize(
    "content",
    [zipped(), pickled(), b" " * (reviewed.LARGEST + 2) + b"{}"],
    ids=[
        "archive",
        "pickle",
        "too large",
    ],  # an archive's own bytes tell the time, and each worker would name it otherwise
)
def test_archives_pickles_and_what_is_too_large_are_not_opened(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / PLAN_FILE
    file.write_bytes(content)
    with pytest.raises(RefusedError, match="is no plan that this version"):
        reviewed.read(file)
    assert [path.name for path in tmp_path.iterdir()] == [PLAN_FILE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"kind": "studioctl plan", "format": 3}',
        '{"kind": "x", "format": 2}',
        "\x00",
        "[" * 9999,
    ],
)
def test_what_is_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / PLAN_FILE
    file.write_text(text)
    with pytest.raises(RefusedError, match="is no plan that this version"):
        reviewed.read(file)


@pytest.mark.parametrize("damage", ["basis", "planned"])
def test_a_plan_that_lacks_something_is_damaged(damage: str, world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    content = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in content.items() if key != damage}))
    with pytest.raises(RefusedError, match="is damaged"):
        reviewed.read(file)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="There is no file"):
        reviewed.read(tmp_path / "nothing")


def test_something_else_is_not_written_over_and_an_older_plan_is(world: World, tmp_path: Path) -> None:
    file = written(world, tmp_path)
    written(world, tmp_path)
    file.write_text("my thesis")
    with pytest.raises(RefusedError, match="exists and is no plan"):
        written(world, tmp_path)
    assert file.read_text() == "my thesis"
