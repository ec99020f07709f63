"""Ends a `credential_process` that does not end by itself: botocore waits for it without a limit."""

import os
import signal
import subprocess
from typing import Any

import botocore.session
from botocore.credentials import ProcessProvider, ProfileProviderBuilder
from botocore.exceptions import CredentialRetrievalError

# What AWS's SDK for Go gives it, and so Terraform:
# https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/credentials/processcreds#pkg-constants
SECONDS = 60.0


def limit(session: botocore.session.Session) -> None:
    """Lets the programs that the session's profile, or a profile that it comes from, asks for a key run so long."""
    resolver = session.get_component("credential_provider")
    for provider in resolver.providers:
        if isinstance(provider, ProcessProvider):
            provider._popen = Limited  # type: ignore[attr-defined]  # noqa: SLF001  # botocore has no other way
    assume_role = resolver.get_provider("assume-role")
    assume_role._profile_provider_builder = Builder(session)  # noqa: SLF001


class Limited(subprocess.Popen[bytes]):
    """A program that is ended, with what it has started, when it does not end by itself."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, process_group=0, **settings)

    def communicate(self, *args: Any, **settings: Any) -> Any:
        try:
            return super().communicate(*args, **{"timeout": SECONDS, **settings})
        except subprocess.TimeoutExpired:
            why = f"it did not end within {SECONDS:g} s"
            raise CredentialRetrievalError(provider=ProcessProvider.METHOD, error_msg=why) from None
        finally:
            if self.poll() is None:
                os.killpg(self.pid, signal.SIGKILL)
                self.__exit__(None, None, None)  # waits for it, and closes its streams


class Builder(ProfileProviderBuilder):
    """The same for profiles that roles come from."""

    def _create_process_provider(self, profile_name: str) -> ProcessProvider:
        return ProcessProvider(profile_name, load_config=lambda: self._session.full_config, popen=Limited)  # type: ignore[attr-defined]
