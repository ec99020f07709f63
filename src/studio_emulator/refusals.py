"""AWS's answers to requests with an invalid signature, by the protocol of the service.

Sources: the IAM User Guide's "Troubleshoot Signature Version 4", "Common error types" of the API references, and the
lists of error codes of S3 and EC2.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from studio_emulator.calls import protocol_of
from studio_emulator.fault_answers import Said, error_answer
from studio_emulator.malformed import MALFORMED
from studio_emulator.signatures import Refused

REMEDY = 'This is studioctl\'s emulator, whose access key is new at each start. Run: eval "$(studioctl emulator env)"'
_MISMATCH = "The request signature we calculated does not match the signature you provided."
_MISMATCH_S3 = f"{_MISMATCH} Check your key and signing method."
_MISMATCH_ALL = (
    f"{_MISMATCH} Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_INVALID = "The security token included in the request is invalid."
_EC2 = Said("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
_SKEW = "The difference between the request time and the current time is too large."
_S3_SKEW = Said("RequestTimeTooSkewed", _SKEW, 403)
_S3_DIGEST = "The provided 'x-amz-content-sha256' header does not match what was computed."

# Why -> family of protocols -> what is said; "{more}" is what the check found.
REFUSALS: Mapping[str, Mapping[str, Said]] = {
    "missing": {
        "json": Said("MissingAuthenticationTokenException", "Missing Authentication Token"),
        "query": Said("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
        "ec2": Said("MissingAuthenticationToken", "Request is missing Authentication Token", 403),  # status assumed
        "s3": Said("AccessDenied", "Access Denied", 403),
    },
    "unknown key": {
        "json": Said("UnrecognizedClientException", _INVALID),
        "query": Said("InvalidClientTokenId", _INVALID, 403),
        "ec2": _EC2,
        "s3": Said("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    },
    "wrong token": {
        "json": Said("UnrecognizedClientException", _INVALID),
        "query": Said("InvalidClientTokenId", _INVALID, 403),
        "ec2": _EC2,
        "s3": Said("InvalidToken", "The provided token is malformed or otherwise invalid."),
    },
    "wrong signature": {
        "json": Said("InvalidSignatureException", _MISMATCH_ALL),
        "query": Said("SignatureDoesNotMatch", _MISMATCH_ALL, 403),
        "ec2": _EC2,
        "s3": Said("SignatureDoesNotMatch", _MISMATCH_S3, 403),
    },
    "incomplete": {
        "json": Said("IncompleteSignatureException", "{more}"),
        "query": Said("IncompleteSignature", "{more}", 400),
        "ec2": Said("AuthFailure", "{more}", 401),
        "s3": Said("AuthorizationHeaderMalformed", "{more}"),
    },
    "too late": {
        "json": Said("InvalidSignatureException", "Signature expired: {more}"),
        "query": Said("SignatureDoesNotMatch", "Signature expired: {more}", 403),
        "ec2": Said("RequestExpired", "Request has expired."),
        "s3": _S3_SKEW,
    },
    "too early": {
        "json": Said("InvalidSignatureException", "Signature not yet current: {more}"),
        "query": Said("SignatureDoesNotMatch", "Signature not yet current: {more}", 403),
        "ec2": Said("AuthFailure", "Signature not yet current: {more}", 401),
        "s3": _S3_SKEW,
    },
    "expired address": {
        "json": Said("InvalidSignatureException", "Signature expired: {more}"),
        "query": Said("SignatureDoesNotMatch", "Signature expired: {more}", 403),
        "ec2": Said("RequestExpired", "Request has expired."),
        "s3": Said("AccessDenied", "Request has expired", 403),
    },
    "wrong digest": {
        "json": Said("InvalidSignatureException", _MISMATCH_ALL),
        "query": Said("SignatureDoesNotMatch", _MISMATCH_ALL, 403),
        "ec2": _EC2,
        "s3": Said("XAmzContentSHA256Mismatch", _S3_DIGEST),
    },
    "not the administrator": {"json": Said("AccessDeniedException", "Only the administrator may ask for this.", 403)},
}
# These are about keys; for the others, another key would be no remedy.
_OF_KEYS = frozenset({"missing", "unknown key", "wrong token", "wrong signature"})


def answer(refused: Refused, environ: Mapping[str, Any], service: str, action: str) -> Response:
    """Return the response to a client whose request was refused or is malformed."""
    family = family_of(service, environ, action)
    by_family = REFUSALS.get(refused.why) or MALFORMED[refused.why]
    said = by_family.get(service) or by_family.get(family) or next(iter(by_family.values()))
    message = said.message.replace("{more}", refused.more)
    if refused.why in _OF_KEYS:
        message = f"{message} ({REMEDY})"
    # rest-json tells by the status, too, what the other JSON protocols tell by the code alone
    is_forbidden = refused.why in REFUSALS and family == "json" and protocol_of(service) == "rest-json"
    status = 403 if is_forbidden and said.status == 400 else said.status
    return error_answer(service or _STAND_IN[family], said.code, message, status)


# Of each family a service, for requests that do not say which one they are for.
_STAND_IN = {"json": "", "query": "sts", "ec2": "ec2", "s3": "s3"}


def family_of(service: str, environ: Mapping[str, Any], action: str) -> str:
    """The form of errors: "json", "query", "ec2" or "s3". For an unsigned request, only its form tells."""
    if service:
        return {"rest-xml": "s3", "ec2": "ec2", "query": "query"}.get(protocol_of(service), "json")
    if environ.get("HTTP_X_AMZ_TARGET") or environ.get("PATH_INFO", "").startswith(("/_studioctl/", "/moto-api")):
        return "json"
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return "query" if form and action else "s3"
