"""The working directories that may be used, and the treatment of the others."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from studioctl.catalog.provider import LOCK_FILE
from studioctl.errors import RefusedError, TerraformError
from studioctl.events import Noted
from studioctl.terraform import tree, vetting
from studioctl.terraform.backend import Backend
from studioctl.terraform.trust import INITIALISED, USED_BACKEND
from studioctl.terraform.workspace import Initialised, Workspace

from .blueprints import AWS

LOCAL = Backend()
S3 = Backend("s3", {"bucket": "acme-tfstate", "key": "demo/terraform.tfstate", "region": "us-east-1"})
DOCUMENTS = {"main.tf.json": "{}\n"}


def state(serial: int = 1, lineage: str = "ours", bucket: str = "acme-data") -> str:
    instance = {"attributes": {"id": bucket, "arn": f"arn:aws:s3:::{bucket}"}}
    resource = {"mode": "managed", "type": "aws_s3_bucket", "name": "data", "instances": [instance]}
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": [resource]})


def workspace(where: Path) -> Workspace:
    return Workspace.beside(where / "studio.toml", "demo", AWS)


def run(work: Workspace, wanted: Backend = LOCAL, *, leaving: Callable[[Path], None] = lambda _: None) -> list[str]:
    """Do what a run does with its directory, as far as trust is concerned, and return what it told."""
    vetting.vet(work, wanted)
    assert work.anchor is not None
    work.anchor.is_needed = wanted.kind == "local"
    with work.hold("plan"):
        told = [event.message for event in vetting.prepare(work, DOCUMENTS) if isinstance(event, Noted)]
        work.write(DOCUMENTS, wanted)
        if work.initialised() != Initialised("marks", wanted):
            initialise(work.directory)
            work.remember(Initialised("marks", wanted))
        leaving(work.directory)
    return told


def initialise(directory: Path) -> None:
    """Leave what `terraform init` leaves, with the provider of a mirror."""
    mirror = directory.parents[3] / "mirror" / "linux_amd64"
    mirror.mkdir(parents=True, exist_ok=True)
    package = directory / tree.PROVIDERS / "registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    package.parent.mkdir(parents=True, exist_ok=True)
    if not package.is_symlink():
        package.symlink_to(mirror)
    (directory / USED_BACKEND).write_text('{"backend": {"type": "local", "config": {"path": null}}}')
    (directory / LOCK_FILE).write_text("# ours")


def leaves(serial: int, **more: str) -> Callable[[Path], None]:
    def leave(directory: Path) -> None:
        (directory / "terraform.tfstate").write_text(state(serial, **more))

    return leave


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own data directory."""
    monkeypatch.setenv("STUDIOCTL_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def lived(tmp_path: Path, home: Path) -> Workspace:
    """A directory in which a run was at work."""
    del home
    (tmp_path / "repo").mkdir()
    run(workspace(tmp_path / "repo"), leaving=leaves(1))
    return workspace(tmp_path / "repo")


def refused(work: Workspace, wanted: Backend = LOCAL) -> str:
    before = {path: path.read_bytes() for path in sorted(work.directory.rglob("*")) if path.is_file()}
    with pytest.raises(RefusedError) as refusal:
        run(work, wanted)
    assert {path: path.read_bytes() for path in sorted(work.directory.rglob("*")) if path.is_file()} == before
    assert "studioctl state trust" in refusal.value.hint
    return refusal.value.message


def test_the_next_run_goes_on_without_a_word_and_makes_nothing_anew(lived: Workspace) -> None:
    assert run(workspace(lived.directory.parents[2]), leaving=leaves(2)) == []
    assert run(workspace(lived.directory.parents[2])) == []
    assert (lived.directory / LOCK_FILE).read_text() == "# ours"


def test_the_record_and_the_directory_are_the_users_alone(lived: Workspace, home: Path) -> None:
    records = list(home.rglob("*.json"))
    assert [oct(path.stat().st_mode & 0o777) for path in (home, records[0].parent, *records)] == [
        "0o700",
        "0o700",
        "0o600",
    ]
    root = lived.directory.parents[1]
    found = [path for path in (root, *root.rglob("*")) if not path.is_symlink()]
    assert {oct(path.stat().st_mode & 0o777) for path in found if path.is_dir()} == {"0o700"}
    assert {oct(path.stat().st_mode & 0o777) for path in found if path.is_file()} == {"0o600"}


def test_a_copy_byte_for_byte_is_a_strangers_and_so_is_one_that_was_moved(lived: Workspace, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "repo", tmp_path / "clone", symlinks=True)
    assert "'terraform.tfstate' was not left" in refused(workspace(tmp_path / "clone")).replace(
        str(tmp_path / "clone/.studioctl/demo/aws") + "/", ""
    )
    (tmp_path / "repo").rename(tmp_path / "moved")
    moved = workspace(tmp_path / "moved")
    refused(moved)

    vetting.trust(moved)

    assert run(moved) == ["Terraform's working files here are not those that studioctl left: they are made anew"]
    assert moved.state_file.read_text() == state(1)
    assert run(workspace(tmp_path / "moved")) == []
    del lived


@pytest.mark.parametrize("file", ["terraform.tfstate", "exists", "initialised.json", "history/1.tfstate", "new"])
def test_only_what_was_shown_is_trusted(lived: Workspace, tmp_path: Path, file: str) -> None:
    shutil.copytree(tmp_path / "repo", tmp_path / "clone", symlinks=True)
    clone = workspace(tmp_path / "clone")
    seen = vetting.present(clone)
    (clone.directory / file).parent.mkdir(exist_ok=True)
    (clone.directory / file).write_text(state(7, bucket="somebody-elses"))

    if file == "new":  # which decides nothing
        vetting.trust(clone, seen)
        return
    with pytest.raises(RefusedError, match="changed while you were asked"):
        vetting.trust(clone, seen)
    refused(clone)
    del lived


def test_another_users_record_is_none_of_ours(lived: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIOCTL_DATA_DIR", str(lived.directory.parents[3] / "of-another-user"))

    refused(lived)


@pytest.mark.parametrize("file", ["terraform.tfstate", "errored.tfstate", "history/20260101T000000.000000Z.tfstate"])
def test_a_state_that_a_pull_brings_is_not_used(lived: Workspace, file: str) -> None:
    (lived.directory / file).parent.mkdir(exist_ok=True)
    (lived.directory / file).write_text(state(2, bucket="somebody-elses"))

    assert f"{file}' was not left there" in refused(workspace(lived.directory.parents[2]))


@pytest.mark.parametrize("file", ["exists", "birth"])
def test_neither_is_a_claim_that_what_exists_was_made_from_here(lived: Workspace, file: str) -> None:
    (lived.directory / file).write_text("studio.toml")
    (lived.directory / "exists").touch()

    refused(workspace(lived.directory.parents[2]))
    assert run(workspace(lived.directory.parents[2]), S3) == []


def test_a_mark_without_a_claim_is_made_anew(lived: Workspace) -> None:
    (lived.directory / "birth").write_text("0123456789abcdef")

    assert run(workspace(lived.directory.parents[2])) == []
    assert not (lived.directory / "birth").exists()


def test_a_state_that_says_nothing_needs_no_trust(tmp_path: Path, home: Path) -> None:
    del home
    work = workspace(tmp_path)
    work.directory.mkdir(parents=True)
    work.state_file.write_text('{"version": 4, "serial": 3, "lineage": "a", "resources": [], "outputs": {}}')
    (work.directory / "errored.tfstate").write_text('{"version": 4, "ser')

    run(work)


def test_a_killed_run_is_gone_on_from(lived: Workspace) -> None:
    work = workspace(lived.directory.parents[2])
    vetting.vet(work, LOCAL)
    assert work.anchor is not None
    work.anchor.begin()  # and then it was killed
    lived.state_file.write_text(state(7))
    (lived.directory / "errored.tfstate").write_text(state(8))

    assert run(workspace(lived.directory.parents[2])) == []

    again = workspace(lived.directory.parents[2])
    vetting.vet(again, LOCAL)
    assert again.anchor is not None
    again.anchor.begin()
    lived.state_file.write_text(state(9, lineage="somebody-elses"))
    refused(workspace(lived.directory.parents[2]))


def test_a_run_that_was_killed_before_anything_was_stored_is_gone_on_from(tmp_path: Path, home: Path) -> None:
    del home
    work = workspace(tmp_path)
    vetting.vet(work, LOCAL)
    assert work.anchor is not None
    with work.hold("plan"):
        work.claim()
    work.anchor.begin()
    work.state_file.write_text(state(1))

    assert run(workspace(tmp_path))[:1] == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda directory: (directory / LOCK_FILE).write_text("# matches a fake"),
        lambda directory: (directory / USED_BACKEND).write_text('{"backend": {"type": "http"}}'),
        lambda directory: (directory / ".terraform/environment").write_text("another"),
        lambda directory: (directory / ".terraform/modules").mkdir(),
        lambda directory: (directory / ".terraform/plugin_path").write_text('["/tmp"]'),
        lambda directory: fake_package(directory, "5.100.0/linux_amd64"),
        lambda directory: fake_package(directory, "5.100.1/linux_amd64"),
    ],
)
def test_terraforms_own_files_are_made_anew_when_somebody_changed_them(
    lived: Workspace, forge: Callable[[Path], object]
) -> None:
    forge(lived.directory)

    told = run(workspace(lived.directory.parents[2]))

    assert told == ["Terraform's working files here are not those that studioctl left: they are made anew"]
    assert (lived.directory / LOCK_FILE).read_text() == "# ours"
    assert sorted(path.name for path in (lived.directory / ".terraform").iterdir()) == [
        "providers",
        "terraform.tfstate",
    ]
    assert not list(lived.directory.rglob("terraform-provider-aws"))
    assert lived.state_file.read_text() == state(1)


