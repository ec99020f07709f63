"""Refuses a plan of `up` that deletes users' data, unless the user allowed it.

`up` is for changes. studioctl checks what a plan would destroy before it asks anybody: deleting a space deletes its
volume, and replacing a domain deletes every home directory and every volume.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from studioctl.catalog.kinds import (
    BUCKET,
    DOMAIN,
    KMS_KEY,
    PROFILE,
    REPOSITORY,
    ROLE,
    SECRET,
    SPACE,
    STORES,
    SUBNET,
    VPC,
    kind_of,
)
from studioctl.config.apps import in_file, title
from studioctl.errors import RefusedError
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.database import CLUSTER
from studioctl.infrastructure.naming import Naming, label
from studioctl.operations.environment import Account, Environment
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.state_resources import HOLDERS, Estate

if TYPE_CHECKING:
    from studioctl.aws.values import App, Space
    from studioctl.operations.data.inventory import Holding

ENCRYPTION = "encryption_configuration"
# The provider plans these in place, never sends them, and plans them again each time; AWS has no call for them.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateSpace.html
IMMUTABLE = {
    "ownership_settings[0].owner_user_profile_name": "owner",
    "space_sharing_settings[0].sharing_type": "sharing type",
}
APP = "space_settings[0].app_type"
VOLUME = "space_settings[0].space_storage_settings[0].ebs_storage_settings[0].ebs_volume_size_in_gb"


def refuse_the_impossible(account: Account, summary: PlanSummary) -> None:
    """Refuses what AWS cannot do, or only by destroying everybody's work, or by making it unreadable.

    Raises:
        RefusedError: It says which line of the file wants it, what would be lost, and what to do instead.
    """
    for change in summary.changes:
        # One whose creation was interrupted is made anew; nobody has worked in it.
        if change.type == DOMAIN and change.destroys and not change.is_unfinished:
            raise _domain_refusal(account, summary, change)
        if change.type == DOMAIN and not change.destroys:
            _refuse_to_take_homes(account, change)
        if change.type == KMS_KEY and change.destroys and not change.is_unfinished:
            raise _key_refusal(account, change)
        if change.type == PROFILE and change.destroys and not change.is_unfinished:
            _refuse_another_person(account, change)
        if change.address == CLUSTER and change.action == "replace" and not change.is_unfinished:
            raise _studies_refusal(account, change)
        if change.type == ROLE and change.action == "replace" and not change.is_unfinished:
            _refuse_to_move_role(account, change)
        if change.type == SPACE:
            _refuse_to_change_space(account, summary, change)
        if change.type == SUBNET and change.action == "replace" and not _is_another_network(summary):
            _refuse_to_resize(account, change)


def _refuse_another_person(account: Account, change: ResourceChange) -> None:
    """A profile is one person's: UpdateUserProfile has no such member."""
    said = next((a for a in change.attributes if a.path == "single_sign_on_user_value" and a.forces_replacement), None)
    if said is not None:
        number = next((n for n, user in enumerate(account.config.users) if label(user.name) == change.label), 0)
        raise RefusedError(
            f"{account.source.place('users', number, 'sso_user')}: AWS cannot give the profile of '{said.before}' to"
            f" '{said.after}', and a new one would take the spaces with their volumes. Nothing was changed.",
            hint=f'write sso_user = "{said.before}" again, and give the other person a user of another name',
        )


def _refuse_to_move_role(account: Account, change: ResourceChange) -> None:
    """IAM has no call for it, takes no second role of one name, and SageMaker works with this one."""
    path = next((a for a in change.attributes if a.path == "path" and a.forces_replacement), None)
    if path is not None:
        raise RefusedError(
            f"{account.source.place('iam', 'role_path')}: AWS cannot move a role from '{path.before}' to"
            f" '{path.after}', and a new one would end what runs with it. Nothing was changed.",
            hint=f'write role_path = "{path.before}" under [iam] again; to start anew, copy what you need, then:'
            " studioctl down, then studioctl up",
        )


