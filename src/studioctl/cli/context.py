"""The composition root: from a command's flags to what the operations work on."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from studioctl.cli import options
from studioctl.config import checks
from studioctl.config.load import load
from studioctl.config.text import listed
from studioctl.errors import AwsError, ConfigError, EmulatorError, ExitCode, StudioctlError
from studioctl.operations.environment import Account, signs_in_here
from studioctl.target import NOWHERE, Target

if TYPE_CHECKING:  # commands of the day neither run Terraform nor load what does
    from studioctl.audit.examination import Audit
    from studioctl.config.apps import App
    from studioctl.config.model import EnvironmentConfig
    from studioctl.infrastructure.block import Blueprint
    from studioctl.lifecycle.script import Script
    from studioctl.operations.doctor.patient import Patient
    from studioctl.operations.environment import Environment
    from studioctl.operations.trust import Strange


def account(file: Path, *, local: bool, env: str | None = None) -> Account:
    """Build the context of a command that only talks to AWS, or to the emulator, and start the emulator if necessary.

    Args:
        file: The studio.toml.
        local: Whether the command acts on the emulator.
        env: The name of an environment in AWS, instead of the file.
    """
    config = load(file) if env is None else _without_file(env, _acting_region(local=local))
    target = _target(config.region, config.profile, local=local)[0]
    return _signed_in(Account(config, target, is_without_file=env is not None))


def account_with_blueprint(file: Path, *, local: bool) -> "tuple[Account, Blueprint]":
    """The account of a command that only talks to AWS, and everything that `up` would make."""
    from studioctl.infrastructure import blueprint

    found = account(file, local=local)
    return found, blueprint.build(found.config)


def home_of_identities(file: Path, *, local: bool) -> Account:
    """The account as IAM Identity Center has it, which may be in another region than the environment."""
    config = load(file)
    region = os.environ.get("AWS_REGION") or config.region
    return _signed_in(Account(config, _target(region, config.profile, local=local)[0]))


def anywhere(*, local: bool) -> Account:
    """The account of a command that is about no environment in particular."""
    config = _without_file("any", _acting_region(local=local))
    return _signed_in(Account(config, _target(config.region, None, local=local)[0], is_without_file=True))


def beside(found: Account, name: str) -> Account:
    """Another environment of the same account and region, by its name."""
    return Account(_without_file(name, found.target.region), found.target, is_without_file=True)


def environment(
    file: Path, *, local: bool, backend_settings: Sequence[str] | None = None, asks_aws: bool = True
) -> "Environment":
    """Build the context of a command that runs Terraform.

    Args:
        file: The studio.toml.
        local: Whether the command acts on the emulator.
        backend_settings: Settings of the S3 state that are not in the file.
        asks_aws: Whether the command needs more from AWS than a state in S3.
    """
    from studioctl.infrastructure import blueprint
    from studioctl.operations.composition import compose

    config = load(file)
    everything = blueprint.build(config)
    target, emulator = _target(config.region, config.profile, local=local)
    made = compose(file, config, everything, target, emulator=emulator, backend_settings=backend_settings or ())
    return _signed_in(made) if asks_aws or made.terraform.backend.kind == "s3" else made


def strange(file: Path, *, local: bool) -> "Strange":
    """Find files in an environment's working directory that may not be the user's own."""
    from studioctl.operations import trust

    config = load(file)
    target, emulator = _target(config.region, config.profile, local=local)
    return trust.examine(file, config, target, emulator=emulator)


def patient(file: Path, *, local: bool) -> "Patient":
    """Build the subject of the doctor's checks, even without a file, with an invalid one, or without an emulator."""
    from studioctl.config.source import Source
    from studioctl.operations.doctor.patient import Patient, region_without_file

    config, source, mistake = None, None, None
    if file.exists() or file != options.DEFAULT_CONFIG:
        try:
            config = load(file)
            source = Source.of(file)
        except ConfigError as error:
            mistake = error
    region, profile = (config.region, config.profile) if config else (region_without_file(), None)
    absent = None
    try:
        target = _target(region, profile, local=local)[0]
    except EmulatorError as error:
        target, absent = Target(region, local=NOWHERE), error
    found = Patient(target, file, config, mistake, absent, source=source)
    if signs_in_here(found.target):
        with suppress(AwsError):  # a finding like others
            found.identity  # noqa: B018 (asked for before the checks, none of which may take long)
    return found


