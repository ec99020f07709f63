"""Detect sign-in methods that botocore has and the SDK in Terraform's provider lacks.

The provider's SDK has nobody to ask for an MFA code, and knows neither sessions of `aws login`, which are younger, nor
the files of SDKs before it. Whatever else there is (keys, roles, IAM Identity Center, programs, containers, instances)
it finds by itself, and is left to it.
https://github.com/hashicorp/terraform-provider-aws/issues/2420 (MFA)
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studioctl.errors import AwsError

_LEGACY = ("ec2-credentials-file", "boto-config")
_OF_PROFILES = ("mfa_serial", "login_session")
_HAS_CREDENTIALS = {
    "aws_access_key_id",
    "credential_process",
    "login_session",
    "role_arn",
    "sso_account_id",
    "web_identity_token_file",
}


def is_beyond_provider(profile: str | None) -> bool:
    """Whether botocore can sign in with a profile and Terraform's provider cannot. Asks nobody and nothing."""
    if not _may_be():
        return False
    import botocore.session  # noqa: PLC0415  # heavy, and mostly not needed

    from studioctl.aws import credentials, mfa  # noqa: PLC0415
    from studioctl.aws.errors import translated  # noqa: PLC0415

    if credentials.keys_of_environment(profile):
        return False
    try:
        with translated():
            session = botocore.session.Session(profile=profile)
            name = profile or session.get_config_variable("profile") or credentials.DEFAULT
            profiles: Mapping[str, Any] = session.full_config.get("profiles", {})
            roles = mfa.roles(profiles, name)
            last = profiles.get(profiles[roles[-1]].get("source_profile", "") if roles else name, {})
            if any("mfa_serial" in profiles[role] for role in roles) or _signs_in_by_login(last):
                return True
            resolver = session.get_component("credential_provider")
            return not roles and not (_HAS_CREDENTIALS & set(last)) and any(map(_finds(resolver), _LEGACY))
    except AwsError:
        return False  # a configuration that cannot be read is told of where it is used


def _may_be() -> bool:
    """A quick look without botocore's weight: most configurations have nothing of the kind."""
    environ = os.environ
    of_profiles = ("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    texts = [file.read_bytes() for name, usual in of_profiles if (file := _file(environ.get(name, usual))).is_file()]
    legacy = (environ.get("AWS_CREDENTIAL_FILE"), environ.get("BOTO_CONFIG"), "/etc/boto.cfg", "~/.boto")
    return any(word.encode() in text for text in texts for word in _OF_PROFILES) or any(
        _file(name).is_file() for name in legacy if name
    )


def _file(name: str) -> Path:
    return Path(os.path.expanduser(name))  # noqa: PTH111 - which fails where no home is known


def _signs_in_by_login(profile: Mapping[str, Any]) -> bool:
    return "login_session" in profile and not {"sso_account_id", "web_identity_token_file"} & set(profile)


def _finds(resolver: Any) -> Callable[[str], bool]:
    return lambda method: resolver.get_provider(method).load() is not None
