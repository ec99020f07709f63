"""What a plan of `up` would take from users, and refusing it unless they said so.

`up` is for changing things. What it would destroy is looked at before anybody is asked: a space is its volume, and a
replaced domain takes every home directory and every volume with it.
"""

from collections.abc import Collection

from studioctl.errors import RefusedError
from studioctl.operations.environment import Environment
from studioctl.operations.estate import Estate
from studioctl.terraform.plan import PlanSummary, ResourceChange

SPACE = "aws_sagemaker_space"
# Type -> what a holding of it is called, and the attribute that holds its name.
HOLDERS = {
    SPACE: ("space", "space_name"),
    "aws_s3_bucket": ("bucket", "bucket"),
    "aws_ecr_repository": ("repository", "name"),
    "aws_secretsmanager_secret": ("secret", "name"),
}
# The provider plans these in place, never sends them, and plans them again for ever; AWS has no call for them.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateSpace.html
IMMUTABLE = {
    "ownership_settings[0].owner_user_profile_name": "owner",
    "space_sharing_settings[0].sharing_type": "sharing type",
}
VOLUME = "space_settings[0].space_storage_settings[0].ebs_storage_settings[0].ebs_volume_size_in_gb"


def refuse_the_impossible(summary: PlanSummary) -> None:
    """Refuses what AWS cannot do, or only by destroying everybody's work.

    Raises:
        RefusedError: It says what, and what to do instead.
    """
    for change in summary.changes:
        # One whose creation was interrupted is made anew; nobody has worked in it.
        if change.type == "aws_sagemaker_domain" and change.destroys and not change.is_unfinished:
            raise _domain_refusal(change)
        if change.type == SPACE:
            _refuse_to_change_space(change)


def _domain_refusal(change: ResourceChange) -> RefusedError:
    causes = sorted({a.path.split("[")[0] for a in change.attributes if a.forces_replacement})
    return RefusedError(
        f"This would replace the domain, because of: {', '.join(causes) or change.reason}."
        " Every home directory and every space's volume would be lost.",
        hint="take that change back; to start anew, copy what you need, then: studioctl down",
    )


def _refuse_to_change_space(change: ResourceChange) -> None:
    for attribute in change.attributes:
        if attribute.path in IMMUTABLE:
            raise RefusedError(
                f"AWS cannot change the {IMMUTABLE[attribute.path]} of space '{change.label}'"
                f" from '{attribute.before}' to '{attribute.after}'.",
                hint="give the other user a space of another name, and copy the files",
            )
        if attribute.path == VOLUME and attribute.after < attribute.before:
            raise RefusedError(
                f"AWS cannot shrink the volume of space '{change.label}' from {attribute.before} to"
                f" {attribute.after} GB.",
                hint=f"write {attribute.before} again, or give the user a smaller space of another name",
            )


def refuse_to_lose(environment: Environment, summary: PlanSummary) -> None:
    """Refuses a plan that destroys things which hold users' data.

    Raises:
        RefusedError: It names them.
    """
    destroyed = {change.address for change in summary.changes if change.destroys and change.type in HOLDERS}
    if not destroyed:
        return
    from studioctl.operations import teardown  # noqa: PLC0415 (botocore is needed only here)

    names = _names(environment, destroyed)
    held = [h for h in teardown.present(environment) if (h.kind, h.name) in names]
    if not held:
        return
    lines = "\n".join(f"  {h.kind} '{h.name}': {h.contents}" for h in held)
    raise RefusedError(
        f"The plan destroys these, and they hold data:\n{lines}\nNothing was changed.",
        hint="copy what you need, then: studioctl up --delete-data",
    )


def _names(environment: Environment, addresses: Collection[str]) -> set[tuple[str, str]]:
    """Kind and name of each of these resources, as holdings have them."""
    return {
        (kind, str(attributes[name]))
        for type_, (kind, name) in HOLDERS.items()
        for address, attributes in Estate(environment.terraform.state()).resources(type_)
        if address in addresses
    }
