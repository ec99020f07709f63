"""Assign users to the domain's application in IAM Identity Center: without that nobody can sign in or have a profile.

SageMaker's API and Terraform's provider make a profile and assign nobody (hashicorp/terraform-provider-aws#28958). So
`up` assigns users before their profiles come, and takes that back before they go: who is assigned and has no profile
would get one at the next sign-in. AWS does not tell who assigned somebody: who goes is released, whoever it was.
Groups, and users who have no profile here, are left alone.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from studioctl.catalog.kinds import PROFILE
from studioctl.config.access import SSO
from studioctl.errors import RefusedError
from studioctl.events import Noted, Stage, Work
from studioctl.infrastructure.block import Resource
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import PlanSummary, Step
from studioctl.terraform.state_resources import Estate, instance_of

USER = "single_sign_on_user_value"
STEP = "IAM Identity Center: who may use the domain's application"
AT_ONCE = 8


def steps(environment: Environment, summary: PlanSummary) -> tuple[Step, ...]:
    """The step that a plan needs for users who come and go."""
    concerned = tuple(c.address for c in summary.changes if c.type == PROFILE and c.action in {"create", "delete"})
    return (Step("api", STEP, concerned),) if concerned and environment.config.access.auth == SSO else ()


def refuse_unknown(environment: Environment, summary: PlanSummary) -> None:
    """Refuses a plan that makes profiles of users whom IAM Identity Center does not have.

    Raises:
        RefusedError: It names them, and the lines of the file.
    """
    coming = _coming(environment, summary)
    if not coming:
        return
    found = _ids(environment, list(coming))
    if unknown := [user for user in coming if found[user] is None]:
        lines = "\n".join(
            f"  {environment.source.place('users', coming[user], 'sso_user')}: '{user}'" for user in unknown
        )
        raise RefusedError(
            f"IAM Identity Center in {environment.target.region} has no such users:\n{lines}\nNothing was changed.",
            hint="write their names as they are there, or add them there first",
        )


def change(environment: Environment, summary: PlanSummary) -> Work[None]:
    """Assigns users who come, and no longer those who go. There is nothing to do as long as there is no domain.

    Raises:
        AwsError: AWS refused. Running it again continues from there.
    """
    if not steps(environment, summary):
        return
    domain = environment.domain()
    if domain is None:
        return
    if domain.application_arn is None:
        yield Noted("AWS names no application of IAM Identity Center for the domain: nobody was assigned to it")
        return
    from studioctl.aws import identity_center  # noqa: PLC0415 (botocore is needed only here)

    yield Stage("Telling IAM Identity Center who may come in")
    session, application = environment.session, domain.application_arn
    coming, going = list(_coming(environment, summary)), _going(environment, summary)
    found = _ids(environment, [*coming, *going])
    for user in going:
        if identity := found[user]:
            identity_center.release(session, application, identity)
    if any(found[user] is None for user in going):
        yield from _release_whoever_is_gone(environment, application)
    for user in coming:
        if identity := found[user]:
            identity_center.assign(session, application, identity)


def _release_whoever_is_gone(environment: Environment, application: str) -> Work[None]:
    """A user who was deleted in the directory, too, is assigned there by an id that no name leads to any more."""
    from studioctl.aws import identity_center  # noqa: PLC0415 (botocore is needed only here)
    from studioctl.aws.errors import DeniedError  # noqa: PLC0415 (as above)

    session = environment.session
    try:
        stores = identity_center.stores(session)
        users, _ = identity_center.assigned(session, application)
        known = {it for it in users if any(identity_center.is_there(session, store, it) for store in stores)}
    except DeniedError as denied:
        yield Noted(f"Whoever was deleted in IAM Identity Center stays assigned there. {denied.message}")
        return
    # Where nobody is known, the directory is one that this account does not see, and not one that has lost everybody.
    for identity in sorted(users - known if known else ()):
        identity_center.release(session, application, identity)


def _coming(environment: Environment, summary: PlanSummary) -> Mapping[str, int]:
    """The users whose profiles are created: the position in the file by the name in Identity Center."""
    if environment.config.access.auth != SSO:
        return {}
    made = {c.address for c in summary.changes if c.type == PROFILE and c.action == "create"}
    positions = {user.name: number for number, user in enumerate(environment.config.users)}
    return {
        user: positions[str(resource.arguments["user_profile_name"])]
        for user, resource in _wanted(environment).items()
        if resource.address in made
    }


def _wanted(environment: Environment) -> Mapping[str, Resource]:
    """The profiles of the file, by the name in Identity Center."""
    described = environment.terraform.blueprint.resources()
    return {str(it.arguments[USER]): it for it in described if it.type == PROFILE and USER in it.arguments}


def _going(environment: Environment, summary: PlanSummary) -> list[str]:
    """The users who lose their profile: a profile that is created again, or under another name, keeps its user."""
    gone = {instance_of(change) for change in summary.changes if change.type == PROFILE and change.destroys}
    known = Estate(environment.terraform.state()).resources(PROFILE)
    users = [str(attributes[USER]) for address, attributes in known if address in gone and attributes.get(USER)]
    return [user for user in users if user not in _wanted(environment)]


def _ids(environment: Environment, users: Sequence[str]) -> Mapping[str, str | None]:
    from studioctl.aws import identity_center  # noqa: PLC0415 (botocore is needed only here)

    stores = identity_center.stores(environment.session)

    def look(user: str) -> str | None:
        return identity_center.user_id_in(environment.session, stores, user)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(users, pool.map(look, users), strict=True))
