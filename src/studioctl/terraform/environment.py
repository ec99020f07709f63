"""The environment variables that Terraform's process gets.

A person's own Terraform settings would change what our documents mean or how Terraform speaks, so those that do are
left out. For a local target nothing that could lead to a real account is passed on.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from studioctl.target import Target, no_way_out, without_credentials, without_secrets

# https://developer.hashicorp.com/terraform/cli/config/environment-variables
_DROPPED = ("TF_DATA_DIR", "TF_WORKSPACE", "TF_INPUT", "TF_REATTACH_PROVIDERS", "TF_STATE_PERSIST_INTERVAL")
# The provider builds the schema of 1,500 resource types each time that it starts, and is gone again in seconds: Go's
# collector is let run a quarter as often. `make benchmark` shows what it saves.
_RARELY_COLLECTED = {"GOGC": "400"}  # https://pkg.go.dev/runtime#hdr-Environment_Variables
_DROPPED_PREFIXES = ("TF_CLI_ARGS", "TF_VAR_")


def child_environment(
    inherited: Mapping[str, str], target: Target, *, cli_config: Path | None, downloads: bool = False
) -> dict[str, str]:
    """What Terraform's process sees.

    Args:
        inherited: Our own environment.
        target: Where Terraform acts. A local target gets no credentials, no configuration and no way out.
        cli_config: Terraform's CLI configuration of our own; None leaves the user's in force.
        downloads: Terraform may have to fetch the provider, so the way out stays open; credentials do not.
    """
    kept = _RARELY_COLLECTED | {name: value for name, value in without_secrets(inherited).items() if not _meddles(name)}
    named = kept.get("TF_CLI_CONFIG_FILE")
    if named is not None and not os.access(named, os.R_OK):
        del kept["TF_CLI_CONFIG_FILE"]  # Terraform only warns, but on every run
    if cli_config is not None:
        kept["TF_CLI_CONFIG_FILE"] = str(cli_config)
    # Not every command has the flag -no-color, but all take it from here.
    kept |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "TF_CLI_ARGS": "-no-color"}
    if not target.is_local:
        return kept
    sealed = without_credentials(kept, target)
    return sealed if downloads else sealed | no_way_out()


def _meddles(name: str) -> bool:
    return name in _DROPPED or name.startswith(_DROPPED_PREFIXES)
