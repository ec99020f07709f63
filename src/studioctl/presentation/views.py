"""Results as a person reads them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from studioctl.catalog.kinds import KINDS
from studioctl.config.text import listed
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal
from studioctl.presentation.money import dollars_a_month
from studioctl.review import nouns

if TYPE_CHECKING:  # their modules load botocore, which a plan does not need
    from studioctl.operations.data.inventory import Holding
    from studioctl.operations.provisioning.down import Outcome, Teardown
    from studioctl.operations.state import Snapshot

WAITING = "until then it can be saved: "
COME_BACK = "studioctl docs remove-and-come-back"


def ready(terminal: Terminal, name: str, outputs: Mapping[str, Any], *, flags: str) -> None:
    """Show the final output of `up`: the environment's address, and the next commands."""
    spaces = listed(outputs.get("spaces", {}))
    terminal.say(f"\n'{name}' is ready.")
    terminal.out.print(Text(str(outputs.get("domain_url", ""))), soft_wrap=True)
    terminal.say(f"Spaces: {spaces}" if spaces else "It has no spaces yet.")
    terminal.next_commands(
        (f"studioctl status{flags}", "what there is and what runs"),
        (f"studioctl outputs{flags}", "ids, ARNs and addresses for other programs"),
        (f"studioctl plan{flags}", "what a change of the file would do"),
        (f"studioctl down{flags}", "remove it all"),
    )


def teardown(found: "Teardown", modules: Mapping[str, str], console: Console, *, verbose: bool = False) -> None:
    """Show what `down` would remove, and what it keeps.

    Args:
        found: The resources and data of the environment.
        modules: The document of each address, in order.
        console: The console to write to.
        verbose: Whether to write Terraform's addresses.
    """
    _line(console, "This will be destroyed:", "bold red")
    for heading, doomed in (_by_document(found.doomed, modules) if verbose else _by_part(found.doomed)).items():
        _line(console, f"\n{heading}", "bold")
        for one in doomed:
            _line(console, f"  - {one}", "red")
    for holding in found.deleted:
        _line(console, f"\n! {holding.kind} '{holding.name}' {_fate(holding, found)}: {holding.contents}", "bold red")
    for key in found.retiring:
        from studioctl.operations.data import kms_keys  # noqa: PLC0415 - it loads botocore

        saving = kms_keys.saving([key], found.aws_flags)
        _line(console, f"\n! key '{key.id}' is scheduled for deletion, last of all; {WAITING}{saving}", "bold red")
    kept([holding for holding in found.kept if holding.kind != "space"], console)
    _line(console, f"\n{len(found.doomed)} resources to destroy.", "bold")


