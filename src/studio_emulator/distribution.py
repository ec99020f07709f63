"""SageMaker Distribution, the image of Studio's editors: its versions and their ARNs. studioctl reads it, too."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

VERSION = r"^(0|[1-9]\d*)(\.(0|[1-9]\d*)){0,2}$"
CPU, GPU = "sagemaker-distribution-cpu", "sagemaker-distribution-gpu"
ACCOUNTS: Mapping[str, str] = {
    "us-east-1": "885854791233",
    "us-east-2": "137914896644",
    "us-west-1": "053634841547",
    "us-west-2": "542918446943",
    "ca-central-1": "481561238223",
    "eu-central-1": "545423591354",
    "eu-north-1": "175620155138",
    "eu-west-1": "819792524951",
    "eu-west-2": "021081402939",
    "eu-west-3": "856416204555",
    "ap-northeast-1": "010972774902",
    "ap-south-1": "245090515133",
    "ap-southeast-1": "022667117163",
    "ap-southeast-2": "648430277019",
    "sa-east-1": "567556641782",
}
"""AWS's own accounts by region: docs.aws.amazon.com/sagemaker/latest/dg/code-editor-use-instances.html"""

Version = tuple[int, ...]


@dataclass(frozen=True)
class Support:
    """The end of AWS's support for each version.

    Args:
        as_of: The date of the table.
        source: AWS's page that says so.
        ends: The last day, by version: a major one such as (4,), or a minor one such as (4, 3).
    """

    as_of: date
    source: str
    ends: Mapping[Version, date]

    @property
    def newest(self) -> Version:
        """The newest minor version that the table has."""
        return max(version for version in self.ends if len(version) == 2)

    def until(self, version: str) -> date | None:
        """The last day on which AWS mends this version, "4", "4.3" or "4.3.1"; None where the table does not say.

        A major version stands for its newest minor one, and ends when AWS makes no more of them. Of a minor one that is
        not in the table the major one's end says nothing: it may not exist, or end long before.
        """
        return self.ends.get(parsed(version)[:2])

    def is_known(self, version: str) -> bool:
        """Whether there is such a version. What is newer than all in the table may have come since."""
        numbers = parsed(version)
        return numbers[:2] in self.ends or numbers[:2] > self.newest


def parsed(version: str) -> Version:
    """The numbers of a version such as "2.7" or "3.2.0"."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def support() -> Support:
    """The table beside this file."""
    return _support()


@cache
def _support() -> Support:
    table = tomllib.loads(files("studio_emulator").joinpath("distribution.toml").read_text(encoding="utf-8"))
    ends = {parsed(version): end for version, end in (table["major"] | table["minor"]).items()}
    return Support(table["as_of"], table["source"], ends)


def image_arn(region: str, *, gpu: bool, partition: str = "aws") -> str | None:
    """The image for instances with or without a graphics processor; None in a region that AWS's page does not have."""
    account = ACCOUNTS.get(region)
    return account and f"arn:{partition}:sagemaker:{region}:{account}:image/{GPU if gpu else CPU}"
