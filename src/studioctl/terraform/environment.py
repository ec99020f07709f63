"""The environment variables that Terraform's process gets.

A person's own Terraform settings would change what our documents mean, how Terraform speaks, or which provider it runs,
so only those that do not are passed on. For a local target nothing that could lead to a real account is passed on.
"""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from studioctl.errors import ConfigError
from studioctl.target import Target, no_way_out, without_credentials, without_secrets

CONFIG_FILES = ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG")  # the second is its early name, which Terraform still reads
CACHE = "TF_PLUGIN_CACHE_DIR"
LOCK_TIMEOUT = "STUDIOCTL_LOCK_TIMEOUT"  # for pipelines, where nobody is there to wait for another run's lock
# Of Terraform's and OpenTofu's own variables. Left out are, among others, TF_CLI_ARGS, TF_VAR_..., TF_DATA_DIR,
# TF_WORKSPACE, TF_REATTACH_PROVIDERS and TF_DISABLE_PLUGIN_TLS.
# https://developer.hashicorp.com/terraform/cli/config/environment-variables
_PASSED_ON = (*CONFIG_FILES, CACHE, "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "TF_ENCRYPTION")
# What to log, how to reach registries, and the AWS provider's own settings, which its configuration could name as well.
_PASSED_ON_PREFIXES = (
    "TF_LOG",
    "TF_TOKEN_",
    "TF_REGISTRY_",
    "TF_PROVIDER_DOWNLOAD_",
    "TF_AWS_",
    "TF_APPEND_USER_AGENT",
)
# The provider builds the schema of 1,500 resource types each time that it starts, and is gone again in seconds: Go's
# collector is let run a quarter as often. `make benchmark` shows what it saves.
_RARELY_COLLECTED = {"GOGC": "400"}  # https://pkg.go.dev/runtime#hdr-Environment_Variables
# Where credentials come from: what the SDK prefers to an address that lends them, or would add to it.
# https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
_CREDENTIALS = {
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
}


def child_environment(
    inherited: Mapping[str, str],
    target: Target,
    *,
    cli_config: Path | None,
    downloads: bool = False,
    lent: Mapping[str, str] | None = None,
    logs: Path | None = None,
) -> dict[str, str]:
    """Return the environment variables of Terraform's process.

    Args:
        inherited: Our own environment.
        target: The target of Terraform. A local one gets no credentials, no configuration and no network access.
        cli_config: Our CLI configuration for Terraform; None leaves the user's in force.
        downloads: Whether Terraform may have to fetch the provider: it then has network access, but no credentials.
        lent: Variables that give Terraform credentials; None if it finds the user's itself.
        logs: The directory of the file for what TF_LOG asks for; None leaves that among Terraform's own words.

    Raises:
        ConfigError: See `place_of`; or the time to wait for the state's lock is none.
    """
    kept = _RARELY_COLLECTED | {name: value for name, value in without_secrets(inherited).items() if not _meddles(name)}
    for name in CONFIG_FILES:
        named = place_of(name, inherited)
        if named is not None and not os.access(named, os.R_OK):
            del kept[name]  # Terraform only warns, but on every run
    place_of(CACHE, inherited)
    if cli_config is not None:
        kept["TF_CLI_CONFIG_FILE"] = str(cli_config)
    # Not every command has the flag -no-color, but all take it from here.
    kept |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "TF_CLI_ARGS": "-no-color"}
    if wait := inherited.get(LOCK_TIMEOUT):
        if not re.fullmatch(r"\d+[smh]", wait):
            raise ConfigError(
                f"{LOCK_TIMEOUT} is '{wait}', and no time such as 15m. Nothing was started.",
                hint=f"export {LOCK_TIMEOUT}=15m",
            )
        kept |= {f"TF_CLI_ARGS_{verb}": f"-lock-timeout={wait}" for verb in ("plan", "apply")}
    kept |= _log_apart(kept, logs / "terraform.log") if logs else {}
    if not target.is_local:
        return kept if lent is None else _of_borrower(kept) | dict(lent)
    sealed = without_credentials(kept, target)
    return sealed if downloads else sealed | no_way_out()


def _of_borrower(kept: Mapping[str, str]) -> dict[str, str]:
    """The environment without what overrides the loan, or logs it: below INFO the SDK logs whole answers."""
    return {
        name: "INFO" if _tells_answers(name, value) else value
        for name, value in kept.items()
        if name not in _CREDENTIALS
    }


def _tells_answers(name: str, value: str) -> bool:
    is_level = name.startswith("TF_LOG") and not name.startswith("TF_LOG_PATH")
    return is_level and value.upper() not in {"", "INFO", "WARN", "ERROR", "OFF"}


def about_logs(environ: Mapping[str, str]) -> list[str]:
    """The variables that ask Terraform for a log, or say where it goes."""
    return [name for name, value in environ.items() if name.startswith("TF_LOG") and value.upper() not in {"", "OFF"}]


def _log_apart(environ: Mapping[str, str], file: Path) -> dict[str, str]:
    """Return the variable that sends Terraform's log to a file: among its events, parts of it look like torn ones."""
    wanted = about_logs(environ)
    return {"TF_LOG_PATH": str(file)} if wanted and "TF_LOG_PATH" not in wanted else {}


def place_of(name: str, environ: Mapping[str, str]) -> Path | None:
    """The file or directory that a variable names, if it is set: one that decides which programs Terraform runs.

    Raises:
        ConfigError: Its path is relative. Terraform runs in a directory that a repository may have brought, and would
            look there.
    """
    named = environ.get(name)
    if not named:
        return None
    path = Path(named)
    if path.is_absolute():
        return path
    meant = Path(os.path.expanduser(named)).absolute()  # noqa: PTH111 - which fails where no home is known
    raise ConfigError(
        f"{name} is '{named}', a relative path. It decides which programs are run, so it must not depend on"
        " the directory that you are in: a repository could bring that file. Nothing was started.",
        hint=f"export {name}={shlex.quote(str(meant))}   (if that is yours), or: unset {name}",
    )


def _meddles(name: str) -> bool:
    return name.startswith("TF_") and name not in _PASSED_ON and not name.startswith(_PASSED_ON_PREFIXES)
