"""The environment of Terraform's process."""

import os
from pathlib import Path

import pytest

from studioctl.errors import ConfigError
from studioctl.terraform.environment import child_environment

from .blueprints import AWS, local

REAL = {
    "PATH": "/usr/bin",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_PROFILE": "acme-admin",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_CA_BUNDLE": "/ca.pem",
    "HTTPS_PROXY": "http://proxy:3128",
}


def test_a_local_target_sees_no_credentials_and_no_way_out() -> None:
    seen = child_environment(REAL, local(4999), cli_config=None)

    assert {name: value for name, value in seen.items() if name.startswith("AWS_")} == {
        "AWS_CA_BUNDLE": "/ca.pem",
        "AWS_ACCESS_KEY_ID": "STUDIOCTLKEY",
        "AWS_SECRET_ACCESS_KEY": "its-secret",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4999",
    }
    assert {seen[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")} == {"http://127.0.0.1:9"}
    assert seen["NO_PROXY"] == seen["no_proxy"] == "127.0.0.1,localhost"


def test_a_local_target_may_fetch_the_provider_but_not_with_credentials() -> None:
    seen = child_environment(REAL, local(), cli_config=None, downloads=True)

    assert seen["HTTPS_PROXY"] == "http://proxy:3128"
    assert "real" not in seen.values()
    assert "AWS_PROFILE" not in seen


def test_a_real_target_sees_the_users_credentials() -> None:
    seen = child_environment(REAL, AWS, cli_config=None)

    assert seen.items() >= REAL.items()


def test_the_provider_is_told_to_collect_rarely_unless_the_user_says_otherwise() -> None:
    assert child_environment({}, AWS, cli_config=None)["GOGC"] == "400"
    assert child_environment({"GOGC": "50"}, AWS, cli_config=None)["GOGC"] == "50"


def test_settings_that_would_change_what_terraform_does_or_runs_are_left_out() -> None:
    own = {
        "TF_DATA_DIR": "/x",
        "TF_WORKSPACE": "x",
        "TF_CLI_ARGS_plan": "-lock=false",
        "TF_VAR_profile": "x",
        "TF_REATTACH_PROVIDERS": '{"hashicorp/aws": {}}',
        "TF_DISABLE_PLUGIN_TLS": "1",
        "TF_STATE_PERSIST_INTERVAL": "1000",
        "TF_CLOUD_ORGANIZATION": "x",
        "TF_X_SHADOW": "1",
        "TF_THAT_COMES_WITH_A_LATER_VERSION": "x",
    }
    seen = child_environment({**own, "TF_CLI_ARGS": "-chdir=/x", "TF_INPUT": "1"}, AWS, cli_config=None)

    assert not seen.keys() & own.keys()
    assert {name: value for name, value in seen.items() if name.startswith("TF_")} == {
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_CLI_ARGS": "-no-color",
    }


def test_settings_that_leave_what_terraform_does_as_it_is_are_passed_on(tmp_path: Path) -> None:
    own = {
        "TF_LOG_PROVIDER": "DEBUG",
        "TF_TOKEN_registry_acme_com": "t",
        "TF_REGISTRY_CLIENT_TIMEOUT": "20",
        "TF_PLUGIN_CACHE_DIR": str(tmp_path),
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        "TF_AWS_DEFAULT_TAGS_CostCenter": "7",
        "TF_APPEND_USER_AGENT": "acme",
    }

    assert child_environment(own, AWS, cli_config=None).items() >= own.items()


@pytest.mark.parametrize("level", ["TRACE", "debug", "JSON", "2"])
def test_no_log_tells_what_is_lent(level: str) -> None:
    """At DEBUG the SDK logs the answer that holds the keys."""
    levels = dict.fromkeys(("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_AWS", "TF_LOG_SDK"), level)
    quiet = {"TF_LOG_PATH": "/tmp/debug", "TF_LOG_SDK_PROTO": "ERROR"}
    lent = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}

    child = child_environment({**levels, **quiet}, AWS, cli_config=None, lent=lent)

    assert child.items() >= {**dict.fromkeys(levels, "INFO"), **quiet, **lent}.items()


@pytest.mark.parametrize("name", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_PLUGIN_CACHE_DIR"])
@pytest.mark.parametrize("value", [".terraformrc", "./a b/rc", "~/rc"])
def test_a_setting_that_a_repository_could_bring_is_refused(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child works in .studioctl/, and would look there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    whole = {
        ".terraformrc": f"{tmp_path}/.terraformrc",
        "./a b/rc": f"'{tmp_path}/a b/rc'",
        "~/rc": "/home/ada/rc",
    }[value]
    with pytest.raises(ConfigError) as refusal:
        child_environment({name: value}, local(), cli_config=None)
    assert refusal.value.message == (
        f"{name} is '{value}', a relative path. It decides which programs are run, so it must not depend on the"
        " directory that you are in: a repository could bring that file. Nothing was started."
    )
    assert refusal.value.hint == f"export {name}={whole}   (if that is yours), or: unset {name}"


def test_a_named_cli_configuration_that_is_missing_is_left_out(tmp_path: Path) -> None:
    present = tmp_path / "present.tfrc"
    present.touch()

    assert "TF_CLI_CONFIG_FILE" not in child_environment(
        {"TF_CLI_CONFIG_FILE": str(tmp_path / "none")}, AWS, cli_config=None
    )
    assert child_environment({"TF_CLI_CONFIG_FILE": str(present)}, AWS, cli_config=None)["TF_CLI_CONFIG_FILE"] == str(
        present
    )


def test_our_own_cli_configuration_wins() -> None:
    theirs = {"TF_CLI_CONFIG_FILE": "/theirs", "TERRAFORM_CONFIG": "/theirs"}
    seen = child_environment(theirs, AWS, cli_config=Path("/ours"))

    assert seen["TF_CLI_CONFIG_FILE"] == "/ours"


def test_other_programs_secrets_are_none_of_its_business() -> None:
    others = {"GITHUB_TOKEN": "a", "PGPASSWORD": "b", "HF_TOKEN": "c", "OPENAI_API_KEY": "d", "CLIENT_SECRET": "e"}
    ours = {"TF_TOKEN_app_terraform_io": "f", "SSH_AUTH_SOCK": "/agent", "TOKENIZERS_PARALLELISM": "false"}
    for target in (AWS, local()):
        seen = child_environment(REAL | others | ours, target, cli_config=None)

        assert not others.keys() & seen.keys()
        assert seen.items() >= ours.items()


def test_a_pipeline_waits_for_the_lock() -> None:
    seen = child_environment({"STUDIOCTL_LOCK_TIMEOUT": "15m"}, AWS, cli_config=None)

    assert (seen["TF_CLI_ARGS_plan"], seen["TF_CLI_ARGS_apply"]) == ("-lock-timeout=15m", "-lock-timeout=15m")
    assert "TF_CLI_ARGS_plan" not in child_environment({}, AWS, cli_config=None)
    with pytest.raises(ConfigError) as caught:
        child_environment({"STUDIOCTL_LOCK_TIMEOUT": "1m -lock=false"}, AWS, cli_config=None)
    assert caught.value.message == (
        "STUDIOCTL_LOCK_TIMEOUT is '1m -lock=false', and no time such as 15m. Nothing was started."
    )


@pytest.mark.parametrize(
    ("variables", "apart"),
    [
        ({}, {}),
        ({"TF_LOG": "off"}, {}),
        ({"TF_LOG": "debug"}, {"TF_LOG_PATH": "/logs/terraform.log"}),
        ({"TF_LOG_PROVIDER": "TRACE"}, {"TF_LOG_PATH": "/logs/terraform.log"}),
        ({"TF_LOG": "debug", "TF_LOG_PATH": "/mine"}, {"TF_LOG_PATH": "/mine"}),
    ],
)
def test_a_log_that_is_asked_for_does_not_lie_among_the_events(
    variables: dict[str, str], apart: dict[str, str]
) -> None:
    seen = child_environment(variables, AWS, cli_config=None, logs=Path("/logs"))

    assert seen.get("TF_LOG_PATH") == apart.get("TF_LOG_PATH")
