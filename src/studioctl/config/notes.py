"""Things that are valid and may still surprise: told beside a valid file, and by the doctor."""

from collections.abc import Iterator

from studioctl.catalog.images import doubt, is_too_old_for_remote_access
from studioctl.catalog.provider import DEFAULT
from studioctl.config.aws_tables import REFUSED_INSTANCE_TYPES
from studioctl.config.editor import Editor
from studioctl.config.git_checks import host_of, is_ssh
from studioctl.config.model import EnvironmentConfig
from studioctl.config.terraform import instance_types
from studioctl.config.text import Location, Violation, quote


def notes(config: EnvironmentConfig) -> Iterator[Violation]:
    """Each with the place that it is about, in the file's order."""
    yield from _docker(config)
    if not config.studio.home_file_system:
        only = "users have the volumes of their spaces alone, and no ~/user-default-efs"
        yield ("studio", "home_file_system"), f"{only}; it can be turned on later, and never off again"
    for place, version in config.pinned_images():
        if config.studio.remote_access and is_too_old_for_remote_access(version):
            yield place, f"{quote(version)} lets no local editor in: `connect` needs 2.7 or newer"
        if words := doubt(version):
            yield place, f"{quote(version)} {words}"
    yield from _types_of_later_providers(config)
    yield from _repositories_by_ssh(config)
    if config.editor.script and (config.secrets.github or any(user.github for user in config.users)):
        yield ("editor", "script"), "is stored as it is, so Git in the space does not ask for the token by itself"
    if not config.tuning.has_database:
        for key in sorted(config.tuning.model_fields_set - {"database"}):
            yield ("tuning", key), "does nothing without a database"


def _docker(config: EnvironmentConfig) -> Iterator[Violation]:
    """Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html."""
    if not config.studio.docker:
        return
    if config.studio.rootless_docker:
        only = ": ECR images of your account and AWS's own" if config.network.internet == "none" else ""
        ways = f"in a closed network Docker reaches what the VPC reaches{only}; " if config.network.is_closed else ""
        yield ("studio", "rootless_docker"), f"{ways}published ports of containers are at 172.17.0.1, not at localhost"
        return
    if not config.network.is_closed:
        return
    also = ", and of trusted_accounts" if config.studio.trusted_accounts else ""
    more = "" if config.studio.trusted_accounts else "; name more: trusted_accounts = [...]"
    reached = f"ECR images of your account and pulls AWS's own{also}"
    words = f"in a closed network Docker pulls and pushes {reached}; nothing from Docker Hub, nor FROM scratch{more}"
    yield ("studio", "docker"), words


def _types_of_later_providers(config: EnvironmentConfig) -> Iterator[Violation]:
    """One note for each type that the provider that was tried refuses: the file names a later one."""
    told = set[str]()
    for place, value in instance_types(config.model_dump(include={"studio", "users"})):
        if value in REFUSED_INSTANCE_TYPES - told:
            told.add(value)
            words = (
                f"{quote(value)} is passed on; provider {DEFAULT} refuses it, and whether {config.terraform.provider}"
            )
            yield place, f"{words} takes it was not tried"


def _repositories_by_ssh(config: EnvironmentConfig) -> Iterator[Violation]:
    tokens = {github.host for github in (config.secrets.github, *(user.github for user in config.users)) if github}
    editors: list[tuple[Location, Editor]] = [(("editor",), config.editor)]
    editors += [(("users", index, "editor"), user.editor) for index, user in enumerate(config.users) if user.editor]
    for place, editor in editors:
        for index, url in enumerate(editor.repositories):
            if is_ssh(url):
                host = host_of(url)[0]
                token = f", and the token for {host} is only for https://" if host in tokens else ""
                yield (
                    (*place, "repositories", index),
                    f"{quote(url)} is cloned by ssh with a key in the space's ~/.ssh, which you put there{token}",
                )
