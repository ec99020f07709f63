"""Checks resources that the file names and other people manage: they must exist and fit before the first change."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from studioctl.config.file_systems import FileSystem
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.infrastructure.naming import KEPT_TAG, read_home_tags
from studioctl.operations.provisioning.problem import Problem
from studioctl.operations.spaces.file_systems import places_in, unreachable

if TYPE_CHECKING:
    from studioctl.aws.named import KeyFacts
    from studioctl.aws.session import Session

# Where something is named -> what looks at it. Each raises AwsError when AWS refuses to tell.
Look = Callable[["Session", EnvironmentConfig], Iterator[Problem]]
RESCUE = "save it: aws kms cancel-key-deletion --key-id {0}{1} && aws kms enable-key --key-id {0}{1}"
ANOTHER = "write another key"
# By the key's state: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
REMEDIES = {
    "Disabled": "turn it on: aws kms enable-key --key-id {0}{1}",
    "PendingImport": "import its key material: aws kms get-parameters-for-import help",
    "Creating": "wait until it is Enabled",
    "Updating": "wait until it is Enabled",
    "Unavailable": "connect its key store again, or write another key",
}
LOGS_PAGE = "the statement is in: studioctl docs encrypt-with-your-own-key"


def looks(config: EnvironmentConfig) -> dict[str, Look]:
    """The checks for this file, by title."""
    found: dict[str, Look] = {}
    if config.iam.permissions_boundary:
        found["the permissions boundary"] = boundary
    if config.encryption.key:
        found["the key"] = key
    if config.storage.access_logs:
        found["the bucket for access logs"] = log_bucket
    if config.state.backend == "s3" and config.state.bucket:
        found["the state's bucket"] = state_bucket
    if config.storage.extra_buckets:
        found["extra_buckets"] = extra_buckets
    if any(config.mounted_by(user) for user in config.users):
        found["file systems"] = file_systems
    return found


def boundary(session: "Session", config: EnvironmentConfig) -> Iterator[Problem]:
    """Check the policy that bounds every role. IAM accepts one of the account's policies, or one managed by AWS."""
    from studioctl.aws.named import policy_is_there  # noqa: PLC0415 (boto3 is needed only here)

    arn, place = str(config.iam.permissions_boundary), ("iam", "permissions_boundary")
    owner, ours = arn.split(":")[4], session.identity.account_id
    if owner not in {"aws", ours}:
        yield Problem(place, f"is a policy of account {owner}, and IAM takes one of {ours}; write one of that account")
    elif not policy_is_there(session, arn):
        yield Problem(place, f"there is no policy '{arn}'; make it first, or write one that exists")


def key(session: "Session", config: EnvironmentConfig) -> Iterator[Problem]:
    """The KMS key that is used instead of AWS's own; where its own policy admits nobody, no policy of a role helps."""
    from studioctl.aws.named import closed_to_account, key_facts  # noqa: PLC0415 (boto3 is needed only here)

    arn, place = str(config.encryption.key), ("encryption", "key")
    facts = key_facts(session, arn)
    flags = session.target.aws_flags
    words = "there is no key '{0}'; make it first, or write one that exists" if facts is None else _unfit(facts)
    words = words.format(arn, flags)
    if words:
        yield Problem(place, words)
    # KMS tells a key's policy to the key's own account alone.
    elif arn.split(":")[4] == session.identity.account_id and (closed := closed_to_account(session, arn)):
        words = f"its policy lets nobody of this account do {', '.join(closed)}"
        yield Problem(place, f"{words}; let the account's IAM policies decide, as AWS's default does")