def fake_package(directory: Path, name: str) -> None:
    package = directory / tree.PROVIDERS / "registry.terraform.io/hashicorp/aws" / name
    package.unlink(missing_ok=True)
    package.mkdir(parents=True)
    (package / "terraform-provider-aws").write_text("#!/bin/sh\n")


def unpacked(where: Path) -> tuple[Workspace, Path]:
    """A directory into which Terraform has unpacked the provider itself; its program."""
    package = tree.PROVIDERS + "/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"

    def unpack(directory: Path) -> None:
        (directory / package).unlink()
        (directory / package).mkdir()
        (directory / package / "terraform-provider-aws").write_bytes(b"a program")
        (directory / package / "terraform-provider-aws").chmod(0o755)

    run(workspace(where), leaving=unpack)
    work = workspace(where)
    assert run(work) == []
    return work, work.directory / package / "terraform-provider-aws"


def written_over(program: Path) -> None:
    before = program.stat()
    program.write_bytes(b"another")
    os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))


def put_in_its_place(program: Path) -> None:
    before = program.stat()
    program.rename(program.with_name("aside"))
    program.write_bytes(b"a problem")
    program.chmod(before.st_mode)
    os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))
    program.with_name("aside").unlink()


@pytest.mark.parametrize(
    "tamper",
    [
        written_over,
        put_in_its_place,
        lambda program: (program.parent / "more").touch(),
        lambda program: program.unlink(),
    ],
)
def test_a_provider_in_the_directory_that_somebody_changed_is_not_used(
    tamper: Callable[[Path], object], tmp_path: Path, home: Path
) -> None:
    del home
    work, program = unpacked(tmp_path / "repo")
    tamper(program)

    assert run(workspace(tmp_path / "repo")) == [
        "Terraform's working files here are not those that studioctl left: they are made anew"
    ]
    assert not program.is_file() or program.read_bytes() == b""
    del work


