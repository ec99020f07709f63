"""The only place that builds clients of AWS's services.

They are botocore's, which boto3 wraps: importing boto3 as well would add a third to the start of every command.
"""

import os
import threading
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit, urlunsplit

import botocore.session
from botocore.config import Config

from studioctl import __version__
from studioctl.aws import credentials
from studioctl.aws.errors import translated
from studioctl.target import Target

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_efs import EFSClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_identitystore import IdentityStoreClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3control import S3ControlClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sso_admin import SSOAdminClient
    from mypy_boto3_sts import STSClient


@dataclass(frozen=True)
class Identity:
    """The identity behind the credentials, as AWS reports it.

    Args:
        account_id: Twelve digits.
        arn: ARN of the user or assumed role.
    """

    account_id: str
    arn: str

    @property
    def partition(self) -> str:
        """The AWS partition: "aws", "aws-cn", ..."""
        return self.arn.split(":")[1]


@dataclass(frozen=True)
class Patience:
    """A client's timeouts for connecting and for an answer, in seconds, and its number of attempts.

    Throttling, 5xx and broken connections are tried again, after pauses of up to 1, 2, 4, 8 and 16 s. So by default a
    call takes half a minute at most where AWS answers, and three and a half where it does not. Once AWS has throttled
    one, the client asks no faster than AWS answers, and calls wait for their turn before they are made.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html

    Args:
        is_paced: Whether it does so. Where 150 calls at once met 5 a second, 358 were made and one failed in the end;
            paced, 174, and none.
    """

    connect: float = 5
    read: float = 30
    attempts: int = 6
    is_paced: bool = True


PATIENT = Patience()
HURRIED = Patience(connect=3, read=5, attempts=3, is_paced=False)


class Session:
    """Clients for one target, made when first asked for.

    Args:
        target: The account and region.
        patience: Of all its clients.
    """

    def __init__(self, target: Target, patience: Patience = PATIENT) -> None:
        self.target = target
        self.patience = patience
        self.calls = 0  # to AWS so far, those that were tried again among them
        self._made = threading.RLock()
        self._client = cache(self._make_client)

    def once(self) -> "Session":
        """The same credentials, and no call is repeated by itself: for what AWS would then make twice."""
        other = Session(self.target, replace(self.patience, attempts=1))
        vars(other)["_botocore"] = self._botocore
        return other

    @cached_property
    def identity(self) -> Identity:
        """The identity behind these credentials.

        Raises:
            AwsError: There are no credentials, they are not valid, or AWS cannot be reached.
        """
        with translated():
            answer = self.client("sts").get_caller_identity()
        return Identity(account_id=answer["Account"], arn=answer["Arn"])

    def endpoint(self, service: Literal["sagemaker", "sts"] = "sagemaker") -> str | None:
        """The address of a service if it is not AWS's default: the emulator's, or one that the user configured.

        Users set addresses in variables and profiles, for all services or for one. botocore resolves them.
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        if self.target.endpoint_url:
            return self.target.endpoint_url
        client: Any = self.client(service)
        url = str(client.meta.endpoint_url)
        resolver = self._botocore.get_component("endpoint_resolver")
        partition = client.meta.partition
        names = {resolver.get_partition_dns_suffix(partition, tags) for tags in (None, ["dualstack"])}
        host = urlsplit(url).hostname or ""
        return None if any(name and host.endswith(f".{name}") for name in names) else url

    def sign_in(self) -> None:
        """Look the credentials up now, and ask for an MFA code where one is needed, before anything else begins.

        Raises:
            AwsError: The profile has no credentials that work.
        """
        _ = self._botocore

    @overload
    def client(self, service: Literal["cloudtrail"]) -> "CloudTrailClient": ...
    @overload
    def client(self, service: Literal["ce"]) -> Any: ...
    @overload
    def client(self, service: Literal["ec2"]) -> "EC2Client": ...
    @overload
    def client(self, service: Literal["ecr"]) -> "ECRClient": ...
    @overload
    def client(self, service: Literal["efs"]) -> "EFSClient": ...
    @overload
    def client(self, service: Literal["iam"]) -> "IAMClient": ...
    @overload
    def client(self, service: Literal["identitystore"]) -> "IdentityStoreClient": ...
    @overload
    def client(self, service: Literal["kms"]) -> "KMSClient": ...
    @overload
    def client(self, service: Literal["cloudwatch", "lambda", "rds", "rds-data", "scheduler", "sns"]) -> Any: ...
    @overload
    def client(self, service: Literal["logs"]) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["pricing"]) -> "PricingClient": ...
    @overload
    def client(self, service: Literal["resourcegroupstaggingapi"]) -> "ResourceGroupsTaggingAPIClient": ...
    @overload
    def client(self, service: Literal["s3"]) -> "S3Client": ...
    @overload
    def client(self, service: Literal["s3control"]) -> "S3ControlClient": ...
    @overload
    def client(self, service: Literal["sagemaker"]) -> "SageMakerClient": ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, service: Literal["service-quotas"]) -> "ServiceQuotasClient": ...
    @overload
    def client(self, service: Literal["sso-admin"]) -> "SSOAdminClient": ...
    @overload
    def client(self, service: Literal["sts"]) -> "STSClient": ...
    def client(self, service: str) -> object:
        """The client of a service, such as "sagemaker". Threads may share it, and ask for it."""
        with self._made:  # clients may be shared, but the making of them may not: boto3's guide, "Sessions"
            return self._client(service)

    @cached_property
    def _botocore(self) -> botocore.session.Session:
        local = self.target.local
        if local is None:
            return credentials.find(self.target.profile, self.target.region)
        # The user's own profiles, keys and endpoints play no part: nothing here may reach real AWS.
        nothing = (None, None, None, None)
        ours = botocore.session.Session(
            session_vars={
                "profile": nothing,
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        ours.set_credentials(local.access_key_id, local.secret_access_key)
        return ours

    def _make_client(self, service: str) -> object:
        config = Config(
            retries={
                "mode": "adaptive" if self.patience.is_paced else "standard",
                "total_max_attempts": self.patience.attempts,
            },
            connect_timeout=self.patience.connect,
            read_timeout=self.patience.read,
            user_agent_extra=f"studioctl/{__version__}",
        )
        if self.target.is_local:
            config = config.merge(Config(proxies={}, s3={"addressing_style": "path"}))
        with translated():
            made = self._botocore.create_client(
                service, region_name=self.target.region, endpoint_url=self._address(service), config=config
            )
        made.meta.events.register("before-send", self._count)
        if self.target.is_local:
            made.meta.events.register("before-sign.s3-control", self._at_the_emulator)
        return made

    def _address(self, service: str) -> str | None:
        """The endpoint of a client; None if botocore finds it.

        AWS_S3_ENDPOINT is what Terraform called AWS_ENDPOINT_URL_S3 before AWS did. It goes by both, and what it stores
        is read here. To GDAL the variable is a host's name, which is no address.
        https://developer.hashicorp.com/terraform/language/backend/s3
        """
        if self.target.is_local or service != "s3" or os.environ.get("AWS_ENDPOINT_URL_S3"):
            return self.target.endpoint_url
        early = os.environ.get("AWS_S3_ENDPOINT", "")
        return early if "://" in early else None

    def _count(self, **_: object) -> None:
        with self._made:
            self.calls += 1

    def _at_the_emulator(self, request: "AWSRequest", **_: object) -> None:
        """S3 Control puts the account's id before the host's name, which a loopback address cannot have."""
        parts = urlsplit(str(request.url))
        request.url = urlunsplit(parts._replace(netloc=urlsplit(self.target.endpoint_url or "").netloc))
