"""AWS's answers to malformed requests: those that cannot be read, or that the service's model does not have.

Sources: the list of error codes of S3, the page "Common errors" of IAM's, EC2's and EFS's API references, and messages
of AWS's front ends in public logs. Texts without a source are marked as assumed.
"""

from collections.abc import Mapping

from studio_emulator.fault_answers import Said

_SYNTAX = "The query string contains a syntax error."
_QUERY, _QUERY_EC2 = Said("MalformedQueryString", _SYNTAX, 404), Said("MalformedQueryString", _SYNTAX)
_INCOMPLETE = "You did not provide the number of bytes specified by the Content-Length HTTP header."
_TIMEOUT = "Your socket connection to the server was not read from or written to within the timeout period."
_TOO_LARGE = "Your proposed upload exceeds the maximum allowed object size."
_HEADERS = "Your request header and query parameters used to make the request exceed the maximum allowed size."
_METHOD = "The specified method is not allowed against this resource."
_XML = "The XML you provided was not well-formed or did not validate against our published schema"
_FORM = "The body of your POST request is not well-formed multipart/form-data."
_OF_PARAMETER = Said("InvalidParameterException", "{more}")


def _everywhere(text: str, s3: Said) -> dict[str, Said]:
    """Return the answers by protocol. Only S3's is known; the code and text of the others are assumed."""
    return {
        "s3": s3,
        "json": Said("SerializationException", text),
        "efs": Said("BadRequest", text),
        "query": Said("MalformedQueryString", text),
        "ec2": Said("MalformedQueryString", text),
    }


# Why -> service or family of protocols -> what is said; "{more}" is what the check found.
MALFORMED: Mapping[str, Mapping[str, Said]] = {
    "bad address": _everywhere("The address cannot be read.", Said("InvalidURI", "Couldn't parse the specified URI."))
    | {"query": _QUERY, "ec2": _QUERY_EC2},
    "bad framing": _everywhere("{more}", Said("BadRequest", "{more}")),  # code assumed
    "short body": _everywhere("The body ends before its length.", Said("IncompleteBody", _INCOMPLETE)),
    "slow body": _everywhere(_TIMEOUT, Said("RequestTimeout", _TIMEOUT)),
    "large body": _everywhere("The body is too large.", Said("EntityTooLarge", _TOO_LARGE)),
    "unknown coding": _everywhere(
        "Only the transfer coding 'chunked' is known.",
        Said("NotImplemented", "A header you provided implies functionality that is not implemented.", 501),
    ),
    "large headers": {"s3": Said("RequestHeaderSectionTooLarge", _HEADERS)},
    "large metadata": {
        "s3": Said("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
    },
    "long key": {"s3": Said("KeyTooLongError", "Your key is too long")},
    "bad digest": {"s3": Said("InvalidDigest", "The Content-MD5 you specified was invalid.")},
    "other digest": {"s3": Said("BadDigest", "The Content-MD5 you specified did not match what we received.")},
    "bad xml": {"s3": Said("MalformedXML", _XML)},
    "no xml": {"s3": Said("MissingRequestBodyError", "Request Body is empty")},
    "bad policy": {
        "s3": Said("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"),
    },
    "bad form": {"s3": Said("MalformedPOSTRequest", _FORM)},
    "bad form field": {"s3": Said("InvalidArgument", "{more}")},
    "bad form policy": {"s3": Said("InvalidPolicyDocument", "Invalid Policy: {more}")},
    "not by policy": {"s3": Said("AccessDenied", "Invalid according to Policy: {more}", 403)},
    "too large for policy": {"s3": Said("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")},
    "too small for policy": {
        "s3": Said("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    },
    "not readable": {"json": Said("SerializationException", "{more}"), "efs": Said("BadRequest", "{more}")}
    | {"query": _QUERY, "ec2": _QUERY_EC2},
    "wrong type": {
        "json": Said("SerializationException", "{more}"),
        "efs": Said("BadRequest", "{more}"),
        "query": Said("MalformedInput", "{more}"),
        "ec2": Said("InvalidParameterValue", "{more}"),
        "s3": Said("InvalidArgument", "{more}"),
    },
    "missing member": {
        "json": Said("ValidationException", "1 validation error detected: {more}"),
        **dict.fromkeys(("ecr", "logs", "resourcegroupstaggingapi"), _OF_PARAMETER),
        "efs": Said("BadRequest", "{more}"),
        "query": Said("ValidationError", "1 validation error detected: {more}"),
        "ec2": Said("MissingParameter", "{more}"),
    },
    "bad value": {
        "json": Said("ValidationException", "{more}"),
        **dict.fromkeys(("logs", "resourcegroupstaggingapi"), _OF_PARAMETER),
        "efs": Said("BadRequest", "{more}"),
        "query": Said("ValidationError", "{more}"),
        "ec2": Said("InvalidParameterValue", "{more}"),
    },
    "too many tags": {"ec2": Said("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")},
    "no action": {
        "json": Said("UnknownOperationException", "The request names no operation.", 404),  # text assumed
        "query": Said("MissingAction", "The request is missing an action or a required parameter."),
        "ec2": Said("MissingAction", "The request is missing an action or a required parameter."),
    },
    "unknown action": {
        "json": Said("UnknownOperationException", "{more}"),
        "efs": Said("UnknownOperationException", "{more}", 404),
        "query": Said("InvalidAction", "Could not find operation {more}"),
        "ec2": Said("InvalidAction", "The action {more} is not valid for this web service."),
        "s3": Said("MethodNotAllowed", _METHOD, 405),
    },
}
