"""Removing an environment, and keeping users' data unless they said otherwise.

Terraform alone cannot: spaces and apps that people made block it, the provider reads the retention policy of the home
file system from its prior state, and what SageMaker leaves in the VPC blocks subnets and groups. So Studio goes
through its own API, in the order that works, and Terraform removes the rest and forgets what is gone or kept.

Kept are the bucket, the images, the home file system, the secret and the studies, where they hold anything. They live
on without the rest, and the next `up` finds them by their tags. With them stays the key that may encrypt them.
AWS destroys a space's volume together with the space, and a space cannot live without its domain: so volumes are
deleted on the user's word, or once copied, or nothing is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from studioctl.aws import contents, leftovers
from studioctl.aws.keys import Key
from studioctl.aws.leftovers import DomainTraces
from studioctl.aws.session import Session
from studioctl.catalog.kinds import DOMAIN
from studioctl.errors import RefusedError
from studioctl.events import Finished, Noted, Stage, Started, Work
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming, home_tags, kept_tags, read_home_tags
from studioctl.operations import limits
from studioctl.operations.data import backup, databases, kms_keys
from studioctl.operations.data import inventory as holdings
from studioctl.operations.data.backup import Copy, Plan
from studioctl.operations.data.inventory import HOME, STUDIES, Holding, Store, priced, studies
from studioctl.operations.environment import Environment
from studioctl.operations.prices import known
from studioctl.operations.provisioning import adopt as adoption
from studioctl.operations.provisioning import endpoint_zones, occupants, ownership
from studioctl.operations.provisioning.guards import refuse_to_forget
from studioctl.operations.provisioning.remaining import Remain, records, remains
from studioctl.operations.studio.delete import remove_studio
from studioctl.terraform.state_resources import (
    BUCKET,
    DATABASE_TYPES,
    KEY,
    KEY_TYPES,
    REPOSITORY,
    SECRET,
    SPACE,
    Estate,
)

# What goes by Studio's own API, whether Terraform knows of it or not.
BY_API = (
    *("aws_sagemaker_domain.", "aws_sagemaker_user_profile.", "aws_sagemaker_space."),
    *(f"{resource_type}." for resource_type in DATABASE_TYPES),
)
# So do keys, and last of all: Terraform would delete one beside a bucket that it then cannot delete.
KEY_ADDRESSES = tuple(f"{resource_type}." for resource_type in KEY_TYPES)
ENCRYPTS = "what is kept may be encrypted with it, and could never be read without"


@dataclass(frozen=True)
class Teardown:
    """The resources that `down` would remove, and those it would keep.

    Args:
        delete: Kinds of data (holdings.KINDS) that the user allowed to delete.
        addresses: Addresses in Terraform's state, in the state's order.
        unrecorded: Import ids, by address, of resources that exist but are missing from the state.
        traces: Domains that exist, and deleted domains that left something behind.
        stores: Buckets, repositories and secrets.
        holdings: Users' data.
        keys: KMS keys of the environment, including those being deleted.
        unknown: ARNs and ids of data that these keys may encrypt and that neither the state nor the file knows.
        copied: Kinds and names of data of which a copy exists, or will exist before anything is removed.
        unseen: Parts of the network in which studioctl may not look for other people's resources, and why.
        key_usd: The monthly cost of a kept key; None if unknown.
        aws_flags: Flags with which the AWS CLI uses the same account.
    """

    delete: frozenset[str]
    addresses: tuple[str, ...]
    unrecorded: Mapping[str, str]
    traces: tuple[DomainTraces, ...]
    stores: tuple[Store, ...]
    holdings: tuple[Holding, ...]
    keys: tuple[Key, ...] = ()
    unknown: tuple[str, ...] = ()
    copied: frozenset[tuple[str, str]] = frozenset()
    unseen: tuple[str, ...] = ()
    key_usd: float | None = None
    aws_flags: str = ""

    @property
    def kept(self) -> tuple[Holding, ...]:
        """The data that is not deleted, and its keys.

        AWS does not say which objects, images or files a key encrypts, so a key stays as long as there is any data.
        """
        data = tuple(holding for holding in self.holdings if not self._goes(holding))
        usable = [key for key in self.keys if key.deletion_at is None]
        held = [Holding(KEY, key.id, ENCRYPTS) for key in usable] or [
            _leaving(key, self.aws_flags) for key in self.keys
        ]
        return (*data, *(replace(key, usd_per_month=self.key_usd) for key in held)) if data else ()

    @property
    def retiring(self) -> tuple[Key, ...]:
        """The keys to schedule for deletion, and keys already being deleted that still have a name to lose."""
        if self.kept or self.unknown:
            return ()
        return tuple(key for key in self.keys if key.deletion_at is None or key.aliases)

    @property
    def deleted(self) -> tuple[Holding, ...]:
        """The data that is deleted. Without a copy in `copied` it is lost."""
        return tuple(holding for holding in self.holdings if self._goes(holding))

    def _goes(self, holding: Holding) -> bool:
        """Whether a holding goes: on the user's word, or because there is a copy of a volume, which AWS cannot keep."""
        return holding.kind in self.delete or (holding.kind == SPACE and (SPACE, holding.name) in self.copied)

    def after(self, plan: Plan) -> "Teardown":
        """The same, once this was copied."""
        spaces = {(SPACE, name) for name in plan.spaces}
        all_homes = not any(each.kind == HOME for each in plan.unreadable)
        homes = {(h.kind, h.name) for h in self.holdings if h.kind == HOME and h.is_in_use and all_homes}
        return replace(self, copied=frozenset(spaces | homes))

    @property
    def doomed_buckets(self) -> frozenset[str]:
        """Buckets that are deleted with what is in them, then too."""
        return frozenset(s.name for s in self.stores if s.kind == BUCKET and BUCKET in self.delete)

    @property
    def kept_stores(self) -> tuple[Store, ...]:
        """The stores that are kept."""
        names = {(holding.kind, holding.name) for holding in self.kept}
        return tuple(store for store in self.stores if (store.kind, store.name) in names)

    @property
    def kept_addresses(self) -> frozenset[str]:
        """The addresses of what is kept, with what keeps it private and readable."""
        stores = [address for s in self.kept_stores for address in (s.address, *s.settings)]
        return frozenset((*stores, *self.key_addresses) if self.kept else stores)

    @property
    def key_addresses(self) -> tuple[str, ...]:
        """The addresses of keys and their names."""
        return tuple(a for a in (*self.addresses, *self.unrecorded) if a.startswith(KEY_ADDRESSES))

    @property
    def doomed(self) -> tuple[str, ...]:
        """The addresses of what is removed."""
        return tuple(a for a in dict.fromkeys((*self.addresses, *self.unrecorded)) if a not in self.kept_addresses)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        homes = any(holding.kind in {HOME, STUDIES} for holding in self.deleted)
        return not (self.doomed or self.traces or homes or self.retiring)