def test_a_run_that_was_killed_before_it_closed_the_files_keeps_the_provider(tmp_path: Path, home: Path) -> None:
    del home
    work, program = unpacked(tmp_path / "repo")
    assert work.anchor is not None
    program.chmod(0o755)
    work.anchor.note(is_open=True)  # as right after `init`, and then it was killed

    assert run(workspace(tmp_path / "repo")) == []
    assert program.read_bytes() == b"a program"
    assert run(workspace(tmp_path / "repo")) == []


def test_what_was_not_looked_at_is_not_noted_as_ours(lived: Workspace) -> None:
    """A command that only holds the directory, such as `state restore`, must not make a forged lock file ours."""
    (lived.directory / LOCK_FILE).write_text("# matches a fake")
    work = workspace(lived.directory.parents[2])
    vetting.vet(work, LOCAL)
    with work.hold("restore"):
        work.write_state(state(2))

    assert len(run(workspace(lived.directory.parents[2]))) == 1
    assert (lived.directory / LOCK_FILE).read_text() == "# ours"


def test_terraform_starts_with_nothing_that_we_did_not_write(lived: Workspace) -> None:
    names = [
        "evil.tf",
        "evil.tf.json",
        "main_override.tf.json",
        "override.tf",
        "terraform.tfvars",
        "a.auto.tfvars.json",
        "evil.tofu",
        "x.tftest.hcl",
        "adopt.tf.json",
    ]
    for name in names:
        (lived.directory / name).write_text(f"# {name}")
    for name in ("terraform.tfstate.d", "terraform.d"):
        (lived.directory / name).mkdir()
    kept = ["terraform.tfstate.1", "terraform.tfstate.backup", "errored.tfstate.stored", "notes.txt"]
    for name in kept:
        (lived.directory / name).write_text(name)

    told = run(workspace(lived.directory.parents[2]))

    aside = sorted([*names[:-1], "terraform.tfstate.d", "terraform.d"])
    place = lived.directory / "set-aside"
    assert told == [f"studioctl did not write {', '.join(aside)}, and Terraform would use it: moved to '{place}'"]
    assert sorted(path.name for path in (lived.directory / "set-aside").iterdir()) == aside
    assert {path.name for path in lived.directory.iterdir()} >= set(kept)
    (lived.directory / "evil.tf").write_text("again")
    run(workspace(lived.directory.parents[2]))
    assert (lived.directory / "set-aside/evil.tf.1").read_text() == "again"


