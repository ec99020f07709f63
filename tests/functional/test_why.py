"""`studioctl why` asks AWS: settings changed in each layer in turn, and a role's policies."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.functional.living import NAME, Living, living
from tests.unit.emulator.emulated import eventually
from tests.unit.operations.why import layers

from studioctl.infrastructure import studio_api

FIRST = "This is the answer for ada, the first of 2 users. For another: --user eve\n"
BUCKET = "arn:aws:s3:::acme-ml-data-123456789012"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with living(tmp_path_factory.mktemp("asked"), users={"ada": ("ada-editor",), "eve": ()}) as made:
        yield made


def idle(minutes: int) -> dict[str, Any]:
    settings = {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": minutes}
    return {"CodeEditorAppSettings": {"AppLifecycleManagement": {"IdleSettings": settings}}}


def test_the_layer_that_was_changed_is_named(asked: Living) -> None:
    sagemaker = asked.client("sagemaker")
    of_space = {"CodeEditorAppSettings": {"AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": 90}}}}
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("update_domain", {"DefaultUserSettings": idle(70)}),
        ("update_user_profile", {"UserProfileName": "ada", "UserSettings": idle(80)}),
        ("update_space", {"SpaceName": "ada-editor", "SpaceSettings": of_space}),
    )
    answers = []
    for call, members in changes:
        getattr(sagemaker, call)(DomainId=asked.domain_id, **members)
        answers.append(json.loads(asked.run("why", "ada.idle_timeout", "--json").out))

    assert [(a["holds"], next(it["name"] for it in a["aws"] if it["decides"])) for a in answers] == [
        ("60", "user profile ada"),
        ("80", "user profile ada"),
        ("90", "space ada-editor"),
    ]
    assert [answer["differs"] for answer in answers] == [False, True, True]
    shown = asked.run("why", "ada.idle_timeout").out
    assert shown.splitlines()[0] == "studio.idle_timeout_minutes of space ada-editor is 60, by default"
    assert shown.endswith(
        "\nThe file, the nearest first\n"
        "  default  60  <- this one decides\n"
        "\nAWS, the nearest first\n"
        "  space ada-editor  90  <- this one decides\n"
        "  user profile ada  80\n"
        "  domain            70\n"
        "\nAWS has 90, and the file says 60.\nNext: studioctl plan --local\n"
    )


def test_the_statement_that_decides_is_named(asked: Living) -> None:
    iam = asked.client("iam")
    role = asked.studio.role_arn.rpartition("/")[2]
    statements = [
        {"Sid": "Objects", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"},
        {"Sid": "OwnObjects", "Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{BUCKET}/users/ada/*"},
        {"Sid": "NoSecrets", "Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/secret/*"},
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": BUCKET,
            "Condition": {"StringEquals": {"s3:prefix": "shared/"}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)

    def ask(*words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(asked.run("why", *words, "--json").out)
        return found

    allowed = ask("s3:GetObject", "--user", "ada", "--on", f"{BUCKET}/data.csv")
    denied = ask("s3:GetObject", "--on", f"{BUCKET}/secret/x")
    lacking = ask("s3:DeleteObject", "--on", f"{BUCKET}/data.csv")
    assert [(it["allowed"], it["by"]) for it in (allowed, denied, lacking)] == [
        (True, "own (Objects)"),
        (False, "own (NoSecrets)"),
        (False, ""),
    ]
    own = asked.shell.directory / "own.toml"
    own.write_text((asked.shell.directory / "studio.toml").read_text() + "[iam]\nper_user_roles = true\n")
    mine, others = (
        ask("s3:PutObject", "--on", f"{BUCKET}/users/{name}/x", "-c", "own.toml") for name in ("ada", "bob")
    )
    assert (mine["allowed"], mine["key"]) == (True, "iam.per_user_roles")
    assert (others["allowed"], others["key"]) == (False, "iam.per_user_roles")
    assert others["because"] == "users/ada/ and shared/ are all of the data bucket that this user's role reaches"
    assert allowed["key"] == "storage.bucket"
    listing = ("s3:ListBucket", "--on", BUCKET)
    found = ask(*listing)
    assert (found["allowed"], found["needs"]) == (False, [{"key": "s3:prefix", "test": "is", "values": ["shared/"]}])
    assert ask(*listing, "--context", "s3:prefix=shared/")["allowed"]
    assert asked.run("why", *listing).out == (
        f'ada may do s3:ListBucket on {BUCKET}, but only if s3:prefix is "shared/"\n'
        f"  role       {asked.studio.role_arn}\n"
        "  allowed by own\n" + FIRST
    )
    assert asked.run("why", "s3:PutObject").out == (
        "ada may not do s3:PutObject on every resource (*)\n"
        f"  role       {asked.studio.role_arn}\n"
        "  because    no identity-based policy allows the s3:PutObject action\n"
        f"  allowed on {BUCKET}/users/ada/*\n"
        "Ask about one of these: --on ARN\n" + FIRST
    )
    assert asked.run("why", "S3:getobject", "--user", "ada", "--on", f"{BUCKET}/secret/x").out == (
        f"ada may not do s3:GetObject on {BUCKET}/secret/x\n"
        f"  role       {asked.studio.role_arn}\n"
        "  denied by  own (NoSecrets)\n"
    )


def test_what_is_asked_wrong_is_answered_with_what_to_ask(asked: Living) -> None:
    nobody = asked.run("why", "s3:GetObject", "--user", "bob", expect=1)
    no_key = asked.run("why", "studio.dokcer", expect=3)
    no_value = asked.run("why", "s3:GetObject", "--context", "x", expect=1)
    no_action = asked.run("why", "s3:GetObjec", "--on", f"{BUCKET}/x", expect=1)
    no_service = asked.run("why", "foo:Bar", expect=1)
    no_arn = asked.run("why", "s3:GetObject", "--on", "nonsense", expect=1)
    of_s3 = asked.run("why", "s3:GetObject", "--on", "s3://acme-data/x", expect=1)
    several = asked.run("why", "s3:get*", expect=1)
    of_all = asked.run("why", "docker", "--user", "eve", expect=3)
    key_on = asked.run("why", "docker", "--on", BUCKET, expect=64)

    assert (
        "'bob' is not a user in studio.toml. There are: ada, eve.\nNext:  name one of them with --user\n" in nobody.err
    )
    assert "Did you mean studio.docker?" in no_key.err
    assert "write it as aws:SourceIp=10.0.0.1" in no_value.err
    assert "IAM has no action 's3:GetObjec'. Did you mean s3:GetObject?" in no_action.err
    assert "IAM has no actions that begin with 'foo:'.\nNext:" in no_service.err
    assert '"nonsense" is no ARN.\nNext:  name one with --on, such as arn:aws:s3:::acme-data/report.csv' in no_arn.err
    assert '"s3://acme-data/x" is no ARN.\nNext:  write it as arn:aws:s3:::acme-data/x' in of_s3.err
    assert "--on is about an action, and 'docker' is a key.\nNext:  studioctl why --local docker; or" in key_on.err
    assert "'s3:get*' stands for several actions, and one may be allowed where another is not.\n" in several.err
    assert "studio.docker holds for the whole environment, not for eve alone.\nNext:  studioctl why" in of_all.err
    assert asked.run("why", "volume_gb", "--user", "ada").out.startswith("studio.volume_gb of space ada-editor is 20,")


def test_an_environment_that_is_not_there_has_an_answer_from_the_file(asked: Living) -> None:
    text = (asked.shell.directory / "studio.toml").read_text()
    (asked.shell.directory / "other.toml").write_text(text.replace(NAME, "acme-other"))
    found = asked.run("why", "studio.volume_gb", "-c", "other.toml")
    action = asked.run("why", "s3:GetObject", "-c", "other.toml", expect=1)

    assert "AWS was not asked: 'acme-other' does not exist in us-east-1 on the emulator\n" in found.out
    assert action.err.startswith(
        "Error: 'acme-other' does not exist in us-east-1 on the emulator.\nNext:  studioctl up"
    )


def merged(*answers: dict[str, Any]) -> dict[str, Any]:
    """Nested settings together, under the names that requests have for them."""
    found: dict[str, Any] = {}
    for answer in answers:
        for member, value in answer.items():
            name = studio_api.IN_REQUESTS.get(member, member)
            found[name] = merged(found.get(name, {}), value) if isinstance(value, dict) else value
    return found


def test_each_of_twelve_keys_is_found_in_the_layer_of_aws_that_was_changed(asked: Living) -> None:
    sagemaker = asked.client("sagemaker")
    fixed = {
        "names.domain": f'"{NAME}"',
        "studio.home_file_system": "true",
    }  # AWS changes the one never, and the other not so
    changed = {key: case for key, case in layers.CASES.items() if key not in fixed}
    of_users = [key for key, case in changed.items() if case.everywhere]
    of_domain = merged(*(layers.in_aws(key, layer="domain") for key in changed))
    network = {key: sagemaker.describe_domain(DomainId=asked.domain_id)[key] for key in ("VpcId", "SubnetIds")}
    sagemaker.update_domain(DomainId=asked.domain_id, **of_domain, **network)  # which closing it asks for
    eventually(
        lambda: sagemaker.describe_domain(DomainId=asked.domain_id)["Status"], lambda status: status == "InService"
    )

    def decides(question: str) -> tuple[str, str]:
        found = json.loads(asked.run("why", question, "--json").out)
        return next((layer["name"], layer["value"]) for layer in found["aws"] if layer["decides"])

    assert {key: decides(key) for key in layers.CASES} == {
        **{key: ("domain", value) for key, value in fixed.items()},
        **{key: ("domain", case.shown) for key, case in changed.items()},
    }
    bare = merged(*(layers.in_aws(key, layer="profile") for key in of_users))
    sagemaker.update_user_profile(DomainId=asked.domain_id, UserProfileName="eve", **bare)
    assert {key: decides(f"eve.{key.split('.')[1]}") for key in of_users} == {
        key: ("user profile eve", changed[key].shown) for key in of_users
    }