def _unfit(facts: "KeyFacts") -> str:
    """The reason why a key encrypts nothing, and the remedy; to be filled in with its ARN and the AWS CLI's flags."""
    if (facts.usage, facts.spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        kind = f"{facts.spec}, for {facts.usage}"
        return f"is a key of another kind ({kind}); write a symmetric one for ENCRYPT_DECRYPT"
    if facts.state == "PendingDeletion":
        return f"is scheduled for deletion, and encrypts nothing; {RESCUE}"
    if facts.state != "Enabled":
        return f"has the state {facts.state}, and encrypts nothing; {REMEDIES.get(facts.state, ANOTHER)}"
    return ""


def log_bucket(session: "Session", config: EnvironmentConfig) -> Iterator[Problem]:
    """Check the bucket for S3's access logs: same account, same region, and open to the log service."""
    from studioctl.aws.named import bucket_facts, takes_logs  # noqa: PLC0415 (boto3 is needed only here)

    name, place = str(config.storage.access_logs), ("storage", "access_logs")
    region = config.region
    facts = bucket_facts(session, name, owner=session.identity.account_id)
    if facts is None:
        yield Problem(place, f"there is no bucket '{name}'; make it first, or write one that exists")
    elif facts.region != region:
        yield Problem(place, f"'{name}' is in {facts.region}, and S3 logs within {region} alone; write one of {region}")
    elif not facts.is_open:
        yield Problem(place, f"'{name}' is another account's, or closed to you; write one of this account")
    elif not takes_logs(session, name):
        words = f"the policy of '{name}' does not admit S3's log service, logging.s3.amazonaws.com; add it: {LOGS_PAGE}"
        yield Problem(place, words)


def extra_buckets(session: "Session", config: EnvironmentConfig) -> Iterator[Problem]:
    """Buckets made elsewhere: there; without the internet also in the region, as S3's endpoint leads nowhere else."""
    from studioctl.aws.named import bucket_facts  # noqa: PLC0415

    network, region = config.network, config.region
    for index, name in enumerate(config.storage.extra_buckets):
        facts = bucket_facts(session, name)
        if facts is None:
            words = f"there is no bucket '{name}'; make it first, or delete it from the list"
            yield Problem(("storage", "extra_buckets", index), words)
        elif network.is_closed and network.internet == "none" and facts.region != region:
            words = f"'{name}' is in {facts.region}, and without the internet only buckets of {region} can be reached"
            yield Problem(("storage", "extra_buckets", index), f"{words}; delete it from the list")


def file_systems(session: "Session", config: EnvironmentConfig) -> Iterator[Problem]:
    """File systems that spaces mount: there, within reach, and nobody's home but one's own in them."""
    from studioctl.aws.named import file_system_tags  # noqa: PLC0415

    places = places_in(config)
    tags = file_system_tags(session, {each.id for each in places.values()})
    for place, each in places.items():
        found = tags[each.id]
        if found is None:
            yield Problem(
                place, f"there is no file system '{each.id}'; write one that exists, or delete it from the list"
            )
        elif KEPT_TAG in found or read_home_tags(found):
            mounts = config.users[int(place[1])].name if place[0] == "users" else None
            yield from _of_homes(each, place, read_home_tags(found), mounts)
    for it in unreachable(session, config, {its_id for its_id, found in tags.items() if found is not None}):
        yield Problem(it.place, it.words, is_note=it.is_early)


def _of_homes(each: FileSystem, place: Location, numbers: Mapping[str, str], user: str | None) -> Iterator[Problem]:
    """A file system of home directories, as `down` has kept and tagged it. `user`: who mounts it; None: everybody."""
    owners = {number: owner for owner, number in numbers.items()}
    mounted = owners.get(each.path.split("/")[1])
    if not each.homes and (user is None or mounted is None or mounted.casefold() != user.casefold()):
        words = f"'{each.id}' holds people's home directories, which others could then read"
        yield Problem(place, f"{words}; delete it from the list, then: studioctl homes restore")
    for name, number in each.homes.items():
        if (owner := owners.get(str(number), name)).casefold() != name.casefold():
            whose = f"the directory of number {number} is {owner}'s, by the tags of '{each.id}'"
            yield Problem((*place[:-1], "homes", name), f"{whose}; write {name}'s own number, or delete the line")


def state_bucket(session: "Session", config: EnvironmentConfig) -> Iterator[Problem]:
    """Check the region of the state's bucket: Terraform uses the one in `[state]`. `init` reports a missing bucket."""
    from studioctl.aws.named import bucket_facts  # noqa: PLC0415

    name, region = str(config.state.bucket), config.state.region or config.region
    facts = bucket_facts(session, name)
    if facts and facts.region != region:
        words = f"'{name}' is in {facts.region}, not in {region}; write region = \"{facts.region}\" under [state]"
        yield Problem(("state", "bucket"), words)