def audit(file: Path, *, local: bool, offline: bool) -> "Audit":
    """Build the subject of an audit: the file, its planned resources and, unless it is offline, the account."""
    from studioctl.audit.examination import Audit
    from studioctl.config.source import Source
    from studioctl.infrastructure import blueprint
    from studioctl.operations import emulation

    config = load(file)
    everything = blueprint.build(config)
    target = None if offline else _target(config.region, config.profile, local=local)[0]
    where = target or Target(config.region)
    found = Audit(config, Source.of(file), everything, target, os.environ, lambda: emulation.now(where))
    if found.session and found.account and signs_in_here(found.account):
        found.session.sign_in()
    return found


def app_of(file: Path) -> "App":
    """The app that a space of the file is for where it does not say so itself."""
    return load(file).studio.app


def editor_script(file: Path, user: str | None, app: "App | None" = None) -> "Script":
    """The lifecycle script of a user's editors; without a user, the domain's.

    Args:
        file: The studio.toml.
        user: The user.
        app: For which app; left out, the one of [studio].

    Raises:
        StudioctlError: The file has no such user.
    """
    from studioctl.infrastructure import editor_scripts

    config = load(file)
    known = [each.name for each in config.users]
    if user is not None and user not in known:
        raise StudioctlError(
            f"'{user}' is not a user in {file}. There are: {listed(known)}.",
            hint=f"studioctl editor script --user {known[0]}{options.config_flag(file)}",
            exit_code=ExitCode.USAGE,
        )
    return editor_scripts.build(config, app or config.studio.app).of(user)


def state_bucket(file: Path, *, local: bool, name: str) -> tuple[str, Target]:
    """The bucket that `[state]` names, unless `name` is given, and where it is."""
    from studioctl.operations.composition import backend_of
    from studioctl.operations.state import state_target

    config = load(file)
    backend = backend_of(config).overridden({"bucket": name} if name else {})
    if not backend.settings.get("bucket"):
        raise ConfigError("[state] names no bucket.", hint="studioctl state bucket create NAME")
    backend.require_place()
    try:
        checks.bucket_name(backend.settings["bucket"])
    except ValueError as error:
        hint = "run the same command again with a name that S3 takes"
        raise StudioctlError(f"The bucket's name {error}.", hint=hint, exit_code=ExitCode.USAGE) from None
    target = _signed_in(Account(config, _target(config.region, config.profile, local=local)[0])).target
    return backend.settings["bucket"], state_target(target, backend)


def _acting_region(*, local: bool) -> str:
    from studioctl.operations import proposals

    return proposals.acting_region(local=local)


def _without_file(name: str, region: str) -> "EnvironmentConfig":
    """Enough of a file for the commands of the day: they find everything else in AWS, by the environment's tag."""
    from studioctl.config.model import EnvironmentConfig
    from studioctl.config.users import User

    try:
        checks.environment_name(name)
    except ValueError as error:
        hint = "studioctl list   (shows the environments of the account and region)"
        raise StudioctlError(f"--env: {error}.", hint=hint, exit_code=ExitCode.USAGE) from None
    return EnvironmentConfig(name=name, region=region, users=(User(name="somebody"),))


def repeated(file: Path, *, local: bool, env: str | None = None) -> str:
    """The flags with which the next command means the same environment: " --config team.toml --local"."""
    where = options.config_flag(file) if env is None else f" --env {env}"
    return where + (" --local" if local else "")


Has = TypeVar("Has", bound=Account)


def _signed_in(found: Has) -> Has:
    """Report problems of the credentials, and ask for an MFA code, before anything else begins."""
    found.sign_in()
    return found


def _target(region: str, profile: str | None, *, local: bool) -> tuple[Target, str | None]:
    """The target of a command, and the emulator's instance if it is the emulator."""
    if not local:
        return Target(region, profile), None
    from studioctl.operations import emulation

    return emulation.begin(region)
