"""The place of the provider."""

from pathlib import Path

import platformdirs
import pytest

from studioctl.catalog.provider import DEFAULT, NAME, constraint
from studioctl.errors import ConfigError
from studioctl.terraform import provider
from studioctl.terraform.provider import TERRAFORM_REGISTRY, TOFU_REGISTRY, Mirror


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def mirror(directory: Path, registry: str = TERRAFORM_REGISTRY) -> Path:
    """Lay a directory out as an unpacked mirror."""
    (directory / registry / NAME / DEFAULT / provider.platform_name()).mkdir(parents=True)
    return directory


def found(tmp_path: Path, registry: str = TERRAFORM_REGISTRY, **environ: str) -> Mirror | None:
    nowhere = {"XDG_DATA_DIRS": str(tmp_path / "nowhere")}
    return provider.find(nowhere | environ, registry, homes=(tmp_path / "opt",))


def test_nothing_anywhere_leaves_it_to_the_registry(tmp_path: Path) -> None:
    (tmp_path / "opt/other").mkdir(parents=True)

    assert found(tmp_path) is None


def test_a_directory_in_a_machine_wide_home_is_found(tmp_path: Path) -> None:
    directory = mirror(tmp_path / "opt/plugins")

    assert found(tmp_path) == Mirror(directory, TERRAFORM_REGISTRY)


def test_a_packed_mirror_is_found(tmp_path: Path) -> None:
    packages = tmp_path / "opt/plugins" / TERRAFORM_REGISTRY / NAME
    packages.mkdir(parents=True)
    (packages / f"terraform-provider-aws_{DEFAULT}_{provider.platform_name()}.zip").touch()

    assert found(tmp_path) == Mirror(tmp_path / "opt/plugins", TERRAFORM_REGISTRY)


@pytest.mark.parametrize(
    ("wanted", "is_there"),
    [("6.69.1", True), (">= 6.40, < 7", True), (">= 5.100, < 7", True), ("6.70.0", False), ("5.100.0", False)],
)
@pytest.mark.parametrize("packed", [False, True])
def test_only_a_version_that_is_wanted_counts(tmp_path: Path, wanted: str, *, is_there: bool, packed: bool) -> None:
    packages = tmp_path / "opt/plugins" / TERRAFORM_REGISTRY / NAME
    (packages / "nonsense").mkdir(parents=True)
    if packed:
        (packages / f"terraform-provider-aws_6.69.1_{provider.platform_name()}.zip").touch()
    else:
        (packages / "6.69.1" / provider.platform_name()).mkdir(parents=True)

    there = provider.find(
        {"XDG_DATA_DIRS": "/nowhere"}, TERRAFORM_REGISTRY, wanted=constraint(wanted), homes=(tmp_path / "opt",)
    )

    assert (there is not None) is is_there


def test_the_directory_that_the_user_names_comes_first(tmp_path: Path) -> None:
    mirror(tmp_path / "opt/plugins")
    named = mirror(tmp_path / "named")

    assert found(tmp_path, STUDIOCTL_PROVIDER_MIRROR=str(named)) == Mirror(named, TERRAFORM_REGISTRY)


def test_the_users_settings_may_name_it(tmp_path: Path) -> None:
    named = mirror(tmp_path / "named")
    settings = platformdirs.user_config_path("studioctl") / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'provider_mirror = "{named}"\n', encoding="utf-8")

    assert found(tmp_path) == Mirror(named, TERRAFORM_REGISTRY)


def test_a_named_directory_without_the_provider_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not hold hashicorp/aws 5\.100\.0"):
        found(tmp_path, STUDIOCTL_PROVIDER_MIRROR=str(tmp_path))


def test_it_says_which_versions_such_a_directory_holds(tmp_path: Path) -> None:
    packages = tmp_path / TERRAFORM_REGISTRY / NAME
    for version in ("6.30.0", "5.99.0"):
        (packages / version / provider.platform_name()).mkdir(parents=True)

    with pytest.raises(ConfigError) as error:
        provider.find(
            {"STUDIOCTL_PROVIDER_MIRROR": str(tmp_path)}, TERRAFORM_REGISTRY, wanted=constraint(">= 5.100, < 7")
        )

    assert error.value.message == (
        f'Provider mirror "{tmp_path}" does not hold hashicorp/aws >= 5.100, < 7 for {provider.platform_name()},'
        " only 5.99.0, 6.30.0; studioctl does not work with 6.30.0"
    )


def test_terraforms_own_directories_need_nothing_from_us(tmp_path: Path) -> None:
    mirror(tmp_path / "opt/plugins")
    mirror(tmp_path / "share/terraform/plugins")

    assert found(tmp_path, XDG_DATA_DIRS=str(tmp_path / "share")) is None


