"""Whether CloudTrail names users changes only while nothing runs."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from studioctl.errors import RefusedError
from studioctl.operations.provisioning import meeting, up
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange
from tests.environments import environment as config
from tests.fakes.terraform import FakeTerraform
from tests.unit.operations.conftest import World


def identity(before: Any, after: Any) -> PlanSummary:
    attribute = AttributeChange("domain_settings[0].execution_role_identity_config", before, after)
    change = ResourceChange(
        "aws_sagemaker_domain.studio", "aws_sagemaker_domain", "studio", "sagemaker", "update", (attribute,)
    )
    return PlanSummary((change,), (), (), destroy=False, has_changes=True, file=Path("plan"))


def test_apps_are_in_the_way_of_a_change_and_of_nothing_else(world: World) -> None:
    tags = [{"Key": "studioctl:environment", "Value": "acme-names"}]
    domain_id = world.studio.domain(DomainName="acme-names", Tags=tags)
    named = config(name="acme-names")
    terraform: Any = FakeTerraform([], destroy=lambda: None)
    environment = dataclasses.replace(world.environment, config=named, terraform=terraform)
    on, off = identity("DISABLED", "USER_PROFILE_NAME"), identity("USER_PROFILE_NAME", "DISABLED")
    assert meeting.apps(environment, on).in_the_way == ()

    world.studio.profile(domain_id)
    world.studio.space(domain_id)
    world.studio.app(domain_id)

    for summary in (on, off):
        assert [app.title for app in meeting.apps(environment, summary).in_the_way] == ["CodeEditor in 'editor'"]
        with pytest.raises(RefusedError, match="or whether CloudTrail names users, only when none runs"):
            up.cleared(environment, summary)
    now = meeting.look(environment, on)
    assert ([app.title for app in now.running], now.flags) == (["editor of ada"], ("--stop-apps",))
    for said_at_last in (identity(None, "DISABLED"), identity("", "DISABLED")):
        assert meeting.apps(environment, said_at_last).in_the_way == ()
