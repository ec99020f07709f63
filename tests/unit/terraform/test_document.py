"""Documents: golden ones, and the rules that hold for every document."""

import json
from pathlib import Path

import pytest

from studioctl.infrastructure.block import Blueprint, Output, Resource
from studioctl.terraform.document import EMULATED_SERVICES, names, render
from tests.effort import effort

from .blueprints import AWS, access, blueprint, local, module, network, storage

GOLDEN = Path(__file__).with_name("golden")


def test_the_documents_are_the_golden_ones() -> None:
    documents = render(blueprint(network(), storage(), access()), AWS)

    assert documents == {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.tf.json")}


def test_the_names_are_those_of_the_documents() -> None:
    everything = blueprint(network(), storage(), access(), files={"scripts/setup.sh": "#!/bin/bash\n"})

    for target in (AWS, local(4999)):
        assert names(everything, target) == render(everything, target).keys()


def test_main_and_variables_come_first_and_modules_in_their_order() -> None:
    documents = render(blueprint(storage(), network()), AWS)

    assert list(documents) == ["main.tf.json", "variables.tf.json", "s3.tf.json", "vpc.tf.json"]


def test_a_file_that_blocks_refer_to_stands_beside_the_documents() -> None:
    documents = render(blueprint(network(), files={"scripts/setup.sh": "#!/bin/bash\n"}), AWS)

    assert documents["scripts/setup.sh"] == "#!/bin/bash\n"


def test_text_of_the_user_is_never_taken_for_a_template() -> None:
    main = json.loads(render(blueprint(tags={"cost": "${team}", "share": "50%{off"}), AWS)["main.tf.json"])

    assert main["provider"]["aws"]["default_tags"]["tags"] == {"cost": "$${team}", "share": "50%%{off"}


def test_a_local_target_has_no_profile_and_every_service_at_the_emulator() -> None:
    documents = render(blueprint(network()), local(4999))
    provider = json.loads(documents["main.tf.json"])["provider"]["aws"]

    assert "variables.tf.json" not in documents
    assert "profile" not in provider
    assert "its-secret" not in str(documents)
    assert provider["endpoints"] == dict.fromkeys(EMULATED_SERVICES, "http://127.0.0.1:4999")


def test_a_reference_inside_a_list_and_inside_text_is_written_as_terraform_reads_it() -> None:
    bucket = Resource("aws_s3_bucket", "data", {"bucket": "demo"})
    output = Output("where", [bucket.ref("arn"), f"{bucket.ref('arn')}/*"], "Where.")

    document = json.loads(render(blueprint(module("s3", bucket, output)), AWS)["s3.tf.json"])

    assert document["output"]["where"]["value"] == ["${aws_s3_bucket.data.arn}", "${aws_s3_bucket.data.arn}/*"]


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    resource = Resource("aws_vpc", "studio", {"cidr_block": Path("10.0.0.0")})

    with pytest.raises(TypeError, match="cannot hold"):
        render(blueprint(module("vpc", resource)), AWS)


def test_writing_takes_as_much_longer_as_there_are_more_resources() -> None:
    few, many = studio(spaces=500), studio(spaces=2000)

    assert effort(lambda: render(many, AWS)) < 8 * effort(lambda: render(few, AWS))


def studio(*, spaces: int) -> Blueprint:
    resources = [
        Resource("aws_sagemaker_space", f"u{n}", {"space_name": f"u{n}", "space_settings": {"app_type": "CodeEditor"}})
        for n in range(spaces)
    ]
    return blueprint(module("sagemaker", *resources))
