"""Actions of Lambda, EventBridge Scheduler, CloudWatch's alarms and SNS on what a request names.

Source: Service Authorization Reference, "AWS Lambda", "Amazon EventBridge Scheduler", "Amazon CloudWatch" and "Amazon
SNS". Where these differ from the rest:

- A schedule is asked about by its own ARN, as refusals show (ministryofjustice/modernisation-platform#7930); a page of
  Scheduler's guide says that policies can name groups alone.
- DescribeAlarms is asked about on all alarms, also where a request names one (mattclay/aws-terminator#63).
- Tags that come with the creation need the action that puts tags on: API reference, PutMetricAlarm and CreateTopic; of
  Lambda seen in refusals (aws-samples/amazon-mwaa-examples#63).
"""

import re
from typing import Any
from urllib.parse import unquote

from studio_emulator.iam.patterns import Values
from studio_emulator.iam.received import Need, Received, put_on, query_tags

_FUNCTION = re.compile(r"/functions/([^/]+)")
_SCHEDULE = re.compile(r"/schedules/([^/]+)")
_TAGGED = re.compile(r"/tags/(.+)")
MANY_ALARMS = {"DescribeAlarms", "DescribeAlarmsForMetric"}


def functions(received: Received) -> list[Need]:
    """A function by its name in the path or, as it is made, in the body; its role is passed to Lambda."""
    found, said = _FUNCTION.search(received.path), received.parameters
    name = said.get("FunctionName") or (unquote(found[1]) if found else "")
    tagged = _TAGGED.search(received.path)
    arn = unquote(tagged[1]) if tagged else str(name)
    tags = said.get("Tags")
    about = put_on({str(key): str(value) for key, value in tags.items()}) if isinstance(tags, dict) else {}
    resource = arn if arn.startswith("arn:") else received.arn("lambda", f"function:{arn}") if arn else "*"
    return [_need(received, resource, about), *_passed(said.get("Role"), "lambda.amazonaws.com")]


def schedules(received: Received) -> list[Need]:
    """A schedule by its group and name; its target's role is passed to Scheduler."""
    found, said = _SCHEDULE.search(received.path), received.parameters
    group = received.query.get("groupName") or said.get("GroupName") or "default"
    target = said.get("Target")
    role = target.get("RoleArn") if isinstance(target, dict) else None
    resource = received.arn("scheduler", f"schedule/{group}/{unquote(found[1])}") if found else "*"
    return [_need(received, resource), *_passed(role, "scheduler.amazonaws.com")]


def alarms(received: Received) -> list[Need]:
    """Alarms by their names; metrics, which are no resources, by their namespace."""
    said = received.parameters
    if received.action in MANY_ALARMS:
        return [_need(received, received.arn("cloudwatch", "alarm:*"))]
    listed = [str(value) for name, value in said.items() if name.startswith("AlarmNames.member.")]
    names = [said["AlarmName"]] if said.get("AlarmName") else [*received.listed("AlarmNames"), *listed]
    resources = [received.arn("cloudwatch", f"alarm:{name}") for name in names]
    if arn := said.get("ResourceARN"):
        resources.append(str(arn))
    namespace = said.get("Namespace")
    about: dict[str, Values] = {**_tags(received), **({"cloudwatch:namespace": str(namespace)} if namespace else {})}
    return [_need(received, resource, about) for resource in resources or ["*"]]


def topics(received: Received) -> list[Need]:
    """A topic by its ARN or, as it is made, by its name."""
    said = received.parameters
    named = said.get("TopicArn") or said.get("ResourceArn")
    made = received.arn("sns", str(said["Name"])) if said.get("Name") else "*"
    return [_need(received, str(named or made), _tags(received))]


def _need(received: Received, resource: str, about: dict[str, Values] | None = None) -> Need:
    return Need(f"{received.service}:{received.action or 'UnknownAction'}", resource, about or {})


def _tags(received: Received) -> dict[str, Values]:
    return received.request_tags() or query_tags(received.parameters, "Tags.member.")


def _passed(role: Any, service: str) -> list[Need]:
    return [Need("iam:PassRole", str(role), {"iam:passedtoservice": service})] if role else []