def _leaving(key: Key, aws_flags: str) -> Holding:
    """A key that somebody schedules for deletion although data may need it: kept with the data, if it is saved."""
    return Holding(
        KEY,
        key.id,
        f"AWS deletes it on {key.deletion_at:%Y-%m-%d}, and {ENCRYPTS}; save it: {kms_keys.saving([key], aws_flags)}",
    )


@dataclass(frozen=True)
class Outcome:
    """Data that was kept, things that should be gone, keys that AWS deletes some day, and the number of jobs noted."""

    kept: tuple[Holding, ...]
    left: tuple[Remain, ...]
    leaving: tuple[Key, ...] = ()
    records: int = 0


def survey(
    environment: Environment, *, delete: Collection[str] = (), move_state: bool = False, adopt: str | None = None
) -> Work[Teardown]:
    """Find what `remove` would remove. Changes nothing.

    Args:
        environment: The environment.
        delete: Kinds of data (values of holdings.KINDS) to delete too.
        move_state: Whether the state may move, if `[state]` now names another place.
        adopt: The environment's name once more, if it may be one that has no record here.

    Raises:
        RefusedError: An environment of this name exists, but has no record here; somebody else's domain is in the
            environment's VPC; or the file now describes another environment.
    """
    ownership.check_word(environment.config.name, adopt, verb="down")
    yield from environment.terraform.init(migrate=move_state)
    environment.terraform.warm_up()
    refuse_to_forget(environment)
    if adopt is None:
        ownership.refuse_removal(environment)
    yield Stage("Looking for what there is")
    found = _look(environment, frozenset(delete))
    yield from map(Noted, found.unseen)
    if found.is_empty:
        environment.terraform.workspace.release()  # a first `up` that made nothing, or a `down` cut off at its end
    return found


