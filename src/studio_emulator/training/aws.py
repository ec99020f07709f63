"""SageMaker's work in S3 and CloudWatch Logs for a job: as the job's role, and by no right but the role's."""

from __future__ import annotations

import threading
import time
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session
from moto.sts.models import AssumedRole, sts_backends

from studio_emulator.training.peers import PLATFORM, PLATFORM_HEADER

PARTITION = "aws"
SESSION_NAME = "SageMaker"
SECONDS = 3600
RENEWED_BEFORE = 900.0
_SESSION: list[Session] = []
_LOCK = threading.Lock()


class Role:
    """A role that SageMaker has assumed for a job. Its credentials are renewed before they end."""

    def __init__(self, endpoint_url: str, region: str, account_id: str, arn: str) -> None:
        self.arn = arn
        self._endpoint_url = endpoint_url
        self._region = region
        self._account_id = account_id
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._assumed = self._assume()
        self._since = time.monotonic()

    def credentials(self) -> dict[str, str]:
        """The credentials as a container's programs get them: AWS SDKs' reference, "container credential provider"."""
        assumed = self._current()
        return {
            "RoleArn": self.arn,
            "AccessKeyId": assumed.access_key_id,
            "SecretAccessKey": assumed.secret_access_key,
            "Token": assumed.session_token,
            "Expiration": assumed.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def client(self, service: str) -> Any:
        """A client of the emulator that is signed in as the role."""
        assumed = self._current()
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service, assumed)
            return self._clients[service]

    def _current(self) -> AssumedRole:
        with self._lock:
            if time.monotonic() - self._since > SECONDS - RENEWED_BEFORE:
                self._assumed, self._since, self._clients = self._assume(), time.monotonic(), {}
            return self._assumed

    def _assume(self) -> AssumedRole:
        made: AssumedRole = sts_backends[self._account_id][PARTITION].assume_role(
            region_name=self._region,
            role_session_name=SESSION_NAME,
            role_arn=self.arn,
            policy="",
            duration=SECONDS,
            external_id="",
        )
        return made

    def _new_client(self, service: str, assumed: AssumedRole) -> Any:
        with _LOCK:  # a session of botocore is not made for several threads
            if not _SESSION:
                _SESSION.append(get_session())
            client = _SESSION[0].create_client(
                service,
                region_name=self._region,
                endpoint_url=self._endpoint_url,
                aws_access_key_id=assumed.access_key_id,
                aws_secret_access_key=assumed.secret_access_key,
                aws_session_token=assumed.session_token,
                config=Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 2}),
            )
        client.meta.events.register("before-send", _mark)
        return client


def _mark(request: Any, **_: object) -> None:
    request.headers[PLATFORM_HEADER] = PLATFORM
