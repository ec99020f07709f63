"""The documents for people who run Terraform themselves."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from studioctl.catalog.provider import DEFAULT, NAME
from studioctl.errors import RefusedError
from studioctl.infrastructure import blueprint as blueprints
from studioctl.terraform.backend import Backend, parse_file
from studioctl.terraform.export import MARKER, export
from studioctl.terraform.provider import TERRAFORM_REGISTRY, platform_name
from tests.environments import environment

from .blueprints import blueprint, network, storage

S3 = Backend("s3", {"bucket": "acme-tfstate", "key": "demo/terraform.tfstate", "region": "us-east-1"})


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.is_file())


@pytest.fixture
def mirror(tmp_path: Path) -> dict[str, str]:
    """An environment that names a mirror."""
    packages = tmp_path / "mirror" / TERRAFORM_REGISTRY / NAME / DEFAULT / platform_name()
    packages.mkdir(parents=True)
    return {"STUDIOCTL_PROVIDER_MIRROR": str(tmp_path / "mirror")}


def test_it_holds_what_a_person_needs(tmp_path: Path, mirror: dict[str, str]) -> None:
    written = export(blueprint(network()), tmp_path / "out", Backend(), environ=mirror)

    assert names(tmp_path / "out") == sorted(path.name for path in written)
    assert names(tmp_path / "out") == [
        ".gitignore",
        MARKER,
        "README.md",
        "backend.hcl",
        "backend.tf.json",
        "main.tf.json",
        "terraform.tfvars.example",
        "variables.tf.json",
        "vpc.tf.json",
    ]
    assert (tmp_path / "out/terraform.d/plugins").resolve() == (tmp_path / "mirror").resolve()


def test_it_tells_what_the_provider_has_no_argument_for(tmp_path: Path, mirror: dict[str, str]) -> None:
    studio = {"rootless_docker": True, "hidden_apps": ["Canvas"], "session_names": "user"}
    rootless = blueprints.build(environment(studio=studio))
    export(rootless, tmp_path / "out", Backend(), environ=mirror)
    export(blueprints.build(environment()), tmp_path / "plain", Backend(), environ=mirror)

    documents = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("*.tf.json"))
    assert "rootless" not in documents
    told = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert (
        'aws sagemaker update-domain --region us-east-1 --domain-id "$(terraform output -raw domain_id)" \\\n'
        '        --domain-settings-for-update \'{"DockerSettings": {"EnableDockerAccess": "ENABLED",'
        ' "RootlessDocker": "ENABLED"}}\' \\\n'
        '        --default-user-settings \'{"StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"],'
        ' "ExecutionRoleSessionNameMode": "USER_IDENTITY"}}\'\n'
    ) in told
    assert "update-domain" not in (tmp_path / "plain/README.md").read_text(encoding="utf-8")


def test_it_tells_that_plain_terraform_makes_a_home_file_system(tmp_path: Path, mirror: dict[str, str]) -> None:
    for name, homes in (("without", False), ("with", True)):
        wanted = blueprints.build(environment(studio={"home_file_system": homes}))
        export(wanted, tmp_path / name, Backend(), environ=mirror)

    told = "Terraform's provider cannot make a domain without a home file system"
    assert told in (tmp_path / "without/README.md").read_text(encoding="utf-8")
    assert told not in (tmp_path / "with/README.md").read_text(encoding="utf-8")


def test_nothing_in_it_is_the_emulators(tmp_path: Path, mirror: dict[str, str]) -> None:
    export(blueprint(network()), tmp_path / "out", S3, environ=mirror)

    provider = json.loads((tmp_path / "out/main.tf.json").read_text(encoding="utf-8"))["provider"]["aws"]
    assert set(provider) == {"region", "max_retries", "retry_mode", "profile", "default_tags"}
    assert "endpoints" not in (tmp_path / "out/backend.tf.json").read_text(encoding="utf-8")


def test_backend_hcl_has_the_values_or_an_example(tmp_path: Path, mirror: dict[str, str]) -> None:
    export(blueprint(network()), tmp_path / "s3", S3, environ=mirror)
    export(blueprint(network()), tmp_path / "local", Backend(), environ=mirror)

    assert parse_file(tmp_path / "s3/backend.hcl")["bucket"] == "acme-tfstate"
    assert parse_file(tmp_path / "local/backend.hcl") == {}
    assert '# bucket = "my-tfstate"' in (tmp_path / "local/backend.hcl").read_text(encoding="utf-8")


def test_its_own_earlier_output_is_replaced_and_the_rest_is_left_alone(tmp_path: Path, mirror: dict[str, str]) -> None:
    export(blueprint(network(), storage()), tmp_path / "out", Backend(), environ=mirror)
    (tmp_path / "out/terraform.tfstate").write_text("{}", encoding="utf-8")

    export(blueprint(network()), tmp_path / "out", Backend(), environ=mirror)

    assert "s3.tf.json" not in names(tmp_path / "out")
    assert "terraform.tfstate" in names(tmp_path / "out")


def test_a_directory_of_somebody_elses_is_refused_unless_forced(tmp_path: Path, mirror: dict[str, str]) -> None:
    theirs = tmp_path / "theirs.txt"
    theirs.write_text("mine", encoding="utf-8")

    with pytest.raises(RefusedError, match="is not empty"):
        export(blueprint(network()), tmp_path, Backend(), environ=mirror)
    export(blueprint(network()), tmp_path, Backend(), environ=mirror, force=True)
    assert theirs.read_text(encoding="utf-8") == "mine"


def test_a_list_that_a_repository_brought_removes_nothing_else(tmp_path: Path, mirror: dict[str, str]) -> None:
    theirs = [
        ".git/config",
        "notes.txt",
        "src/main.tf.json",
        "../outside.tf.json",
        "terraform.tfstate",
        "a\0.tf.json",
        "",
    ]
    kept = [tmp_path / "out" / name for name in theirs if name and "\0" not in name]
    for file in kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine", encoding="utf-8")
    (tmp_path / "out/storage.tf.json").write_text("of an earlier export", encoding="utf-8")
    (tmp_path / "out" / MARKER).write_text(json.dumps({"files": [*theirs, "storage.tf.json"]}), encoding="utf-8")

    export(blueprint(network()), tmp_path / "out", Backend(), environ=mirror)

    assert {file.read_text(encoding="utf-8") for file in kept} == {"mine"}
    assert not (tmp_path / "out/storage.tf.json").exists()


@pytest.mark.parametrize("folder", ["lifecycle_scripts", "terraform.d"])
def test_a_folder_that_is_a_link_is_refused_before_anything_is_written(
    folder: str, tmp_path: Path, mirror: dict[str, str]
) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (out / folder).symlink_to(elsewhere)
    environment = replace(blueprint(network()), files={"lifecycle_scripts/setup_code_editor.sh": "#!/bin/sh\n"})

    with pytest.raises(RefusedError, match=f"{folder}' is a symbolic link"):
        export(environment, out, Backend(), environ=mirror, force=True)

    assert list(elsewhere.iterdir()) == []
    assert [path.name for path in out.iterdir()] == [folder]
