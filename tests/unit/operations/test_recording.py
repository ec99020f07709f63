"""Resources that `down` takes into a lost state: those that exist, and nothing is created for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from studioctl.catalog.kinds import kind_of
from studioctl.events import Work
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Blueprint, Data, references
from studioctl.infrastructure.database import CLUSTER
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt
from studioctl.operations.provisioning.down import BY_API, KEY_ADDRESSES
from studioctl.target import Target
from studioctl.terraform.document import render
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.state_resources import STORES
from tests.environments import environment as config
from tests.fakes.terraform import FakeTerraform
from tests.fakes.work import done

TUNING = {"network": {"access": "vpc-only"}, "tuning": {"database": "aurora-postgresql"}}
FILES: dict[str, dict[str, Any]] = {
    "plain": {},
    "tuning": TUNING,
    "limits": {"limits": {"monthly_usd": 100}},
    "everything": {**TUNING, "limits": {"monthly_usd": 100}, "encryption": {"customer_key": True}},
}


@dataclass
class Recording(FakeTerraform):
    """Remembers what it was told to plan, and of which blueprint."""

    given: Blueprint | None = None
    targets: set[str] = field(default_factory=set)
    refreshed: bool = True

    def plan(
        self,
        *,
        adopt: Mapping[str, str] | None = None,
        targets: Iterable[str] = (),
        refresh: bool = True,
        **options: Any,
    ) -> Work[PlanSummary]:
        self.given, self.targets, self.refreshed = self.blueprint, set(targets), refresh
        return super().plan(adopt=adopt, **options)


def recorded(sections: Mapping[str, Any], tainted: Iterable[str] = ()) -> tuple[Recording, Blueprint]:
    """Everything but what goes by API or as a store is there, and no state knows of it."""
    file = config(**sections)
    whole = blueprint.build(file)
    spared = (*BY_API, *KEY_ADDRESSES, *(f"{type_}." for type_ in STORES))
    found = {
        it.address: "id" for it in whole.resources() if kind_of(it.type).found and not it.address.startswith(spared)
    }
    terraform = Recording([], lambda: None, tainted={it: {"id": "id"} for it in tainted}, blueprint=whole)
    done(adopt.record(Environment(file, Target("us-east-1"), terraform), found))  # type: ignore[arg-type]
    assert terraform.blueprint == whole
    assert terraform.adopted == found
    assert terraform.targets == found.keys()
    assert not terraform.refreshed
    assert terraform.given is not None
    return terraform, terraform.given


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_made_that_was_removed_before(name: str) -> None:
    terraform, given = recorded(FILES[name])
    described = {it.address: it for it in given.resources()}
    assert described.keys() == terraform.adopted.keys()
    # Terraform stumbles over a reference to what is not described, at any depth and in what is looked up, too.
    data = {it.address for module in given.modules for it in module.blocks if isinstance(it, Data)}
    for module in given.modules:
        for block in module.blocks:
            assert isinstance(block, Data) or block.address in described  # type: ignore[union-attr]
            told = set(references(block.arguments)) - {"path.module"}  # type: ignore[union-attr]
            assert told <= described.keys() | data
    assert render(given, Target("us-east-1"))


def test_what_policies_and_the_guard_name_has_a_stand_in() -> None:
    _, given = recorded(FILES["everything"])
    blocks = {it.address: it.arguments for module in given.modules for it in module.blocks if not hasattr(it, "value")}
    assert "dbuser:none/tuner" in str(blocks["data.aws_iam_policy_document.database"])
    assert blocks["data.aws_iam_policy_document.kms"]["statement"][0]["resources"] == [
        "arn:aws:iam::000000000000:role/none"
    ]
    ignored = {
        a: it["lifecycle"]["ignore_changes"] for a, it in blocks.items() if "ignore_changes" in str(it.get("lifecycle"))
    }
    assert ignored["aws_iam_policy.database"] == ignored["aws_iam_policy.s3"] == ["policy"]
    assert ignored["aws_lambda_function.guard"] == ["environment"]
    assert ignored["aws_iam_role_policy.guard"] == ["policy"]
    assert "aws_iam_policy.jobs" not in ignored
    assert blocks["aws_lambda_function.guard"]["environment"]["variables"]["DOMAIN_ID"] == "none"


def test_a_cluster_that_was_never_finished_is_not_made_anew() -> None:
    _, given = recorded(TUNING, tainted=[CLUSTER])
    assert CLUSTER not in {it.address for it in given.resources()}