def test_the_users_own_installation_rules_are_respected(tmp_path: Path) -> None:
    mirror(tmp_path / "opt/plugins")
    own = tmp_path / "home/.terraformrc"
    own.parent.mkdir()
    own.write_text("provider_installation {\n  direct {}\n}\n", encoding="utf-8")

    assert found(tmp_path) is None


def test_the_users_other_settings_are_kept_beside_ours(tmp_path: Path) -> None:
    own = tmp_path / "home/.terraformrc"
    own.parent.mkdir()
    own.write_text('plugin_cache_dir = "/cache"\n', encoding="utf-8")

    text = provider.cli_config(Mirror(tmp_path, TERRAFORM_REGISTRY), {})

    assert f'path    = "{tmp_path}"' in text
    assert text.endswith('plugin_cache_dir = "/cache"\n')


def test_a_mirror_of_terraforms_registry_serves_tofu_too(tmp_path: Path) -> None:
    directory = mirror(tmp_path / "opt/plugins")

    assert found(tmp_path, TOFU_REGISTRY) == Mirror(directory, TERRAFORM_REGISTRY)


def test_what_is_closed_to_us_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror(tmp_path / "opt/closed")
    directory = mirror(tmp_path / "opt/open")
    settings = platformdirs.user_config_path("studioctl") / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("closed", encoding="utf-8")
    (tmp_path / "home/.terraformrc").write_text("provider_installation {}", encoding="utf-8")
    closed = (str(tmp_path / "opt/closed"), str(tmp_path / "home"))
    # Nothing is closed to root, as whom these tests may run.
    monkeypatch.setattr("os.access", lambda path, _mode: not str(path).startswith(closed) and path.exists())

    assert found(tmp_path) == Mirror(directory, TERRAFORM_REGISTRY)
    assert provider.find({}, TERRAFORM_REGISTRY, homes=(tmp_path / "home",)) is None


def test_a_person_is_told_where_it_comes_from(tmp_path: Path) -> None:
    """In the order in which Terraform would take it."""

    def place(**environ: str) -> str | None:
        nowhere = {"XDG_DATA_DIRS": str(tmp_path / "nowhere")}
        return provider.place(nowhere | environ, TERRAFORM_REGISTRY, homes=(tmp_path / "opt",))

    cache = mirror(tmp_path / "cache")
    shared = mirror(tmp_path / "share/terraform/plugins")
    nowhere = place()
    cached = place(TF_PLUGIN_CACHE_DIR=str(cache))
    implied = place(TF_PLUGIN_CACHE_DIR=str(cache), XDG_DATA_DIRS=str(tmp_path / "share"))
    plugins = mirror(tmp_path / "opt/plugins")
    machine_wide = place(TF_PLUGIN_CACHE_DIR=str(cache))
    rules = tmp_path / "rules"
    rules.write_text("provider_installation {\n  direct {}\n}\n", encoding="utf-8")

    assert nowhere is None
    assert (cached, implied, machine_wide) == (str(cache), str(shared), str(plugins))
    assert place(TF_CLI_CONFIG_FILE=str(rules)) == f"where {rules} says"


@pytest.mark.parametrize("value", ["mirror", "./mirror"])
def test_a_directory_that_a_repository_could_bring_is_no_mirror(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mirror(tmp_path / "mirror")
    with pytest.raises(ConfigError) as refusal:
        found(tmp_path, STUDIOCTL_PROVIDER_MIRROR=value)
    assert refusal.value.hint.startswith(f"export STUDIOCTL_PROVIDER_MIRROR={tmp_path}/mirror   (if that is yours)")

    settings = platformdirs.user_config_path("studioctl") / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'provider_mirror = "{value}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="a relative path; a repository could bring it"):
        found(tmp_path)


def test_nothing_is_taken_from_the_directory_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository brings files for every place that is relative: to a home that is none, in a name that is none."""
    monkeypatch.chdir(tmp_path)
    theirs = mirror(tmp_path / "theirs")
    mirror(tmp_path / "terraform/plugins")
    mirror(tmp_path / ".terraform.d/plugins")
    (tmp_path / ".terraformrc").write_text("provider_installation {}")
    for home in (".", "~"):
        settings = tmp_path / home / ".config/studioctl/settings.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f'provider_mirror = "{theirs}"\n', encoding="utf-8")

    def nobody(_: int) -> None:
        raise KeyError

    def looks() -> None:
        assert found(tmp_path, XDG_DATA_DIRS=".:") is None
        assert provider.user_config({}) is None
        assert provider.place({}, TERRAFORM_REGISTRY, homes=()) is None

    monkeypatch.setenv("HOME", ".")
    looks()
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    looks()
