"""Faults on the wire: AWS's codes, messages and statuses by service, and connections that break.

Sources: the page "Common errors" of each service's API reference, botocore's service models, and the lists of error
codes of S3 and EC2. Texts without a source are marked as assumed.
"""

import json
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from studio_emulator.calls import Call, protocol_of
from studio_emulator.faults import BECOMES, HANG_SECONDS, Fault, Kind
from studio_emulator.studio.store import Outcome
from studio_emulator.waiting import readable

QUERY = frozenset({"iam", "sts", "rds"})
_UNKNOWN = "The request processing has failed because of an unknown error, exception or failure."
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends a reset instead of a farewell


@dataclass(frozen=True)
class Said:
    """An error as AWS tells it."""

    code: str
    message: str
    status: int = 400


# Kind -> service -> what it says; "" for all services that are not named.
ERRORS: Mapping[Kind, Mapping[str, Said]] = {
    Kind.THROTTLING: {
        "": Said("ThrottlingException", "Rate exceeded"),
        "ec2": Said("RequestLimitExceeded", "Request limit exceeded.", 503),
        "efs": Said("ThrottlingException", "Rate exceeded", 429),
        "s3": Said("SlowDown", "Please reduce your request rate.", 503),
        **dict.fromkeys(QUERY, Said("Throttling", "Rate exceeded")),
    },
    Kind.SERVER_ERROR: {
        "": Said("InternalFailure", _UNKNOWN, 500),
        "ec2": Said("InternalError", "An internal error has occurred", 500),
        "ecr": Said("ServerException", "These errors are usually caused by a server-side issue.", 500),
        "efs": Said("InternalServerError", "Returned if an error occurred on the server side.", 500),
        "s3": Said("InternalError", "We encountered an internal error. Please try again.", 500),
        "secretsmanager": Said("InternalServiceError", "An error occurred on the server side.", 500),
    },
    Kind.UNAVAILABLE: {
        "": Said("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", 503),
        "ec2": Said("Unavailable", "The server is overloaded and can't handle the request.", 503),
        "s3": Said("ServiceUnavailable", "Service is unable to handle request.", 503),
    },
    Kind.EXPIRED: {
        "": Said("ExpiredTokenException", "The security token included in the request is expired"),
        "ec2": Said("RequestExpired", "Request has expired."),
        "s3": Said("ExpiredToken", "The provided token has expired."),
        **dict.fromkeys(QUERY, Said("ExpiredToken", "The security token included in the request is expired", 403)),
    },
}
# Seen in aws/amazon-sagemaker-feedback#157 for apps; for the others the name in quotes is assumed.
_SAGEMAKER_QUOTA = (
    "The account-level service limit '{name}' is {limit} {unit}, with current utilization of {limit} {unit} and a"
    " request delta of 1 {unit}. Please use Service Quotas to request an increase for this quota."
)


def _sagemaker_quota(name: str, unit: str, limit: int) -> Said:
    return Said("ResourceLimitExceeded", _SAGEMAKER_QUOTA.format(name=name, unit=unit, limit=limit))


QUOTAS: Mapping[str, Said] = {
    "CreateApp": _sagemaker_quota("Studio CodeEditor Apps running on ml.t3.medium instances", "Apps", 0),
    "CreateDomain": _sagemaker_quota("Total domains", "Domains", 1),
    "CreateUserProfile": _sagemaker_quota(
        "Maximum number of Studio user profiles allowed per account", "UserProfiles", 2
    ),
    "CreateSpace": _sagemaker_quota("Maximum number of Studio spaces allowed per account", "Spaces", 6),
    "CreateVpc": Said("VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    "CreateInternetGateway": Said(
        "InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."
    ),
    "CreateSecurityGroup": Said(
        "SecurityGroupLimitExceeded", "The maximum number of security groups for this VPC has been reached."
    ),  # text assumed
    "CreateSubnet": Said("SubnetLimitExceeded", "The maximum number of subnets for this VPC has been reached."),  # too
    "CreateBucket": Said("TooManyBuckets", "You have attempted to create more buckets than allowed."),
    "CreateRole": Said("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", 409),
    "CreatePolicy": Said("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1500", 409),
    "CreateFileSystem": Said("FileSystemLimitExceeded", "You have reached the maximum number of file systems.", 403),
}
_ANY_QUOTA = Said("LimitExceededException", "The account's limit for this is used up.")  # text assumed
# aws/amazon-sagemaker-feedback#99
NO_CAPACITY = (
    "EC2InsufficientCapacityError: Instance type '{instance_type}' is temporarily unavailable in supported availability"
    " zones [{zone}]"
)
# SageMaker Developer Guide, "FailureReason" of training jobs
NO_CAPACITY_FOR_A_JOB = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)
INTERNAL_ERROR_OF_A_JOB = "InternalServerError: We encountered an internal error. Please try again."
FAILURE = "InternalFailure: the emulator was told to fail this."


