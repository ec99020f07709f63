"""RDS's Data API: statements over HTTPS for clusters that have it on, from anywhere.

Source: RDS Data Service API reference, ExecuteStatement. That the sentence of a failed statement ends in its SQLSTATE
is how AWS's own log lines show it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.rds.models import rds_backends
from moto.secretsmanager.models import secretsmanager_backends

from studio_emulator.database.clusters import Cluster
from studio_emulator.database.protocol import DatabaseError, Result

LARGEST = 1024 * 1024
_INTEGERS, _FLOATS, _BOOLEAN = {20, 21, 23, 26}, {700, 701}, 16
_NAMED = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")


class DataApiResponse(BaseResponse):
    """The wire of it."""

    def __init__(self) -> None:
        super().__init__(service_name="rds-data")

    def execute_statement(self) -> str:
        """Runs one statement as the secret's user."""
        said = json.loads(self.body)
        cluster = self._cluster(said["resourceArn"])
        user = self._user(said["secretArn"], cluster)
        server = cluster.server
        if server is None or not server.is_ready:
            raise _refusal("DatabaseUnavailableException", "The database cluster is not available.", 504)
        cluster.meter.used()
        statement = _with_values(said["sql"], said.get("parameters", ()))
        try:
            with server.client(user, said.get("database") or cluster.database_name or "postgres") as client:
                found = client.query(statement)
        except DatabaseError as error:
            raise _refusal("DatabaseErrorException", f"ERROR: {error}; SQLState: {error.code}") from None
        return self._told(found, with_columns=bool(said.get("includeResultMetadata")))

    def _cluster(self, arn: str) -> Cluster:
        for cluster in rds_backends[self.current_account][self.region].clusters.values():
            if cluster.arn == arn and isinstance(cluster, Cluster):
                if not cluster.enable_http_endpoint:
                    raise _refusal("HttpEndpointNotEnabledException", f"HttpEndpoint is not enabled for resource {arn}")
                return cluster
        raise _refusal("DatabaseNotFoundException", f"The database cluster {arn} was not found.", 404)

    def _user(self, arn: str, cluster: Cluster) -> str:
        known = secretsmanager_backends[self.current_account][self.region].secrets.values()
        held = next((getattr(secret, "secret_string", None) for secret in known if secret.arn == arn), None)
        try:
            value = json.loads(held or "")
            user, password = str(value["username"]), value["password"]
        except (ValueError, KeyError, TypeError):
            raise _refusal("SecretsErrorException", f"The secret {arn} can't be used.") from None
        if user != cluster.master_username or password != cluster.password():
            raise _refusal(
                "DatabaseErrorException", f'FATAL: password authentication failed for user "{user}"; SQLState: 28P01'
            )
        return user

    @staticmethod
    def _told(found: Result, *, with_columns: bool) -> str:
        types = [kind for _, kind in found.columns]
        rows = [[_value(value, kind) for value, kind in zip(row, types, strict=True)] for row in found.rows]
        count = found.tag.rpartition(" ")[2]
        changed = int(count) if count.isdigit() and not found.tag.startswith("SELECT") else 0
        answer: dict[str, Any] = {"numberOfRecordsUpdated": changed}
        if found.columns:
            answer["records"] = rows
        else:
            answer["generatedFields"] = []
        if with_columns:
            answer["columnMetadata"] = [{"name": name, "label": name, "type": kind} for name, kind in found.columns]
        text = json.dumps(answer)
        if len(text) > LARGEST:
            raise _refusal("UnsupportedResultException", "Database returned more than the allowed response size limit")
        return text


def _value(value: str | None, kind: int) -> Mapping[str, Any]:
    if value is None:
        return {"isNull": True}
    if kind in _INTEGERS:
        return {"longValue": int(value)}
    if kind in _FLOATS:
        return {"doubleValue": float(value)}
    return {"booleanValue": value == "t"} if kind == _BOOLEAN else {"stringValue": value}


def _with_values(statement: str, parameters: Any) -> str:
    values = {each["name"]: _literal(each.get("value", {})) for each in parameters}
    return _NAMED.sub(lambda found: values.get(found[1], found[0]), statement) if values else statement


def _literal(value: Mapping[str, Any]) -> str:
    ((kind, said),) = value.items()
    match kind:
        case "isNull":
            return "NULL"
        case "longValue" | "doubleValue":
            return repr(said)
        case "booleanValue":
            return str(bool(said)).upper()
    return "'" + str(said).replace("'", "''") + "'"


def _refusal(code: str, words: str, status: int = 400) -> JsonRESTError:
    error = JsonRESTError(code, words)
    error.code = status
    return error
