"""Which types one Terraform needs to know."""

import json
from pathlib import Path

from studioctl.terraform.front.types import in_use

STATE = json.dumps({"version": 4, "resources": [{"type": "aws_eip"}, {"type": "aws_region"}]})


def test_those_of_the_documents_and_of_the_state(tmp_path: Path) -> None:
    one = {"resource": {"//": "why", "aws_vpc": {"studio": {}}}, "data": {"aws_partition": {"current": {}}}}
    many = {"resource": [{"aws_subnet": {"a": {}}}, {"aws_route": {"b": {}}}], "output": {"id": {}}}
    (tmp_path / "vpc.tf.json").write_text(json.dumps(one))
    (tmp_path / "more.tf.json").write_text(json.dumps(many))
    (tmp_path / "documents.json").write_text(json.dumps(["vpc.tf.json"]))
    documents = {"aws_vpc", "aws_partition", "aws_subnet", "aws_route"}
    assert in_use(tmp_path, lambda: "") == documents
    assert in_use(tmp_path, (tmp_path / "nothing").read_text) == documents
    assert in_use(tmp_path, lambda: STATE) == documents | {"aws_eip", "aws_region"}


def test_a_state_that_cannot_be_read_may_hold_any(tmp_path: Path) -> None:
    for torn in (STATE[:-1], "[]", '{"resources": [{}]}', '{"resources": 1}', "[" * 100_000):
        assert in_use(tmp_path, lambda torn=torn: torn) is None  # type: ignore[misc]
    assert in_use(tmp_path, tmp_path.read_text) is None