def _look(environment: Environment, delete: frozenset[str]) -> Teardown:
    estate = Estate(environment.terraform.state())
    addresses = tuple(address for address, _ in estate.addresses())
    missing = {resource.address for resource in environment.terraform.blueprint.resources()} - set(addresses)
    unrecorded = adoption.existing(environment, missing)
    traces = _traces(environment, estate, unrecorded)
    _refuse_strangers(environment, estate, traces)
    unseen = occupants.refuse_removal(environment, estate, unrecorded, traces)
    remaining = tuple(trace for trace in traces if _is_there(environment, trace))
    places = holdings.stores(environment, unrecorded)
    held = holdings.find(environment, places, remaining)
    ours = kms_keys.find(environment)
    unknown = kms_keys.unknown(environment, ours, [store.name for store in places] + [h.name for h in held], remaining)
    key_usd = known.of(environment.config).usd("key")
    return Teardown(
        delete,
        addresses,
        unrecorded,
        remaining,
        places,
        held,
        ours,
        unknown,
        unseen=unseen,
        key_usd=key_usd,
        aws_flags=environment.target.aws_flags,
    )


def _is_there(environment: Environment, trace: DomainTraces) -> bool:
    return bool(environment.studio.domain(trace.domain_id)) or leftovers.exist(environment.session, trace)


def refuse_to_lose(teardown: Teardown, *, is_local: bool) -> None:
    """Refuses when spaces hold volumes and the user did not say that these may go.

    Raises:
        RefusedError: It names them.
    """
    lines = "\n".join(f"  {h.kind} '{h.name}': {h.contents}" for h in teardown.kept if h.kind == SPACE)
    if lines:
        lose = "studioctl down --delete-data=spaces"
        copy = f"copy them to your own bucket first: studioctl down --backup s3://BUCKET; or, to lose them: {lose}"
        raise RefusedError(
            f"AWS destroys a space's volume together with the space, and these hold files:\n{lines}\n"
            "Nothing was changed.",
            hint=f"{lose}   (a rehearsal: these volumes, and any copy of them, last only as long as the emulator)"
            if is_local
            else copy,
        )


def remove(environment: Environment, delete: frozenset[str], copies: Collection[Copy] = ()) -> Work[Outcome]:
    """Remove everything except the data that is kept.

    Looks for data again, because some may be newer than the survey.

    Args:
        environment: The environment.
        delete: Kinds of data that the user allowed to delete.
        copies: The copies made; a space in which something was started since then counts as not copied.

    Raises:
        RefusedError: A space holds files that the user did not allow to delete. Nothing was changed.
        AwsError, TerraformError: A call failed. Running it again continues from there.
    """
    copied = frozenset((SPACE, name) for name in backup.current(environment, copies)) if copies else frozenset()
    found = replace(_look(environment, delete), copied=copied)
    refuse_to_lose(found, is_local=environment.target.is_local)
    yield from limits.release(environment)  # first of all: the guard writes into the bucket that is emptied
    homes = [holding.name for holding in found.kept if holding.kind == HOME]
    _mark(environment, found.traces, homes)
    for trace in found.traces:
        yield Stage(f"Removing Studio's domain {trace.domain_id}")
        if domain := environment.studio.domain(trace.domain_id):
            keep = domain.home_file_system_id in homes
            yield from remove_studio(environment.studio, trace.domain_id, keep_home=keep)
    beside = [holding.name for holding in found.holdings if holding.kind == HOME]
    yield from leftovers.remove(environment.session, found.traces, keep=homes, beside=beside)
    for holding in found.deleted:
        if holding.kind == HOME:  # kept by an earlier `down`, or gone by now
            yield from leftovers.remove_file_system(environment.session, holding.name)
    yield from databases.remove(environment, keep=STUDIES not in delete)
    yield from _empty(environment, found)
    yield from _destroy(environment, found)
    _delete_stray_scripts(environment)
    leaving = tuple(kms_keys.retire(environment, found.retiring))
    environment.terraform.workspace.release()
    kept = (*(h for h in found.kept if h.kind != STUDIES), *priced(environment, studies(environment)))
    return Outcome(kept, remains(environment, kept), leaving, records(environment))


def _delete_stray_scripts(environment: Environment) -> None:
    """Deletes scripts of an earlier content, which no state and no document knows when an `up` was broken off there."""
    config, studio = environment.config, environment.studio
    ours = Naming.of(config).lifecycle_config("")
    for script in studio.lifecycle_configs(ours, tag=(ENVIRONMENT_TAG, config.name)):
        studio.delete_lifecycle_config(script)


