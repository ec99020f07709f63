"""Images as a person reads them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from studioctl.config.apps import TYPES, title
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal
from studioctl.presentation.money import dollars_a_month

if TYPE_CHECKING:  # their modules load boto3
    from studioctl.operations.images.images import Attached, ListedImage, Listing, Pushed
    from studioctl.operations.images.lifecycle_policy import Expiry

SHORT = len("sha256:") + 12
LARGE = 10 * 1024**3  # bytes; our judgement: beyond it, an app takes minutes longer to start


def listing(found: "Listing", terminal: Terminal, *, flags: str) -> None:
    """A row for each image; what expires first stands out in words."""
    if not found.images:
        terminal.say(f"Repository '{found.repository}' is empty.")
        terminal.next_commands(
            (f"studioctl image build{flags.removesuffix(' --local')}", "build one from a Dockerfile"),
            (f"studioctl image push{flags} TAG", "push it"),
        )
        return
    now = datetime.now(UTC)
    table = tables.listing(terminal.out, "tags", "digest", "size", "age", "attached as", "expires")
    for listed in found.images:
        image = listed.image
        digest = image.digest[:SHORT] if terminal.out.is_terminal else image.digest
        age = _span((now - image.pushed_at).total_seconds())
        fate = fate_of(listed.expiry, now)
        table.add_row(", ".join(image.tags) or "-", digest, size(image.size_bytes), age, listed.attached_as or "", fate)
    terminal.out.print(table)
    for listed in found.images:
        if listed.attached_as and listed.expiry:
            terminal.say(f"Note: {_danger(listed)}")


def cost(pushed: "Pushed", terminal: Terminal) -> None:
    """Show an image's size in the repository, and its cost."""
    price = "at a price that is not known" if pushed.usd_per_month is None else dollars_a_month(pushed.usd_per_month)
    terminal.say(
        f"It has {size(pushed.size_bytes)}, kept for {price}; layers that other images share are paid for once."
    )


def attached(done: "Attached", terminal: Terminal, *, file: str, flags: str) -> None:
    """Show what was written, a note about it, and the next step."""
    image = done.listed.image
    verb = "offers" if done.changed else "offered already"
    terminal.say(f"{file} {verb} {image.digest[:SHORT]} as '{done.name}' ({size(image.size_bytes)}).")
    if image.size_bytes > LARGE:
        terminal.say("Note: an image of this size makes every start of an app minutes longer.")
    if done.listed.expiry:
        terminal.say(f"Note: {_danger(done.listed)}")
    where = " and ".join(title(TYPES[app]) for app in done.apps)
    terminal.next_commands((f"studioctl up{flags}", f"make it selectable in {where}"))


def _danger(listed: "ListedImage") -> str:
    fate = fate_of(listed.expiry, datetime.now(UTC))
    what = ", ".join(listed.image.tags) or listed.image.digest[:SHORT]
    return f"{what} expires {fate}, and then no space can start with it. Push it under a tag that no rule is about."


def fate_of(expiry: "Expiry | None", now: datetime) -> str:
    """The expiry of an image and its rule, in a few words."""
    if expiry is None:
        return "never"
    rule = f"(rule {expiry.rule})" if expiry.action == "expire" else f"into the archive (rule {expiry.rule})"
    if expiry.is_due(now):
        return f"within 24h {rule}"
    if expiry.at is not None:
        return f"in {_span((expiry.at - now).total_seconds())} {rule}"
    if expiry.after_pushes is not None:
        pushes = "push" if expiry.after_pushes == 1 else "pushes"
        return f"after {expiry.after_pushes} more {pushes} {rule}"
    return f"not known {rule}"


def size(amount: int) -> str:
    """Bytes in the unit that fits: "1.4 GiB"."""
    left = float(amount)
    for unit in ("bytes", "KiB", "MiB"):
        if left < 1024:
            return f"{left:.0f} {unit}" if unit == "bytes" else f"{left:.1f} {unit}"
        left /= 1024
    return f"{left:.1f} GiB"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // (24 * 60)}d"
