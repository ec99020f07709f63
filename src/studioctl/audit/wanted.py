"""Judges the file by the resources it would create, which treats a key and its default alike. Pure functions."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studioctl.audit import rules
from studioctl.audit.policies import RolePolicies
from studioctl.config.editor import Editor
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, count
from studioctl.findings import Finding
from studioctl.infrastructure.block import Blueprint, Resource

WORKING_DAY_MINUTES = 8 * 60
PINNED_TOOL = re.compile(r"===?")
PINNED_PACKAGE = re.compile(r"[A-Za-z0-9_]=")


@dataclass(frozen=True)
class Wanted:
    """The subject of the checks: the file, the resources it would create, and the permissions of its roles."""

    config: EnvironmentConfig
    blueprint: Blueprint
    roles: tuple[RolePolicies, ...]

    def of_type(self, kind: str) -> tuple[Resource, ...]:
        """Return the planned resources of a type."""
        return tuple(block for block in self.blueprint.resources() if block.type == kind)

    @property
    def domain(self) -> Resource:
        """SageMaker's."""
        return self.of_type("aws_sagemaker_domain")[0]


def _managed_policies(wanted: Wanted) -> Iterator[Finding]:
    for role in wanted.roles:
        if role.managed:
            yield rules.MANAGED.broken(f"the role has {', '.join(role.managed)}", about=role.role)


def _internet(wanted: Wanted) -> Iterator[Finding]:
    if wanted.domain.arguments["app_network_access_type"] != "VpcOnly":
        yield rules.OPEN_INTERNET.broken("apps reach the internet directly", about=wanted.domain.address)


def _key(wanted: Wanted) -> Iterator[Finding]:
    if not wanted.domain.arguments.get("kms_key_id"):
        yield rules.AWS_KEY.broken("the domain has no customer-managed KMS key", about=wanted.domain.address)


def _flow_logs(wanted: Wanted) -> Iterator[Finding]:
    for vpc in wanted.of_type("aws_vpc"):  # one that somebody else looks after is not ours to log
        if not wanted.of_type("aws_flow_log"):
            yield rules.NO_FLOW_LOGS.broken("the VPC has no flow log", about=vpc.address)


def _idle(wanted: Wanted) -> Iterator[Finding]:
    minutes = wanted.config.studio.idle_timeout_minutes
    if isinstance(minutes, str):
        yield rules.LONG_IDLE.broken("an idle app is never stopped")
    elif minutes > WORKING_DAY_MINUTES:
        yield rules.LONG_IDLE.broken(f"an idle app is stopped after {minutes} minutes")


def _docker(wanted: Wanted) -> Iterator[Finding]:
    if wanted.config.studio.docker:
        yield rules.DOCKER.broken("docker is on", about=wanted.domain.address)


def _remote_access(wanted: Wanted) -> Iterator[Finding]:
    if wanted.config.studio.remote_access:
        yield rules.REMOTE_ACCESS.broken("remote access is on", about=wanted.domain.address)


def _shared_role(wanted: Wanted) -> Iterator[Finding]:
    profiles = wanted.of_type("aws_sagemaker_user_profile")
    roles = {str(profile.arguments["user_settings"]["execution_role"]) for profile in profiles}
    if len(profiles) > len(roles):
        yield rules.SHARED_ROLE.broken(f"{len(profiles)} users work with {count(len(roles), 'role')}")


def _unpinned(wanted: Wanted) -> Iterator[Finding]:
    yield from _unpinned_in(wanted.config.editor, ("editor",))
    for index, user in enumerate(wanted.config.users):
        if user.editor is not None:
            yield from _unpinned_in(user.editor, ("users", index, "editor"))


def _unpinned_in(editor: Editor, place: Location) -> Iterator[Finding]:
    kinds: tuple[tuple[str, tuple[str, ...], Callable[[str], object]], ...] = (
        ("tools", editor.tools, PINNED_TOOL.search),
        ("conda_packages", editor.conda_packages, PINNED_PACKAGE.search),
        ("extensions", editor.extensions, lambda each: "@" in each or each.startswith("https://")),
    )
    for key, entries, is_pinned in kinds:
        if loose := [each for each in entries if not is_pinned(each)]:
            yield rules.UNPINNED.broken(f"{key} without a version: {', '.join(loose)}", at=(*place, key))


CHECKS: tuple[Callable[[Wanted], Iterator[Finding]], ...] = (
    _managed_policies,
    _internet,
    _key,
    _flow_logs,
    _idle,
    _docker,
    _remote_access,
    _shared_role,
    _unpinned,
)


def look(wanted: Wanted) -> Iterator[Finding]:
    """Yield the findings of the built-in checks of the file."""
    for check in CHECKS:
        yield from check(wanted)