def test_a_list_of_documents_removes_nothing_that_cannot_be_made_anew(lived: Workspace) -> None:
    names = ["terraform.tfstate", "history/a.tfstate", "../../../studio.toml", ".lock", "/etc/passwd", "", ".", 7]
    (lived.directory / "documents.json").write_text(json.dumps([*names, "old.tf.json"]))
    (lived.directory / "old.tf.json").write_text("{}")
    (lived.directory.parents[2] / "studio.toml").write_text("")

    assert run(workspace(lived.directory.parents[2])) == []
    assert lived.state_file.read_text() == state(1)
    assert (lived.directory.parents[2] / "studio.toml").is_file()
    assert not (lived.directory / "old.tf.json").exists()


@pytest.mark.parametrize(
    "name", ["logs", "history", ".terraform", "terraform.tfstate", ".lock", ".terraform/terraform.tfstate", "mirror"]
)
def test_links_are_not_followed_and_what_they_lead_to_stays(tmp_path: Path, home: Path, name: str) -> None:
    del home
    work, victim = workspace(tmp_path / "repo"), tmp_path / "victim"
    victim.mkdir()
    (victim / "diary.jsonl").write_text("dear diary")
    link = work.directory / name
    link.parent.mkdir(parents=True)
    link.symlink_to(victim)

    with pytest.raises(RefusedError, match="is a symbolic link, to") as refusal:
        vetting.vet(work, LOCAL)
    assert refusal.value.hint == f"look at it, then remove the link: rm {link}"
    assert (victim / "diary.jsonl").read_text() == "dear diary"


@pytest.mark.parametrize("up", [0, 1, 2])
def test_a_directory_of_ours_is_no_link_either(tmp_path: Path, home: Path, up: int) -> None:
    del home
    work = workspace(tmp_path / "repo")
    link = (work.directory, *work.directory.parents)[up]
    link.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    link.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(RefusedError, match="is a symbolic link, to"):
        vetting.vet(work, LOCAL)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_pipes_and_sockets_are_refused_and_nothing_waits_for_them(tmp_path: Path, home: Path) -> None:
    del home
    work = workspace(tmp_path)
    work.directory.mkdir(parents=True)
    os.mkfifo(work.state_file)
    with pytest.raises(RefusedError, match="is neither a file nor a directory"):
        vetting.vet(work, LOCAL)
    work.state_file.unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(work.directory)
        listening.bind("socket")
    with pytest.raises(RefusedError, match="is neither a file nor a directory"):
        vetting.vet(work, LOCAL)


def test_what_is_another_users_is_refused_with_the_command_to_run(
    lived: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(lived.state_file, 65534, -1)
        me = 0
    else:
        me = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: me)

    with pytest.raises(RefusedError, match=r"belongs to .*, and you are") as refusal:
        vetting.vet(lived, LOCAL)
    assert refusal.value.hint.endswith(f"sudo chown -R {me} {lived.directory.parents[1]}")


def test_a_directory_of_an_early_version_is_closed_with_a_note(tmp_path: Path, home: Path) -> None:
    del home
    work = workspace(tmp_path)
    work.directory.mkdir(parents=True, mode=0o755)
    (work.directory / "logs").mkdir(mode=0o755)
    (work.directory / "logs/a.jsonl").write_text("")
    (work.directory / "logs/a.jsonl").chmod(0o644)

    assert run(work) == [
        f"'{tmp_path / '.studioctl'}' was open to other users of this machine; now it is yours alone (0700, files 0600)"
    ]
    assert (work.directory / "logs/a.jsonl").stat().st_mode & 0o777 == 0o600
    assert run(workspace(tmp_path)) == []


def test_a_file_system_without_modes_is_warned_of_once(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del home
    (tmp_path / ".studioctl/demo/aws").mkdir(parents=True, mode=0o755)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)
    assert [line[:39] for line in run(workspace(tmp_path))] == [f"WARNING: the file system of '{tmp_path}"[:39]]
    assert run(workspace(tmp_path)) == []


