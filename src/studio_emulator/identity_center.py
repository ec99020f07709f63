"""IAM Identity Center: moto has users and groups; the applications of domains, and who may use them, are added.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateApplicationAssignment.html
"""

import json
import secrets
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

from moto.core.exceptions import JsonRESTError
from moto.identitystore.models import IdentityStoreData, identitystore_backends
from moto.ssoadmin import urls
from moto.ssoadmin.models import SSOAdminBackend, ssoadmin_backends
from moto.ssoadmin.responses import SSOAdminResponse

Shape = dict[str, Any]
PAGE = 100


@dataclass
class Application:
    """One that SageMaker manages for a domain.

    Args:
        arn: Its ARN.
        instance_id: The id that DescribeDomain gives as the managed application instance.
        assigned: The users and groups that may use it, each with its id and type.
    """

    arn: str
    instance_id: str
    assigned: set[tuple[str, str]] = field(default_factory=set)


class IdentityCenterBackend(SSOAdminBackend):
    """IAM Identity Center of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.applications: dict[str, Application] = {}

    @property
    def _url_module(self) -> ModuleType:
        return urls

    @property
    def _store(self) -> IdentityStoreData:
        stores = identitystore_backends[self.account_id][self.region_name].identity_stores
        return stores.setdefault(self.instances[0].identity_store_id, IdentityStoreData())

    def add_application(self) -> Application:
        """Makes the application of a new domain."""
        instance = self.instances[0].instance_arn.rpartition("/")[2]
        arn = f"arn:{self.partition}:sso::{self.account_id}:application/{instance}/apl-{secrets.token_hex(8)}"
        made = Application(arn, f"ins-{secrets.token_hex(8)}")
        self.applications[arn] = made
        return made

    def user_id(self, user_name: str) -> str | None:
        """The id of a user by the name, whose case does not count; None where there is none."""
        users = self._store.users.values()
        return next((user.UserId for user in users if user.UserName.casefold() == user_name.casefold()), None)

    def may_use(self, arn: str, user_id: str) -> bool:
        """Whether a user is assigned, or a group that the user is in."""
        groups = {
            membership["GroupId"]
            for membership in self._store.group_memberships.values()
            if membership["MemberId"]["UserId"] == user_id
        }
        assigned = self.applications[arn].assigned
        return (user_id, "USER") in assigned or any((group, "GROUP") in assigned for group in groups)

    def assign(self, arn: str, principal_id: str, principal_type: str) -> None:
        """Raises ResourceNotFoundException for an application or a principal that is not there."""
        known = self._store.users if principal_type == "USER" else self._store.groups
        application = self.application(arn)
        if principal_id not in known:
            raise JsonRESTError("ResourceNotFoundException", f"{principal_type} not found: {principal_id}")  # assumed
        application.assigned.add((principal_id, principal_type))

    def application(self, arn: str) -> Application:
        """Raises ResourceNotFoundException."""
        if arn not in self.applications:
            raise JsonRESTError("ResourceNotFoundException", f"Application not found: {arn}")  # text assumed
        return self.applications[arn]


class IdentityCenterResponse(SSOAdminResponse):
    """Adds the assignments of applications to moto's answers."""

    @property
    def _centre(self) -> IdentityCenterBackend:
        return of(self.current_account, self.region)

    def create_application_assignment(self) -> str:
        asked = json.loads(self.body)
        self._centre.assign(asked["ApplicationArn"], asked["PrincipalId"], asked["PrincipalType"])
        return "{}"

    def delete_application_assignment(self) -> str:
        """One that is not there is no error: assumed."""
        asked = json.loads(self.body)
        application = self._centre.application(asked["ApplicationArn"])
        application.assigned.discard((asked["PrincipalId"], asked["PrincipalType"]))
        return "{}"

    def list_application_assignments(self) -> str:
        asked = json.loads(self.body)
        application = self._centre.application(asked["ApplicationArn"])
        first, size = int(asked.get("NextToken", 0)), asked.get("MaxResults", PAGE)
        everybody = sorted(application.assigned)
        found = [
            {"ApplicationArn": application.arn, "PrincipalId": principal, "PrincipalType": kind}
            for principal, kind in everybody[first : first + size]
        ]
        more: Shape = {"NextToken": str(first + size)} if first + size < len(everybody) else {}
        return json.dumps({"ApplicationAssignments": found, **more})


def of(account_id: str, region: str) -> IdentityCenterBackend:
    """IAM Identity Center of an account in a region."""
    return cast("IdentityCenterBackend", ssoadmin_backends[account_id][region])
