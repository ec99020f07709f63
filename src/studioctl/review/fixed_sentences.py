"""The effect of those keys on people of which the new value says all."""

from collections.abc import Mapping
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location

NOBODY = "Nobody is interrupted."
NO_STOP = "Apps keep running."  # but work may meet the change at once
GUARD = "may stop apps"
NEXT_REQUEST = "from their next request"
LATER = f"in editors that start afterwards. {NOBODY}"

# By the new value, where that makes a difference.
_SENTENCES: Mapping[str, str | Mapping[Any, str]] = {
    "app": "AWS cannot change what a space is for.",
    "docker": {
        True: "Docker works in editors that start afterwards.",
        False: "Docker no longer works in editors that start afterwards.",
    },
    "rootless_docker": {True: f"Docker runs without root {LATER}", False: f"Docker runs as root {LATER}"},
    "home_file_system": {
        True: f"Each user has a home directory on EFS, which is paid for by the GB and can never go again, {LATER}",
        False: "AWS cannot take a home file system away.",
    },
    "hidden_apps": f"Studio's pages show other apps. What runs goes on. {NOBODY}",
    "session_names": {
        "user": f"CloudTrail names whoever opened Studio {LATER}",
        "fixed": f"CloudTrail no longer names who opened Studio {LATER}",
    },
    "trusted_accounts": f"Docker exchanges images with these accounts and no others {LATER}",
    "max_volume_gb": f"It is the largest volume that people may ask for. {NOBODY}",
    "push_images": {True: "The user may push images.", False: "The user may no longer push images."},
    "tuning.min_acu": f"It is the smallest capacity of the database of studies. {NOBODY}",
    "tuning.max_acu": (
        "It is the largest capacity of the database of studies. More connections are there only after a restart of it."
    ),
    "tuning.backup_days": f"AWS keeps backups of the studies for so many days. {NOBODY}",
    "network.public_ips": {
        True: f"What starts in the subnets gets a public address. {NOBODY}",
        False: f"What starts in the subnets gets no public address. {NOBODY}",
    },
    "iam.permissions": {
        "scoped": f"People may do what this environment needs and no more, {NEXT_REQUEST}.",
        "managed": (
            "People may do what AWS's managed policies for SageMaker, ECR and Secrets Manager allow, in the whole"
            f" account and not in this environment alone, {NEXT_REQUEST}."
        ),
    },
    "iam.permissions_boundary": f"It bounds what any role may do, {NEXT_REQUEST}.",
    "iam.extra_statements": f"People may do something else in AWS than before, {NEXT_REQUEST}.",
    "storage.access_logs": f"S3 logs who used the data bucket in this bucket. {NOBODY}",
    "images.immutable_tags": {
        True: (
            "An existing tag can no longer be pushed again: such a push fails. An image that is pushed as latest gets"
            f" the tag latest-<time>. {NOBODY}"
        ),
        False: f"A tag can move on to another image. {NOBODY}",
    },
    "images.scan_on_push": {
        True: f"ECR looks for known weaknesses in what is pushed. {NOBODY}",
        False: f"ECR no longer looks for known weaknesses in what is pushed. {NOBODY}",
    },
    "encryption.deletion_days": f"AWS waits for so many days before it deletes the key. {NOBODY}",
}


def fixed(name: str, key: Location, config: EnvironmentConfig) -> str:
    """The sentences of a key; empty where none were written for it.

    Args:
        name: The key without what is the person's in it.
        key: The key.
        config: The file, which has the new value.
    """
    found = _SENTENCES.get(name, "")
    return found if isinstance(found, str) else found.get(_now(key, config), "")


def _now(key: Location, config: EnvironmentConfig) -> Any:
    """The value of a key in the file."""
    found: Any = config
    for part in key:
        found = getattr(found, str(part)) if hasattr(found, str(part)) else found[part]
    return found
