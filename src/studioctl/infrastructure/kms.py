"""The key that encrypts what people store: one of the environment's own, one that exists already, or AWS's."""

from dataclasses import dataclass

from studioctl.config.stores import Encryption
from studioctl.infrastructure.block import Block, Data, Module, Output, Ref, Resource
from studioctl.infrastructure.naming import Naming


@dataclass(frozen=True)
class Kms:
    """The key's blocks, and its ARN: None means AWS's own keys.

    Args:
        before: Everything that must outlive what is encrypted, also if nothing refers to it: `depends_on` of a bucket.
    """

    module: Module
    key_arn: Ref | str | None
    before: tuple[str, ...] = ()


def build(encryption: Encryption, *, account: Data, partition: Data, naming: Naming) -> Kms:
    """The key that `[encryption]` asks for."""
    purpose = "The key that encrypts home directories, volumes, the bucket, images and secrets."
    if not encryption.customer_key:
        return Kms(module=Module("kms", purpose, ()), key_arn=encryption.key)
    policy = _policy(account, partition)
    key = Resource(
        "aws_kms_key",
        "studio",
        {
            "description": f"Encrypts what the users of {naming.environment} store",
            "enable_key_rotation": True,
            "deletion_window_in_days": encryption.deletion_days,
            "policy": policy.ref("json"),
        },
        why="What it encrypts can never be read without it: `studioctl down` keeps it as long as any data is kept.",
    )
    alias = Resource("aws_kms_alias", "studio", {"name": naming.key_alias, "target_key_id": key.ref("key_id")})
    output = Output("key_arn", key.ref("arn"), "ARN of the key that encrypts what people store.")
    blocks: tuple[Block, ...] = (policy, key, alias, output)
    return Kms(module=Module("kms", purpose, blocks), key_arn=key.ref("arn"), before=(key.address,))


def _policy(account: Data, partition: Data) -> Data:
    # In a key's policy "*" is this key. With this one statement the account's IAM policies decide, so that the key
    # outlives every role: those of an environment that is gone, too. The services get at it by grants, which whoever
    # makes a domain, a volume or a repository gives them.
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    root = f"arn:{partition.ref('partition')}:iam::{account.ref('account_id')}:root"
    statement = {
        "sid": "IamOfThisAccount",
        "actions": ["kms:*"],
        "resources": ["*"],
        "principals": [{"type": "AWS", "identifiers": [root]}],
    }
    return Data(
        "aws_iam_policy_document",
        "key",
        {"statement": [statement]},
        why="The account's own IAM policies say who may use the key.",
    )