def _refuse_to_take_homes(account: Account, change: ResourceChange) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateDomain.html."""
    goes = any(a.path == studio_api.HOME and a.after == studio_api.HOMELESS for a in change.attributes)
    if goes and change.action != "create":
        raise RefusedError(
            f"{account.source.place('studio', 'home_file_system')}: AWS cannot take the home file system from a domain:"
            " only a new domain has none. With this one every space's volume would be deleted. Nothing was changed.",
            hint="write home_file_system = true; to start anew, copy what you need, then: studioctl down,"
            " then studioctl up",
        )


def refuse_a_second_key(environment: Environment, summary: PlanSummary) -> None:
    """Refuse to create a key while AWS is about to delete another one that still encrypts data.

    Terraform treats a key that is being deleted as gone and would create another, which cannot decrypt the data.

    Raises:
        RefusedError: The message has the key, the date of its deletion, the data it encrypts, and the command that
            keeps it.
    """
    if not any(change.type == KMS_KEY and change.action == "create" for change in summary.changes):
        return
    from studioctl.operations.data import kms_keys  # noqa: PLC0415 (botocore is needed only here)

    recorded = Estate(environment.terraform.state()).ids(KMS_KEY)
    found = kms_keys.danger(environment.session, environment.config, known=recorded)
    if found is None:
        return
    lines = "\n".join([f"  {t}" for t in found.certain] + [f"  {t} (may hold such objects)" for t in found.possible])
    raise RefusedError(
        f"{environment.source.place(*_encryption(environment))}: This would make another key, and AWS deletes"
        f" {found.told}. What that one encrypts could never be read again:\n{lines}\nNothing was changed.",
        hint=f"save it, then run the same command again: {kms_keys.saving(found.keys, environment.target.aws_flags)}",
    )


def _domain_refusal(account: Account, summary: PlanSummary, change: ResourceChange) -> RefusedError:
    causes = sorted({a.path.split("[")[0] for a in change.attributes if a.forces_replacement})
    place, way = _cause(account, summary, change)
    begins = "This would replace the domain"
    if place:
        begins = f"{account.source.place(*place)}: {begins}"
    else:
        begins += f", because of: {', '.join(causes) or change.reason}"
    return RefusedError(
        f"{begins}. Every home directory and every space's volume would be lost.",
        hint=f"{way}; to start anew, copy what you need, then: studioctl down, then studioctl up",
    )


def _cause(account: Account, summary: PlanSummary, change: ResourceChange) -> tuple[tuple[str, ...], str]:
    """The key that causes the deletion, and the change to the file that prevents it."""
    for vpc in (other for other in summary.changes if other.type == VPC):
        for attribute in vpc.attributes:
            if attribute.path == "cidr_block":
                return ("network", "cidr"), f'write cidr = "{attribute.before}" again'
        if vpc.action == "delete":
            return ("network", "vpc"), "delete vpc: the domain is in the VPC that was made for it"
    before = {a.path.split("[")[0]: a.before for a in change.attributes if a.forces_replacement}
    causes: dict[str, tuple[tuple[str, ...], str]] = {
        "vpc_id": (("network", "vpc"), f'write vpc = {{ id = "{before.get("vpc_id")}", ... }} again'),
        "domain_name": (("names", "domain"), f'write domain = "{before.get("domain_name")}" again'),
        "auth_mode": (("access", "auth"), f'write auth = "{str(before.get("auth_mode")).lower()}" again'),
        "domain_settings": (("studio", "domain_security_group"), "take back the change of domain_security_group"),
        "kms_key_id": (_encryption(account), "take back the change of [encryption]"),
    }
    if account.config.network.vpc is not None:
        causes["subnet_ids"] = ("network", "vpc", "subnet_ids"), "write the subnets of before again"
    return next((found for key, found in causes.items() if key in before), ((), "take that change back"))


def _key_refusal(account: Account, change: ResourceChange) -> RefusedError:
    return RefusedError(
        f"{account.source.place(*_encryption(account))}: This would delete the environment's key ({change.address})."
        " What it encrypts could never be read again. Nothing was changed.",
        hint="write customer_key = true under [encryption] again; to be rid of it: studioctl down",
    )


def _studies_refusal(account: Account, change: ResourceChange) -> RefusedError:
    causes = sorted({a.path.split("[")[0] for a in change.attributes if a.forces_replacement})
    place = _encryption(account) if "kms_key_id" in causes else ("tuning", "database")
    return RefusedError(
        f"{account.source.place(*place)}: This would replace the database of studies, because of:"
        f" {', '.join(causes) or change.reason}. The new one would be empty. Nothing was changed.",
        hint='take that change back; or write database = "none" under [tuning], studioctl up, write it again, studioctl'
        " up: the first keeps a snapshot, and the second makes the database from it",
    )


def _encryption(account: Account) -> tuple[str, ...]:
    """The key of the file that selects the encryption key."""
    return ("encryption", "key" if account.config.encryption.key else "customer_key")


def _is_another_network(summary: PlanSummary) -> bool:
    return any(change.type == VPC and change.destroys for change in summary.changes)


def _refuse_to_resize(account: Account, change: ResourceChange) -> None:
    """A subnet cannot change its range, and one of another size would overlap those that the domain is in."""
    sizes = next((a for a in change.attributes if a.path == "cidr_block" and a.forces_replacement), None)
    if sizes is not None:
        raise RefusedError(
            f"{account.source.place('network', 'subnet_prefix')}: The subnets are there, and AWS cannot change their"
            f" ranges: {sizes.before} would become {sizes.after}. Nothing was changed.",
            hint=f"write subnet_prefix = {str(sizes.before).rpartition('/')[2]} under [network], as it was",
        )


def _refuse_to_change_space(account: Account, summary: PlanSummary, change: ResourceChange) -> None:
    place = account.source.place
    for attribute in change.attributes:
        if attribute.path in IMMUTABLE:
            raise RefusedError(
                f"{place(*_space(account, change.label))}: AWS cannot change the {IMMUTABLE[attribute.path]} of space"
                f" '{change.label}' from '{attribute.before}' to '{attribute.after}'.",
                hint="give the other user a space of another name, and copy the files",
            )
        if attribute.path == APP:
            before, after = title(attribute.before), title(attribute.after)
            raise RefusedError(
                f"{place(*_said(account, change.label, 'app'))}: AWS cannot change space '{change.label}' from {before}"
                f" to {after}, and a new one has a new, empty volume.",
                hint=f'write app = "{in_file(attribute.before)}" for it; for {after} give the user another space, and'
                " copy the files; or, to lose them: take the space out of the file, studioctl up --delete-data, write"
                " it again",
            )
        if attribute.path == VOLUME and attribute.after < attribute.before:
            raise RefusedError(
                f"{place(*_said(account, change.label, 'volume_gb'))}: AWS cannot shrink the volume of space"
                f" '{change.label}' from {attribute.before} to {attribute.after} GB.",
                hint=f"{_size_again(account, summary, change, attribute.before)}, or give the user a smaller space of"
                " another name",
            )


def _size_again(account: Account, summary: PlanSummary, change: ResourceChange, size: int) -> str:
    """The way to keep the size of a volume, without that of others who share the key."""
    key = _said(account, change.label, "volume_gb")
    changing = {
        it.label
        for it in summary.changes
        for a in it.attributes
        if it.type == SPACE and a.path == VOLUME and a.before == size
    }
    sharing = {
        label(it.name) for it in account.config.resolved_spaces() if _said(account, label(it.name), "volume_gb") == key
    }
    if sharing <= changing:
        return f"write volume_gb = {size} again"
    return f"write volume_gb = {size} for the space {change.label.lstrip('_')}"


def _space(account: Account, wanted: str) -> tuple[str | int, ...]:
    """The location in the file of the space with this Terraform label."""
    for number, user in enumerate(account.config.users):
        for index, space in enumerate(user.effective_spaces()):
            if label(space.name) == wanted:
                return ("users", number, "spaces", index)
    return ("users",)


def _said(account: Account, wanted: str, key: str) -> tuple[str | int, ...]:
    """The location of this key for this space: at the space, its user, or for everybody."""
    for number, user in enumerate(account.config.users):
        for space in user.effective_spaces():
            if label(space.name) == wanted and getattr(space, key) is not None:
                return (*_space(account, wanted), key)
            if label(space.name) == wanted and getattr(user, key, None) is not None:
                return ("users", number, key)
    return ("studio", key)


def held(
    environment: Environment,
    summary: PlanSummary,
    *,
    apps: "Collection[App] | None" = None,
    spaces: "Collection[Space] | None" = None,
) -> dict[str, "Holding"]:
    """Everything that the plan destroys although it holds users' data, by its address.

    Args:
        environment: The environment.
        summary: The plan.
        apps: The domain's, if AWS has just listed them.
        spaces: The same.
    """
    destroyed = {change.address for change in summary.changes if change.destroys and change.type in HOLDERS}
    if not destroyed:
        return {}
    from studioctl.operations import emulation  # noqa: PLC0415 (botocore is needed only here)
    from studioctl.operations.data import inventory  # noqa: PLC0415 (as above)

    addresses = _addresses(environment, destroyed)
    places = (place for place in inventory.stores(environment, {}) if (place.kind, place.name) in addresses)
    found = [*inventory.in_stores(environment, places)]
    domain_id = environment.domain_id() if any(kind == HOLDERS[SPACE][0] for kind, _ in addresses) else None
    if domain_id is not None:
        listed = environment.studio.spaces(domain_id) if spaces is None else spaces
        running = environment.studio.apps(domain_id) if apps is None else apps
        going = [space for space in listed if (HOLDERS[SPACE][0], space.name) in addresses]
        found += inventory.in_spaces(going, running, emulation.now(environment.target))
    return {addresses[holding.kind, holding.name]: holding for holding in found}


def clear_the_dataless(environment: Environment, summary: PlanSummary) -> None:
    """Deletes what holds nobody's data in a bucket that goes: AWS keeps it as long as anything is in it."""
    going = {change.address for change in summary.changes if change.type == BUCKET and change.destroys}
    if not going:
        return
    from studioctl.aws import contents  # noqa: PLC0415 (botocore is needed only here)

    for address, attributes in Estate(environment.terraform.state()).resources(BUCKET):
        bucket = str(attributes["id"])
        if address in going and contents.bucket_contents(environment.session, bucket) is None:
            contents.drop_dataless(environment.session, bucket)


