"""Copying spaces' volumes and users' home directories to a bucket, and making sure that the copies are whole.

AWS has no snapshot of a space's volume. What it does allow is to read it from inside: so each space is started, its
home is read over ssh as one compressed archive, and stored in S3 as it comes. The space tells the SHA-256 of what it
sent; it must be that of what arrived here, and S3 checks each part against ours.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from studioctl import __version__
from studioctl.aws import contents, copies
from studioctl.aws.copies import Place as Place  # noqa: PLC0414 (the command line may not look into `aws`)
from studioctl.aws.copies import Upload
from studioctl.aws.values import SETTINGS, App, Space
from studioctl.errors import AwsError, RefusedError, StudioctlError
from studioctl.events import Failed, Finished, Noted, Progressed, Started, Work
from studioctl.operations.data import inventory
from studioctl.operations.environment import Account
from studioctl.operations.spaces import connect, remote_requirements
from studioctl.operations.spaces import start_stop as spaces
from studioctl.operations.spaces.connect import Survey
from studioctl.remote import archive
from studioctl.terraform.state_resources import SPACE

VOLUME, DIRECTORY = "volume", "home directory"
TELLING_SECONDS = 2.0


@dataclass(frozen=True)
class Unreadable:
    """A space's volume (SPACE) or a user's home directory (HOME) that cannot be copied, with the reason and remedy."""

    kind: str
    name: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Plan:
    """The volumes and home directories to copy, and those that cannot be copied.

    Args:
        place: The destination of the copies.
        volumes: The spaces to read.
        homes: The user whose home directory is read in a space, by the space's name.
        unreadable: The rest.
        key_arn: The KMS key that the bucket encrypts with, if it belongs to the account.
    """

    place: Place
    volumes: tuple[Survey, ...]
    homes: Mapping[str, str]
    unreadable: tuple[Unreadable, ...]
    key_arn: str | None = None

    @property
    def spaces(self) -> frozenset[str]:
        """The names of the spaces that are read."""
        return frozenset(found.space.name for found in self.volumes)

    @property
    def stops(self) -> tuple[str, ...]:
        """The spaces in which something runs that has to end first."""
        return tuple(found.space.name for found in self.volumes if found.must_stop)

    @property
    def starts(self) -> tuple[str, ...]:
        """The spaces that have to be started."""
        return tuple(found.space.name for found in self.volumes if found.must_start)


@dataclass(frozen=True)
class Copy:
    """A copy that is whole.

    Args:
        environment: The environment's name.
        space: The space in which it was read.
        owner: The owner of that.
        kind: VOLUME or DIRECTORY.
        bucket: The bucket that holds it.
        key: The object.
        bytes: The size of the object.
        sha256: Of the object, as hexadecimal digits.
        files: The number of files in it.
        taken_at: When it was begun, in UTC.
        app_created_at: When the app was started in which it was read.
        studioctl: The version that made it.
    """

    environment: str
    space: str
    owner: str | None
    kind: str
    bucket: str
    key: str
    bytes: int
    sha256: str
    files: int
    taken_at: datetime
    app_created_at: datetime
    studioctl: str = __version__

    @property
    def title(self) -> str:
        """The name of the volume or home directory that was copied, as shown to users."""
        return _title(self.kind, self.space, self.owner)


def plan(
    account: Account, place: Place, environ: Mapping[str, str], *, only: str | None = None, owner: str | None = None
) -> Plan:
    """Looks at everything that copying needs. Changes nothing.

    Args:
        account: The environment's account.
        place: The destination of the copies.
        environ: The environment in which ssh is sought and run.
        only: The one space that is meant; None for all.
        owner: The one user whose spaces and home directory are meant; None for all.

    Raises:
        StudioctlError: The bucket cannot take copies, this machine lacks a program, or there is no such space.
    """
    key_arn = copies.refuse_unfit(account.session, place, place.key(account.config.name, ".probe"))
    chosen = spaces.find(account, only) if only else None
    domain = account.domain()
    if domain is None:
        return Plan(place, (), {}, (), key_arn)
    filled = inventory.filled_spaces(account, domain.id, account.studio.apps(domain.id))
    wanted = (chosen,) if chosen else tuple(space for space in filled if owner in {None, space.owner})
    surveys, unreadable = _surveys(account, wanted, environ)
    if chosen:
        homes = {chosen.name: chosen.owner} if domain.home_file_system_id and chosen.owner and surveys else {}
        return _ready(Plan(place, surveys, homes, unreadable, key_arn), environ)
    profiles = account.studio.user_profiles(domain.id) if domain.home_file_system_id else ()
    owners = [profile.name for profile in profiles if owner in {None, profile.name}]
    more, missing = _spaces_for_homes(account, owners, surveys, account.studio.spaces(domain.id), environ)
    homes = _readers(owners, (*surveys, *more))
    return _ready(Plan(place, (*surveys, *more), homes, (*unreadable, *missing), key_arn), environ)


def _ready(found: Plan, environ: Mapping[str, str]) -> Plan:
    if found.volumes:
        archive.require(environ)
    return found


def _surveys(
    account: Account, wanted: Iterable[Space], environ: Mapping[str, str]
) -> tuple[tuple[Survey, ...], tuple[Unreadable, ...]]:
    surveys: list[Survey] = []
    unreadable: list[Unreadable] = []
    for space in wanted:
        found = _fit(account, space, environ)
        if isinstance(found, Unreadable):
            unreadable.append(found)
        else:
            surveys.append(found)
    return tuple(surveys), tuple(unreadable)


def _fit(account: Account, space: Space, environ: Mapping[str, str]) -> Survey | Unreadable:
    """The way into a space. One that runs on too small an instance is read on the next larger one."""
    if space.app_type not in SETTINGS:
        return Unreadable(SPACE, space.name, f"it is for {space.app_type}", "copy what you need in Studio")
    found = connect.survey(account, space, editor=None, environ=environ)
    if larger := remote_requirements.large_enough(found.runs_on):
        found = connect.survey(account, space, editor=None, environ=environ, instance_type=larger)
    problem = next(iter(connect.blocking(found.needs)), None)
    return Unreadable(SPACE, space.name, problem.message, problem.remedy) if problem else found


def _spaces_for_homes(
    account: Account,
    owners: Collection[str],
    surveys: Collection[Survey],
    everything: Iterable[Space],
    environ: Mapping[str, str],
) -> tuple[tuple[Survey, ...], tuple[Unreadable, ...]]:
    """A space for the home of each user of whom no space is read: one in which it can be, if there is any."""
    served = {found.space.owner for found in surveys}
    more: list[Survey] = []
    missing: list[Unreadable] = []
    for owner in owners:
        if owner in served:
            continue
        found = [_fit(account, space, environ) for space in everything if space.owner == owner]
        fit = next((each for each in found if isinstance(each, Survey)), None)
        why = next((each for each in found if isinstance(each, Unreadable)), None)
        if fit:
            more.append(fit)
        elif why:
            missing.append(replace(why, kind=inventory.HOME, name=owner, why=f"space '{why.name}': {why.why}"))
        else:
            remedy = f"give '{owner}' a space in the file, then: studioctl up"
            missing.append(Unreadable(inventory.HOME, owner, "the user has no space to read it in", remedy))
    return tuple(more), tuple(missing)


def _readers(owners: Collection[str], surveys: Iterable[Survey]) -> dict[str, str]:
    """The user whose home is read in a space, by the space's name: each once."""
    by_owner = {found.space.owner: found.space.name for found in reversed(tuple(surveys))}
    return {by_owner[owner]: owner for owner in owners if owner in by_owner}


