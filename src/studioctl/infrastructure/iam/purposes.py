"""The purposes of roles and policies: the parts of their labels in Terraform, and the keys of the file behind them."""

from collections.abc import Mapping

from studioctl.config.text import Location

# The key that gives a policy its content; of what is not here, [iam] decides.
KEYS: Mapping[str, Location] = {
    "extra": ("iam", "extra_statements"),
    "images": ("images", "repository"),
    "kms": ("encryption",),
    "limits": ("limits", "instance_types"),  # one policy holds the three: see review/causes.py
    "remote_access": ("studio", "remote_access"),
    "s3": ("storage", "extra_buckets"),
    "secrets": ("secrets", "github"),
}
PER_USER: Location = ("iam", "per_user_roles")
# Statements for a user's part of the data bucket.
OWN_PART = ("WhereTheBucketIs", "OwnList", "OwnObjects")
OTHERS = ("execution", "jobs", "managed", "studio")


def told_apart(label: str) -> tuple[str, str | None]:
    """A purpose, and the label of the user whose it is: `secrets_ada` is "secrets" and "ada"."""
    known = (it for it in (*KEYS, *OTHERS) if label == it or label.startswith(f"{it}_"))
    purpose = max(known, key=len, default=label)
    return purpose, label[len(purpose) + 1 :] or None
