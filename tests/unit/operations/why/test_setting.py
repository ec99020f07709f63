"""`why` has an answer for every key, and names the layer that decides."""

from typing import Any

import pytest
from rich.console import Console

from studioctl.aws.held import Held
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.config.users import Space, User
from studioctl.errors import ConfigError, StudioctlError
from studioctl.operations.why.permission import check_resource
from studioctl.operations.why.question import OF_SPACE, OF_USER, Question, asked, keys, others
from studioctl.operations.why.setting import Answer, Layer, World, answer
from studioctl.presentation import why as presented
from studioctl.review import causes
from tests.unit.operations.why import layers
from tests.unit.operations.why.layers import CASES

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


def test_what_makes_it_so_is_named_in_a_few_words() -> None:
    assert why("studio.volume_gb").by == "because of studio.toml:5"
    assert why("max_volume").by == "by default"


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("network.endpoints", 'It has no effect here: network.access is "public".'),
        ("network.public_ips", ""),
        ("studio.rootless_docker", 'It has no effect here: network.access is "public".'),
        ("tuning.max_acu", 'It has no effect here: tuning.database is "none".'),
        ("studio.volume_gb", ""),
    ],
    ids=str,
)
def test_a_key_that_does_nothing_here_is_told_so(key: str, told: str) -> None:
    assert why(key).without_effect == told


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


def test_the_app_is_the_spaces_own_and_the_rest_is_read_from_its_apps_settings() -> None:
    text = TEXT.replace('{ name = "grace-one" }', '{ name = "grace-one", app = "jupyterlab" }')
    config, source = parse(text), Source("studio.toml", text)
    lab = {"AppType": "JupyterLab", "JupyterLabAppSettings": settings(instance="ml.t3.large", idle=90)[EDITOR]}
    profile = {"JupyterLabAppSettings": settings(idle=120)[EDITOR], **settings(idle=60)}
    world = World({"DefaultUserSettings": settings(idle=60)}, {"UserSettings": profile}, {"SpaceSettings": lab})

    def held(question: str) -> tuple[str, list[tuple[str, str | None]]]:
        found = answer(asked(question, config), config, source, world, "")
        return found.wanted, [(layer.name, layer.value) for layer in found.aws]

    assert held("grace-one.app") == ('"jupyterlab"', [("space grace-one", '"jupyterlab"')])
    assert held("grace-gpu.app")[0] == '"code-editor"'
    assert held("grace-one.instance_type")[1][0] == ("space grace-one", '"ml.t3.large"')
    assert held("grace-one.idle_timeout_minutes")[1] == [
        ("space grace-one", "90"),
        ("user profile grace", "120"),
        ("domain", None),
    ]


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
        ("ada.max_volume_gb", Question(("studio", "max_volume_gb"), "ada")),
        ("ada.limits.instance_types", Question(("limits", "instance_types"), "ada")),
        ("ada.secrets.github", Question(("users", "github"), "ada")),
        ("ada.editor.tools", Question(("users", "editor"), "ada")),
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