def test_a_state_in_s3_needs_no_trust_and_a_fresh_checkout_none_at_all(tmp_path: Path, home: Path) -> None:
    run(workspace(tmp_path / "repo"), S3)
    shutil.copytree(tmp_path / "repo", tmp_path / "clone", symlinks=True)
    shutil.rmtree(home)

    assert run(workspace(tmp_path / "fresh"), S3) == []
    assert len(run(workspace(tmp_path / "clone"), S3)) == 1
    assert run(workspace(tmp_path / "clone"), S3) == []


def test_a_place_for_the_state_that_a_stranger_left_is_not_taken(tmp_path: Path, home: Path) -> None:
    theirs = S3.overridden({"bucket": "evil-tfstate"})
    run(workspace(tmp_path / "repo"), theirs)
    shutil.rmtree(home)
    work = workspace(tmp_path / "repo")

    assert INITIALISED in refused(work, S3)
    assert vetting.find(work, S3).place == theirs
    vetting.trust(work)

    run(work, theirs)
    assert work.remembered() == theirs
    assert work.overrides([]) == {"bucket": "evil-tfstate"}


def test_terraforms_note_of_its_backend_outlives_the_rest_when_it_leads_where_we_remember(
    lived: Workspace,
) -> None:
    """Without it `init` could not move a state from there."""
    config = {**S3.settings, "profile": "me", "endpoints": None, "encrypt": True}
    run(workspace(lived.directory.parents[2]), S3)
    used = lived.directory / USED_BACKEND
    for endpoints, is_kept in ((None, True), ({"s3": "https://evil.example"}, False)):
        text = json.dumps({"backend": {"type": "s3", "config": {**config, "endpoints": endpoints}}})
        used.write_text(text)
        work = workspace(lived.directory.parents[2])
        vetting.vet(work, S3)
        with work.hold("plan"):
            list(vetting.prepare(work, DOCUMENTS))
            assert used.is_file() == is_kept
            assert work.initialised() == Initialised("", S3)


def _nobody(_: int) -> None:
    raise KeyError


def test_without_a_place_for_the_note_only_what_needs_none_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("pwd.getpwuid", _nobody)
    for name, where, why in (
        ("STUDIOCTL_DATA_DIR", str(tmp_path / "file"), "File exists"),
        ("STUDIOCTL_DATA_DIR", "relative/data", "is not an absolute path"),
        ("HOME", "relative", "your home directory is not known"),
        ("HOME", "/proc", "No such file or directory"),  # as any home that cannot be written to
    ):
        for variable in ("STUDIOCTL_DATA_DIR", "XDG_DATA_HOME"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv(name, where)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(TerraformError, match=why) as refusal:
            run(workspace(tmp_path / "local"))
        assert "export STUDIOCTL_DATA_DIR=DIRECTORY" in refusal.value.hint
        assert not (tmp_path / "local/.studioctl/demo/aws/main.tf.json").exists()
        run(workspace(tmp_path / "remote"), S3)
    assert not (tmp_path / "relative").exists()


def test_records_that_others_can_write_are_no_records(lived: Workspace, home: Path) -> None:
    home.chmod(0o777)

    assert f"cannot look at its notes: other users may write to '{home}'. Nothing was changed." in refused(lived)


@pytest.mark.parametrize("where", ["relative", "unreadable"])
def test_a_record_that_cannot_be_read_is_told_of_and_not_that_somebody_moved_the_directory(
    where: str, lived: Workspace, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = next(home.rglob("*.json"))
    why = f"'{record}': Is a directory"
    if where == "relative":
        monkeypatch.setenv("STUDIOCTL_DATA_DIR", "data")
        why = "'data' is not an absolute path"
    else:
        record.unlink()
        record.mkdir()  # root can read everything else

    said = refused(lived)

    assert f"perhaps not left there by studioctl, which cannot look at its notes: {why}." in said
    assert "was moved" not in said


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"\xff", b'{"directory": 7}', b"{"])
def test_a_garbled_record_loses_nothing(lived: Workspace, home: Path, garbage: bytes) -> None:
    next(home.rglob("*.json")).write_bytes(garbage)

    refused(lived)
    vetting.trust(lived)
    run(lived)


def test_a_state_that_is_nested_without_end_says_nothing(lived: Workspace) -> None:
    lived.state_file.write_text("[" * 100_000)
    assert not vetting.find(Workspace(lived.directory, AWS), LOCAL)
    run(Workspace(lived.directory, AWS))
