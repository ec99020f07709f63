"""KMS keys that a request to another service names: what that service says when it cannot use one.

Only what encrypts at once is here. A domain fails later (`studio/domain_failures.py`), and S3 stores a bucket's default
encryption without a look at the key: S3 API reference, PutBucketEncryption.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from werkzeug.wrappers import Response

from studio_emulator.calls import Call, signature_of
from studio_emulator.fault_answers import Said, error_answer
from studio_emulator.keys import why_unusable
from studio_emulator.server import ACCOUNT_ID


@dataclass(frozen=True)
class Request:
    """The relevant parts of a request: the members of the body, the headers, and the region."""

    members: Mapping[str, Any]
    environ: Mapping[str, Any]
    region: str


Look = Callable[[Request], Any]
_ENCRYPT = "Secrets Manager can't encrypt the protected secret text using the provided KMS key: it {}."
_DECRYPT = "Secrets Manager can't decrypt the protected secret text using the provided KMS key: it {}."
_ENCRYPTS, _DECRYPTS = Said("EncryptionFailure", _ENCRYPT), Said("DecryptionFailure", _DECRYPT)
# API reference, CreateLogGroup and AssociateKmsKey.
_LOGS = Said("InvalidParameterException", "The KMS key that is to encrypt the log group {}.")  # text assumed
_ECR = Said("KmsException", "The operation failed due to a KMS exception: the key {}.")  # API reference; text assumed
_SSM = Said("InvalidKeyId", "The KMS key {}.")  # API reference, PutParameter; text assumed
# aws/aws-cdk#7641 for a key of another account; code assumed, and the rest of the text.
_EFS = Said("BadRequest", "The request was rejected because the specified key could not be found: it {}.")
# S3 puts KMS's own code behind a prefix: aws/aws-cli#4507.
_S3 = Said("KMS.{code}", "The KMS key {}.")


def _member(name: str) -> Look:
    return lambda request: request.members.get(name)


def _of_repository(request: Request) -> Any:
    return (request.members.get("encryptionConfiguration") or {}).get("kmsKey")


def _of_object(request: Request) -> Any:
    return request.environ.get("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID")


def _of_new_secret(request: Request) -> Any:
    """A secret without a value is made with any key: nothing is encrypted yet. Assumed."""
    has_value = request.members.get("SecretString") or request.members.get("SecretBinary")
    return request.members.get("KmsKeyId") if has_value else None


def _of_secret(request: Request) -> Any:
    secrets = secretsmanager_backends[ACCOUNT_ID][request.region].secrets
    name = str(request.members.get("SecretId"))
    secret: Any = secrets.get(name)
    return secret.kms_key_id if secret is not None else None


KEYS: Mapping[tuple[str, str], tuple[Look, Said]] = {
    ("secretsmanager", "CreateSecret"): (_of_new_secret, _ENCRYPTS),
    ("secretsmanager", "UpdateSecret"): (_member("KmsKeyId"), _ENCRYPTS),
    ("secretsmanager", "PutSecretValue"): (_of_secret, _ENCRYPTS),
    ("secretsmanager", "GetSecretValue"): (_of_secret, _DECRYPTS),
    ("logs", "CreateLogGroup"): (_member("kmsKeyId"), _LOGS),
    ("logs", "AssociateKmsKey"): (_member("kmsKeyId"), _LOGS),
    ("ecr", "CreateRepository"): (_of_repository, _ECR),
    ("efs", "CreateFileSystem"): (_member("KmsKeyId"), _EFS),
    ("ssm", "PutParameter"): (_member("KeyId"), _SSM),
    ("s3", "PutObject"): (_of_object, _S3),
    ("s3", "CopyObject"): (_of_object, _S3),
    ("s3", "CreateMultipartUpload"): (_of_object, _S3),
}


def refuse(environ: Mapping[str, Any], call: Call, body: bytes) -> Response | None:
    """The refusal of a call whose key cannot be used; None when it can, or none is named."""
    look, said = KEYS.get((call.service, call.action), (None, _S3))
    signature = signature_of(environ)
    if look is None or signature is None:
        return None
    members = json.loads(body.decode() or "{}") if call.service != "s3" else {}
    key = look(Request(members, environ, signature.region))
    why = why_unusable(ACCOUNT_ID, signature.region, str(key)) if key else None
    if why is None:
        return None
    return error_answer(call.service, said.code.format(code=why.code), said.message.format(why.fault), 400)
