"""Refusing to work on the wrong environment: one that a changed file would leave to nobody."""

from collections.abc import Mapping
from typing import Any

from studioctl.catalog.kinds import PROFILE
from studioctl.errors import RefusedError
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.terraform.state_resources import Estate


def refuse_to_forget(environment: Environment) -> None:
    """Refuses when the file was changed so that what it made before would stay, cost money, and be in nobody's file.

    Raises:
        RefusedError: Another name, region or account.
    """
    name = environment.config.name
    for earlier in environment.terraform.workspace.predecessors():
        raise RefusedError(
            f"The file now says name = \"{name}\", but '{earlier}', which it made before, still exists.",
            hint=f'write name = "{earlier}" again; to start anew, run studioctl down first, then change the name',
        )
    state = environment.terraform.state()
    _refuse_strangers_state(environment, state)
    for arn in Estate(state).arns():
        _refuse_elsewhere(environment, arn)


def refuse_another_case(environment: Environment, found: Mapping[str, str]) -> None:
    """Refuses a user's name that differs from the one in AWS in nothing but case: AWS takes both for the same profile.

    Terraform would not: it would delete the profile under the one name, and make it under the other.

    Args:
        environment: The environment.
        found: Existing resources that are not in the state: import ids by address.

    Raises:
        RefusedError: It names the line, and what to write.
    """
    recorded = Estate(environment.terraform.state()).attributes(PROFILE)
    names = {str(profile.get("user_profile_name")) for profile in recorded}
    names |= {arn.rpartition("/")[2] for address, arn in found.items() if address.startswith(f"{PROFILE}.")}
    known = {name.casefold(): name for name in names}
    for number, user in enumerate(environment.config.users):
        name = known.get(user.name.casefold(), user.name)
        if user.name != name and user.name not in names:
            raise RefusedError(
                f"{environment.source.place('users', number, 'name')}: '{user.name}' is '{name}' in AWS, which does not"
                " tell users apart by case, and cannot rename them. Nothing was changed.",
                hint=f'write name = "{name}" again',
            )


def _refuse_strangers_state(environment: Environment, state: Mapping[str, Any]) -> None:
    """Everything that we make carries the environment's name as a tag; so its state says whose it is."""
    for resource in state.get("resources", ()):
        for instance in resource["instances"]:
            owner = (instance["attributes"].get("tags_all") or {}).get(ENVIRONMENT_TAG)
            if resource["mode"] == "managed" and owner not in {None, environment.config.name}:
                raise RefusedError(
                    f"The state at {environment.terraform.backend} is that of another environment, '{owner}'."
                    " Nothing was changed.",
                    hint="give this environment its own key in [state], or restore its own state: studioctl state"
                    " history, then studioctl state restore SERIAL",
                )


def _refuse_elsewhere(environment: Environment, arn: str) -> None:
    _, _, _, region, account, *_ = (arn + ":::::").split(":")  # what is no ARN names no other place
    if region and region != environment.target.region:
        raise RefusedError(
            f"'{environment.config.name}' exists in {region}, and the file now says {environment.target.region}."
            " Nothing can move from region to region.",
            hint=f'write region = "{region}" again; for one in both, write a second file with another name',
        )
    if account and not environment.target.is_local and account != environment.session.identity.account_id:
        raise RefusedError(
            f"'{environment.config.name}' exists in account {account},"
            f" and your credentials are of {environment.session.identity.account_id}.",
            hint="sign in to that account, or name its profile: profile = ... in the file",
        )
