"""The environment variables that Terraform's process gets.

A person's own Terraform settings would change what our documents mean or how Terraform speaks, so those that do are
left out. For a local target nothing that could lead to a real account is passed on.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from studioctl.target import EMULATOR_KEY, Target

# https://developer.hashicorp.com/terraform/cli/config/environment-variables
_DROPPED = ("TF_DATA_DIR", "TF_WORKSPACE", "TF_INPUT", "TF_REATTACH_PROVIDERS", "TF_STATE_PERSIST_INTERVAL")
_DROPPED_PREFIXES = ("TF_CLI_ARGS", "TF_VAR_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_NO_PROXY = "127.0.0.1,localhost"
# Discard's port, where nothing listens on loopback: a call that misses the emulator fails at once.
_DEAD_PROXY = "http://127.0.0.1:9"


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
    kept = {name: value for name, value in inherited.items() if not _meddles(name)}
    named = kept.get("TF_CLI_CONFIG_FILE")
    if named is not None and not os.access(named, os.R_OK):
        del kept["TF_CLI_CONFIG_FILE"]  # Terraform only warns, but on every run
    if cli_config is not None:
        kept["TF_CLI_CONFIG_FILE"] = str(cli_config)
    # Not every command has the flag -no-color, but all take it from here.
    kept |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "TF_CLI_ARGS": "-no-color"}
    if target.endpoint_url is None:
        return kept
    sealed = _without_credentials(kept, target, target.endpoint_url)
    return sealed if downloads else sealed | _no_way_out()


def _meddles(name: str) -> bool:
    return name in _DROPPED or name.startswith(_DROPPED_PREFIXES)


def _without_credentials(kept: Mapping[str, str], target: Target, endpoint_url: str) -> dict[str, str]:
    harmless = {n: v for n, v in kept.items() if not n.startswith("AWS_") or n == "AWS_CA_BUNDLE"}
    return harmless | {
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
        "AWS_ACCESS_KEY_ID": EMULATOR_KEY,
        "AWS_SECRET_ACCESS_KEY": EMULATOR_KEY,
        "AWS_REGION": target.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint_url,
    }


def _no_way_out() -> dict[str, str]:
    return {spelling: _DEAD_PROXY for name in _PROXIES for spelling in (name, name.lower())}
