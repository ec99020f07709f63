"""Keys on their way out serve nobody, and keep their name until they are gone."""

import uuid
from functools import partial
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, client, refusal


@pytest.fixture
def kms(emulator: RunningEmulator) -> Any:
    return client(emulator, "kms")


def made(kms: Any) -> tuple[str, str]:
    metadata = kms.create_key()["KeyMetadata"]
    return metadata["KeyId"], metadata["Arn"]


def test_one_that_is_pending_deletion_refuses_everything_but_its_rescue(kms: Any) -> None:
    key, arn = made(kms)
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)

    pending = ("KMSInvalidStateException", f"{arn} is pending deletion.")
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.decrypt(CiphertextBlob=secret),
        lambda: kms.create_alias(AliasName=f"alias/{key}-2", TargetKeyId=key),
        lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7),
        lambda: kms.enable_key(KeyId=key),
        lambda: kms.disable_key(KeyId=arn),
        lambda: kms.enable_key_rotation(KeyId=key),
    ):
        assert refusal(call) == pending
    other, _ = made(kms)
    code, _ = refusal(lambda: kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=other))
    assert code == "AlreadyExistsException"

    kms.cancel_key_deletion(KeyId=key)
    disabled = ("DisabledException", f"{arn} is disabled.")
    assert refusal(lambda: kms.decrypt(CiphertextBlob=secret)) == disabled
    assert refusal(lambda: kms.enable_key_rotation(KeyId=key)) == disabled
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"
    kms.delete_alias(AliasName=f"alias/{key}")


@pytest.mark.parametrize("days", [6, 31])
def test_the_wait_has_its_bounds(kms: Any, days: int) -> None:
    key, _ = made(kms)

    assert refusal(lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days))[0] == "ValidationException"


def test_the_inventory_tells_their_state_and_names_and_none_of_awss_own(emulator: RunningEmulator, kms: Any) -> None:
    key, arn = made(kms)
    kms.create_alias(AliasName="alias/acme-inventory", TargetKeyId=key)
    kms.describe_key(KeyId="alias/aws/s3")
    seen = server.inventory(emulator)
    assert seen["keys"][arn] == "Enabled"
    assert f"{REGION}/alias/acme-inventory" in seen["key_aliases"]
    assert not [alias for alias in seen["key_aliases"] if "alias/aws/" in alias]

    kms.delete_alias(AliasName="alias/acme-inventory")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert server.inventory(emulator)["keys"][arn] == "PendingDeletion"


def unusable(kms: Any) -> dict[str, tuple[str, str]]:
    """Keys that cannot encrypt, with what KMS says of each behind S3's prefix."""
    disabled, leaving = made(kms)[1], made(kms)[1]
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=leaving, PendingWindowInDays=7)
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    usable = made(kms)[1]
    return {
        "missing": (usable[:-4] + "0000", "NotFoundException"),
        "of another account": (usable.replace("123456789012", "210987654321"), "NotFoundException"),
        "of another region": (usable.replace(REGION, "us-east-1"), "NotFoundException"),
        "of another partition": (usable.replace("arn:aws:", "arn:aws-cn:"), "NotFoundException"),
        "disabled": (disabled, "DisabledException"),
        "leaving": (leaving, "KMSInvalidStateException"),
        "signing": (signing, "InvalidKeyUsageException"),
    }


def test_no_service_takes_a_key_that_cannot_encrypt(emulator: RunningEmulator, kms: Any) -> None:
    aws = {name: client(emulator, name) for name in ("secretsmanager", "logs", "ecr", "efs", "ssm", "s3")}
    name = f"keys-{uuid.uuid4().hex[:8]}"
    aws["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    aws["secretsmanager"].create_secret(Name=name)
    aws["logs"].create_log_group(logGroupName=name)
    before = server.inventory(emulator)
    for why, (key, code) in unusable(kms).items():
        encryption = {"encryptionType": "KMS", "kmsKey": key}
        calls: dict[str, tuple[str, Any]] = {
            "create secret": (
                "EncryptionFailure",
                lambda key=key: aws["secretsmanager"].create_secret(Name=f"{name}-2", SecretString="x", KmsKeyId=key),
            ),
            "update secret": (
                "EncryptionFailure",
                lambda key=key: aws["secretsmanager"].update_secret(SecretId=name, KmsKeyId=key),
            ),
            "log group": (
                "InvalidParameterException",
                lambda key=key: aws["logs"].create_log_group(logGroupName=f"{name}-2", kmsKeyId=key),
            ),
            "associate": (
                "InvalidParameterException",
                lambda key=key: aws["logs"].associate_kms_key(logGroupName=name, kmsKeyId=key),
            ),
            "repository": (
                "KmsException",
                lambda e=encryption: aws["ecr"].create_repository(repositoryName=name, encryptionConfiguration=e),
            ),
            "file system": (
                "BadRequest",
                lambda key=key: aws["efs"].create_file_system(CreationToken=name, Encrypted=True, KmsKeyId=key),
            ),
            "parameter": (
                "InvalidKeyId",
                lambda key=key: aws["ssm"].put_parameter(Name=name, Value="x", Type="SecureString", KeyId=key),
            ),
            "object": (
                f"KMS.{code}",
                lambda key=key: aws["s3"].put_object(
                    Bucket=name, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
                ),
            ),
        }
        for what, (wanted, call) in calls.items():
            assert refusal(call)[0] == wanted, (why, what)
    after = server.inventory(emulator)
    assert after | {"keys": 0} == before | {"keys": 0}
    aws["s3"].delete_bucket(Bucket=name)
    aws["logs"].delete_log_group(logGroupName=name)


def test_a_secret_is_as_good_as_its_key(emulator: RunningEmulator, kms: Any) -> None:
    secrets, (key, arn) = client(emulator, "secretsmanager"), made(kms)
    name = f"keys-{uuid.uuid4().hex[:8]}"
    secrets.create_secret(Name=name, SecretString="x", KmsKeyId=arn)
    kms.disable_key(KeyId=key)
    assert refusal(lambda: secrets.get_secret_value(SecretId=name))[0] == "DecryptionFailure"
    assert refusal(lambda: secrets.put_secret_value(SecretId=name, SecretString="y"))[0] == "EncryptionFailure"
    kms.enable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "x"
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_some_aliases_are_nobodys(kms: Any) -> None:
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"
    bad = "1 validation error detected: Value 'alias/a b' at 'aliasName' " + pattern
    for call in (kms.create_alias, kms.update_alias):
        assert refusal(partial(call, AliasName="alias/a b", TargetKeyId=key)) == ("ValidationException", bad)
        long = "alias/" + "a" * 251
        code, message = refusal(partial(call, AliasName=long, TargetKeyId=key))
        assert (code, message.rpartition(": ")[2]) == (
            "ValidationException",
            "Member must have length less than or equal to 256",
        )
    for alias in ("alias/aws/mine", "alias/aws/s3"):
        code, _ = refusal(partial(kms.create_alias, AliasName=alias, TargetKeyId=key))
        assert code == "NotAuthorizedException"
    assert refusal(lambda: kms.create_alias(AliasName="mine", TargetKeyId=key))[0] == "ValidationException"
    assert refusal(lambda: kms.create_alias(AliasName="alias/", TargetKeyId=key))[0] == "InvalidAliasNameException"
    assert "KeyId" in kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
