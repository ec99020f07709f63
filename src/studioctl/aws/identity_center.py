"""The people and groups of IAM Identity Center, and their assignments to the application of a domain."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from studioctl.aws.errors import MissingError, ignoring_missing, translated
from studioctl.aws.session import Session

AT_ONCE = 8
KINDS = ("USER", "GROUP")


@dataclass(frozen=True)
class Member:
    """A user of Identity Center: the name to sign in with, often an address of mail."""

    id: str
    user_name: str


def stores(session: Session) -> tuple[str, ...]:
    """The ids of the identity stores in this region; an organization's is in one region alone."""
    with translated():
        pages = session.client("sso-admin").get_paginator("list_instances").paginate()
        return tuple(found["IdentityStoreId"] for page in pages for found in page["Instances"])


def group_id(session: Session, store: str, name: str) -> str | None:
    """The id of the group with this display name; None where there is none."""
    value: Any = name  # the stubs take a document for an object
    try:
        with translated():
            found = session.client("identitystore").get_group_id(
                IdentityStoreId=store,
                AlternateIdentifier={"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": value}},
            )
    except MissingError:
        return None
    return found["GroupId"]


def group_names(session: Session, store: str) -> tuple[str, ...]:
    """The display names of all groups."""
    with translated():
        pages = session.client("identitystore").get_paginator("list_groups").paginate(IdentityStoreId=store)
        return tuple(sorted(found.get("DisplayName", "") for page in pages for found in page["Groups"]))


def members(session: Session, store: str, group: str) -> tuple[Member, ...]:
    """Everybody in a group, by user name. Groups have no groups in them.

    https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_ListGroupMemberships.html
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda user: _member(session, store, user), tuple(_user_ids(session, store, group)))
        return tuple(sorted((each for each in found if each), key=lambda member: member.user_name.casefold()))


def _user_ids(session: Session, store: str, group: str) -> Iterator[str]:
    with translated():
        pages = session.client("identitystore").get_paginator("list_group_memberships")
        for page in pages.paginate(IdentityStoreId=store, GroupId=group):
            yield from (each["MemberId"]["UserId"] for each in page["GroupMemberships"] if "UserId" in each["MemberId"])


def _member(session: Session, store: str, user: str) -> Member | None:
    """A user; None for one that was deleted since the list was made."""
    try:
        with translated():
            return Member(
                user, session.client("identitystore").describe_user(IdentityStoreId=store, UserId=user)["UserName"]
            )
    except MissingError:
        return None


def user_id(session: Session, store: str, user_name: str) -> str | None:
    """The id of the user of this name; None where there is none."""
    value: Any = user_name  # the stubs take a document for an object
    try:
        with translated():
            found = session.client("identitystore").get_user_id(
                IdentityStoreId=store,
                AlternateIdentifier={"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": value}},
            )
    except MissingError:
        return None
    return found["UserId"]


def user_id_in(session: Session, stores: Iterable[str], user_name: str) -> str | None:
    """The id of the user of this name in the first of these directories that has one; None where none has."""
    return next((found for store in stores if (found := user_id(session, store, user_name))), None)


def is_there(session: Session, store: str, user: str) -> bool:
    """Whether the directory still has a user of this id."""
    return _member(session, store, user) is not None


def assigned(session: Session, application_arn: str) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the users and of the groups that may use an application."""
    with translated():
        pages = session.client("sso-admin").get_paginator("list_application_assignments")
        found = [e for p in pages.paginate(ApplicationArn=application_arn) for e in p["ApplicationAssignments"]]
    of_type = {kind: frozenset(e["PrincipalId"] for e in found if e["PrincipalType"] == kind) for kind in KINDS}
    return of_type["USER"], of_type["GROUP"]


def assign(session: Session, application_arn: str, user: str) -> None:
    """Lets a user use an application. It may be so already."""
    with translated():
        session.client("sso-admin").create_application_assignment(
            ApplicationArn=application_arn, PrincipalId=user, PrincipalType="USER"
        )


def release(session: Session, application_arn: str, user: str) -> None:
    """Lets a user use an application no longer. It may be so already, or be gone."""
    with ignoring_missing():
        session.client("sso-admin").delete_application_assignment(
            ApplicationArn=application_arn, PrincipalId=user, PrincipalType="USER"
        )