def outcome_of(fault: Fault, action: str) -> Outcome:
    """The outcome that a fault gives to the work that this call starts."""
    if fault.kind is Kind.INTERRUPTION:
        return Outcome("Interrupted", "", seconds=fault.seconds or 0)
    is_capacity, is_job = fault.kind is Kind.CAPACITY, action == "CreateTrainingJob"
    if is_capacity:
        reason = NO_CAPACITY_FOR_A_JOB if is_job else NO_CAPACITY
    else:
        reason = INTERNAL_ERROR_OF_A_JOB if is_job else FAILURE
    return Outcome(BECOMES[action], fault.message or reason, is_capacity=is_capacity)


def answer(fault: Fault, call: Call) -> Response:
    """The error that this call gets, in the form of the service's protocol."""
    said = _said(fault, call)
    return error_answer(
        call.service, fault.code or said.code, fault.message or said.message, fault.status or said.status
    )


def _said(fault: Fault, call: Call) -> Said:
    if fault.kind is Kind.QUOTA:
        return QUOTAS.get(call.action, _ANY_QUOTA)
    by_service = ERRORS.get(fault.kind, {"": Said(fault.code, "Injected by the emulator.")})
    return by_service.get(call.service, by_service[""])


def error_answer(service: str, code: str, message: str, status: int) -> Response:
    """An error as the service's clients read it."""
    request_id = {"x-amzn-RequestId": "00000000-0000-0000-0000-000000000000"}
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    match protocol_of(service):
        case "rest-xml":
            text = f"<Error>{error}<RequestId>0</RequestId></Error>"
        case "ec2":
            text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>0</RequestID></Response>"
        case "query":
            text = f"<ErrorResponse><Error>{error}</Error><RequestId>0</RequestId></ErrorResponse>"
        case protocol:
            return _json_error(service, code, message, status, request_id, in_header=protocol == "rest-json")
    return Response(text, status, content_type="text/xml", headers=request_id)


def _json_error(
    service: str, code: str, message: str, status: int, request_id: dict[str, str], *, in_header: bool
) -> Response:
    headers = request_id | ({"x-amzn-ErrorType": code} if in_header else {})
    body = {"ErrorCode": code, "Message": message} if service == "efs" else {"__type": code, "message": message}
    return Response(json.dumps(body), status, content_type="application/x-amz-json-1.1", headers=headers)


def hang(environ: Mapping[str, Any], seconds: float | None) -> NoReturn:
    """Say nothing until the client gives up; then the connection is gone, and so is the request."""
    connection: socket.socket = environ["werkzeug.socket"]
    deadline = time.monotonic() + (HANG_SECONDS if seconds is None else seconds)
    while (left := deadline - time.monotonic()) > 0:
        if readable([connection], min(left, 1.0)) and not connection.recv(1, socket.MSG_PEEK):
            break
    reset(environ)


def reset(environ: Mapping[str, Any]) -> NoReturn:
    """Break the connection off, as a router in between would."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    # Closed for good here and now: the server's own files on this socket would keep it open.
    socket.socket(fileno=connection.detach()).close()
    raise ConnectionResetError("broken off by the emulator")
