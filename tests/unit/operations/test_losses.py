"""What `up` refuses before anybody is asked."""

import dataclasses
from pathlib import Path

import pytest

from studioctl.errors import RefusedError
from studioctl.operations import losses
from studioctl.terraform.plan import Action, AttributeChange, PlanSummary, ResourceChange

VOLUME = "space_settings[0].space_storage_settings[0].ebs_storage_settings[0].ebs_volume_size_in_gb"


def plan(type_: str, label: str, action: Action, *attributes: AttributeChange) -> PlanSummary:
    change = ResourceChange(f"{type_}.{label}", type_, label, "sagemaker", action, attributes)
    return PlanSummary((change,), (), (), destroy=False, has_changes=True, file=Path("plan"))


def test_a_volume_may_grow() -> None:
    losses.refuse_the_impossible(plan("aws_sagemaker_space", "ada", "update", AttributeChange(VOLUME, 20, 30)))


def test_a_volume_does_not_shrink() -> None:
    with pytest.raises(RefusedError) as refused:
        losses.refuse_the_impossible(plan("aws_sagemaker_space", "ada", "update", AttributeChange(VOLUME, 30, 20)))

    assert refused.value.message == "AWS cannot shrink the volume of space 'ada' from 30 to 20 GB."
    assert refused.value.hint == "write 30 again, or give the user a smaller space of another name"


def test_a_space_does_not_change_hands() -> None:
    owner = AttributeChange("ownership_settings[0].owner_user_profile_name", "ada", "grace")
    with pytest.raises(RefusedError) as refused:
        losses.refuse_the_impossible(plan("aws_sagemaker_space", "models", "update", owner))

    assert refused.value.message == "AWS cannot change the owner of space 'models' from 'ada' to 'grace'."


@pytest.mark.parametrize("action", ["replace", "delete"])
def test_a_domain_is_never_replaced(action: Action) -> None:
    cause = AttributeChange("subnet_ids[0]", "subnet-1", "(known after apply)", forces_replacement=True)
    with pytest.raises(RefusedError) as refused:
        losses.refuse_the_impossible(plan("aws_sagemaker_domain", "studio", action, cause))

    assert refused.value.message == (
        "This would replace the domain, because of: subnet_ids."
        " Every home directory and every space's volume would be lost."
    )


def test_a_domain_whose_creation_was_interrupted_is_made_anew() -> None:
    unfinished = plan("aws_sagemaker_domain", "studio", "replace")
    (change,) = unfinished.changes

    losses.refuse_the_impossible(
        dataclasses.replace(unfinished, changes=(dataclasses.replace(change, reason="replace_because_tainted"),))
    )