def _mark(environment: Environment, traces: Iterable[DomainTraces], homes: Collection[str]) -> None:
    """Writes on each home file system that it is kept, and whose directory is which, before the domain is forgotten.

    What an earlier run wrote stays: some of the users may be gone since.
    """
    ours = kept_tags(environment.config.name)
    for home in homes:
        leftovers.mark(environment.session, home, ours)
    known = leftovers.marked(environment.session, ours)
    for trace in traces:
        domain = environment.studio.domain(trace.domain_id)
        if domain and (found := known.get(domain.home_file_system_id or "")):
            numbers = read_home_tags(found.tags) | environment.studio.home_numbers(domain.id)
            if numbers:
                leftovers.mark(environment.session, str(domain.home_file_system_id), home_tags(numbers))


def _traces(environment: Environment, estate: Estate, unrecorded: Mapping[str, str]) -> tuple[DomainTraces, ...]:
    """Every domain that is, or ever was, in this environment: one that was replaced is in nobody's state."""
    known = {str(its["id"]): str(its["arn"]) for its in estate.attributes(DOMAIN) if its.get("id")}
    if lost := environment.domain():
        known[lost.id] = lost.arn
    vpcs = [*estate.ids("aws_vpc"), *(i for address, i in unrecorded.items() if address.startswith("aws_vpc."))]
    every = {trace.domain_id: trace for trace in leftovers.in_vpcs(environment.session, vpcs)}
    every |= {domain_id: DomainTraces(domain_id, arn) for domain_id, arn in known.items()}
    return tuple(every.values())


def _refuse_strangers(environment: Environment, estate: Estate, traces: Iterable[DomainTraces]) -> None:
    known = estate.ids(DOMAIN)
    ours = (ENVIRONMENT_TAG, environment.config.name)
    for trace in traces:
        domain = None if trace.domain_id in known else environment.studio.domain(trace.domain_id)
        if domain and not environment.studio.has_tag(domain.arn, ours):
            raise RefusedError(
                f"Domain {domain.id} ('{domain.name}') is in this environment's VPC, and somebody else made it.",
                hint="delete that domain if nobody needs it, then run the same command again",
            )


def _empty(environment: Environment, found: Teardown) -> Work[None]:
    """Deletes what Terraform refuses to: contents. A secret also goes without the days in which its name is taken."""
    lost = {(holding.kind, holding.name) for holding in found.deleted}
    lost |= {(BUCKET, name) for name in found.doomed_buckets}  # something may have come into one since
    for store in (store for store in found.stores if store not in found.kept_stores):
        title, action = f"{store.kind} {store.name}", "empty" if store.kind == BUCKET else "delete"
        is_lost = (store.kind, store.name) in lost
        is_told = is_lost and store.kind != SECRET
        if is_told:
            yield Started(title, action)
        _delete_store(environment.session, store, is_lost=is_lost, is_recorded=store.address in found.addresses)
        if is_told:
            yield Finished(title, action, 0)


def _delete_store(session: Session, store: Store, *, is_lost: bool, is_recorded: bool) -> None:
    """Deletes what is in it; what no state records, as a whole.

    To import that, Terraform would need the key that encrypts it, and make a second one.
    """
    if store.kind == SECRET:
        contents.delete_secret(session, store.id)
    elif store.kind == REPOSITORY:
        if is_lost or not is_recorded:
            contents.delete_repository(session, store.id, with_images=is_lost)
    else:
        empty = contents.empty_bucket if is_lost else contents.drop_dataless
        empty(session, store.id)
        if not is_recorded:
            contents.delete_bucket(session, store.id)


def _destroy(environment: Environment, found: Teardown) -> Work[None]:
    """Lets Terraform know of everything that goes, forget what is kept, and destroy the rest."""
    terraform = environment.terraform
    # A store that no state records is gone by now, or kept.
    spared = {store.address for store in found.stores}.union(found.key_addresses)
    adopted = {a: i for a, i in found.unrecorded.items() if a not in spared and not a.startswith(BY_API)}
    if any(address.startswith("aws_vpc_endpoint.") for address in adopted):
        yield from endpoint_zones.place_again(environment)
    if adopted:
        yield from adoption.record(environment, adopted)
        yield from limits.release(environment)  # of a guard that no state knew before
    forgotten = found.kept_addresses | set(found.key_addresses)
    recorded = [address for address in found.addresses if address in forgotten]
    terraform.forget(recorded)
    if adopted or len(recorded) < len(found.addresses):
        yield from terraform.apply((yield from terraform.plan(destroy=True)))
