"""The target of commands: an AWS account, or the emulator on this machine. Imports nothing of studioctl."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from studio_emulator.secret_names import holds_secret

# The emulator's key is new at each start, and in no profile of the AWS CLI.
EMULATORS_KEY = 'eval "$(studioctl emulator env)"'


@dataclass(frozen=True)
class LocalEndpoint:
    """The emulator on this machine, and the key that it lets in.

    Args:
        url: Its address, always on loopback.
        access_key_id: Random at each start, and nothing that looks like a key of AWS.
        secret_access_key: Its secret. Never in a file, a document or an argument: a process gets it in its environment.
    """

    url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Target:
    """An account and region.

    Args:
        region: AWS region, such as "us-east-1".
        profile: Name of a profile in the user's AWS configuration; None takes AWS's own order.
        local: The emulator; None for real AWS.
    """

    region: str
    profile: str | None = None
    local: LocalEndpoint | None = None

    @property
    def is_local(self) -> bool:
        """Whether this is the emulator."""
        return self.local is not None

    @property
    def endpoint_url(self) -> str | None:
        """The emulator's address; None for real AWS."""
        return self.local.url if self.local else None

    @property
    def name(self) -> str:
        """The word that stands for it in paths and messages: "aws" or "local"."""
        return "local" if self.is_local else "aws"

    @property
    def profile_flag(self) -> str:
        """The flag with which the AWS CLI takes the same profile: " --profile acme"; empty without one."""
        return f" --profile {shlex.quote(self.profile)}" if self.profile else ""

    @property
    def aws_flags(self) -> str:
        """The flags with which the AWS CLI means the same account and region, and of the emulator never a real one."""
        emulated = f" --endpoint-url {self.endpoint_url}" if self.is_local else ""
        return f" --region {self.region}{self.profile_flag}{emulated}"


# Variables with Terraform's credentials for AWS and for its own registries.
# https://developer.hashicorp.com/terraform/cli/config/config-file#environment-variable-credentials
_TERRAFORMS = ("AWS_", "TF_TOKEN_")


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that needs no secret but AWS's: what others left in ours is none of its business."""
    return {n: v for n, v in environ.items() if n.startswith(_TERRAFORMS) or not holds_secret(n)}


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_NO_PROXY = "127.0.0.1,localhost"
# Discard's port, where nothing listens on loopback: a call that misses the emulator fails at once.
_DEAD_PROXY = "http://127.0.0.1:9"
# In an emulator's place, where there is none.
NOWHERE = LocalEndpoint(_DEAD_PROXY, "none", "none")


def without_credentials(environ: Mapping[str, str], target: Target) -> dict[str, str]:
    """The environment of a process that acts on the emulator: nothing of the user's AWS, and the emulator's key.

    Where there is no emulator, and the process is not to reach anything, neither key nor address is good for anything.
    """
    local = target.local or NOWHERE
    harmless = {n: v for n, v in environ.items() if not n.startswith("AWS_") or n == "AWS_CA_BUNDLE"}
    return harmless | {
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
        "AWS_ACCESS_KEY_ID": local.access_key_id,
        "AWS_SECRET_ACCESS_KEY": local.secret_access_key,
        "AWS_REGION": target.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": local.url,
    }


def no_way_out() -> dict[str, str]:
    """Variables by which a process reaches nothing but this machine."""
    return {spelling: _DEAD_PROXY for name in _PROXIES for spelling in (name, name.lower())}
