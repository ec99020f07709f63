"""Whose editor is set up by which lifecycle configuration."""

from tests.environments import environment

from studioctl.infrastructure import blueprint, editor_scripts
from studioctl.infrastructure.block import Ref
from studioctl.infrastructure.naming import Naming

TYPE = "aws_sagemaker_studio_lifecycle_config"
USERS = [
    {"name": "ada", "editor": {"tools": ["uv"]}},
    {"name": "grace", "editor": {"tools": ["uv"]}},
    {"name": "mary", "editor": {}},
    {"name": "radia"},
]


def test_a_user_whose_editor_differs_has_a_configuration_of_their_own() -> None:
    everything = blueprint.build(environment(users=USERS))
    found = {resource.address: resource.arguments for resource in everything.resources()}
    configs = {address: arguments for address, arguments in found.items() if address.startswith(TYPE)}

    assert list(configs) == [f"{TYPE}.editor", f"{TYPE}.editor_ada", f"{TYPE}.editor_grace"]
    names = [arguments["studio_lifecycle_config_name"] for arguments in configs.values()]
    assert len(set(names)) == 3, "two users who want the same would have the same name"
    assert names[1].startswith("acme-ml-editor-ada-")
    assert set(everything.files) == {
        "lifecycle_scripts/setup_code_editor.sh",
        "lifecycle_scripts/setup_code_editor_ada.sh",
        "lifecycle_scripts/setup_code_editor_grace.sh",
    }
    for user, config in {"ada": "editor_ada", "grace": "editor_grace", "mary": "editor", "radia": "editor"}.items():
        arn = Ref(f"{TYPE}.{config}.arn")
        profile = found[f"aws_sagemaker_user_profile.{user}"]["user_settings"]["code_editor_app_settings"]
        space = found[f"aws_sagemaker_space.{user}-editor"]["space_settings"]["code_editor_app_settings"]
        assert profile["lifecycle_config_arns"] == [arn], "listed means allowed"
        assert profile["default_resource_spec"]["lifecycle_config_arn"] == arn
        assert space["default_resource_spec"]["lifecycle_config_arn"] == arn
        content = configs[arn.address.removesuffix(".arn")]["studio_lifecycle_config_content"]
        suffix = config.removeprefix("editor")
        assert content == Ref(f'filebase64("${{path.module}}/lifecycle_scripts/setup_code_editor{suffix}.sh")')


def test_names_fit_and_differ_however_long_they_are() -> None:
    naming = Naming("a" * 32)
    users = ["b" * 63, "b" * 62, "b", "b-" + "c" * 61, "bbbbbbbbbbb-c"]
    names = {naming.user_lifecycle_config(user, "0" * 10) for user in users}

    assert len(names) == len(users)
    assert all(len(name) <= 63 and "--" not in name and not name.endswith("-") for name in names)


def test_the_token_and_dockers_client_are_wanted_where_the_file_says_so() -> None:
    plain = editor_scripts.build(environment(studio={"docker": False})).of("ada").source
    full = editor_scripts.build(environment(secrets={"github": {"username": "ada", "host": "git.acme.com"}}))

    assert "docker" not in plain
    assert "git-credential" not in plain
    assert "docker_client" in full.domain.source
    assert "acme-ml/github" in full.domain.source
    assert "git.acme.com" in full.domain.source
