"""Keys on their way out serve nobody, and keep their name until they are gone."""

from typing import Any

import pytest

from studioctl.emulator import server
from studioctl.emulator.server import RunningEmulator
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
    ):
        assert refusal(call) == pending
    other, _ = made(kms)
    code, _ = refusal(lambda: kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=other))
    assert code == "AlreadyExistsException"

    kms.cancel_key_deletion(KeyId=key)
    assert refusal(lambda: kms.decrypt(CiphertextBlob=secret)) == ("DisabledException", f"{arn} is disabled.")
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
