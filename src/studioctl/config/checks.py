"""Checks of single values. Each check returns the value, or raises ValueError with a plain message.

AWS names are checked here because the provider accepts some bad ones, which AWS refuses only minutes into an apply.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import TypeVar

from studioctl.config import quantities
from studioctl.config.aws_tables import (
    INSTANCE_TYPES,
    REGIONS,
)
from studioctl.config.text import all_nearest, count, latin, quote

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateSpace.html
SAGEMAKER_NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
ENVIRONMENT_NAME = r"^[a-z](-?[a-z0-9])+$"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
REPOSITORY_NAME = r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$"

ACCOUNT_ID = r"^[0-9]{12}$"
IMAGE_DIGEST = r"^sha256:[0-9a-f]{64}$"
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
ROLE_NAME = r"^[A-Za-z0-9_+=,.@-]{1,64}$"
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
SECRET_NAME = r"^[A-Za-z0-9/_+=.@-]{1,512}$"  # noqa: S105 - a pattern
# Eight digits, or seventeen: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
VPC_ID = r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$"
SUBNET_ID = r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$"
# Of a key and not of an alias, which could lead to another key tomorrow. "mrk-" begins the id of a multi-Region key.
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts-key-id.html
KEY_ARN = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceSpec.html
TRAINING_PLAN = r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:training-plan/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}$"

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_EFSFileSystemConfig.html
FILE_SYSTEM_ID = r"^fs-[0-9a-f]{8,18}$"
FILE_SYSTEM_PATH = r"^/\S{0,255}$"

# Minutes: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_IdleSettings.html
SHORTEST_IDLE, LONGEST_IDLE = 60, 525_600
# Instead of a number of minutes: idle apps are not stopped.
NEVER = "never"
NOT_IDLE = {"never", "no", "none", "off", "false", "disabled"}  # as people say it

MOST_TYPES = 5  # each takes minutes to be refused for want of capacity

T = TypeVar("T")

PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
# Docker's own bridge, which SageMaker uses too: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
DOCKER_RANGE = IPv4Network("172.17.0.0/16")


def between(least: int, most: int, unit: str = "") -> Callable[[int], int]:
    """A check that a number lies in a range, both ends included."""
    # No commas: what is written here may be copied into the file.
    bounds = f"{least} to {most} {unit}".rstrip()

    def check(value: int) -> int:
        if not least <= value <= most:
            raise ValueError(f"{_number(value)} is out of range; write {bounds}")
        return value

    return check


def _number(value: int) -> str:
    # Python refuses to print numbers of thousands of digits, and nobody wants to read them.
    return str(value) if abs(value) < 10**18 else "the number"


def idle_minutes(value: object) -> int | str:
    """Minutes until an idle app is stopped, or "never"."""
    if value == NEVER:
        return NEVER
    if type(value) is int:
        return between(SHORTEST_IDLE, LONGEST_IDLE, "minutes")(value)
    given = quote(value) if isinstance(value, str) else "this"
    quoted = isinstance(value, str) and value.strip()[:1].isdigit()
    minutes = quantities.meant(value, "_minutes") if isinstance(value, str) else None
    if minutes is not None and SHORTEST_IDLE <= minutes <= LONGEST_IDLE:
        raise ValueError(f'{given} is neither whole minutes nor "never"; write {minutes} without quotes')
    if value is False or (isinstance(value, str) and value.strip().lower() in NOT_IDLE):
        raise ValueError(f'{given} is neither whole minutes nor "never"; did you mean "never"?')
    bounds = f"{SHORTEST_IDLE} to {LONGEST_IDLE}{' without quotes' if quoted else ''}"
    raise ValueError(f'{given} is neither whole minutes nor "never"; write {bounds}, or "never"')


def not_empty(value: tuple[T, ...]) -> tuple[T, ...]:
    """Require at least one of something. Pydantic's own check also complains when there are some, but none is right."""
    if not value:
        raise ValueError('is empty; write at least one: [[users]], then name = "..."')
    return value


