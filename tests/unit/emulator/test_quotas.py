"""Service Quotas as AWS answers, and the refusals of an account that is held to them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import Studio, client, new_studio, refusal

PROFILES, SPACES, RUNNING_APPS, APPS_ON_T3_LARGE = "L-AC46C40F", "L-8E5333B4", "L-4E39DDC4", "L-656A17FA"
DB_CLUSTERS, DB_INSTANCES, DB_SUBNET_GROUPS, DB_PARAMETER_GROUPS = (
    "L-952B80B8",
    "L-7B6409FD",
    "L-48C6BF61",
    "L-E4C808A8",
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An account that is held to its quotas, with room for one running app, three spaces and one parameter group."""
    home = tmp_path_factory.mktemp("strict")
    of_databases = {DB_CLUSTERS: 0, DB_INSTANCES: 0, DB_SUBNET_GROUPS: 0, DB_PARAMETER_GROUPS: 1}
    quotas: dict[str, float] = {SPACES: 3, RUNNING_APPS: 1, **of_databases}
    settings = EmulatorSettings(transition_seconds=0, enforce_quotas=True, quotas=quotas)
    yield server.start(settings=settings, state_dir=home)
    server.stop(home)


def test_a_new_account_has_the_defaults(emulator: RunningEmulator) -> None:
    asked = client(emulator, "service-quotas")
    values = {
        code: asked.get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]["Value"]
        for code in (PROFILES, SPACES, RUNNING_APPS, APPS_ON_T3_LARGE)
    }

    assert values == {PROFILES: 2, SPACES: 6, RUNNING_APPS: 40, APPS_ON_T3_LARGE: 6}


def test_what_was_set_is_the_accounts_and_not_awss_default(strict: RunningEmulator) -> None:
    asked = client(strict, "service-quotas")
    spaces = {"ServiceCode": "sagemaker", "QuotaCode": SPACES}

    assert asked.get_service_quota(**spaces)["Quota"]["Value"] == 3
    assert asked.get_aws_default_service_quota(**spaces)["Quota"]["Value"] == 6


def test_all_quotas_come_in_pages(emulator: RunningEmulator) -> None:
    asked = client(emulator, "service-quotas")
    pages = list(asked.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"))
    found = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}

    assert len(pages) > 1
    assert found["Studio CodeEditor Apps running on ml.t3.large instances"]["QuotaCode"] == APPS_ON_T3_LARGE
    assert found["Studio JupyterLab Apps running on ml.t3.large instances"]["QuotaCode"] != APPS_ON_T3_LARGE
    assert found["Studio CodeEditor Apps running on ml.p4d.24xlarge instances"]["Value"] == 0
    assert len({quota["QuotaCode"] for quota in found.values()}) == len(found) == sum(len(p["Quotas"]) for p in pages)


def test_a_quota_without_a_value_is_known_by_its_default_alone(tmp_path: Path) -> None:
    settings = EmulatorSettings(quotas={SPACES: 9}, quotas_have_values=False)
    asked = client(server.start(settings=settings, state_dir=tmp_path), "service-quotas")
    try:
        profiles = {"ServiceCode": "sagemaker", "QuotaCode": PROFILES}
        assert refusal(partial(asked.get_service_quota, **profiles))[0] == "NoSuchResourceException"
        assert asked.get_aws_default_service_quota(**profiles)["Quota"]["Value"] == 2
        listed = asked.list_service_quotas(ServiceCode="sagemaker")["Quotas"]
        assert [(each["QuotaCode"], each["Value"]) for each in listed] == [(SPACES, 9)]
        pages = asked.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker")
        defaults = {each["QuotaCode"]: each["Value"] for page in pages for each in page["Quotas"]}
        assert (defaults[PROFILES], defaults[SPACES]) == (2, 6)
        assert asked.request_service_quota_increase(**profiles, DesiredValue=3)["RequestedQuota"]["DesiredValue"] == 3
    finally:
        server.stop(tmp_path)


