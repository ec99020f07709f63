"""The documents for people who want to run Terraform themselves: `studioctl synth DIR`."""

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studioctl.errors import RefusedError
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.block import Blueprint, Resource
from studioctl.target import Target
from studioctl.terraform import backend as backends
from studioctl.terraform import document, provider, records
from studioctl.terraform.backend import Backend
from studioctl.terraform.workspace import write_text

MARKER = ".studioctl-synth.json"
# What we have ever written. A repository can bring the list of an earlier export, so the list alone removes nothing.
_OURS = re.compile(
    r"[\w-]+\.tf\.json|lifecycle_scripts/setup_(?:code_editor|jupyterlab)[^/]*\.sh|backend\.hcl|terraform\.tfvars\.example"
)
# One of the places in which Terraform looks for providers by itself.
# https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
_PLUGINS = Path("terraform.d/plugins")
_IGNORED = ".terraform/\n*.tfstate\n*.tfstate.*\n*.tfplan\nterraform.tfvars\nterraform.d/\n"
_README = """\
# {name}: Terraform documents

Written by `studioctl synth`, one document per module. They are plain Terraform in its JSON syntax:

    terraform init
    terraform plan

{state}
{beyond}To use another AWS profile, copy terraform.tfvars.example to terraform.tfvars and edit it.

`studioctl synth` overwrites its own files here when it is run again, and leaves others alone. An environment has one
state: do not run `studioctl up` on one that you manage from here.
"""
_BEYOND = """\
Terraform's provider has no argument for one of the settings in studio.toml. After `terraform apply`, set it once by

    aws sagemaker update-domain --region {region} --domain-id "$(terraform output -raw domain_id)" \\
{settings}

"""
_HOMES = """\
Terraform's provider cannot make a domain without a home file system, as studio.toml wants it: `terraform apply` makes
one with it, and AWS never takes that away. For one without, let `studioctl up` make the environment.

"""
_UPDATES = {"--domain-settings-for-update": "domain_settings", "--default-user-settings": "default_user_settings"}
_IN_S3 = """\
The state is in S3, as backend.tf.json says. For another bucket or key edit backend.hcl, then

    terraform init -backend-config=backend.hcl
"""
_ON_DISK = """\
The state is the file terraform.tfstate in this directory. To keep it in S3, write "s3" for "local" in backend.tf.json,
fill in backend.hcl, then

    terraform init -backend-config=backend.hcl
"""


def export(
    blueprint: Blueprint,
    directory: Path,
    backend: Backend,
    *,
    force: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Path, ...]:
    """Write everything that `terraform init` and what follows needs; the files that were written.

    Args:
        blueprint: The resources that should exist, in a real account: these documents have nothing of the emulator.
        directory: Made if it is missing. Files of an earlier export that are no longer made are removed.
        backend: The backend for the state.
        force: Write into a directory that holds other things.
        environ: Our own environment, which may name a provider mirror.

    Raises:
        RefusedError: The directory holds something else, or a folder in it is a link.
        ConfigError: The provider mirror that the user names does not hold the provider.
    """
    earlier = _earlier(directory)
    if earlier is None and not force and directory.exists() and any(directory.iterdir()):
        raise RefusedError(
            f'Directory "{directory}" is not empty, and not an earlier output of `studioctl synth`',
            hint="Choose another directory, or add --force to write into this one.",
        )
    files = _files(blueprint, backend)
    _refuse_links(directory, (*files, *(earlier or ()), str(_PLUGINS)))
    for name in set(earlier or ()) - set(files):
        (directory / name).unlink(missing_ok=True)
    for name, text in files.items():
        write_text(directory / name, text)
    _link_mirror(directory, provider.find(environ, provider.TERRAFORM_REGISTRY, wanted=blueprint.provider))
    return tuple(directory / name for name in files)


def _files(blueprint: Blueprint, backend: Backend) -> dict[str, str]:
    target = Target(blueprint.region, blueprint.profile)
    in_s3 = backend.kind == "s3"
    files = {
        **document.render(blueprint, target, alone=True),
        **backends.render(backend, target),
        "backend.hcl": backends.render_hcl(backend) if in_s3 else _example_hcl(blueprint),
        "terraform.tfvars.example": f"# null takes AWS's own order of credentials\nprofile = {_profile(blueprint)}\n",
        "README.md": _README.format(
            name=blueprint.name,
            state=_IN_S3 if in_s3 else _ON_DISK,
            beyond=_HOMES * any(it.born_by_api for it in blueprint.resources()) + _beyond_the_provider(blueprint),
        ),
        ".gitignore": _IGNORED,
    }
    return files | {MARKER: json.dumps({"files": [*files, MARKER]}, indent=2) + "\n"}


def _beyond_the_provider(blueprint: Blueprint) -> str:
    """Commands for settings that the provider lacks; whole blocks, whether AWS merges them or not."""
    for resource in blueprint.resources():
        flags = [
            f"    {flag} '{json.dumps(request)}'"
            for flag, argument in _UPDATES.items()
            if (request := _missing(resource, argument))
        ]
        if flags:
            return _BEYOND.format(region=blueprint.region, settings=" \\\n".join(f"    {flag}" for flag in flags))
    return ""


def _missing(resource: Resource, argument: str) -> dict[str, Any]:
    """The blocks of one of its arguments, as the API names them, in which there is more than the provider sets."""
    only = studio_api.worth_saying(resource.api_alone, {}).get(argument, {})
    whole = studio_api.merged(resource.arguments.get(argument, {}), only)
    return studio_api.request({name: whole[name] for name in sorted(only) if only[name]}, {})


def _example_hcl(blueprint: Blueprint) -> str:
    settings = {"bucket": "my-tfstate", "key": f"{blueprint.name}/terraform.tfstate", "region": blueprint.region}
    example = backends.render_hcl(Backend("s3", settings))
    return "".join(line if line.startswith("#") else f"# {line}" for line in example.splitlines(keepends=True))


def _profile(blueprint: Blueprint) -> str:
    return backends.quoted(blueprint.profile) if blueprint.profile else "null"


def _earlier(directory: Path) -> list[str] | None:
    """Names of the files of an earlier export; None if there was none."""
    try:
        names = [str(name) for name in records.mapping(directory / MARKER)["files"]]
    except (OSError, KeyError, TypeError):
        return None
    return [name for name in names if _OURS.fullmatch(name)]


def _refuse_links(directory: Path, names: Iterable[str]) -> None:
    """A link in the place of a folder would make us write, or remove, what lies elsewhere."""
    for folder in sorted({name.split("/")[0] for name in names if "/" in name}):
        if (link := directory / folder).is_symlink():
            raise RefusedError(
                f"'{link}' is a symbolic link, to '{link.readlink()}'. Nothing was written.",
                hint=f"look at it, then remove the link: rm {shlex.quote(str(link))}",
            )


def _link_mirror(directory: Path, mirror: provider.Mirror | None) -> None:
    """Let a plain `terraform init` find the provider where this machine keeps it. git ignores the link."""
    link = directory / _PLUGINS
    if link.is_symlink():
        link.unlink()
    if mirror is not None and not link.exists():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(mirror.directory.absolute(), target_is_directory=True)
