"""`why` has an answer for every key, and names the layer that decides."""

from typing import Any

import pytest

from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import ConfigError
from studioctl.operations.why.question import Question, asked, keys
from studioctl.operations.why.setting import Answer, World, answer

TEXT = """\
name = "acme-ml"
region = "us-east-1"

[studio]
volume_gb = 30

[[users]]
name = "ada"

[[users]]
name = "grace"
spaces = [{ name = "grace-one" }, { name = "grace-gpu", volume_gb = 60, instance_type = "ml.g5.xlarge" }]
"""
CONFIG = parse(TEXT)
SOURCE = Source("studio.toml", TEXT)
EDITOR = "CodeEditorAppSettings"


def settings(*, idle: int | None = None, instance: str | None = None, volume: int | None = None) -> dict[str, Any]:
    """Settings as the API gives them."""
    code: dict[str, Any] = {}
    if idle is not None:
        code["AppLifecycleManagement"] = {"IdleSettings": {"IdleTimeoutInMinutes": idle}}
    if instance is not None:
        code["DefaultResourceSpec"] = {"InstanceType": instance}
    storage = {"DefaultEbsStorageSettings": {"DefaultEbsVolumeSizeInGb": volume}} if volume else {}
    return {EDITOR: code, "SpaceStorageSettings": storage}


def why(text: str, world: World | None = None, unseen: str = "") -> Answer:
    return answer(asked(text, CONFIG), CONFIG, SOURCE, world, unseen)


@pytest.mark.parametrize("key", keys(), ids=".".join)
def test_every_key_of_the_file_has_an_answer(key: tuple[str, ...]) -> None:
    found = why(".".join(key), World())

    assert found.means or key == ("users",)
    assert [layer.decides for layer in found.file].count(True) == 1
    assert found.wanted


def test_a_line_goes_before_a_default() -> None:
    assert [(it.name, it.value, it.decides) for it in why("studio.volume_gb").file] == [
        ("studio.toml:5", "30", True),
        ("default", "20", False),
    ]
    assert [(it.name, it.value, it.decides) for it in why("max_volume").file] == [("default", "100", True)]


def test_a_space_of_the_file_goes_before_its_section() -> None:
    assert [(it.name, it.value, it.decides) for it in why("grace-gpu.volume_gb").file] == [
        ("studio.toml:12", "60", True),
        ("studio.toml:5", "30", False),
        ("default", "20", False),
    ]
    assert why("grace.volume_gb").title == "studio.volume_gb of space grace-one"
    assert why("grace.volume_gb").wanted == "30"


@pytest.mark.parametrize(
    ("world", "decides", "value"),
    [
        (World({"DefaultUserSettings": settings(idle=60)}), "domain", "60"),
        (
            World({"DefaultUserSettings": settings(idle=60)}, {"UserSettings": settings(idle=90)}),
            "user profile ada",
            "90",
        ),
        (
            World(
                {"DefaultUserSettings": settings(idle=60)},
                {"UserSettings": settings(idle=90)},
                {"SpaceSettings": settings(idle=525600)},
            ),
            "space ada-editor",
            '"never"',
        ),
        (
            World({"DefaultUserSettings": settings(idle=60)}, {"UserSettings": settings()}, {"SpaceSettings": {}}),
            "domain",
            "60",
        ),
    ],
)
def test_the_nearest_layer_of_aws_decides(world: World, decides: str, value: str) -> None:
    found = why("ada.idle_timeout", world)
    (layer,) = [layer for layer in found.aws if layer.decides]

    assert (layer.name, layer.value, found.holds) == (decides, value, value)
    assert found.differs == (value != "60")


def test_a_volume_is_the_spaces_own_and_others_have_defaults_for_it() -> None:
    own = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 20}}}
    world = World({"DefaultUserSettings": settings(volume=30)}, {"UserSettings": {}}, {"SpaceSettings": own})
    found = why("ada.volume_gb", world)

    assert [(it.name, it.value, it.decides) for it in found.aws] == [
        ("space ada-editor", "20", True),
        ("user profile ada", None, False),
        ("domain", "30", False),
    ]
    assert found.differs