def refuse_unreadable(found: Plan, delete: Collection[str]) -> None:
    """Refuses when something that AWS will destroy cannot be copied, and the user did not say that it may go.

    Args:
        found: The plan.
        delete: Kinds of holdings that the user gave the word for.

    Raises:
        RefusedError: It names them, and what helps.
    """
    lost = [each for each in found.unreadable if each.kind == SPACE and SPACE not in delete]
    if lost:
        lines = "\n".join(f"  {each.kind} '{each.name}': {each.why}; {each.remedy}" for each in lost)
        raise RefusedError(
            f"These cannot be copied:\n{lines}\nNothing was changed.",
            hint="do that; or, to lose what is in them: studioctl down --delete-data=spaces",
        )


def refuse_doomed_place(place: Place, doomed: Collection[str]) -> None:
    """Refuses a bucket that would be deleted together with the copies in it.

    Raises:
        RefusedError: It would.
    """
    if place.bucket in doomed:
        raise RefusedError(
            f"Bucket '{place.bucket}' is to be deleted itself, and the copies with it. Nothing was changed.",
            hint="name another bucket, or leave `bucket` out of --delete-data",
        )


def refuse_doomed_key(found: Plan, doomed: Iterable[str]) -> None:
    """Refuses a bucket whose copies nobody could read when the environment's key is gone.

    Args:
        found: The plan.
        doomed: The ids of keys that are scheduled for deletion.

    Raises:
        RefusedError: It encrypts with one of them.
    """
    if found.key_arn and any(found.key_arn.endswith(f"/{key_id}") for key_id in doomed):
        raise RefusedError(
            f"Bucket '{found.place.bucket}' encrypts with this environment's own key, which is to be deleted, too."
            " Nothing was changed.",
            hint="name a bucket that encrypts with another key, or leave something out of --delete-data",
        )


