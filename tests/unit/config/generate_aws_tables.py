"""Writes `src/studioctl/config/aws_tables.py`: `python tests/unit/config/generate_aws_tables.py`.

What AWS has comes from botocore; what the provider refuses comes from asking the provider itself, with
`terraform validate` and `terraform plan` on a file that uses everything.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import botocore.session

from studioctl.catalog.provider import DEFAULT, NAME
from studioctl.terraform import provider

TABLES = Path(__file__).parents[3] / "src/studioctl/config/aws_tables.py"
NOT_FOR_EDITORS = {"system", "ml.geospatial.interactive"}  # of other kinds of apps


def instance_types() -> set[str]:
    """The instance types that SageMaker's API knows for a Code Editor."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.shape_for("AppInstanceType")
    return set(shape.enum) - NOT_FOR_EDITORS


def regions() -> set[str]:
    """Every region with SageMaker, of every partition."""
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return {region for partition in partitions for region in session.get_available_regions("sagemaker", partition)}


def _terraform(directory: Path, *arguments: str) -> str:
    command = ["terraform", f"-chdir={directory}", *arguments]
    environment = dict(os.environ)
    if mirror := provider.find(environment, provider.TERRAFORM_REGISTRY):
        rules = directory / "terraform.rc"
        rules.write_text(provider.cli_config(mirror, environment))
        environment["TF_CLI_CONFIG_FILE"] = str(rules)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout


def _prepare(directory: Path, **blocks: Any) -> None:
    required = {"aws": {"source": NAME, "version": DEFAULT}}
    document = {"terraform": {"required_providers": required}, **blocks}
    (directory / "main.tf.json").write_text(json.dumps(document))


def refused_instance_types(candidates: Iterable[str]) -> set[str]:
    """Those that the provider does not let through, with one `terraform validate` for all of them."""

    def space(instance_type: str) -> dict[str, Any]:
        spec = {"default_resource_spec": {"instance_type": instance_type}}
        return {"domain_id": "d-1", "space_name": "a", "space_settings": {"code_editor_app_settings": spec}}

    by_label = {f"t{index}": name for index, name in enumerate(sorted(candidates))}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        _prepare(directory, resource={"aws_sagemaker_space": {label: space(t) for label, t in by_label.items()}})
        _terraform(directory, "init", "-input=false")
        diagnostics = json.loads(_terraform(directory, "validate", "-json"))["diagnostics"]
    return {by_label[diagnostic["address"].rpartition(".")[2]] for diagnostic in diagnostics}


def refused_regions(candidates: Iterable[str]) -> set[str]:
    """Those that the provider does not let through: one `terraform plan` each, with no account behind it."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        _prepare(directory)
        _terraform(directory, "init", "-input=false")
        return {region for region in candidates if not _plans(directory, region)}


def _plans(directory: Path, region: str) -> bool:
    settings = {
        "region": region,
        "access_key": "none",
        "secret_key": "none",
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
    }
    _prepare(directory, provider={"aws": settings}, resource={"aws_vpc": {"a": {"cidr_block": "10.0.0.0/16"}}})
    return "1 to add" in _terraform(directory, "plan", "-no-color", "-input=false")


def render() -> str:
    """The module's text."""

    def table(name: str, comment: str, values: Iterable[str]) -> str:
        lines = "".join(f'        "{value}",\n' for value in sorted(values))
        return f"\n# {comment}\n{name}: Final = frozenset(\n    {{\n{lines}    }}\n)\n"

    types, places = instance_types(), regions()
    return (
        '"""AWS\'s types and regions, with refused ones: tests/unit/config/generate_aws_tables.py writes this."""\n\n'
        "from typing import Final\n"
        + table("INSTANCE_TYPES", "SageMaker's AppInstanceType, without those of other kinds of apps.", types)
        + table(
            "REFUSED_INSTANCE_TYPES",
            "Of these, what the provider does not let through.",
            refused_instance_types(types),
        )
        + table("REGIONS", "Every region with SageMaker.", places)
        + table("REFUSED_REGIONS", "Of these, what the provider does not let through.", refused_regions(places))
    )


if __name__ == "__main__":
    TABLES.write_text(render())
