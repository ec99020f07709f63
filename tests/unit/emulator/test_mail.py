"""SNS on the emulator: a mail address counts once its owner has confirmed it, with the token of the mail."""

import re
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, refusal

ADA = {"Protocol": "email", "Endpoint": "ada@acme.com"}


@pytest.fixture
def sns(emulator: RunningEmulator) -> Any:
    return client(emulator, "sns")


def arns(sns: Any, topic: str) -> list[str]:
    found: Any = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return [each["SubscriptionArn"] for each in found]


def tokens(emulator: RunningEmulator, topic: str) -> list[str]:
    pattern = rf"Mail to ada@acme\.com: confirm the subscription to {topic} with the token (\w+)"
    return re.findall(pattern, emulator.log_path.read_text())


def test_a_mail_address_is_pending_until_its_token_comes(emulator: RunningEmulator, sns: Any) -> None:
    topic = sns.create_topic(Name="mail")["TopicArn"]
    assert sns.subscribe(TopicArn=topic, **ADA)["SubscriptionArn"] == "pending confirmation"
    assert arns(sns, topic) == ["PendingConfirmation"]
    assert sns.subscribe(TopicArn=topic, **ADA, ReturnSubscriptionArn=True)["SubscriptionArn"].startswith(topic)
    first, again = tokens(emulator, topic)
    assert first == again
    code, message = refusal(lambda: sns.confirm_subscription(TopicArn=topic, Token="0" * 320))
    assert (code, message) == ("InvalidParameter", "Invalid parameter: Token")
    arn = sns.confirm_subscription(TopicArn=topic, Token=first)["SubscriptionArn"]
    assert arns(sns, topic) == [arn]
    assert sns.subscribe(TopicArn=topic, **ADA)["SubscriptionArn"] == arn  # nobody is asked again
    assert len(tokens(emulator, topic)) == 2


def test_what_is_no_mail_is_confirmed_at_once(sns: Any) -> None:
    topic = sns.create_topic(Name="queue")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:123456789012:queue"
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    assert arns(sns, topic) == [arn]