def text(value: str) -> str:
    """Some text, on one line."""
    if not value.strip():
        raise ValueError("is empty; write a value or delete the line")
    for character in value:
        if not character.isprintable():
            raise ValueError(f"contains the character U+{ord(character):04X}, which does not print; write plain text")
    return value


def title(value: str) -> str:
    """A line that a page shows to people: at most 64 characters."""
    longest = 64
    if len(text(value)) > longest:
        raise ValueError(f"has {len(value)} characters; write at most {longest}")
    return value


def sagemaker_name(value: str) -> str:
    """A name by SageMaker's rule; the provider's check of it is unanchored and lets bad names through."""
    if not value:
        raise ValueError("is empty; write letters, digits and hyphens")
    if len(value) > 63:
        raise ValueError(f"{quote(value)} has {count(len(value), 'character')}; write at most 63")
    if wrong := re.search(r"[^A-Za-z0-9-]", value):
        example = _sagemaker_example(value)
        raise ValueError(f"{quote(value)} contains {quote(wrong[0])}; write {example}")
    if value.startswith("-") or value.endswith("-"):
        end = "begins" if value.startswith("-") else "ends"
        raise ValueError(f"{quote(value)} {end} with a hyphen; write {_sagemaker_example(value)}")
    return value


def _sagemaker_example(value: str) -> str:
    suggestion = re.sub(r"[^A-Za-z0-9]+", "-", latin(value.split("@", maxsplit=1)[0])).strip("-")
    return f'"{suggestion}"' if suggestion else "letters, digits and hyphens"


def environment_name(value: str) -> str:
    """The prefix of every name. It also names a bucket, a repository, a role and a security group."""
    if not 2 <= len(value) <= 32:
        # 32, so that "<name>-editor-<digest>" and "<name>-data-<account>" fit into 63 characters.
        raise ValueError(f"{quote(value)} has {count(len(value), 'character')}; write 2 to 32")
    if not re.fullmatch(ENVIRONMENT_NAME, value):
        suggestion = re.sub(r"[^a-z0-9]+", "-", latin(value).lower()).lstrip("-0123456789").rstrip("-")
        example = f', such as "{suggestion}"' if re.fullmatch(ENVIRONMENT_NAME, suggestion) else ""
        raise ValueError(
            f"{quote(value)} is not a prefix that every resource can have;"
            f" write lower-case letters, digits and single hyphens, a letter first{example}"
        )
    for reserved in ("sg-", "sthree-", "amzn-s3-demo-"):  # security groups; buckets
        if f"{value}-".startswith(reserved):
            raise ValueError(f'names that begin with "{reserved}" are reserved by AWS; write another name')
    return value


def _no_address(value: str) -> None:
    if address := re.match(r"(?:s3://|arn:aws[a-z-]*:s3:::)([a-z0-9.-]+)", value):
        raise ValueError(f"{quote(value)} is more than a bucket's name; write {quote(address[1])}")


def bucket_name(value: str) -> str:
    """The name of a bucket, by S3's rules for general purpose buckets."""
    _no_address(value)
    if not 3 <= len(value) <= 63:
        raise ValueError(f"{quote(value)} has {count(len(value), 'character')}; write 3 to 63")
    if wrong := re.search(r"[^a-z0-9.-]", value):
        suggestion = re.sub(r"[^a-z0-9.]+", "-", latin(value).lower()).strip("-.")
        raise ValueError(f'{quote(value)} contains {quote(wrong[0])}; write "{suggestion}"')
    if not re.fullmatch(BUCKET_NAME, value):
        raise ValueError(f"{quote(value)} must begin and end with a letter or digit; write {quote(value.strip('.-'))}")
    if ".." in value:
        raise ValueError(f"{quote(value)} has two dots in a row; write hyphens")
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", value):
        raise ValueError(f"{quote(value)} looks like an IP address; write a name")
    for prefix in BUCKET_PREFIXES:
        if value.startswith(prefix):
            raise ValueError(f'{quote(value)} begins with "{prefix}", which AWS reserves; write another name')
    for suffix in BUCKET_SUFFIXES:
        if value.endswith(suffix):
            raise ValueError(f'{quote(value)} ends with "{suffix}", which AWS reserves; write another name')
    return value