def run(
    account: Account, found: Plan, environ: Mapping[str, str], *, stop: bool = False, homes_go: bool = False
) -> Work[tuple[Copy, ...]]:
    """Copies what was planned, space by space; what had to be started for it is stopped again.

    Args:
        account: The environment's account.
        found: From `plan`.
        environ: The environment in which ssh is run.
        stop: Whether every space is stopped when it was read, so that nobody adds to it.
        homes_go: Whether home directories are about to be deleted: then one that is not there to be read is an error.

    Raises:
        AwsError: A copy could not be made, or is not whole. Of that one nothing is stored.
    """
    done: list[Copy] = []
    for survey in found.volumes:
        try:
            app = yield from connect.prepare(account, survey, script=False)
            yield from _copies_of(account, found, survey, app, environ, done, homes_go=homes_go)
        except StudioctlError:
            yield from _put_back(account, survey, stop=False)
            raise
        yield from _put_back(account, survey, stop=stop)
    return tuple(done)


def _put_back(account: Account, survey: Survey, *, stop: bool) -> Work[None]:
    """Stops what had to be started. A space that was allowed remote access starts on no small instance any more."""
    if stop or survey.must_start:
        yield from spaces.stop(account, [survey.space])
    if survey.must_enable:
        account.studio.update_space(survey.space, remote_access=False)


def _copies_of(
    account: Account,
    found: Plan,
    survey: Survey,
    app: App,
    environ: Mapping[str, str],
    done: list[Copy],
    *,
    homes_go: bool,
) -> Work[None]:
    """Copy the home, if this space has it, and last the volume: AWS cannot keep it, and it may still be written to."""
    survey.host.forget_key_before(app.created_at)
    kinds = ([DIRECTORY] if survey.space.name in found.homes else []) + [VOLUME]
    for kind in kinds:
        copy = yield from _copy(account, found.place, survey, app, kind, environ)
        if copy:
            done.append(copy)
            continue
        title = _title(kind, survey.space.name, survey.space.owner)
        if homes_go:
            raise AwsError(
                f"The {title} is not mounted in '{survey.space.name}', so it cannot be copied.",
                hint=f"studioctl restart {survey.space.name}, or keep it: leave `homes` out of --delete-data",
            )
        yield Noted(f"the {title} is not mounted in '{survey.space.name}': it was not copied, and is kept")


def _copy(
    account: Account, place: Place, survey: Survey, app: App, kind: str, environ: Mapping[str, str]
) -> Work[Copy | None]:
    space, now = survey.space, datetime.now(UTC)
    title = _title(kind, space.name, space.owner)
    name = f"homes/{space.owner}" if kind == DIRECTORY else space.name
    key = place.key(account.config.name, f"{name}-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    directory, options = (archive.HOME_DIRECTORY, ()) if kind == DIRECTORY else (".", archive.NOT_OF_THE_VOLUME)
    began = time.monotonic()
    yield Started(title, "copy")
    try:
        with (
            archive.reading(survey.host, space.name, directory, options, environ) as reading,
            Upload(account.session, place, key) as upload,
        ):
            for elapsed in _sent(reading, upload, began):
                yield Progressed(title, "copy", elapsed)
            report = reading.report()
            if report is None:
                yield Finished(title, "look for", time.monotonic() - began, "there is none")
                return None
            if report.sha256 != upload.sha256:
                raise AwsError(
                    f"What arrived of '{space.name}' is not what was sent.", hint="run the same command again"
                )
            upload.complete()
    except StudioctlError:
        yield Failed(title, "copy", time.monotonic() - began)
        raise
    made = Copy(
        environment=account.config.name,
        space=space.name,
        owner=space.owner,
        kind=kind,
        bucket=place.bucket,
        key=key,
        bytes=upload.size,
        sha256=report.sha256,
        files=report.files,
        taken_at=now,
        app_created_at=app.created_at,
    )
    copies.write_manifest(account.session, place, f"{key}.json", manifest(made))
    yield Finished(title, "copy", time.monotonic() - began, f"{made.files:,} files, {contents.as_text(made.bytes)}")
    return made


def _sent(reading: archive.Reading, upload: Upload, began: float) -> Iterator[float]:
    """Sends on what is read; every few seconds, how long it has taken."""
    told = began
    for block in reading.blocks():
        upload.add(block)
        if (now := time.monotonic()) - told > TELLING_SECONDS:
            told = now
            yield now - began


def manifest(copy: Copy) -> dict[str, object]:
    """A copy as plain values: what is stored beside it."""
    return asdict(copy) | {"taken_at": copy.taken_at.isoformat(), "app_created_at": copy.app_created_at.isoformat()}


def current(account: Account, made: Iterable[Copy]) -> frozenset[str]:
    """The spaces whose copies still hold all that is in them: nothing was started in them since."""
    domain = account.domain()
    apps = account.studio.apps(domain.id) if domain else ()
    return frozenset(
        copy.space
        for copy in made
        if copy.kind == VOLUME
        and not any(
            app.space == copy.space and (app.is_running or app.created_at > copy.app_created_at) for app in apps
        )
    )


def _title(kind: str, space: str, owner: str | None) -> str:
    return f"home directory of '{owner}'" if kind == DIRECTORY else f"volume of '{space}'"