def clear_the_lost(environment: Environment, summary: PlanSummary, lose: Collection[str]) -> None:
    """Deletes the data in buckets and repositories that go: Terraform leaves to AWS whether one with data goes, which
    refuses it in the middle of the plan.

    Args:
        environment: The environment.
        summary: The plan.
        lose: Addresses of what `held` named, and the user gave the word for. Nothing else is emptied.
    """
    going = {change.address for change in summary.changes if change.destroys} & set(lose)
    if not going:
        return
    from studioctl.aws import contents  # noqa: PLC0415 (botocore is needed only here)

    estate = Estate(environment.terraform.state())
    for empty, type_ in ((contents.empty_bucket, BUCKET), (contents.delete_repository, REPOSITORY)):
        for address, attributes in estate.resources(type_):
            if address in going:
                empty(environment.session, str(attributes["id"]))


def refuse_to_lose(environment: Environment, summary: PlanSummary, holding: "Mapping[str, Holding]") -> None:
    """Refuses a plan that destroys things which hold users' data: what `held` found.

    Raises:
        RefusedError: It names them, where the file wants it, and the way that loses nothing.
    """
    found = holding.values()
    if not found:
        return
    types = {kind: resource_type for resource_type, (kind, _) in HOLDERS.items()}
    # A repository's encryption cannot change, so another key would be another repository.
    forced = {a.path.split("[")[0] for c in summary.changes if c.type == REPOSITORY for a in c.attributes}
    by_key = {REPOSITORY: _encryption(environment)} if ENCRYPTION in forced else {}
    instead = {it: store.remedy for it, store in STORES.items()}
    instead |= dict.fromkeys(by_key, "take back the change of [encryption]")

    def place(resource_type: str, name: str) -> str:
        where = by_key.get(resource_type) or _where(environment, resource_type, name)
        return environment.source.place(*where)

    lines = "\n".join(f"  {place(types[h.kind], h.name)}: {h.kind} '{h.name}': {h.contents}" for h in found)
    ways = "; ".join(dict.fromkeys(instead[types[h.kind]] for h in found))
    raise RefusedError(
        f"The plan destroys these, and they hold data:\n{lines}\nNothing was changed.",
        hint=f"{ways}. To delete it permanently: studioctl up --delete-data",
    )


def _where(environment: Environment, resource_type: str, name: str) -> tuple[str, ...]:
    """The location in the file that names this: a user's own secret is below the user."""
    is_users = resource_type == SECRET and name != Naming.of(environment.config).github_secret
    return ("users",) if is_users else kind_of(resource_type).key


def _addresses(environment: Environment, destroyed: Collection[str]) -> dict[tuple[str, str], str]:
    """The address of each of these resources, by its kind and name, as holdings have them."""
    return {
        (kind, str(attributes[name])): address
        for type_, (kind, name) in HOLDERS.items()
        for address, attributes in Estate(environment.terraform.state()).resources(type_)
        if address in destroyed
    }
