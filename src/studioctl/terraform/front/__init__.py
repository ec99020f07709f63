"""A process between Terraform and the AWS provider, which serves several runs of Terraform with one provider.

A provider costs each Terraform several seconds of work: to be read whole, to be started, to describe 1,500 types and to
examine its own description. The front starts it once, passes Terraform's calls on, and answers itself what it knows.
The files below are in its own directory, which is open to its owner alone.
"""

from pathlib import Path

from studioctl import homes

OFFER = "reattach.json"  # what TF_REATTACH_PROVIDERS has to say; there while the front can be used
TYPES = "types"  # of resources and data sources, in which the Terraform that comes next is interested
SOCKET = "front"
DISPOSABLE = "disposable"  # where nobody else removes the directory


def cache() -> Path | None:
    """The directory for what holds for every environment on this machine; None if no home is known."""
    own = homes.cache()
    return own / "provider" if own else None
