"""`studioctl ci ...`."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from studioctl.cli import options
from studioctl.cli.group import Group
from studioctl.errors import AwsError, ExitCode, RefusedError, StudioctlError

if TYPE_CHECKING:
    from studioctl.config.model import EnvironmentConfig
    from studioctl.operations.pipelines import Host, Pipeline

app = typer.Typer(
    help="Plan pull requests, and apply the reviewed plan after the merge.", cls=Group, rich_markup_mode="rich"
)
HOSTS = ("github", "gitlab")
EXAMPLE = "studioctl[terraform]==1.0.0"
_REPOSITORY = {  # GitLab has groups in groups
    "github": re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"),
    "gitlab": re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+"),
}
_BRANCH = re.compile(r"[A-Za-z0-9_./-]+")
_CONFIG = re.compile(r"[A-Za-z0-9_./-]+")
_PACKAGE = re.compile(r"(?!\s*-)[A-Za-z0-9_.,/:@+=<>!~\[\] -]+")
# As in https://TOKEN@host and ssh://user:password@host; the user alone of ssh://git@host is no secret.
_SECRET = re.compile(r"https?://[^/\s]*@|://[^/@\s]*:[^/\s]*@", re.IGNORECASE)

HostName = Annotated[str, typer.Argument(help="github or gitlab.", metavar="HOST", show_default=False)]
Repository = Annotated[
    str,
    typer.Option(help="The repository: OWNER/NAME, on GitLab with all groups.", metavar="PATH", show_default=False),
]
Branch = Annotated[str, typer.Option(help="The default branch, which pull requests are merged into.", metavar="NAME")]
AccountId = Annotated[
    str | None,
    typer.Option(help="The AWS account's id. Left out: that of your credentials.", metavar="ID", show_default=False),
]


@app.command()
def init(
    host: HostName,
    repository: Repository,
    package: Annotated[
        str,
        typer.Option(
            help="The package that pip installs: a requirement, or the address of a wheel or a repository.",
            metavar="WHAT",
            show_default=False,
        ),
    ],
    config: options.Config = options.DEFAULT_CONFIG,
    branch: Branch = "main",
    account: AccountId = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing pipeline.")] = False,
) -> None:
    r"""Write a pipeline that plans each pull request and applies exactly that plan after the merge.

    Run it at the repository's root, for example:
    [bold]studioctl ci init github --repository acme/studio --package 'studioctl\[terraform]==1.0.0'[/]. The jobs sign
    in by OpenID Connect, without keys. Prints the steps that are needed in the account.
    """
    from studioctl import disk
    from studioctl.presentation.console import Terminal

    made = _pipeline(host, repository, config, branch, account, package)
    file = made.place()
    if file.exists() and not force:
        raise RefusedError(
            f"{file} is there already. Nothing was changed.", hint="edit it, or add --force to replace it"
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    disk.replace(file, made.text())
    terminal = Terminal()
    terminal.say(f"Wrote {file}.")
    if made.host == "gitlab":
        terminal.say(f'Include it from .gitlab-ci.yml:  include: [{{ local: "{file}" }}]')
    terminal.say(f"It needs two roles in account {made.account}: {made.role('plan')}, {made.role('deploy')}.")
    if made.host == "github":
        terminal.say(f"In the repository's settings, restrict the environment {made.name} to the branch {branch}.")
    told = f"{made.host} --repository {shlex.quote(repository)}{options.config_flag(config)}"
    if branch != "main":
        told += f" --branch {shlex.quote(branch)}"
    if account:
        told += f" --account {account}"
    terminal.next_commands(
        (f"studioctl ci trust plan {told}", "whom the role for plans trusts"),
        (f"studioctl iam deployer --read-only{options.config_flag(config)}", "what it may do"),
        (f"studioctl ci trust deploy {told}", "whom the role that deploys trusts"),
        (f"studioctl iam deployer{options.config_flag(config)}", "what it may do"),
        ("studioctl docs deploy-by-pull-request", "how to make them"),
    )


@app.command()
def trust(
    role: Annotated[
        Literal["plan", "deploy"], typer.Argument(help="plan or deploy.", metavar="ROLE", show_default=False)
    ],
    host: HostName,
    repository: Repository,
    config: options.Config = options.DEFAULT_CONFIG,
    branch: Branch = "main",
    account: AccountId = None,
) -> None:
    """Print the trust policy of one of the pipeline's two roles, for this repository only.

    For example: [bold]studioctl ci trust deploy github --repository acme/studio > trust.json[/]
    """
    typer.echo(_pipeline(host, repository, config, branch, account, EXAMPLE).trust(role))


def _pipeline(host: str, repository: str, config: Path, branch: str, account: str | None, package: str) -> "Pipeline":
    from studioctl.config.load import load
    from studioctl.config.partitions import partition_of
    from studioctl.operations.pipelines import Pipeline

    _refuse_secret(package)
    where = _host(host)
    _check("--repository", repository, _REPOSITORY[where], "acme/studio")
    _check("--branch", branch, _BRANCH, "main")
    _check("--package", package, _PACKAGE, EXAMPLE)
    _check("--config", str(config), _CONFIG, "studio.toml")
    if account is not None:
        _check("--account", account, re.compile(r"\d{12}"), "123456789012")
    if config.is_absolute() or ".." in config.parts:
        raise StudioctlError(
            f"--config: {config} is not below this directory. Nothing was written.",
            hint="cd to the root of the repository, and name the file from there",
            exit_code=ExitCode.USAGE,
        )
    loaded = load(config)
    _refuse_what_jobs_lack(loaded, config)
    return Pipeline(
        where,
        repository,
        branch,
        config.as_posix(),
        loaded.name,
        loaded.region,
        partition_of(loaded.region),
        account or _account(config),
        package,
    )


def _host(given: str) -> "Host":
    from studioctl.config.text import nearest

    for host in ("github", "gitlab"):
        if given == host:
            return host
    meant = nearest(given, HOSTS)
    raise StudioctlError(
        f"'{given}' is neither github nor gitlab.",
        hint=f"did you mean {meant}?" if meant else "write github or gitlab",
        exit_code=ExitCode.USAGE,
    )


def _refuse_secret(package: str) -> None:
    """Everybody who reads the repository reads the pipeline. The secret is not told again."""
    if _SECRET.search(package):
        raise RefusedError(
            "--package has a user or a password in its address, and the file is for the repository. Nothing was"
            " written.",
            hint="write the package without it, and keep the secret at the host, as in:"
            " studioctl docs deploy-by-pull-request",
        )


def _check(option: str, given: str, form: re.Pattern[str], example: str) -> None:
    if not form.fullmatch(given):
        raise StudioctlError(
            f"{option}: '{given}' is not like {example}. Nothing was written.",
            hint=f"write it as in: {option} {example}",
            exit_code=ExitCode.USAGE,
        )


def _refuse_what_jobs_lack(config: "EnvironmentConfig", file: Path) -> None:
    """A job begins with an empty machine: it has neither a state nor profiles."""
    if config.state.backend != "s3":
        raise RefusedError(
            f"{file}: the state is on this machine, and each job has another. Nothing was written.",
            hint="keep it in S3: studioctl docs keep-the-state-in-s3",
        )
    if config.profile:
        raise RefusedError(
            f"{file}: profile '{config.profile}' is on this machine, and jobs have none. Nothing was written.",
            hint=f"delete the line, and name the profile here by a variable: export AWS_PROFILE={config.profile}",
        )


def _account(config: Path) -> str:
    from studioctl.cli import context

    try:
        return context.account(config, local=False).session.identity.account_id
    except AwsError as error:
        error.hint += "; or name the account: --account ID"
        raise