def _by_part(doomed: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The resources of each part of an environment, counted, in the order of plans."""
    order = {type_: number for number, type_ in enumerate(KINDS)}
    types = sorted((a.partition(".")[0] for a in doomed), key=lambda type_: order.get(type_, len(order)))
    parts = {title: [each for each in types if nouns.group_of(each) == group] for group, title in nouns.TITLES.items()}
    return {title: [nouns.listed(those)] for title, those in parts.items() if those}


def _by_document(doomed: Iterable[str], modules: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    documents: dict[str, list[str]] = {}
    order = {address: number for number, address in enumerate(modules)}
    for address in sorted(doomed, key=lambda address: order.get(address, len(order))):
        documents.setdefault(modules.get(address, "no longer in the file"), []).append(address)
    return documents


def _fate(holding: "Holding", found: "Teardown") -> str:
    if (holding.kind, holding.name) not in found.copied:
        return "is permanently deleted"
    if holding.kind == "space":
        return "is copied first"
    # Nobody can open a space on the directory of a user whose profile is gone.
    return "is permanently deleted, once the directories of today's users are copied"


def kept(holdings: Sequence["Holding"], console: Console) -> None:
    """Data that outlives the environment, and about what it costs."""
    if not holdings:
        return
    _line(console, "\nKept, with the data in it:", "bold green")
    for holding in holdings:
        _line(console, f"  {holding.kind} '{holding.name}': {holding.contents}{_in_brackets(holding.usd_per_month)}")
    costs = [holding.usd_per_month for holding in holdings]
    if len(known := [cost for cost in costs if cost is not None]) > 1:
        rest = "" if len(known) == len(costs) else ", and what is unknown"
        _line(console, f"  together {dollars_a_month(sum(known))}{rest}")


def _in_brackets(cost: float | None) -> str:
    return "" if cost is None else f"  ({dollars_a_month(cost)})"


def kept_homes(
    homes: Sequence[str],
    cost: float,
    directories: Mapping[str, Mapping[str, str]],
    mounted: Mapping[str, Collection[str]],
    terminal: Terminal,
) -> None:
    """Show the home file systems of deleted domains. AWS gives every new domain a new one.

    Args:
        homes: Their ids.
        cost: Their total cost, in US dollars a month.
        directories: The known directories of users in each, by id.
        mounted: The users whose spaces mount their directories in it according to the file, by id.
        terminal: The terminal to write to.
    """
    for home in homes:
        if users := mounted.get(home):
            terminal.say(f"Kept from before: home file system '{home}', which spaces of {listed(users)} mount.")
        else:
            terminal.say(f"Kept from before: home file system '{home}'. Getting at its files: {COME_BACK}")
        found = list(directories.get(home, {}).items())
        if found:
            terminal.say(f"  In it: {listed(f'{path} of {user}' for user, path in found)}.")
    if homes:
        them = "It costs" if len(homes) == 1 else "They cost"
        terminal.say(f"{them} {dollars_a_month(cost)}.")


def gone(terminal: Terminal, name: str, outcome: "Outcome", *, flags: str, aws_flags: str) -> None:
    """Show the final output of `down`: what was kept, how to restore the environment, and how to delete the rest."""
    from studioctl.operations.data import kms_keys  # noqa: PLC0415 - other commands show nothing of them
    from studioctl.operations.data.inventory import HOME  # noqa: PLC0415

    kept(outcome.kept, terminal.err)
    for key in outcome.leaving:
        date = f" on {key.deletion_at:%Y-%m-%d}" if key.deletion_at else ""
        terminal.say(f"AWS deletes key '{key.id}'{date}; {WAITING}{kms_keys.saving([key], aws_flags)}")
    if outcome.records:
        jobs = "1 job" if outcome.records == 1 else f"{outcome.records:,} jobs"
        terminal.say(f"AWS keeps a record of {jobs} that ended. It costs nothing.")
    terminal.say(f"'{name}' is gone: 0 left.")
    if outcome.kept:
        back = "come back: what was kept is taken up again"
        if any(each.kind == HOME for each in outcome.kept):
            back = "come back, with empty home directories: the old ones stay in the file system that was kept"
        terminal.next_commands(
            (f"studioctl up{flags}", back),
            (f"studioctl down{flags} --delete-data", "permanently delete what was kept"),
        )


def outputs(values: Mapping[str, Any], console: Console) -> None:
    """Outputs, one a line; those that map names to values with a line each."""
    if not values:
        _line(console, "Nothing was created yet.")
    for name, value in values.items():
        if isinstance(value, Mapping):
            _line(console, name)
            for key, inner in value.items():
                _line(console, f"  {key}  {inner}")
        else:
            _line(console, f"{name}  {value}")


def snapshots(found: "list[Snapshot]", console: Console) -> None:
    """Earlier states, the newest first."""
    if not found:
        _line(console, "There is no state yet.")
        return
    table = tables.listing(console, "serial", "stored", "resources", "terraform", "")
    for snapshot in found:
        about = snapshot.problem or ("current" if snapshot.is_current else "")
        serial = "?" if snapshot.serial is None else str(snapshot.serial)
        stored = f"{snapshot.stored_at.astimezone():%Y-%m-%d %H:%M:%S}"
        table.add_row(serial, stored, str(snapshot.resources), snapshot.terraform_version, about)
    console.print(table)


def faults(found: Mapping[str, Any], console: Console) -> None:
    """Show the emulator's active faults."""
    if not found["faults"]:
        _line(console, "Nothing is wrong.")
        return
    table = tables.listing(console, "kind", "where", "how often", "calls", "hit")
    for fault in found["faults"]:
        where = " ".join(filter(None, (fault["service"], fault["action"]))) or "everywhere"
        table.add_row(fault["kind"], where, how_often(fault), str(fault["seen"]), str(fault["hit"]))
    console.print(table)


def how_often(fault: Mapping[str, Any]) -> str:
    """The frequency of a fault, in words."""
    words = [f"{fault['times']}x" if fault["times"] else "always"]
    words += [f"after {fault['after']}"] if fault["after"] else []
    rate = fault.get("per_second")  # an emulator of an earlier version tells none
    words += [f"beyond {rate:g} a second"] if rate else []
    words += [f"p = {fault['probability']:g}"] if fault["probability"] < 1 else []
    return ", ".join(words)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
