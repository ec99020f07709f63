"""The content of a plan: from the stream alone, and with the values of `show -json`."""

import json
from pathlib import Path
from typing import Any

from studioctl.terraform import plan
from studioctl.terraform.plan import MASK, UNKNOWN, AttributeChange, PlanSummary, addresses
from studioctl.terraform.stream import Transcript

from .blueprints import blueprint, network, storage

RECORDINGS = Path(__file__).with_name("recordings")
MODULES = addresses(blueprint(network(), storage()))


def replaced() -> PlanSummary:
    shown = json.loads((RECORDINGS / "replace/show.json").read_text(encoding="utf-8"))
    return PlanSummary(*plan.from_show(shown, MODULES), destroy=False, has_changes=True, file=Path("plan.tfplan"))


def updated(**details: Any) -> dict[str, AttributeChange]:
    changes = plan.attribute_changes({"actions": ["update"], **details})
    return {change.path: change for change in changes}


def test_a_plan_of_creation_needs_no_second_process() -> None:
    said = Transcript()
    for line in (RECORDINGS / "create/plan.jsonl").read_text(encoding="utf-8").splitlines():
        list(said.read(line))

    changes, outputs, drift = plan.from_stream(said.planned, said.outputs, said.drifted, MODULES)

    assert not plan.needs_values(said.planned)
    assert [(c.module, c.address, c.action) for c in changes] == [
        ("vpc", "aws_vpc.studio", "create"),
        ("s3", "aws_s3_bucket.data", "create"),
    ]
    assert [(o.name, o.action) for o in outputs] == [("bucket", "create"), ("vpc_id", "create")]
    assert drift == ()


def test_changes_are_in_the_blueprints_order_and_what_it_no_longer_describes_is_last() -> None:
    summary = replaced()

    assert {module: [c.address for c in group] for module, group in summary.by_module().items()} == {
        "vpc": ["aws_vpc.studio"],
        "s3": ["aws_s3_bucket.data"],
        None: ["aws_iam_role.old"],
    }
    assert [summary.count(action) for action in ("update", "replace", "delete", "create")] == [1, 1, 1, 0]
    assert [c.address for c in summary.changes if c.destroys] == ["aws_s3_bucket.data", "aws_iam_role.old"]


def test_a_replacement_names_what_forces_it_and_leaves_out_what_only_aws_can_tell() -> None:
    bucket = replaced().changes[1]

    assert bucket.attributes == (
        AttributeChange("bucket", "demo-data", "demo-data-2", forces_replacement=True),
        AttributeChange("force_destroy", before=False, after=True),
    )
    assert bucket.reason == "replace_because_cannot_update"


def test_a_tag_is_told_once_and_a_default_tag_where_only_it_changes() -> None:
    vpc = replaced().changes[0]

    assert [(a.path, a.before, a.after) for a in vpc.attributes] == [
        ("enable_dns_hostnames", False, True),
        ("tags.Name", "demo", "studio"),
        ("tags_all.team", "ml", "ai"),
    ]


def test_drift_is_told_unless_aws_only_filled_in_what_was_left_out() -> None:
    (vpc,) = replaced().drift

    assert (vpc.address, vpc.attributes[0].before, vpc.attributes[0].after) == ("aws_vpc.studio", True, False)


def test_a_removal_outside_terraform_is_told_from_the_stream() -> None:
    resource = {"addr": "aws_vpc.studio", "resource_type": "aws_vpc", "resource_name": "studio"}
    drifted = [{"resource": resource, "action": "delete"}, {"resource": resource, "action": "update"}]

    _, _, drift = plan.from_stream([], {}, drifted, MODULES)

    assert [(c.address, c.action) for c in drift] == [("aws_vpc.studio", "delete")]


def test_sensitive_values_are_masked_wherever_they_are_marked() -> None:
    changes = updated(
        before={"password": "old", "options": {"key": "a"}, "list": [{"secret": "x"}]},
        after={"password": "new", "options": {"key": "b"}, "list": [{"secret": "y"}]},
        before_sensitive={"password": True},
        after_sensitive={"options": True, "list": [{"secret": True}]},
    )

    assert {path: (c.before, c.after, c.sensitive) for path, c in changes.items()} == {
        "password": (MASK, MASK, True),
        "options.key": (MASK, MASK, True),
        "list[0].secret": (MASK, MASK, True),
    }


def test_a_sensitive_output_is_masked() -> None:
    outputs = {output.name: output for output in replaced().outputs}

    assert set(outputs) == {"bucket", "token"}
    assert outputs["token"].after == MASK
    assert "hunter2" not in json.dumps(replaced().to_json())


def test_a_policy_is_compared_inside() -> None:
    changes = updated(
        before={"policy": '{"Action": ["a"], "Sid": "x"}'}, after={"policy": '{"Sid":"x","Action":["b"]}'}
    )

    assert [(c.path, c.before, c.after) for c in changes.values()] == [("policy.Action", ["a"], ["b"])]


def test_what_only_aws_can_tell_is_marked_in_an_update() -> None:
    (change,) = updated(before={"url": "a"}, after={}, after_unknown={"url": True}).values()

    assert (change.before, change.after, change.unknown) == ("a", UNKNOWN, True)


def test_the_json_form_is_stable() -> None:
    content = replaced().to_json()

    assert list(content) == ["has_changes", "destroy", "counts", "changes", "outputs", "drift", "steps"]
    assert content["counts"] == {"create": 0, "update": 1, "replace": 1, "delete": 1}
    assert content["changes"][1] == {
        "address": "aws_s3_bucket.data",
        "module": "s3",
        "type": "aws_s3_bucket",
        "label": "data",
        "action": "replace",
        "reason": "replace_because_cannot_update",
        "attributes": [
            {
                "path": "bucket",
                "before": "demo-data",
                "after": "demo-data-2",
                "forces_replacement": True,
                "sensitive": False,
                "unknown": False,
                "by_api": False,
            },
            {
                "path": "force_destroy",
                "before": False,
                "after": True,
                "forces_replacement": False,
                "sensitive": False,
                "unknown": False,
                "by_api": False,
            },
        ],
    }


def imported(*actions: str, reason: str = "") -> plan.ResourceChange:
    details = {
        "actions": list(actions),
        "importing": {"id": "d-1"},
        "before": {"a": 1, "id": "d-1", "arn": "arn:d"},
        "after": {"a": 2, "id": "d-1", "arn": "arn:d"},
    }
    change = {"address": "aws_sagemaker_domain.studio", "type": "aws_sagemaker_domain", "name": "studio"}
    shown = {"resource_changes": [{**change, "mode": "managed", "change": details, "action_reason": reason}]}
    (told,), _, _ = plan.from_show(shown, MODULES)
    return told


def test_what_is_imported_is_adopted_unless_it_is_replaced() -> None:
    assert (imported("no-op").action, imported("update").action) == ("import", "import")
    assert imported("no-op").called == (("id", "d-1"), ("arn", "arn:d"))
    assert imported("delete", "create").called == ()
    assert imported("delete", "create").destroys
    assert not imported("delete", "create").is_unfinished


def test_only_a_failed_creation_is_replaced_on_request() -> None:
    assert imported("delete", "create", reason="replace_by_request").is_unfinished
