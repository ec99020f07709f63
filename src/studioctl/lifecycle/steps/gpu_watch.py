"""The watch over machines with a GPU, for the guard's `[limits] idle_gpu_minutes`."""

from dataclasses import dataclass

from studioctl.lifecycle.step import Step, quoted


@dataclass(frozen=True)
class Watch:
    """The bucket to which a space reports whether its GPU is busy.

    Args:
        region: The bucket's.
        bucket: The data bucket; up to the hyphen before the account's number where only the account knows that.
    """

    region: str
    bucket: str


def tell(watch: Watch | None) -> Step | None:
    """Starts the program that looks every ten seconds, and tells every five minutes, in the space's own name."""
    if watch is None:
        return None
    return Step("gpu_watch", f"gpu_watch {quoted((watch.region, watch.bucket))}", ("gpu_watch.sh",))
