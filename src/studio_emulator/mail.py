"""SNS that waits for the owner of a mail address, as AWS does: moto takes each subscription for confirmed.

No mail goes out. The one with the link, and the token in it, is a line of the emulator's log.
Sources: SNS API reference, "Subscribe", "ConfirmSubscription"; SNS Developer Guide, "sns-email-notifications".
"""

import copy
import secrets
import sys
from types import ModuleType

from moto.core.responses import ActionResult
from moto.sns import urls
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, sns_backends
from moto.sns.responses import SNSResponse

BY_MAIL = frozenset({"email", "email-json"})
PENDING = "PendingConfirmation"  # in lists, where an ARN will be
ASKED = "pending confirmation"  # what Subscribe answers


class ConfirmingSNSBackend(SNSBackend):
    """SNS of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tokens: dict[str, str] = {}

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        """Asks the owner of a mail address, again each time while the answer is open."""
        known = self._find_subscription(topic_arn, endpoint, protocol) is not None
        made = super().subscribe(topic_arn, endpoint, protocol)
        if protocol in BY_MAIL and (not known or self.is_pending(made)):
            made.attributes["PendingConfirmation"] = True
            token = self.tokens.setdefault(made.arn, secrets.token_hex(160))
            sys.stderr.write(f"Mail to {endpoint}: confirm the subscription to {topic_arn} with the token {token}\n")
            sys.stderr.flush()
        return made

    def is_pending(self, subscription: Subscription) -> bool:
        """Whether its owner has not confirmed it."""
        return subscription.arn in self.tokens

    def confirm(self, topic_arn: str, token: str) -> str:
        """The subscription's ARN. Raises SNSInvalidParameter."""
        self.get_topic(topic_arn)
        found = (arn for arn, known in self.tokens.items() if secrets.compare_digest(known, token))
        arn = next((arn for arn in found if self.subscriptions[arn].topic.arn == topic_arn), None)
        if arn is None:
            raise SNSInvalidParameter("Invalid parameter: Token")
        del self.tokens[arn]
        self.subscriptions[arn].attributes["PendingConfirmation"] = False
        return arn

    def unsubscribe(self, subscription_arn: str) -> None:
        """Forgets its token, too."""
        self.tokens.pop(subscription_arn, None)
        super().unsubscribe(subscription_arn)

    def list_subscriptions(self, next_token: str | None = None) -> tuple[list[Subscription], int | None]:
        """List subscriptions, with AWS's placeholder for the ARN of one that nobody has confirmed."""
        found, more = super().list_subscriptions(next_token)
        return [self._shown(each) for each in found], more

    def list_subscriptions_by_topic(
        self, topic_arn: str, next_token: str | None = None
    ) -> tuple[list[Subscription], int | None]:
        """The same of one topic."""
        found, more = super().list_subscriptions_by_topic(topic_arn, next_token)
        return [self._shown(each) for each in found], more

    def _shown(self, subscription: Subscription) -> Subscription:
        if not self.is_pending(subscription):
            return subscription
        shown = copy.copy(subscription)
        shown.arn = PENDING
        return shown


class ConfirmingSNSResponse(SNSResponse):
    """The answers that differ from moto's."""

    @property
    def _topics(self) -> ConfirmingSNSBackend:
        backend = sns_backends[self.current_account][self.region]
        assert isinstance(backend, ConfirmingSNSBackend)  # noqa: S101 - install.py sees to it
        return backend

    def subscribe(self) -> ActionResult:
        """The ARN of what nobody has confirmed is told only to those who ask for it."""
        answer = super().subscribe()
        arn = str(answer.result["SubscriptionArn"])  # type: ignore[index]
        wanted = str(self._get_param("ReturnSubscriptionArn")).lower() == "true"
        return ActionResult({"SubscriptionArn": ASKED}) if arn in self._topics.tokens and not wanted else answer

    def confirm_subscription(self) -> ActionResult:
        """Confirm a subscription by the token of the mail."""
        arn = self._topics.confirm(self._get_param("TopicArn"), str(self._get_param("Token")))
        return ActionResult({"SubscriptionArn": arn})