@pytest.mark.parametrize(
    ("key", "domain", "value"),
    [
        ("network.access", {"AppNetworkAccessType": "VpcOnly"}, '"vpc-only"'),
        ("studio.docker", {"DomainSettings": {"DockerSettings": {"EnableDockerAccess": "DISABLED"}}}, "false"),
        ("iam.per_user_roles", {"DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}}, "true"),
        (
            "studio.trusted_accounts",
            {"DomainSettings": {"DockerSettings": {"VpcOnlyTrustedAccounts": ["111122223333"]}}},
            "111122223333",
        ),
    ],
)
def test_what_is_the_domains_alone_is_read_there(key: str, domain: dict[str, Any], value: str) -> None:
    found = why(key, World(domain))
    assert [(it.name, it.value, it.decides) for it in found.aws] == [("domain", value, True)]


def test_other_keys_are_read_from_terraforms_state() -> None:
    vpc = {
        "mode": "managed",
        "type": "aws_vpc",
        "name": "studio",
        "instances": [{"attributes": {"cidr_block": "10.1.0.0/16"}}],
    }
    found = why("network.cidr", World({"DomainName": "acme-ml"}, state={"resources": [vpc]}))

    assert (found.aws[0].name, found.holds, found.differs) == ("Terraform's state", '"10.1.0.0/16"', True)


def test_without_aws_the_file_is_the_answer() -> None:
    found = why("studio.volume_gb", None, "no credentials")
    assert (found.wanted, found.aws, found.holds, found.differs, found.unseen) == (
        "30",
        (),
        None,
        False,
        "no credentials",
    )


@pytest.mark.parametrize(
    ("typed", "question"),
    [
        ("docker", Question(("studio", "docker"))),
        ("name", Question(("name",))),
        ("network.endpoints", Question(("network", "endpoints"))),
        ("idle_timeout", Question(("studio", "idle_timeout_minutes"))),
        ("ada.instance_type", Question(("studio", "instance_type"), "ada", "ada-editor")),
        ("grace-gpu.instance_type", Question(("studio", "instance_type"), "grace", "grace-gpu")),
        ("ada.docker", Question(("studio", "docker"), "ada")),
        ("ada.endpoints", Question(("network", "endpoints"), "ada")),
    ],
)
def test_a_question_is_read_as_it_is_meant(typed: str, question: Question) -> None:
    assert asked(typed, CONFIG) == question


@pytest.mark.parametrize(
    ("typed", "says", "hint"),
    [
        ("studio.dokcer", "studio.toml has no key 'studio.dokcer'. Did you mean studio.docker?", "studio-toml"),
        ("xyzzy", "studio.toml has no key 'xyzzy'.", "studio-toml"),
        ("adda.docker", "There is no user, no space and no section 'adda'. Did you mean ada?", "there are: ada"),
        (
            "netwrk.access",
            "There is no user, no space and no section 'netwrk'. Did you mean network?",
            "there are: ada",
        ),
        ("bucket", "There are several keys 'bucket': storage.bucket, state.bucket.", "studioctl why storage.bucket"),
    ],
)
def test_a_question_that_means_nothing_is_answered_with_what_there_is(typed: str, says: str, hint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        asked(typed, CONFIG)

    assert refused.value.message == says
    assert hint in refused.value.hint


def test_a_group_goes_before_its_section_and_after_the_user() -> None:
    text = (
        TEXT.replace('name = "ada"\n', 'name = "ada"\nvolume_gb = 70\n')
        + """
[groups.vision]
users = ["ada", "mary"]
volume_gb = 80
"""
    )
    config, source = parse(text), Source("studio.toml", text)

    def layers(who: str) -> list[tuple[str, str | None]]:
        found = answer(asked(f"{who}.volume_gb", config), config, source, None, "")
        return [(layer.name, layer.value) for layer in found.file]

    assert layers("ada")[0] == ("studio.toml:9", "70")
    assert layers("mary") == [
        ("studio.toml:17 (group vision)", "80"),
        ("studio.toml:5", "30"),
        ("default", "20"),
    ]
