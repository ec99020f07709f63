"""The ARN of whoever signed a request, as GetCallerIdentity tells it."""

from collections.abc import Mapping
from typing import Any

from moto.sts.models import sts_backends

from studio_emulator.calls import signature_of
from studio_emulator.server import ACCOUNT_ID


def arn_of_caller(environ: Mapping[str, Any]) -> str:
    """The ARN; the account's own where nobody signed, which only an emulator for any key lets in."""
    signature = signature_of(environ)
    if signature is None:
        return f"arn:aws:iam::{ACCOUNT_ID}:root"
    partition = sts_backends[ACCOUNT_ID]["aws"]
    _, arn, _ = partition.get_caller_identity(signature.access_key, signature.region)
    return str(arn)
