"""Explain why an editor did not start, and what to do about it."""

import re
from collections.abc import Sequence
from datetime import timedelta

from studio_emulator.facts import EDITORS_ON, editor_quota_name
from studioctl.aws import quotas
from studioctl.aws.quotas import Request
from studioctl.aws.values import App, Space
from studioctl.catalog import troubles
from studioctl.catalog.prices import alternatives
from studioctl.config.apps import in_file, title
from studioctl.config.people_limits import admits
from studioctl.errors import AwsError
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account
from studioctl.operations.spaces.file_systems import unreachable
from studioctl.operations.spaces.logs import lifecycle_tail


class UnavailableError(AwsError):
    """The account, or AWS, has none of this type of instance: another one may do.

    Args:
        why: In a few words.
        instance_type: The type; None where AWS did not tell.
        by_quota: Whether it is the account that may have no more.
    """

    def __init__(self, message: str, *, hint: str, why: str, instance_type: str | None, by_quota: bool) -> None:
        super().__init__(message, hint=hint)
        self.why, self.instance_type, self.by_quota = why, instance_type, by_quota


QUOTA_CODES = {editor_quota_name(instance_type): code for instance_type, code in EDITORS_ON.items()}
# The words: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-troubleshooting.html, and with the quota's
# name aws/amazon-sagemaker-feedback#157.
QUOTA = re.compile(
    r"service limit (?:'(?P<name>[^']+)' )?is (?P<limit>\d+) \w+, with current utilization (?:of )?(?P<used>\d+)"
)
ZONES = re.compile(r"zones? \[(?P<zones>[^\]]*)\]")
SCRIPT = re.compile(r"Lifecycle ?Config", re.IGNORECASE)
NAMED = 3  # other types that a hint names
TAIL = 20  # lines of the script's log
CLOCKS = timedelta(seconds=30)  # how far the clocks of SageMaker and CloudWatch may be apart


def refused(account: Account, space: Space, error: AwsError, *, instance_type: str | None) -> AwsError:
    """AWS did not accept the start: a used-up quota and a mount that leads nowhere in words, the rest as it came."""
    if found := QUOTA.search(error.message):
        return _quota(account, space, found, instance_type)
    if words := _unreached(account, space):
        what, _, remedy = words.rpartition("; ")
        return AwsError(f"'{space.name}' cannot start: {what}", hint=remedy)
    return _not_offered(account, space) or error


def failed(account: Account, space: Space, app: App) -> AwsError:
    """AWS accepted the start, and the app failed."""
    reason = app.failure or "AWS does not say why"
    if found := QUOTA.search(reason):
        return _quota(account, space, found, app.instance_type)
    if troubles.named(troubles.NO_CAPACITY).fits(reason):
        return _capacity(account, space, app)
    log = _log(account, space, app)
    if SCRIPT.search(reason):
        return AwsError(
            f"'{space.name}' did not start, its lifecycle script failed: {reason}\n{log}",
            hint=f"mend [editor] in the file, run studioctl up, then: studioctl start {space.name}",
        )
    if home := _restored_home(account, space):
        return AwsError(
            f"'{space.name}' did not start: {reason}\nIt mounts {space.owner}'s old home directory in {home}, which is"
            f" not there if {space.owner} never opened an app before.\n{log}",
            hint=f"if so, delete {space.owner} from the homes of {home} in the file, run studioctl up, then:"
            f" studioctl start {space.name}",
        )
    return AwsError(
        f"'{space.name}' did not start: {reason}\n{log}",
        hint=f"read the logs: studioctl logs {space.name}; then try again: studioctl start {space.name}",
    )


def _not_offered(account: Account, space: Space) -> AwsError | None:
    """Somebody chose a custom image for the space, in Studio, that its app does not offer."""
    details = account.studio.space(space.domain_id, space.name)
    app, naming = in_file(space.editor_type), Naming.of(account.config)
    custom = {naming.custom_image(each.digest): each for each in account.config.images.custom}
    if details is None or app is None or details.spec.is_distribution or not details.spec.image:
        return None
    chosen = custom.get(details.spec.image.partition(" ")[0])
    offered = [each.name for each in custom.values() if app in each.apps]
    if chosen is None or chosen.name in offered:
        return None
    also = f" ({', '.join(offered)})" if offered else ""
    apps = ", ".join(f'"{each}"' for each in (*chosen.apps, app))
    return AwsError(
        f"'{space.name}' cannot start: its image is '{chosen.name}', which {title(space.editor_type)} does not offer.",
        hint=f"choose another image for it in Studio{also}; or, if it has {title(space.editor_type)} in it, write"
        f" apps = [{apps}] for '{chosen.name}' below [[images.custom]], then: studioctl up",
    )


