"""The place of the state: overrides, and what is written down."""

import json
import os
from pathlib import Path

import pytest

from studioctl.errors import ConfigError
from studioctl.terraform import backend
from studioctl.terraform.backend import Backend, BackendChange

from .blueprints import AWS, local

S3 = Backend("s3", {"bucket": "acme-tfstate", "key": "demo/terraform.tfstate", "region": "us-east-1"})


def test_overrides_come_from_settings_and_files_and_the_last_one_wins(tmp_path: Path) -> None:
    file = tmp_path / "backend.hcl"
    file.write_text(
        '# ours\nbucket = "from-file" // shared\nkey    = "a \\"b\\""\n\nencrypt = true\n', encoding="utf-8"
    )

    assert backend.parse_overrides(["bucket=first", str(file), "region=eu-west-1"]) == {
        "bucket": "from-file",
        "key": 'a "b"',
        "encrypt": "true",
        "region": "eu-west-1",
    }


def test_a_line_that_is_no_setting_is_named_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "backend.hcl"
    file.write_text('bucket = "a"\nassume_role {\n', encoding="utf-8")

    with pytest.raises(ConfigError, match=r"backend\.hcl:2: not a backend setting"):
        backend.parse_file(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        backend.parse_overrides([str(tmp_path / "none.hcl")])


def test_a_bucket_makes_a_local_backend_s3() -> None:
    assert Backend().overridden({"bucket": "a", "key": "b"}) == Backend("s3", {"bucket": "a", "key": "b"})


TRICKY = "a${path.root}%{if true}$${b"
DOUBLED = "a$${path.root}%%{if true}$$${b"


def test_nothing_in_a_setting_is_a_template_of_terraforms(tmp_path: Path) -> None:
    tricky = Backend("s3", {"bucket": TRICKY, "key": TRICKY, "profile": TRICKY})

    written = json.loads(backend.render(tricky, AWS)["backend.tf.json"])["terraform"]["backend"]["s3"]
    assert [written[name] for name in ("bucket", "key", "profile")] == [DOUBLED] * 3
    (tmp_path / "backend.hcl").write_text(backend.render_hcl(tricky), encoding="utf-8")
    assert f'bucket = "{DOUBLED}"' in (tmp_path / "backend.hcl").read_text(encoding="utf-8")


def test_what_a_backend_file_doubles_is_read_back(tmp_path: Path) -> None:
    plain = Backend("s3", {"bucket": 'a "${b}" %{c}', "key": "demo"})
    (tmp_path / "backend.hcl").write_text(backend.render_hcl(plain), encoding="utf-8")

    assert backend.parse_file(tmp_path / "backend.hcl")["bucket"] == 'a "${b}" %{c}'
    (tmp_path / "template.hcl").write_text('key = "${path.root}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"template\.hcl:1: a backend's settings take no templates"):
        backend.parse_file(tmp_path / "template.hcl")


def test_s3_is_locked_by_terraforms_own_lock_file_and_read_with_the_profile() -> None:
    document = json.loads(backend.render(S3, AWS)["backend.tf.json"])

    assert document["terraform"]["backend"]["s3"] == {
        "encrypt": True,
        "use_lockfile": True,
        "bucket": "acme-tfstate",
        "key": "demo/terraform.tfstate",
        "region": "us-east-1",
        "profile": "acme-admin",
    }


def test_s3_of_a_local_target_is_the_emulators() -> None:
    settings = backend.arguments(Backend("s3", {**S3.settings, "profile": "acme-admin"}), local(4999))

    assert "profile" not in settings
    assert settings["endpoints"]["s3"] == "http://127.0.0.1:4999"
    assert "its-secret" not in str(settings)


def test_only_what_tells_states_apart_is_a_change_of_place() -> None:
    assert S3.location == Backend("s3", {**S3.settings, "profile": "other"}).location
    assert S3.location != Backend("s3", {**S3.settings, "key": "other"}).location


def test_a_change_reads_as_a_sentence() -> None:
    assert str(BackendChange(Backend(), S3)) == (
        'Terraform\'s state moves from the file "terraform.tfstate" on this machine '
        "to s3://acme-tfstate/demo/terraform.tfstate"
    )


def test_backend_hcl_can_be_read_back(tmp_path: Path) -> None:
    file = tmp_path / "backend.hcl"
    file.write_text(backend.render_hcl(S3), encoding="utf-8")

    assert backend.parse_file(file) == {"encrypt": "true", "use_lockfile": "true", **S3.settings}


def test_s3_without_a_bucket_is_an_error_before_anything_is_started() -> None:
    with pytest.raises(ConfigError, match="its bucket is not given") as refused:
        Backend("s3", {"key": "demo"}).require_place()
    assert refused.value.hint == 'write bucket = "..." under [state], or add: --backend-config bucket=...'
    Backend().require_place()
    S3.require_place()


@pytest.mark.parametrize("setting", ["access_key", "secret_key", "token", "role_arn", "path", "sse_customer_key"])
def test_credentials_and_the_unknown_are_refused_without_repeating_them(setting: str, tmp_path: Path) -> None:
    file = tmp_path / "backend.hcl"
    file.write_text(f'{setting} = "hush"\n', encoding="utf-8")

    for given in (f"{setting}=hush", str(file)):
        with pytest.raises(ConfigError, match=f'Unknown setting "{setting}" of the state') as refused:
            backend.parse_overrides([given])
        assert "hush" not in refused.value.message + refused.value.hint
        assert "profile=" in refused.value.hint


def test_a_line_that_cannot_be_read_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "backend.hcl"
    file.write_text("secret_key = 'hush'\n", encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        backend.parse_file(file)
    assert "hush" not in refused.value.message + refused.value.hint


def test_a_local_state_takes_no_settings_but_a_bucket() -> None:
    with pytest.raises(ConfigError, match="on this machine, which has no key or region"):
        Backend().overridden({"key": "a", "region": "b"})
    assert Backend().overridden({}) == Backend()


def test_a_local_target_takes_the_place_and_nothing_of_an_account() -> None:
    account = {"profile": "acme-admin", "kms_key_id": "arn:aws:kms:us-east-1:1:key/a", "acl": "private"}
    settings = backend.arguments(Backend("s3", {**S3.settings, **account}), local(4999))

    assert settings.items() >= dict(S3.settings).items()
    assert not settings.keys() & account.keys()


def test_a_file_of_settings_is_neither_waited_for_nor_read_without_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * 70_000)
    for name, why in (
        (tmp_path / "pipe", "it is a pipe, not a file"),
        (Path("/dev/zero"), "it is a device, not a file"),
        (tmp_path / "large", "it is larger than 64 KB"),
    ):
        with pytest.raises(ConfigError) as caught:
            backend.parse_overrides([str(name)])
        assert caught.value.message == f'Backend file "{name}" cannot be read: {why}'