def new_bucket_name(value: str) -> str:
    """The name of a bucket that we make: no dots, with which TLS certificates do not match.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if "." in value and re.fullmatch(BUCKET_NAME, value):
        raise ValueError(f'{quote(value)} contains a dot, which breaks TLS; write "{value.replace(".", "-")}"')
    return bucket_name(value)


def repository_name(value: str) -> str:
    """The name of an ECR repository."""
    if not 2 <= len(value) <= 256:
        raise ValueError(f"{quote(value)} has {count(len(value), 'character')}; write 2 to 256")
    if not re.fullmatch(REPOSITORY_NAME, value):
        raise ValueError(
            f"{quote(value)} is not a repository name;"
            ' write lower-case letters and digits, joined by dots, underscores, hyphens or slashes: "team/images"'
        )
    return value


def key_arn(value: str) -> str:
    """The ARN of a KMS key."""
    if not re.fullmatch(KEY_ARN, value):
        what = "is the ARN of an alias" if ":alias/" in value else "is not the ARN of a KMS key"
        raise ValueError(f"{quote(value)} {what}; write the key's: arn:aws:kms:REGION:ACCOUNT:key/ID")
    return value


def training_plan(value: str) -> str:
    """The ARN of a training plan."""
    if not re.fullmatch(TRAINING_PLAN, value):
        example = '"arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"'
        raise ValueError(f"{quote(value)} is not the ARN of a training plan; write one such as {example}")
    return value


def image_digest(value: str) -> str:
    """The digest of an image in ECR."""
    if not re.fullmatch(IMAGE_DIGEST, value):
        raise ValueError(f"{quote(value)} is not a digest; write the one that `studioctl image list` shows: sha256:...")
    return value


def account_id(value: str) -> str:
    """The number of an AWS account."""
    if not re.fullmatch(ACCOUNT_ID, value):
        raise ValueError(f'{quote(value)} is not an account; write its 12 digits in quotes: "111122223333"')
    return value


def entry_point(value: str) -> str:
    """The name or path of a program in an image."""
    text(value)
    if len(value) > 256:
        raise ValueError(f"has {count(len(value), 'character')}; write at most 256")
    return value


def region(value: str) -> str:
    """A region that has SageMaker."""
    if value not in REGIONS:
        raise ValueError(f"{quote(value)} is not a region with SageMaker; {_meant(value, REGIONS, 'us-east-1')}")
    return value


def instance_type(value: str) -> str:
    """An instance type that a Code Editor can run on."""
    if value in INSTANCE_TYPES:
        return value
    if f"ml.{value}" in INSTANCE_TYPES:
        raise ValueError(f'{quote(value)} is EC2\'s name; write "ml.{value}"')
    raise ValueError(
        f"{quote(value)} is not an instance type of Studio; {_meant(value, INSTANCE_TYPES, 'ml.t3.medium')}"
    )


def instance_types(value: object) -> str | tuple[str, ...]:
    """An instance type, or several of which the first that AWS has is taken."""
    if isinstance(value, str):
        return instance_type(value)
    if not isinstance(value, list | tuple) or not value or not all(isinstance(each, str) for each in value):
        raise ValueError('is neither an instance type nor a list of them; write ["ml.g5.xlarge", "ml.g6.xlarge"]')
    if len(value) > MOST_TYPES:
        raise ValueError(f"has {len(value)} instance types; write at most {MOST_TYPES}")
    for index, each in enumerate(value):
        instance_type(each)
        if each in value[:index]:
            raise ValueError(f"{quote(each)} is in this list already; delete one")
    return value[0] if len(value) == 1 else tuple(value)


def _meant(value: str, known: frozenset[str], example: str) -> str:
    close = all_nearest(value, known)
    return f"did you mean {' or '.join(map(quote, close))}?" if close else f'write one such as "{example}"'


def cidr(value: str) -> str:
    """The VPC's range: private, /16 to /24, and not Docker's own."""
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        raise ValueError(f'{quote(value)} is not an IPv4 range; write one such as "10.0.0.0/16"') from None
    if not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", value) or not 16 <= network.prefixlen <= 24:
        example = IPv4Network((network.network_address, 16), strict=False)
        raise ValueError(f'{quote(value)} has the wrong size; write /16 to /24, such as "{example}"')
    if value != str(network):
        raise ValueError(f'{quote(value)} is not where a range of this size begins; write "{network}"')
    if not any(network.subnet_of(private) for private in PRIVATE_RANGES):
        ranges = ", ".join(map(str, PRIVATE_RANGES))
        raise ValueError(f"{quote(value)} is not private; write a range in {ranges}")
    if network.overlaps(DOCKER_RANGE):
        raise ValueError(f'{quote(value)} overlaps {DOCKER_RANGE}, which Docker uses; write "10.0.0.0/16"')
    return value


def state_key(value: str) -> str:
    """The key of the state's object, as Terraform's S3 backend takes it."""
    text(value)
    if value.startswith("/") or value.endswith("/"):
        raise ValueError(
            f"{quote(value)} begins or ends with a slash; write {quote(value.strip('/') or 'terraform.tfstate')}"
        )
    if not {"", ".", ".."}.isdisjoint(value.split("/")):
        better = "/".join(part for part in value.split("/") if part not in {"", ".", ".."}) or "terraform.tfstate"
        raise ValueError(f'{quote(value)} has a part that is empty, "." or ".."; write {quote(better)}')
    if len(value.encode()) > 1000:  # S3's 1,024 bytes, less ".tflock"
        raise ValueError("is longer than S3 takes; write at most 1,000 bytes")
    return value


def role_name(value: str) -> str:
    """The name of an IAM role."""
    if not re.fullmatch(ROLE_NAME, value):
        raise ValueError(f"{quote(value)} is not a role's name; write at most 64 letters, digits and _+=,.@-")
    return value


def secret_name(value: str) -> str:
    """The name of a secret in Secrets Manager."""
    if not re.fullmatch(SECRET_NAME, value):
        raise ValueError(f"{quote(value)} is not a secret's name; write at most 512 letters, digits and /_+=.@-")
    if re.search(r"-[A-Za-z0-9]{6}$", value):
        # Secrets Manager adds such a suffix itself, and would take the name for a part of an ARN.
        raise ValueError(f"{quote(value)} ends in a hyphen and six characters, as AWS's own suffix; write another name")
    return value


def vpc_id(value: str) -> str:
    """The id of a VPC, as AWS writes it."""
    return _resource_id(value, VPC_ID, "vpc-0123456789abcdef0")


def file_system_id(value: str) -> str:
    """The id of a file system of EFS."""
    if not re.fullmatch(FILE_SYSTEM_ID, value):
        raise ValueError(f'{quote(value)} is not the id of a file system; write one such as "fs-0123456789abcdef0"')
    return value


def file_system_path(value: str) -> str:
    """A directory of a file system."""
    if not re.fullmatch(FILE_SYSTEM_PATH, value) or ".." in value.split("/"):
        raise ValueError(f'{quote(value)} is not a directory of a file system; write one such as "/shared"')
    return value


def subnet_id(value: str) -> str:
    """The id of a subnet, as AWS writes it."""
    return _resource_id(value, SUBNET_ID, "subnet-0123456789abcdef0")


def _resource_id(value: str, pattern: str, example: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError(f'{quote(value)} is not an id of this kind; write one like "{example}"')
    return value
