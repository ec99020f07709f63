"""Garbage in each file that is read back: what can be made anew is made anew, and nothing is a bug."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import platformdirs
import pytest

from studio_emulator import server
from studioctl.errors import ConfigError, TerraformError
from studioctl.terraform import executable, export, history, orphans, provider, runs
from studioctl.terraform.backend import Backend
from studioctl.terraform.provider import TERRAFORM_REGISTRY, Mirror
from studioctl.terraform.workspace import Workspace, write_text

from .blueprints import blueprint, local, network

GARBAGE: dict[str, bytes] = {
    "empty": b"",
    "half": b'{"fingerprint": "a',
    "no UTF-8": b"\xff\xfe\x00garbage",
    "no UTF-8 inside": b'{"kind": "\xff"}',
    "NUL": b"\0\0\0\0",
    "null": b"null",
    "a number": b"7",
    "a huge number": b"1" * 400,
    "text": b'"text"',
    "a list": b"[]",
    "a list of other things": b'[null, 7, {"pid": "x"}, {"verb": [], "pid": -1, "started": null}, "\\u0000", "../x"]',
    "an empty object": b"{}",
    "wrong types inside": json.dumps(
        {
            **{key: [7] for key in ("fingerprint", "kind", "settings", "overrides", "since", "pid", "who", "verb")},
            **{key: [None] for key in ("port", "instance_id", "files", "backend")},
        }
    ).encode(),
    "other types inside": json.dumps(
        {"fingerprint": 1, "kind": "s3", "settings": [], "overrides": {"key": 7}, "since": 1e300, "files": 7}
    ).encode(),
    "deep": b"[" * 20_000,
}
every_kind = pytest.mark.parametrize("kind", GARBAGE)


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    made = Workspace.beside(tmp_path / "studio.toml", "demo", local())
    made.directory.mkdir(parents=True)
    (tmp_path / "studio.toml").write_text('name = "demo"\n')
    return made


def put(work: Workspace, name: str, kind: str) -> Path:
    file = work.directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(GARBAGE[kind])
    return file


@every_kind
def test_a_claim_that_says_nothing_still_keeps_a_renamed_file_from_forgetting(work: Workspace, kind: str) -> None:
    put(work, "exists", kind)
    directory = work.directory.parent.parent.parent
    (directory / "studio.toml").write_text('name = "renamed"\n')
    renamed = Workspace.beside(directory / "studio.toml", "renamed", local())

    assert renamed.predecessors() == ("demo",)
    assert work.predecessors() == ()
    (directory / "other.toml").write_text('name = "demo"\n')  # it is this file's environment
    assert renamed.predecessors() == ()
    assert Workspace.beside(directory / "other.toml", "another", local()).predecessors() == ("demo",)
    work.claim()
    assert work.predecessors() == ()


@every_kind
def test_documents(work: Workspace, kind: str) -> None:
    state = work.directory / "terraform.tfstate"
    state.write_text("{}")
    put(work, "documents.json", kind)
    put(work, "vpc.tf.json", kind)

    assert work.write({"vpc.tf.json": '{"here": 1}'}, Backend())

    assert (work.directory / "vpc.tf.json").read_text() == '{"here": 1}'
    assert json.loads((work.directory / "documents.json").read_text()) == ["vpc.tf.json", "backend.tf.json"]
    assert state.exists()


@every_kind
def test_the_emulator_that_a_state_is_of(work: Workspace, kind: str) -> None:
    put(work, "emulator", kind)

    work.bind_emulator("first")

    assert not work.bind_emulator("first")


@every_kind
def test_what_was_initialised(work: Workspace, kind: str) -> None:
    (work.directory / ".terraform/providers").mkdir(parents=True)
    put(work, "initialised.json", kind)

    assert work.initialised() is None
    assert work.overrides(["key=mine"]) == {"key": "mine"}


@every_kind
def test_who_works_here(work: Workspace, kind: str) -> None:
    put(work, ".lock.json", kind)

    elsewhere = filelock.FileLock(work.directory / ".lock")
    with elsewhere, pytest.raises(TerraformError, match=r"is being worked on: another studioctl$"), work.hold("plan"):
        pass


@every_kind
def test_runs_that_did_not_end(work: Workspace, kind: str) -> None:
    put(work, "runs.json", kind)

    assert runs.unfinished(work) == []
    assert runs.left_behind(work, {"Who": runs.who(), "Operation": "OperationTypeApply"}) is None
    runs.begin(work, "apply", os.getpid())
    assert [run.pid for run in runs.unfinished(work)] == [os.getpid()]


@every_kind
def test_the_terraform_that_runs(work: Workspace, kind: str) -> None:
    put(work, orphans.NOTE, kind)

    assert list(orphans.wait_for_orphan(work.directory)) == []


@every_kind
def test_copies_of_the_state(work: Workspace, kind: str) -> None:
    put(work, "history/20261128T190336.164092Z.tfstate", kind)
    put(work, "history/not a copy.tfstate", kind)
    put(work, "history/20269999T999999.000000Z.tfstate", kind)
    whole = {"version": 4, "serial": 1, "lineage": "ours", "resources": []}
    write_text(work.history / "20261128T180000.000000Z.tfstate", json.dumps(whole))
    put(work, "terraform.tfstate", "half")

    assert history.before_torn(work) == json.dumps(whole)
    assert [history.taken_at(copy).hour for copy in history.copies(work)] == [19, 18]


USED = '{"version": 3, "backend": {"type": "local", "config": {}}}'
LOCKED = """\
# This file is maintained automatically by "terraform init".

provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = "5.100.0"
  hashes = [
    "h1:aQ==",
  ]
}
"""


@pytest.fixture
def initialised(work: Workspace) -> Workspace:
    """With Terraform's own files as Terraform leaves them."""
    (work.directory / ".terraform/providers").mkdir(parents=True)
    (work.directory / ".terraform/terraform.tfstate").write_text(USED)
    (work.directory / ".terraform.lock.hcl").write_text(LOCKED)
    return work


def test_terraforms_own_files_are_left_when_they_are_whole(initialised: Workspace) -> None:
    initialised.discard_torn()

    assert (initialised.directory / ".terraform/terraform.tfstate").read_text() == USED
    assert (initialised.directory / ".terraform.lock.hcl").read_text() == LOCKED


@every_kind
def test_the_backend_that_terraform_uses(initialised: Workspace, kind: str) -> None:
    put(initialised, ".terraform/terraform.tfstate", kind)

    assert runs._place(initialised.directory) is None
    if "types inside" not in kind and kind != "no UTF-8 inside":
        initialised.discard_torn()
        assert not (initialised.directory / ".terraform").exists()


@pytest.mark.parametrize("kind", [*(kind for kind in GARBAGE if kind != "empty"), "torn"])
def test_the_providers_that_terraform_locked(initialised: Workspace, kind: str) -> None:
    file = initialised.directory / ".terraform.lock.hcl"
    file.write_bytes(LOCKED[:-8].encode() if kind == "torn" else GARBAGE[kind])

    initialised.discard_torn()

    assert not file.exists()
    assert not (initialised.directory / ".terraform").exists()


@every_kind
def test_terraforms_configuration(work: Workspace, tmp_path: Path, kind: str) -> None:
    put(work, "terraform.rc", kind)
    mine = tmp_path / "mine.rc"
    mine.write_bytes(GARBAGE[kind])

    path = work.use_mirror(Mirror(tmp_path, TERRAFORM_REGISTRY), TERRAFORM_REGISTRY, {"TF_CLI_CONFIG_FILE": str(mine)})

    assert path is not None
    assert path.read_bytes().endswith(GARBAGE[kind])


@pytest.fixture
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for function in ("user_cache_path", "user_config_path"):
        monkeypatch.setattr(platformdirs, function, lambda name: tmp_path / name)
    (tmp_path / "studioctl").mkdir()


@every_kind
@pytest.mark.usefixtures("own_places")
def test_versions_of_engines(tmp_path: Path, kind: str) -> None:
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\necho \'{"terraform_version": "1.11.4"}\'\n')
    program.chmod(0o755)
    cache = tmp_path / "studioctl/engines.json"
    environ = {"PATH": str(tmp_path)}
    cache.write_bytes(GARBAGE[kind])

    assert executable.find(environ).version == "1.11.4"
    values: tuple[Any, ...] = (None, 7, [], {}, "", "new", True)
    for value in values:
        known = json.loads(cache.read_text())
        cache.write_text(json.dumps(dict.fromkeys(known, value)))
        assert executable.find(environ).version == "1.11.4"


@pytest.mark.parametrize("content", [b"\xff", b"provider_mirror", b"provider_mirror = 7", b"provider_mirror = []"])
@pytest.mark.usefixtures("own_places")
def test_the_users_settings_are_theirs_to_mend(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "studioctl/settings.toml").write_bytes(content)

    with pytest.raises(ConfigError, match=r'Settings file ".*settings.toml"'):
        provider.find({}, TERRAFORM_REGISTRY)


@every_kind
def test_the_state_file_of_the_emulator(tmp_path: Path, kind: str) -> None:
    (tmp_path / "state.json").write_bytes(GARBAGE[kind])

    assert server.find(tmp_path) is None


@pytest.mark.parametrize("port", [None, "x", "80", [1], 0, -1, 70_000, 1.5, True])
def test_a_port_that_is_none(tmp_path: Path, port: Any) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"pid": 1, "port": port, "instance_id": "x"}))

    assert server.find(tmp_path) is None


@every_kind
def test_the_list_of_what_synth_wrote(tmp_path: Path, kind: str) -> None:
    directory = tmp_path / "out"
    write: Callable[..., Any] = lambda force: export.export(  # noqa: E731
        blueprint(network()), directory, Backend(), force=force, environ={}
    )
    write(False)
    (directory / export.MARKER).write_bytes(GARBAGE[kind])

    write(True)

    assert json.loads((directory / export.MARKER).read_text())["files"]
