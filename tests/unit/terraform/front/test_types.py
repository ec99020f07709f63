"""The types that one Terraform needs to know."""

import json
from pathlib import Path

from studioctl.errors import TerraformError
from studioctl.terraform.front.types import in_use

STATE = {"version": 4, "resources": [{"type": "aws_eip"}, {"type": "aws_region"}]}


def test_those_of_the_documents_and_of_the_state(tmp_path: Path) -> None:
    one = {"resource": {"//": "why", "aws_vpc": {"studio": {}}}, "data": {"aws_partition": {"current": {}}}}
    many = {"resource": [{"aws_subnet": {"a": {}}}, {"aws_route": {"b": {}}}], "output": {"id": {}}}
    (tmp_path / "vpc.tf.json").write_text(json.dumps(one))
    (tmp_path / "more.tf.json").write_text(json.dumps(many))
    (tmp_path / "documents.json").write_text(json.dumps(["vpc.tf.json"]))
    documents = {"aws_vpc", "aws_partition", "aws_subnet", "aws_route"}
    assert in_use(tmp_path, dict) == documents
    assert in_use(tmp_path, lambda: STATE) == documents | {"aws_eip", "aws_region"}


def test_a_state_that_cannot_be_read_may_hold_any(tmp_path: Path) -> None:
    def torn() -> dict[str, object]:
        raise TerraformError("damaged", hint="look")

    assert in_use(tmp_path, torn) is None