def test_an_unknown_quota_is_refused(emulator: RunningEmulator) -> None:
    asked = client(emulator, "service-quotas")
    for service, code in (("sagemaker", "L-00000000"), ("nothing", PROFILES)):
        refused, _ = refusal(partial(asked.get_service_quota, ServiceCode=service, QuotaCode=code))
        assert refused == "NoSuchResourceException"


def test_what_is_beyond_a_quota_is_refused(strict: RunningEmulator) -> None:
    studio: Studio = new_studio(strict)
    domain_id = studio.domain()
    for name in ("ada", "bob"):
        studio.profile(domain_id, name)
    for name in ("one", "two", "three"):
        studio.space(domain_id, name)
    studio.app(domain_id, "one")
    beyond = {
        "Maximum number of Studio user profiles allowed per account' is 2 UserProfiles": lambda: studio.profile(
            domain_id, "eve"
        ),
        "Maximum number of Studio spaces allowed per account' is 3 Spaces": lambda: studio.space(domain_id, "four"),
        "Maximum number of running Studio apps allowed per account' is 1 Apps": lambda: studio.app(domain_id, "two"),
    }
    for text, call in beyond.items():
        code, message = refusal(call)
        assert code == "ResourceLimitExceeded"
        assert message.startswith(f"The account-level service limit '{text}, with current utilization of ")
    assert len(studio.sagemaker.list_spaces()["Spaces"]) == 3


def test_whatever_databases_need_is_refused_beyond_its_quota(strict: RunningEmulator) -> None:
    rds, studio = client(strict, "rds"), new_studio(strict)
    named = {"DBClusterParameterGroupName": "one", "DBParameterGroupFamily": "aurora-postgresql17", "Description": "-"}
    rds.create_db_cluster_parameter_group(**named)
    engine = {"Engine": "aurora-postgresql", "MasterUsername": "boss", "ManageMasterUserPassword": True}
    instance = {"Engine": "postgres", "MasterUsername": "boss", "MasterUserPassword": "secret-secret"}
    beyond = {
        ("DBClusterQuotaExceededFault", "Cannot create more than 0 DB clusters"): lambda: rds.create_db_cluster(
            DBClusterIdentifier="acme", **engine
        ),
        ("InstanceQuotaExceeded", "Cannot create more than 0 DB instances"): lambda: rds.create_db_instance(
            DBInstanceIdentifier="acme", DBInstanceClass="db.t4g.micro", AllocatedStorage=20, **instance
        ),
        ("DBSubnetGroupQuotaExceeded", "Cannot create more than 0 DB subnet groups"): lambda: (
            rds.create_db_subnet_group(
                DBSubnetGroupName="acme", DBSubnetGroupDescription="-", SubnetIds=studio.subnet_ids
            )
        ),
        ("DBParameterGroupQuotaExceeded", "Cannot create more than 1 DB cluster parameter groups"): lambda: (
            rds.create_db_cluster_parameter_group(**{**named, "DBClusterParameterGroupName": "two"})
        ),
    }
    assert [refusal(call) for call in beyond.values()] == list(beyond)
    assert refusal(lambda: rds.create_db_cluster_parameter_group(**named))[0] == "DBParameterGroupAlreadyExists"
    assert rds.describe_db_instances()["DBInstances"] == []


def test_a_type_that_has_to_be_asked_for_is_refused_also_where_no_quota_is_minded(emulator: RunningEmulator) -> None:
    studio = new_studio(emulator, "us-east-1")
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)

    message = refusal(lambda: studio.app(domain_id, ResourceSpec={"InstanceType": "ml.p4d.24xlarge"}))[1]
    assert message.startswith(
        "The account-level service limit 'Studio CodeEditor Apps running on ml.p4d.24xlarge instances' is 0 Apps, with"
        " current utilization of 0 Apps"
    )
