"""Credentials for Terraform where its provider cannot sign in by itself.

The provider's SDK has nobody to ask for an MFA code, and knows neither sessions of `aws login` nor the files of older
SDKs. It knows how a container gets its credentials, from an address in its environment: for as long as Terraform runs,
such an address on loopback is ours. So nothing is written down, and a session that is renewed here is renewed there.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

Order of the SDK (aws-sdk-go-v2, config/resolve_credentials.go): a profile's own credentials come before the address,
so in this mode no profile is named and no file of profiles is read; what else the profile says goes by variables.
"""

import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.message import Message
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
from botocore.credentials import ReadOnlyCredentials

from studioctl.aws import credentials
from studioctl.aws.errors import SIGN_IN_OR_REHEARSE, translated
from studioctl.errors import AwsError

HOST = "127.0.0.1"
# For how long an answer is good. The SDK asks again five minutes before the end, so each minute: what it then gets has
# been renewed here, and no key is used that is about to end.
GOOD_FOR = timedelta(minutes=6)
UNAVAILABLE = "SessionUnavailable"
# A profile's settings that are not about credentials, and their variables. Region and retries are in the documents.
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
_SETTINGS = {
    "ca_bundle": "AWS_CA_BUNDLE",
    "defaults_mode": "AWS_DEFAULTS_MODE",
    "endpoint_url": "AWS_ENDPOINT_URL",
    "ignore_configured_endpoint_urls": "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "retry_mode": "AWS_RETRY_MODE",
    "sts_regional_endpoints": "AWS_STS_REGIONAL_ENDPOINTS",
    "use_dualstack_endpoint": "AWS_USE_DUALSTACK_ENDPOINT",
    "use_fips_endpoint": "AWS_USE_FIPS_ENDPOINT",
}


class Lender:
    """Lends the credentials of a profile to processes that get `environment`, while this process lives.

    Args:
        profile: The profile; None for AWS's own order.
        region: The region in which the profile's roles are assumed if it names none.
        signed: Gives the credentials as they are now, renewed where they must be. Left out, those of the profile.
    """

    def __init__(
        self, profile: str | None, region: str, signed: Callable[[], ReadOnlyCredentials] | None = None
    ) -> None:
        self._profile, self._region = profile, region
        self._given = signed
        self._token = secrets.token_urlsafe(32)

    @cached_property
    def _signed(self) -> Callable[[], ReadOnlyCredentials]:
        if self._given:
            return self._given
        found = credentials.find(self._profile, self._region).get_credentials()
        if found is None:
            raise AwsError("There are no AWS credentials", hint=SIGN_IN_OR_REHEARSE)
        signed: Callable[[], ReadOnlyCredentials] = found.get_frozen_credentials
        return signed

    def environment(self) -> dict[str, str]:
        """The variables for a process that borrows them. Only who sees them can, until this process ends.

        Raises:
            AwsError: There are no credentials to lend.
        """
        _ = self._signed
        return {
            **_settings(self._profile),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{HOST}:{self._server.server_port}/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @cached_property
    def _server(self) -> "_Bank":
        lender = self

        class Counter(_Counter):
            def do_GET(self) -> None:
                self.answer(*lender.answer(self.path, self.headers))

        server = _Bank((HOST, 0), Counter)
        threading.Thread(target=server.serve_forever, name="lending", daemon=True).start()
        return server

    def answer(self, path: str, headers: Message) -> tuple[int, dict[str, str]]:
        """Status and content of the answer to a request."""
        token = headers.get("Authorization") or ""
        is_ours = hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())
        # The name is checked too: a page in a browser can lead its own name to loopback.
        if not is_ours or path != "/" or headers.get("Host") != f"{HOST}:{self._server.server_port}":
            return 403, {"code": "Forbidden", "message": "not for you"}
        try:
            with translated():
                signed = self._signed()
        except AwsError as error:  # not 5xx, after which the SDK would try again, and we would ask again
            return 400, {"code": UNAVAILABLE, "message": f"{error.message}. Do: {error.hint}"}
        except Exception as error:  # noqa: BLE001  # the asker waits for an answer; the message may hold anything
            return 400, {"code": UNAVAILABLE, "message": f"the session cannot be renewed ({type(error).__name__})"}
        end = datetime.now(UTC) + GOOD_FOR
        return 200, {
            "AccessKeyId": str(signed.access_key),
            "SecretAccessKey": str(signed.secret_key),
            "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            **({"Token": signed.token} if signed.token else {}),
        }


class _Bank(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Ignore clients that leave early, as every user of the machine can: the user need not read of it."""


class _Counter(BaseHTTPRequestHandler):
    timeout = 60

    def answer(self, status: int, content: Mapping[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Log nothing."""


def _settings(profile: str | None) -> dict[str, str]:
    """The other settings of a profile as variables; those that are set stay as they are."""
    with translated():
        session = botocore.session.Session(profile=profile)
        found: Mapping[str, Any] = session.get_scoped_config()
        services: Mapping[str, Any] = session.full_config.get("services", {}).get(str(found.get("services")), {})
    return dict(_new(found, services))


def _new(settings: Mapping[str, Any], services: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, variable in _SETTINGS.items():
        if isinstance(value := settings.get(name), str) and variable not in os.environ:
            yield variable, value
    for service, of_service in services.items():
        variable = f"AWS_ENDPOINT_URL_{service.upper()}"
        # A variable for all services comes before a profile's setting for one.
        if "endpoint_url" in of_service and not {variable, "AWS_ENDPOINT_URL"} & set(os.environ):
            yield variable, str(of_service["endpoint_url"])
