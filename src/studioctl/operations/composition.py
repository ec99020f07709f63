"""Putting together what runs Terraform on an environment, for the command line and for Python."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from studioctl.config import checks, state_access
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.errors import ConfigError
from studioctl.infrastructure.block import Blueprint
from studioctl.operations.environment import Environment, signs_in_here
from studioctl.target import Target
from studioctl.terraform import tree, vetting
from studioctl.terraform.backend import Backend
from studioctl.terraform.executable import find
from studioctl.terraform.runner import Terraform
from studioctl.terraform.workspace import Workspace


def backend_of(config: EnvironmentConfig) -> Backend:
    """The backend that `[state]` describes. A local one, too, knows its key and region: a bucket may yet be given."""
    key = config.state.key or f"{config.name}/terraform.tfstate"
    settings = {"key": key, "region": config.state.region or config.region}
    bucket = {"bucket": config.state.bucket} if config.state.bucket else {}
    return Backend(config.state.backend, {**bucket, **settings})


def compose(
    file: Path,
    config: EnvironmentConfig,
    everything: Blueprint,
    target: Target,
    *,
    emulator: str | None = None,
    backend_settings: Sequence[str] = (),
) -> Environment:
    """The environment, with the Terraform that works on it beside its file.

    Args:
        file: The studio.toml.
        config: The content of the file.
        everything: The resources that should exist. Built before the target is sought: a mistake starts nothing.
        target: The target to act on.
        emulator: The id of the target's emulator instance: a new one knows nothing of an old state.
        backend_settings: Settings of the S3 state that are not in the file: KEY=VALUE, or a file of them.

    Raises:
        ConfigError, TerraformError: The settings do not fit, or there is no Terraform.
    """
    lends = signs_in_here(target)
    # Whoever borrows credentials names no profile: the SDK would take that profile's instead.
    workspace = Workspace.beside(file, config.name, replace(target, profile=None) if lends else target)
    approach(workspace, emulator)
    vetting.vet(workspace, backend_of(config))
    backend = backend_of(config).overridden(workspace.overrides(backend_settings))
    _refuse_place(config, backend)
    backend = _of_profile(backend, target, lends=lends)
    if workspace.anchor:
        workspace.anchor.is_needed = backend.kind == "local"
    if target.is_local and "bucket" in backend.settings and workspace.initialised() is None:
        from studioctl.operations.state import rehearse_bucket, state_target  # noqa: PLC0415 (boto3 is heavy)

        rehearse_bucket(state_target(target, backend), backend.settings["bucket"])
    terraform = Terraform.of(workspace, find(), everything, backend)
    if lends:
        from studioctl.aws.lending import Lender  # noqa: PLC0415 (botocore is heavy)

        terraform.lent = Lender(target.profile, target.region).environment
    environment = Environment(config, target, terraform, source=Source.of(file))
    terraform.stored = partial(_stored, environment)
    return environment


def _of_profile(backend: Backend, target: Target, *, lends: bool) -> Backend:
    """The backend that Terraform is told, which cannot sign in by one profile and borrow another's credentials."""
    own = backend.settings.get("profile")
    if target.is_local or own is None or (own == target.profile and not lends):
        return backend
    if own != target.profile and (lends or signs_in_here(replace(target, profile=own))):
        environments = f"'{target.profile}'" if target.profile else "the default one"
        raise ConfigError(
            f"The state's profile is '{own}', the environment's is {environments}, and one of them needs an MFA code"
            " or a session that only studioctl can open. Terraform can then use only one profile for both.",
            hint="leave the state without a profile (--backend-config none), and give the environment's profile access"
            " to the state's bucket; or use profiles without `mfa_serial`",
        )
    if not lends:
        return backend
    return replace(backend, settings={name: value for name, value in backend.settings.items() if name != "profile"})


def _stored(environment: Environment, backend: Backend) -> str | None:
    from studioctl.operations.state import stored_at  # noqa: PLC0415 (boto3 is heavy)

    return stored_at(environment, backend).read()


def approach(workspace: Workspace, emulator: str | None) -> None:
    """Refuse or set aside foreign files in a working directory, before anything in it is read."""
    tree.refuse_foreign(workspace.directory)
    if emulator:
        workspace.bind_emulator(emulator)


def _refuse_place(config: EnvironmentConfig, backend: Backend) -> None:
    """Apply the file's rules for the state's location to one given by hand."""
    bucket, key = backend.settings.get("bucket"), backend.settings.get("key", "")
    if backend.kind == "local" or not bucket or not key:
        return
    hint = "give another place: --backend-config bucket=... --backend-config key=..."
    try:
        checks.state_key(key)
    except ValueError as error:
        raise ConfigError(f"The state's key {error}.", hint=hint) from None
    for place, message in state_access.of_place(config.model_dump(mode="json"), bucket, key):
        raise ConfigError(f"{'.'.join(map(str, place))}: {message}.", hint=hint)
