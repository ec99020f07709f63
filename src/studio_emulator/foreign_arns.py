"""ARNs that a request names and that are of another account, partition or region: moto takes the name out of them.

Another account's things are there for all one knows, but nobody shares them with this account. Nothing of another
region or partition is where the request went to. Sources: Secrets Manager User Guide, "auth-and-access_examples_cross";
KMS Developer Guide, "key-policy-modifying-external-accounts". That another region's or partition's thing is missing is
assumed, but for KMS, whose words for it are in many public logs.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Response

from studio_emulator.callers import arn_of_caller
from studio_emulator.calls import Call, signature_of
from studio_emulator.fault_answers import Said, error_answer
from studio_emulator.server import ACCOUNT_ID

# Service -> the members that name its own things.
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "ecr": ("resourceArn",),
    "kms": ("KeyId", "TargetKeyId"),
    "logs": ("resourceArn", "logGroupIdentifier", "logGroupIdentifiers", "logGroupArnList", "resourceIdentifier"),
    "secretsmanager": ("SecretId",),
}
_ABSENT: Mapping[str, Said] = {
    "ecr": Said("RepositoryNotFoundException", "The repository with ARN '{arn}' does not exist."),  # text assumed
    "kms": Said("NotFoundException", "Invalid arn {region}"),
    "logs": Said("ResourceNotFoundException", "The specified resource does not exist."),
    "secretsmanager": Said("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
}
_DENIED = (
    "User: {user} is not authorized to perform: {service}:{action} on resource: {arn} because no resource-based policy"
    " allows the {service}:{action} action"
)


def refuse(environ: Mapping[str, Any], call: Call, body: bytes) -> Response | None:
    """The refusal of a request that names what is not of this account, or not here; None when all is."""
    signature = signature_of(environ)
    if signature is None or not _names_things(call.service, call.action):
        return None
    for arn in _arns(call.service, json.loads(body.decode() or "{}")):
        partition, region, account = arn.split(":")[1], *arn.split(":")[3:5]
        if (partition, region) != (get_partition(signature.region), signature.region):
            said = _ABSENT[call.service]
            return error_answer(call.service, said.code, said.message.format(arn=arn, region=region), 400)
        if account != ACCOUNT_ID:
            denied = _DENIED.format(user=arn_of_caller(environ), service=call.service, action=call.action, arn=arn)
            return error_answer(call.service, "AccessDeniedException", denied, 400)
    return None


@cache
def _names_things(service: str, action: str) -> bool:
    """Whether an action has such members: a layer of an image, which is long, need not be read for this."""
    if service not in MEMBERS or action not in (model := get_service_model(service)).operation_names:
        return False
    shape = model.operation_model(action).input_shape
    return shape is not None and not shape.members.keys().isdisjoint(MEMBERS[service])


def _arns(service: str, members: Mapping[str, Any]) -> Iterator[str]:
    for name in MEMBERS[service]:
        value = members.get(name)
        for arn in value if isinstance(value, list) else [value]:
            if isinstance(arn, str) and arn.startswith("arn:") and arn.count(":") >= 5 and arn.split(":")[2] == service:
                yield arn
