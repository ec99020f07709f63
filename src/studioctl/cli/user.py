"""`studioctl user ...`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import completion, options
from studioctl.cli.group import Group

if TYPE_CHECKING:
    from studioctl.operations.people import Change

app = typer.Typer(
    help="Change the users in the file. The next [bold]up[/] changes AWS.",
    cls=Group,
    rich_markup_mode="rich",
)
Names = Annotated[list[str], typer.Argument(help="Name of the user. Repeatable.", metavar="NAME...")]
Name = Annotated[
    str, typer.Argument(help="Name of the user.", metavar="NAME", autocompletion=completion.users, show_default=False)
]
CopyFrom = Annotated[
    str | None,
    typer.Option(
        "--copy-from",
        help="Copy this user's values: group, spaces under the new name, editor, but nothing that says who they are.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.users,
    ),
]
InGroup = Annotated[
    str | None,
    typer.Option(
        "--group",
        help="The user's group.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.groups,
    ),
]
InstanceType = Annotated[
    str | None,
    typer.Option(
        "--instance-type",
        help="Instance type of the user's spaces.",
        metavar="TYPE",
        show_default=False,
        autocompletion=completion.instance_types,
    ),
]
VolumeGb = Annotated[
    int | None, typer.Option("--volume-gb", help="Size of their volumes, in GB.", metavar="GB", show_default=False)
]
SsoUser = Annotated[
    str | None,
    typer.Option(
        "--sso-user",
        help='Name in IAM Identity Center, with `\\[access]` auth = "sso".',
        metavar="NAME",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the change, and write nothing.")]
Backup = Annotated[
    str,
    typer.Option(
        "--backup",
        help="First copy the user's volumes and home directory to your bucket, and verify the copies.",
        metavar="s3://BUCKET[/PREFIX]",
        show_default=False,
    ),
]
DeleteData = Annotated[
    bool, typer.Option("--delete-data", help="Remove the user even if the next up then permanently deletes data.")
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", help="Do not look for the user's data in AWS. The next up still refuses to delete data unasked."
    ),
]


@app.command("list")
def list_(config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False) -> None:
    """List the users in the file: group, spaces, and where each is defined. Does not need AWS."""
    from studioctl.operations import people
    from studioctl.presentation import people as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    found = people.listing(config)
    if json:
        typer.echo(dumps(found))
    else:
        views.listing(found, Terminal())


@app.command()
def add(
    names: Names,
    copy_from: CopyFrom = None,
    group: InGroup = None,
    instance_type: InstanceType = None,
    volume_gb: VolumeGb = None,
    sso_user: SsoUser = None,
    dry_run: DryRun = False,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Add users to the file, and show the change. Comments, order and blank lines stay.

    For example: [bold]studioctl user add ada --copy-from grace[/]
    """
    from studioctl.operations import people

    values = {"group": group, "instance_type": instance_type, "volume_gb": volume_gb, "sso_user": sso_user}
    with people.changing(config) as text:
        change = people.add(text, config, names, copy_from, values)
        if not dry_run:
            people.write(change)
    _tell(change, config, dry_run=dry_run, json=json)


@app.command("import")
def import_(
    people_file: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV file. Its first line names the columns.",
            metavar="[PEOPLE.csv]",
            show_default=False,
        ),
    ] = None,
    identity_center_group: Annotated[
        str | None,
        typer.Option(
            "--identity-center-group",
            help="Instead of a file: everybody in this group of IAM Identity Center, in the region of AWS_REGION.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
) -> None:
    """Add everybody in a list to the file. Existing users do not change, so it is safe to run again.

    Columns of a CSV file are keys of `[\\[users]]`: name, group, instance_type, image, volume_gb, push_images,
    github and sso_user. To keep the list in the CSV file instead, name it in the file: users_file = "people.csv".
    """
    from studioctl.cli import context
    from studioctl.errors import ExitCode, StudioctlError
    from studioctl.operations import people, people_import

    if (people_file is None) == (identity_center_group is None):
        hint = "studioctl user import people.csv, or: studioctl user import --identity-center-group NAME"
        raise StudioctlError("Name a CSV file, or a group.", hint=hint, exit_code=ExitCode.USAGE)
    if people_file is not None:
        (rows, wrong), whence = people_import.listed_in(people_file), str(people_file)
    else:
        account = context.home_of_identities(config, local=local)
        rows, wrong, whence = people_import.members_of(account, identity_center_group or ""), [], "the names there"
    with people.changing(config) as text:
        change = people_import.import_(text, config, rows, whence, wrong)
        if not dry_run:
            people.write(change)
    _tell(change, config, dry_run=dry_run, json=json, whence=str(people_file or f"'{identity_center_group}'"))


@app.command()
def remove(
    name: Name,
    backup: Backup = "",
    delete_data: DeleteData = False,
    offline: Offline = False,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Remove a user from the file. First shows the user's data in AWS, and what happens to it.

    Refuses if AWS would delete data with the user, unless you copy it with
    [bold]--backup[/] or give [bold]--delete-data[/]. Nothing is deleted until the
    next [bold]up[/], which asks again.
    """
    from studioctl.cli import confirm, leaving
    from studioctl.operations import people
    from studioctl.presentation import people as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    terminal = Terminal()
    with people.changing(config) as text:
        change = people.remove(text, config, name)
    found = () if offline else leaving.survey(config, change.removed[0], terminal, local=local)
    copies = leaving.planned(config, change.removed[0], found, backup, terminal, local=local, delete=delete_data)
    if not json:
        views.diff(change, terminal)
    confirm.agreed(f"Remove '{change.removed[0]}' from {change.file}?", yes=yes)
    copied = leaving.copy(copies, terminal, verbose=verbose)
    with people.changing(config) as text:
        people.remove_as_shown(text, config, change)
    if json:
        typer.echo(dumps(views.removal_as_json(change, found, copied)))
        return
    # To read what was copied, a space had to run: since then it has a volume.
    loses = bool(copied) or any(not each.is_kept for each in found)
    views.removed(change, terminal, flags=options.config_flag(config) + (" --local" if local else ""), loses=loses)


def _tell(change: "Change", config: Path, *, dry_run: bool, json: bool, whence: str = "") -> None:
    from studioctl.presentation import people as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    if json:
        typer.echo(dumps(views.as_json(change, is_written=not dry_run)))
        return
    views.diff(change, Terminal())
    views.added(change, Terminal(), flags=options.config_flag(config), is_written=not dry_run, whence=whence)