def _unreached(account: Account, space: Space) -> str | None:
    """The reason why a file system that the file mounts for the owner cannot be reached, and the remedy."""
    user = next((user for user in account.config.users if user.name == space.owner), None)
    mounts = {each.id for each in account.config.mounted_by(user)} if user else set()
    if not mounts:
        return None
    try:
        return next((it.words for it in unreachable(account.session, account.config, mounts)), None)
    except AwsError:  # why AWS refused is worth telling all the same
        return None


def _quota(account: Account, space: Space, found: re.Match[str], instance_type: str | None) -> AwsError:
    name = found["name"] or editor_quota_name(instance_type or "this type of", space.editor_type)
    code = QUOTA_CODES.get(name)
    flags = account.target.aws_flags
    look_up = (
        f"aws service-quotas list-service-quotas --service-code sagemaker{flags}"
        f" --query \"Quotas[?QuotaName=='{name}'].QuotaCode\" --output text"
    )
    hint = (
        "ask AWS for more: aws service-quotas request-service-quota-increase --service-code sagemaker"
        f" --quota-code {code or f'$({look_up})'} --desired-value {int(found['used']) + 1}{flags}"
    )
    asked = _asked_already(account, name)
    if asked:
        look = "aws service-quotas get-requested-service-quota-change"
        hint = f"wait for AWS's answer: {look} --request-id {asked.id}{flags}"
    open_request = f" A request for {asked.desired} is open." if asked else ""
    return UnavailableError(
        f"'{space.name}' cannot start: the account's quota '{name}'{f' ({code})' if code else ''} is"
        f" {found['limit']} in {account.target.region}, and {found['used']} are in use.{open_request}",
        hint=hint,
        why=f"the account's quota for {instance_type or 'it'} is {found['limit']}, and {found['used']} are in use",
        instance_type=instance_type,
        by_quota=True,
    )


def _asked_already(account: Account, quota_name: str) -> Request | None:
    """The request for more of this that AWS has not decided yet; None also where nobody may look."""
    try:
        quota = quotas.editor_quota(account.session, quota_name)
        return quotas.open_request(account.session, quota) if quota else None
    except AwsError:  # it is worth telling all the same what was refused
        return None


def _capacity(account: Account, space: Space, app: App) -> AwsError:
    zones = ZONES.search(app.failure)
    where = f" in {zones['zones']}" if zones else f" in {account.target.region}"
    return UnavailableError(
        f"'{space.name}' did not start: AWS has no {app.instance_type} free{where} at present: {app.failure}",
        hint=_on_another(account, space, [app.instance_type or ""]),
        why=f"AWS has no {app.instance_type} free{where} at present",
        instance_type=app.instance_type,
        by_quota=False,
    )


def exhausted(account: Account, space: Space, refused: Sequence[UnavailableError]) -> UnavailableError:
    """None of several types could be had: what the last one says, and what to do about each."""
    last = refused[-1]
    hints = [each.hint for each in refused if each.by_quota]
    if len(hints) < len(refused):
        hints.insert(0, _on_another(account, space, [each.instance_type or "" for each in refused]))
    return UnavailableError(
        last.message, hint="; or ".join(hints), why=last.why, instance_type=last.instance_type, by_quota=last.by_quota
    )


def _on_another(account: Account, space: Space, tried: Sequence[str]) -> str:
    """Types of about the price of the last, which people may start."""
    limits = account.config.limits.instance_types
    others = [
        each
        for each in alternatives(tried[-1], account.target.region)
        if each not in tried and (limits is None or admits(limits, each))
    ][:NAMED]
    alternative = f"studioctl start {space.name} --instance-type {others[0]}" if others else "another instance type"
    also = f"   (or {', '.join(others[1:])})" if others[1:] else ""
    return f"try again later, or on another type for this time: {alternative}{also}"


def _restored_home(account: Account, space: Space) -> str | None:
    """The kept home file system of which the space's owner has a directory, by the file."""
    return next((each.id for each in account.config.storage.file_systems if space.owner in each.homes), None)


def _log(account: Account, space: Space, app: App) -> str:
    """The end of the script's log; why the app failed is worth telling also where the log cannot be read."""
    try:
        lines = lifecycle_tail(account, space, since=app.created_at - CLOCKS, lines=TAIL)
    except AwsError as error:
        return f"Its lifecycle log cannot be read: {error.message}"
    if not lines:
        return "Its lifecycle log is empty."
    return "\n".join(["The end of its lifecycle log:", *(f"  {line}" for line in lines)])
