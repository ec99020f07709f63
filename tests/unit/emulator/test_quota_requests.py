"""Requests for a larger quota, as Service Quotas takes them."""

from functools import partial

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, refusal

ROLES = {"ServiceCode": "iam", "QuotaCode": "L-FE177D64"}


def test_a_request_stays_open_and_is_the_only_one(emulator: RunningEmulator) -> None:
    asked = client(emulator, "service-quotas", "eu-south-2")
    for_spaces = {"ServiceCode": "sagemaker", "QuotaCode": "L-8E5333B4"}

    made = asked.request_service_quota_increase(**for_spaces, DesiredValue=1000)["RequestedQuota"]
    history = asked.list_requested_service_quota_change_history_by_quota(**for_spaces)["RequestedQuotas"]
    again = refusal(partial(asked.request_service_quota_increase, **for_spaces, DesiredValue=2000))
    no_more = refusal(partial(asked.request_service_quota_increase, **ROLES, DesiredValue=1000))
    unknown = refusal(partial(asked.request_service_quota_increase, ServiceCode="iam", QuotaCode="L-0", DesiredValue=1))

    assert (made["DesiredValue"], made["Status"], made["QuotaName"]) == (
        1000,
        "PENDING",
        "Maximum number of Studio spaces allowed per account",
    )
    assert [each["Id"] for each in history] == [made["Id"]]
    assert again[0] == "ResourceAlreadyExistsException"
    assert no_more[0] == "IllegalArgumentException"
    assert unknown[0] == "NoSuchResourceException"


def test_iams_quotas_are_those_of_its_summary(emulator: RunningEmulator) -> None:
    summary = client(emulator, "iam").get_account_summary()["SummaryMap"]
    asked = client(emulator, "service-quotas")

    assert asked.get_aws_default_service_quota(**ROLES)["Quota"]["Value"] == summary["RolesQuota"]
    policies = {"ServiceCode": "iam", "QuotaCode": "L-E95E4862"}
    assert asked.get_aws_default_service_quota(**policies)["Quota"]["Value"] == summary["PoliciesQuota"]