@pytest.mark.parametrize(
    ("who", "typed", "key"),
    [
        ("ada", "storage.versioning", "storage.versioning"),
        ("ada", "limits.apps", "limits.apps"),
        ("ada", "endpoints", "network.endpoints"),
        ("grace-gpu", "docker", "studio.docker"),
        ("ada", "per_user_roles", "iam.per_user_roles"),
        ("ada", "name", "name"),
    ],
)
def test_what_holds_for_everybody_is_not_answered_for_one(who: str, typed: str, key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        asked(f"{who}.{typed}", CONFIG)

    assert refused.value.message == f"{key} holds for the whole environment, not for {who} alone."
    assert why(refused.value.hint.removeprefix("studioctl why ")).title == key


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


def layered(key: str, text: str, world: World | None = None, *, who: str = "") -> tuple[Answer, Layer, Layer | None]:
    """The answer, and the layers that decide in the file and in AWS."""
    config = parse(text)
    found = answer(asked(f"{who}{key}", config), config, Source("studio.toml", text), world, "")
    (of_file,) = [layer for layer in found.file if layer.decides]
    return found, of_file, next((layer for layer in found.aws if layer.decides), None)


def test_there_are_fifteen_keys() -> None:
    assert len(CASES) == 15


@pytest.mark.parametrize("key", CASES)
def test_a_default_is_named(key: str) -> None:
    _, of_file, _ = layered(key, layers.HEAD)
    assert (of_file.name, of_file.value) == ("default", CASES[key].default)


@pytest.mark.parametrize("key", CASES)
def test_a_line_of_the_file_is_named(key: str) -> None:
    text = layers.in_file(key)
    _, of_file, _ = layered(key, text)
    name, _, line = of_file.name.partition(":")

    assert (name, of_file.value) == ("studio.toml", CASES[key].shown)
    assert text.splitlines()[int(line) - 1] == f"{key.split('.')[1]} = {CASES[key].toml}"


@pytest.mark.parametrize("key", layers.OF_GROUPS)
def test_a_group_is_named(key: str) -> None:
    name = key.split(".")[1]
    text = f'{layers.HEAD}\n[groups.vision]\nusers = ["ada"]\n{name} = {CASES[key].toml}\n'
    _, of_file, _ = layered(name, text, who="ada.")

    assert (of_file.name, of_file.value) == ("studio.toml:9 (group vision)", CASES[key].shown)


@pytest.mark.parametrize("key", CASES)
def test_the_domain_in_aws_is_named_and_that_it_differs(key: str) -> None:
    who = "ada." if CASES[key].everywhere else ""
    world = World(layers.in_aws(key, layer="domain"), {"UserSettings": {}}, {"SpaceSettings": {}})
    found, _, of_aws = layered(key.split(".")[1] if who else key, layers.HEAD, world, who=who)
    same, _, _ = layered(key, layers.in_file(key), world)

    assert of_aws == Layer("domain", CASES[key].shown, decides=True)
    assert (found.differs, same.differs) == (True, False)


@pytest.mark.parametrize(("aws", "differs"), [("IAM", False), ("SSO", True)])
def test_by_whom_a_domain_in_aws_knows_people_is_named(aws: str, differs: bool) -> None:
    found, of_file, of_aws = layered("access.auth", layers.HEAD, World({"AuthMode": aws}))

    assert (of_file, of_aws) == (
        Layer("default", '"iam"', decides=True),
        Layer("domain", f'"{aws.lower()}"', decides=True),
    )
    assert found.differs == differs


@pytest.mark.parametrize("key", [key for key, case in CASES.items() if case.everywhere])
def test_the_user_profile_in_aws_is_named(key: str) -> None:
    other = layers.in_aws(key, layer="profile")
    found, _, of_aws = layered(key.split(".")[1], layers.HEAD, World({"DomainId": "d"}, other, {}), who="ada.")

    assert of_aws == Layer("user profile ada", CASES[key].shown, decides=True)
    assert found.differs


def test_an_idle_time_that_somebody_switched_off_is_never() -> None:
    """As in Studio's console: the minutes stay there."""
    off = settings(idle=60)
    off[EDITOR]["AppLifecycleManagement"]["IdleSettings"]["LifecycleManagement"] = "DISABLED"
    found = why("ada.idle_timeout", World({"DefaultUserSettings": settings(idle=60)}, {"UserSettings": off}))

    assert [(it.name, it.value, it.decides) for it in found.aws] == [
        ("user profile ada", '"never"', True),
        ("domain", "60", False),
    ]


def test_a_name_that_studioctl_gives_is_no_difference() -> None:
    bucket = {"mode": "managed", "type": "aws_s3_bucket", "name": "data"}
    state = {"resources": [bucket | {"instances": [{"attributes": {"bucket": "acme-ml-data-123456789012"}}]}]}
    given = why("storage.bucket", World({"DomainName": "acme-ml"}, state=state))
    domain = why("names.domain", World({"DomainName": "acme-ml"}))
    other = why("names.domain", World({"DomainName": "acme"}))

    assert (given.wanted, given.differs) == ('"acme-ml-data-ACCOUNT"', False)
    assert (domain.wanted, domain.differs, other.differs) == ('"acme-ml"', False, True)


KEYS_OF_USERS = """
[groups.vision]
users = ["mary"]
push_images = false
editor = { tools = ["ruff"] }

[secrets]
github = { username = "bot" }

[iam]
per_user_roles = true
"""


@pytest.mark.parametrize(
    ("typed", "layer", "value"),
    [
        ("ada.push_images", "default", "true"),
        ("mary.push_images", "studio.toml:16 (group vision)", "false"),
        ("mary.github", "studio.toml:20", 'username = "bot"'),
        ("mary.editor", "studio.toml:17 (group vision)", "tools = ruff"),
        ("ada.editor", "default", "none"),
        ("ada.sso_user", "default", "none"),
        ("ada.posix", "default", "none"),
        ("ada.file_systems", "default", "none"),
    ],
)
def test_what_only_users_have_has_an_answer(typed: str, layer: str, value: str) -> None:
    key = typed.partition(".")[2]
    found, of_file, _ = layered(key, TEXT + KEYS_OF_USERS, who=typed.partition(".")[0] + ".")

    assert (of_file.name, of_file.value) == (layer, value)
    assert (found.title, bool(found.means)) == (f"{key} of user {typed.partition('.')[0]}", True)


def test_no_key_of_a_user_is_left_out() -> None:
    elsewhere = {"name", "spaces", "group"}  # who it is, and what `ada-editor.volume_gb` asks about
    assert User.model_fields.keys() - elsewhere == OF_USER.keys() | OF_SPACE - {"app"}
    assert Space.model_fields.keys() - {"name"} == OF_SPACE | set(causes.OF_SPACE_ALONE.values())


def test_what_only_spaces_have_has_an_answer() -> None:
    plan = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"
    text = f'{layers.HEAD}spaces = [{{ name = "ada-gpu", title = "GPU", training_plan = "{plan}" }}]\n'
    spec = {"DefaultResourceSpec": {"TrainingPlanArn": plan}}
    space = {"SpaceDisplayName": "Another", "SpaceSettings": {"CodeEditorAppSettings": spec}}
    config, source = parse(text), Source("studio.toml", text)

    titled = answer(asked("ada-gpu.title", config), config, source, World(space=space), "")
    planned = answer(asked("ada.training_plan", config), config, source, World(space=space), "")

    assert (titled.title, titled.wanted, titled.holds, titled.differs) == (
        "title of space ada-gpu",
        '"GPU"',
        '"Another"',
        True,
    )
    assert (planned.differs, planned.file[0].name, planned.aws[0].name) == (False, "studio.toml:6", "space ada-gpu")


def test_a_question_about_a_user_is_one_about_each_space() -> None:
    first = asked("grace.volume_gb", CONFIG)

    assert others(first, "grace.volume_gb", CONFIG) == (Question(first.key, "grace", "grace-gpu"),)
    assert others(asked("grace-gpu.volume_gb", CONFIG), "grace-gpu.volume_gb", CONFIG) == ()
    assert others(asked("grace.max_volume_gb", CONFIG), "grace.max_volume_gb", CONFIG) == ()


def test_what_terraform_recorded_is_not_told_as_what_aws_has(capsys: pytest.CaptureFixture[str]) -> None:
    key = {"mode": "managed", "type": "aws_kms_key", "name": "data"}
    key["instances"] = [{"attributes": {"deletion_window_in_days": 7}}]  # type: ignore[assignment]
    found = why("encryption.deletion_days", World(state={"resources": [key]}))
    presented.setting(found, Console(width=200))

    assert found.is_recorded
    assert capsys.readouterr().out.endswith(
        "Terraform's state, as the last run left it (studioctl plan asks AWS)\n"
        "  Terraform's state  7  <- this one decides\n"
        "\nThe last run left 7, and the file says 30.\nNext: studioctl plan\n"
    )


@pytest.mark.parametrize(
    ("held", "layers", "differs"),
    [
        ((Held("bucket a", value=False),), [("bucket a", "false", True)], True),
        ((Held("bucket a, which is gone", None, is_gone=True),), [("bucket a, which is gone", None, False)], False),
        (
            (Held("subnet a", True), Held("subnet b", True)),
            [("subnet a", "true", True), ("subnet b", "true", False)],
            0,
        ),
        (
            (Held("subnet a", True), Held("subnet b", False)),
            [("subnet a", "true", False), ("subnet b", "false", False)],
            False,
        ),
        ((Held("endpoint s3", "available", is_value=False),), [("endpoint s3", '"available"', False)], False),
    ],
)
def test_what_another_service_holds_goes_before_terraforms_record(held: Any, layers: Any, *, differs: bool) -> None:
    versioning = {"mode": "managed", "type": "aws_vpc", "name": "studio", "instances": [{"attributes": {}}]}
    found = why("storage.versioning", World(state={"resources": [versioning]}, held=held))

    assert [(it.name, it.value, it.decides) for it in found.aws] == layers
    assert (found.is_recorded, found.differs) == (False, differs)


def test_what_has_no_effect_does_not_differ() -> None:
    assert not why("network.internet", World(held=(Held("VPC a", "none"),))).differs


def test_an_address_of_s3_is_answered_with_an_arn() -> None:
    with pytest.raises(StudioctlError) as refused:
        check_resource("s3://acme-data/x")

    assert refused.value.hint == "write it as arn:aws:s3:::acme-data/x"
    check_resource(refused.value.hint.removeprefix("write it as "))
