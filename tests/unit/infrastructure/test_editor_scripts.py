"""The editors that each lifecycle configuration sets up."""

from tests.environments import environment

from studioctl.config.apps import TYPES
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
    configs = {address: arguments for address, arguments in found.items() if address.startswith(f"{TYPE}.editor")}

    assert list(configs) == [f"{TYPE}.editor", f"{TYPE}.editor_ada", f"{TYPE}.editor_grace"]
    names = [arguments["studio_lifecycle_config_name"] for arguments in configs.values()]
    assert len(set(names)) == 3, "two users who want the same would have the same name"
    assert names[1].startswith("acme-ml-editor-ada-")
    assert {file for file in everything.files if "code_editor" in file} == {
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


def test_jupyterlab_is_set_up_by_configurations_of_its_type_without_what_only_vs_code_reads() -> None:
    users = [
        {"name": "ada", "editor": {"settings": {"editor.fontSize": 14}, "extensions": ["eamodio.gitlens"]}},
        {"name": "grace", "editor": {"tools": ["uv"]}, "spaces": [{"name": "grace-lab", "app": "jupyterlab"}]},
    ]
    everything = blueprint.build(environment(users=users, studio={"idle_timeout_minutes": 90}))
    found = {resource.address: resource.arguments for resource in everything.resources()}
    configs = {address: arguments for address, arguments in found.items() if address.startswith(f"{TYPE}.lab")}

    assert list(configs) == [f"{TYPE}.lab", f"{TYPE}.lab_grace"], "for JupyterLab, Ada's editor is everybody's"
    assert {arguments["studio_lifecycle_config_app_type"] for arguments in configs.values()} == {"JupyterLab"}
    assert configs[f"{TYPE}.lab"]["studio_lifecycle_config_name"].startswith("acme-ml-editor-lab-")
    space = found["aws_sagemaker_space.grace-lab"]["space_settings"]
    assert (space["app_type"], "code_editor_app_settings" in space) == ("JupyterLab", False)
    for settings in (
        space["jupyter_lab_app_settings"],
        found["aws_sagemaker_user_profile.grace"]["user_settings"]["jupyter_lab_app_settings"],
    ):
        assert settings["default_resource_spec"]["lifecycle_config_arn"] == Ref(f"{TYPE}.lab_grace.arn")
        assert settings["app_lifecycle_management"]["idle_settings"]["idle_timeout_in_minutes"] == 90
    script = everything.files["lifecycle_scripts/setup_jupyterlab_grace.sh"]
    assert "sets up JupyterLab" in script
    assert "tools" in script
    assert "gitlens" not in script


def test_names_fit_and_differ_however_long_they_are() -> None:
    naming = Naming("a" * 32)
    users = ["b" * 63, "b" * 62, "b", "b-" + "c" * 61, "bbbbbbbbbbb-c"]
    names = {naming.user_lifecycle_config(user, "0" * 10, app) for user in users for app in TYPES}

    assert len(names) == 2 * len(users)
    assert all(len(name) <= 63 and "--" not in name and not name.endswith("-") for name in names)


def test_the_token_and_dockers_client_are_wanted_where_the_file_says_so() -> None:
    plain = editor_scripts.build(environment(studio={"docker": False})).of("ada").source
    full = editor_scripts.build(environment(secrets={"github": {"username": "ada", "host": "git.acme.com"}}))

    assert "docker" not in plain
    assert "git-credential" not in plain
    assert "docker_client" in full.domain.source
    assert "acme-ml/github" in full.domain.source
    assert "git.acme.com" in full.domain.source
