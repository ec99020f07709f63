"""The template that studioctl began with can be said in studio.toml, as docs/explanation/seed.md has it."""

from pathlib import Path
from typing import Any

import pytest

from studioctl.config.load import load, parse
from studioctl.errors import ConfigError
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Resource

EXAMPLE = Path(__file__).parents[3] / "examples/seed.toml"
HEAD = 'name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n'


def resources(text: str | None = None, directory: Path = Path()) -> dict[str, Resource]:
    config = load(EXAMPLE) if text is None else parse(HEAD + text, directory=directory)
    return {resource.address: resource for resource in blueprint.build(config).resources()}


def test_the_example_is_as_the_template_where_the_page_says_so() -> None:
    made = resources()

    def said(address: str) -> dict[str, Any]:
        return dict(made[address].arguments)

    assert said("aws_vpc.studio").items() >= {
        ("cidr_block", "10.0.0.0/16"),
        ("enable_dns_support", True),
        ("enable_dns_hostnames", True),
    }
    subnets = [said(f"aws_subnet.public_{number}") for number in (1, 2)]
    assert [subnet["cidr_block"] for subnet in subnets] == ["10.0.0.0/24", "10.0.1.0/24"]
    assert all(subnet["map_public_ip_on_launch"] for subnet in subnets)
    domain = said("aws_sagemaker_domain.studio")
    assert (domain["domain_name"], domain["auth_mode"], domain["app_network_access_type"]) == (
        *("acme-ml-domain", "IAM"),
        "PublicInternetOnly",
    )
    assert domain["domain_settings"]["docker_settings"]["enable_docker_access"] == "ENABLED"
    assert [str(group) for group in domain["domain_settings"]["security_group_ids"]] == [
        "${aws_security_group.studio.id}"
    ]
    assert said("aws_iam_role.execution")["name"] == "acme-ml_sagemaker_execution_role"
    assert said("aws_secretsmanager_secret.github")["name"] == "acme-ml_git"


def test_editors_that_are_never_stopped_are_so_for_domain_profile_and_space() -> None:
    made = resources('[studio]\nidle_timeout_minutes = "never"')

    for address, settings in (
        ("aws_sagemaker_domain.studio", "default_user_settings"),
        ("aws_sagemaker_user_profile.ada", "user_settings"),
    ):
        editor = made[address].arguments[settings]["code_editor_app_settings"]
        idle = editor["app_lifecycle_management"]["idle_settings"]
        assert (idle["lifecycle_management"], idle["idle_timeout_in_minutes"]) == ("DISABLED", 525_600)
    space = made["aws_sagemaker_space.ada-editor"].arguments["space_settings"]["code_editor_app_settings"]
    assert space["app_lifecycle_management"] == {"idle_settings": {"idle_timeout_in_minutes": 525_600}}


def test_a_script_of_ones_own_is_stored_as_it_is(tmp_path: Path) -> None:
    script = "#!/bin/bash\nset -eux\nconda install -y tree\n"
    (tmp_path / "setup.sh").write_text(script.replace("\n", "\r\n"))
    built = blueprint.build(parse(f'{HEAD}[editor]\nscript = "setup.sh"', directory=tmp_path))

    code_editor, jupyterlab = built.files.values()
    assert code_editor == script
    assert "conda" not in jupyterlab, "it was written for Code Editor, and JupyterLab would not start when it fails"


@pytest.mark.parametrize(
    ("script", "rest", "message"),
    [
        ("#!/bin/bash\n" + "#" * 12_300, "", "has 12,313 bytes, and SageMaker takes 12,288."),
        ("conda install tree", "", "does not begin with #!; its first line is the interpreter: #!/bin/bash"),
        ("#!/bin/sh", 'tools = ["uv"]', "takes the place of everything else below [editor]; delete tools"),
        (
            "#!/bin/sh",
            '[[users]]\nname = "bob"\neditor = { tools = ["uv"] }',
            "would change the script that [editor] script is; delete one of them",
        ),
    ],
)
def test_a_script_that_cannot_be_is_refused(tmp_path: Path, script: str, rest: str, message: str) -> None:
    (tmp_path / "setup.sh").write_text(script)
    head = HEAD.replace('users = [{ name = "ada" }]\n', "" if "[[users]]" in rest else 'users = [{ name = "ada" }]\n')
    with pytest.raises(ConfigError) as refused:
        blueprint.build(parse(f'{head}[editor]\nscript = "setup.sh"\n{rest}', directory=tmp_path))

    assert refused.value.message.endswith(message)
