"""S3's operations as actions of policies.

Source: Amazon S3 User Guide, "using-with-s3-policy-actions" and "list_amazons3" of the Service Authorization Reference.
"""

import re
from urllib.parse import unquote
from xml.sax.saxutils import unescape

from studio_emulator.iam.patterns import Values
from studio_emulator.iam.received import Need, Received

CONFIGURATIONS = (
    "Accelerate",
    "Analytics",
    "Encryption",
    "IntelligentTiering",
    "Inventory",
    "Lifecycle",
    "Metrics",
    "Replication",
)
# Operation -> action, where the names differ.
ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    # To delete a configuration is to put none, and to list them is to get each.
    **{
        f"{verb}Bucket{kind}{end}": f"{'Get' if verb in {'Get', 'List'} else 'Put'}{kind}Configuration"
        for kind in CONFIGURATIONS
        for verb in ("Get", "List", "Put", "Delete")
        for end in ("", "Configuration", "Configurations")
    },
}
COPIES = {"CopyObject": "PutObject", "UploadPartCopy": "PutObject"}
OF_A_VERSION = frozenset({"GetObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"})
KEYS_IN_QUERY = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
KEYS_IN_HEADERS = {
    "x-amz-acl": "s3:x-amz-acl",
    "x-amz-server-side-encryption": "s3:x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class": "s3:x-amz-storage-class",
}
_DELETED = re.compile(rb"<Object>(.*?)</Object>", re.DOTALL)
_KEY = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)


def needs(received: Received) -> list[Need]:
    """The action on bucket or object; a copy also needs to read its source, a deletion of many each of them."""
    bucket, _, key = received.path.lstrip("/").partition("/")
    action = COPIES.get(received.action) or ACTIONS.get(received.action, received.action or "UnknownAction")
    context = _context(received)
    if not bucket:
        return [Need(f"s3:{action}", "*", context)]
    if received.action == "DeleteObjects":  # AWS refuses key by key within its answer; here one refusal is for all
        return [
            Need(f"s3:{action}{'Version' if versioned else ''}", _arn(f"{bucket}/{each}"), context)
            for each, versioned in _deleted(received.body)
        ] or [Need("s3:DeleteObject", _arn(f"{bucket}/*"), context)]
    versioned = "versionId" in received.query and action in OF_A_VERSION
    found = [
        Need(f"s3:{_of_version(action) if versioned else action}", _arn(f"{bucket}/{key}" if key else bucket), context)
    ]
    if received.action in COPIES:
        source, _, query = unquote(received.headers.get("x-amz-copy-source", "")).lstrip("/").partition("?")
        read = "s3:GetObjectVersion" if query.startswith("versionId=") else "s3:GetObject"
        found.append(Need(read, _arn(source), context))
    return found


def _of_version(action: str) -> str:
    return action.replace("Object", "ObjectVersion")


def _arn(path: str) -> str:
    return f"arn:aws:s3:::{path}"


def _context(received: Received) -> dict[str, Values]:
    """A listing without a prefix has none: the key is then not there."""
    in_query = {key: received.query[name] for name, key in KEYS_IN_QUERY.items() if name in received.query}
    in_headers = {key: received.headers[name] for name, key in KEYS_IN_HEADERS.items() if name in received.headers}
    return {**in_query, **in_headers, "s3:resourceaccount": received.account}


def _deleted(body: bytes) -> list[tuple[str, bool]]:
    """Keys, and whether a version is named. Nobody has checked the body's form yet, so it is searched, not parsed."""
    entries = ((entry, _KEY.search(entry)) for entry in _DELETED.findall(body))
    return [(unescape(key[1].decode("utf-8", "replace")), b"<VersionId>" in entry) for entry, key in entries if key]
