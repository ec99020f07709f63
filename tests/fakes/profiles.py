"""AWS profiles of a test, in place of those of the person who runs it."""

from pathlib import Path

import pytest


def mfa(source: str) -> str:
    """A profile `mfa`, whose role takes the credentials of another profile and a code."""
    return f"""
[profile mfa]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = {source}
mfa_serial = arn:aws:iam::111122223333:mfa/ada
"""


def use(monkeypatch: pytest.MonkeyPatch, directory: Path, text: str, *unset: str) -> None:
    """Let these profiles be all that there are, without the variables that are to be unset."""
    for name in unset:
        monkeypatch.delenv(name, raising=False)
    (directory / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(directory / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(directory / "credentials"))
