"""Ada's day without studio.toml, without Terraform, and with her own permissions alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.functional.conftest import Done, Shell
from tests.functional.living import Living, living

PAGES = Path(__file__).parents[2] / "docs/how-to"
ROLE = "ada-of-identity-center"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
# Nothing may be in the policy that her day does not take.
TAKEN = {
    "CreateApp",
    "CreatePresignedDomainUrl",
    "DeleteApp",
    "DescribeApp",
    "DescribeDomain",
    "DescribeSpace",
    "DescribeUserProfile",
    "GetLogEvents",
    "ListApps",
    "ListDomains",
    "ListSpaces",
    "ListTags",
    "ListUserProfiles",
    "StartSession",
    "UpdateSpace",
}


@dataclass(frozen=True)
class Ada:
    """Her machine, and her identity in AWS."""

    home: Living
    shell: Shell
    keys: dict[str, str]

    def run(self, *arguments: str, expect: int | None = 0) -> Done:
        return self.shell.studioctl(*arguments, expect=expect)

    def sagemaker(self) -> Any:
        made: Any = boto3.client
        return made("sagemaker", endpoint_url=self.home.emulator.endpoint_url, region_name="us-east-1", **self.keys)


def tag_as_up_does(home: Living, user: str) -> None:
    """By this tag AWS knows whose a space is when somebody opens a session to it."""
    sagemaker: Any = home.studio.sagemaker
    space = sagemaker.describe_space(DomainId=home.domain_id, SpaceName=f"{user}-editor")["SpaceArn"]
    profile = sagemaker.describe_user_profile(DomainId=home.domain_id, UserProfileName=user)["UserProfileArn"]
    sagemaker.add_tags(ResourceArn=space, Tags=[{"Key": "sagemaker:user-profile-arn", "Value": profile}])


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ada]:
    users = {"ada": ("ada-editor",), "bob": ("bob-editor",)}
    with living(tmp_path_factory.mktemp("team"), users=users) as home:
        for user in users:
            tag_as_up_does(home, user)
        policy = home.run("iam", "user", "ADA").out
        iam, sts = home.client("iam"), home.client("sts")
        role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        iam.put_role_policy(RoleName=ROLE, PolicyName="studioctl", PolicyDocument=policy)
        got = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="ada")["Credentials"]
        directory = tmp_path_factory.mktemp("ada")
        variables = {
            "PATH": str(directory / "no-programs"),
            "AWS_ENDPOINT_URL": home.emulator.endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
            "AWS_SESSION_TOKEN": got["SessionToken"],
        }
        keys = {name.lower(): value for name, value in variables.items() if name.startswith("AWS_") and "KEY" in name}
        keys["aws_session_token"] = got["SessionToken"]
        yield Ada(home, Shell(directory, variables), keys)


def test_her_day(ada: Ada) -> None:
    name = {"DomainId": ada.home.domain_id, "SpaceName": "ada-editor"}
    ada.sagemaker().update_space(**name, SpaceSettings={"RemoteAccess": "ENABLED"})
    page = (PAGES / "work-without-the-file.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```text\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    *lines, again, last = re.findall(r"^\$ studioctl (.*)$", shown, re.MULTILINE)
    transcript = "".join(ran(ada, line) for line in lines)
    running = json.loads(ada.run("list", "--json").out)[0]["running"]
    session = ada.sagemaker().start_session(ResourceIdentifier=ada.sagemaker().describe_space(**name)["SpaceArn"])
    transcript += ran(ada, again) + ran(ada, last)

    assert like_the_page(transcript) == shown + "\n"
    assert running == [{"space": "ada-editor", "user": "ada", "type": "CodeEditor", "instance_type": "ml.t3.large"}]
    assert session["SessionId"]
    assert not (ada.shell.directory / "studio.toml").exists()
    assert not (ada.shell.directory / ".studioctl").exists()


def ran(ada: Ada, line: str) -> str:
    """A command and all that it said, as a terminal shows it."""
    done = ada.run(*line.split())
    return f"$ studioctl {line}\n{done.out}{done.err}".rstrip() + "\n\n"


def like_the_page(transcript: str) -> str:
    """The transcript with the page's domain, token and times in place of its own, which are others in each run."""
    for its, theirs in (
        (r"d-[a-z0-9]{12}", "d-abcdefghijkl"),
        (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8080"),
        (r"token=\S+", "token=..."),
        (r"  \d+s$", "  0s"),
        (r"  \dm  ", "  0m  "),
        (r" +$", ""),
    ):
        transcript = re.sub(its, theirs, transcript, flags=re.MULTILINE)
    return transcript


@pytest.mark.parametrize(
    ("words", "denied"),
    [
        (("start", "bob-editor"), "sagemaker:CreateApp"),
        (("open", "bob-editor", "--yes"), "sagemaker:CreateApp"),
    ],
)
def test_what_is_bobs_stays_bobs(ada: Ada, words: tuple[str, ...], denied: str) -> None:
    refusal = ada.run(*words, "--env", "acme-ml", expect=1).err

    message, first, second, *statement = refusal.splitlines()
    assert denied in message
    assert first == "Next:  studioctl status --env acme-ml   ('bob-editor' belongs to bob: it shows which are yours)"
    place = f"a policy of the role '{ROLE}'"
    assert second == f"or, if it is yours, have this statement added to {place}, or use another profile:"
    assert json.loads("\n".join(statement))["Action"] == denied
    shown = ada.run("status", "--env", "acme-ml").out.splitlines()
    assert {tuple(line.split()[:2]) for line in shown} >= {("ada-editor", "ada"), ("bob-editor", "bob")}


def test_stopping_everything_stops_what_is_hers(ada: Ada) -> None:
    ada.run("start", "ada-editor", "--instance-type", "ml.t3.large", "--env", "acme-ml")
    ada.home.run("start", "bob-editor", "--local")
    stopped = ada.run("stop", "--all", "--env", "acme-ml", expect=1)
    opened = ada.run("open", "bob-editor", "--print", "--env", "acme-ml", expect=1)
    runs = [each["space"] for each in json.loads(ada.run("list", "--json").out)[0]["running"]]
    ada.home.run("stop", "bob-editor", "--local")

    assert runs == ["bob-editor"]
    assert "stopped CodeEditor in 'ada-editor'" in stopped.err
    for refused, action in ((stopped, "sagemaker:DeleteApp"), (opened, "sagemaker:CreatePresignedDomainUrl")):
        assert action in refused.err
        assert "studioctl status --env acme-ml   ('bob-editor' belongs to bob: it shows which are yours)" in refused.err


def test_a_session_to_bobs_space_is_denied(ada: Ada) -> None:
    space = ada.home.studio.sagemaker.describe_space(DomainId=ada.home.domain_id, SpaceName="bob-editor")["SpaceArn"]
    client = ada.sagemaker()

    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:StartSession"):
        client.start_session(ResourceIdentifier=space)
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:DeleteSpace"):
        client.delete_space(DomainId=ada.home.domain_id, SpaceName="ada-editor")


def test_a_policy_names_what_her_day_takes_and_nothing_on_everything_but_lists(ada: Ada) -> None:
    statements = json.loads(ada.home.run("iam", "user", "ada").out)["Statement"]

    assert {action.split(":")[1] for each in statements for action in each["Action"]} == TAKEN
    everything = [each for each in statements if "*" in each["Resource"]]
    assert [(each["Sid"], [a.split(":")[1][:4] for a in each["Action"]]) for each in everything] == [
        ("Find", ["List", "List", "List", "List"])
    ]
    assert all(ada.home.domain_id in "".join(each["Resource"]) for each in statements[2:])


def test_no_policy_is_printed_without_the_file_that_has_the_limits(ada: Ada) -> None:
    """One without the Deny statements of [limits] would let its user start anything."""
    file = ada.home.shell.directory / "studio.toml"
    told = file.read_text()
    file.write_text(told + '\n[limits]\ninstance_types = ["ml.t3.*"]\n')
    try:
        printed = json.loads(ada.home.run("iam", "user", "ada").out)["Statement"]
        by_name = ada.home.run("iam", "user", "ada", "--env", "acme-ml", expect=64)
    finally:
        file.write_text(told)

    assert [each["Sid"] for each in printed if each["Effect"] == "Deny"] == ["InstanceTypes"]
    assert (by_name.out, by_name.err) == (
        "",
        "Error: No such option: --env\nNext:  studioctl iam user --help\n",
    )


def test_a_name_that_is_none_and_one_that_is_not_there(ada: Ada, tmp_path: Path) -> None:
    wrong = ada.run("status", "--env", "Acme ML", expect=64)
    absent = [ada.run(*words, "--env", "acme-nlp", expect=1) for words in (("start", "x"), ("logs",), ("status",))]
    machine = ada.run("status", "--json", "--env", "acme-nlp", expect=1)
    far = ada.run("status", "--env", "other", expect=1)
    nobody = ada.home.run("iam", "user", "adda", expect=64)

    assert wrong.err.endswith("Next:  studioctl list   (shows the environments of the account and region)\n")
    told = (
        "Error: There is no 'acme-nlp' in us-east-1; did you mean acme-ml?{}\n"
        "Next:  studioctl list   (shows what there is; AWS_REGION=... looks in another region)\n"
    )
    unseen = " Whether anything else of it exists you may not see (tag:GetResources)."
    assert [done.err for done in (*absent, machine)] == [told.format(more) for more in ("", "", unseen, unseen)]
    assert ([done.out for done in absent], json.loads(machine.out)["domain"]) == (["", "", ""], None)
    assert far.err.startswith(f"Error: There is no 'other' in us-east-1.{unseen}\n")
    assert nobody.err == "Error: 'acme-ml' has no user 'adda'; did you mean ada?\nNext:  name one of: ada, bob\n"


def test_the_administrator_can_be_held_to_a_policy(ada: Ada) -> None:
    home = ada.home
    nothing = home.shell.directory / "nothing.json"
    nothing.write_text("{}")
    policy = home.shell.directory / "deploy.json"
    refused = home.shell.studioctl("emulator", "hold", str(nothing), expect=1)
    policy.write_text(home.shell.studioctl("iam", "deployer", "--local").out)  # as the refusal says

    held = home.shell.studioctl("emulator", "hold", str(policy))
    try:
        status = home.run("status")
        start = home.run("start", "bob-editor", expect=1)
    finally:
        freed = home.shell.studioctl("emulator", "hold", "--off")

    assert (
        refused.err
        == "Error: The emulator refused: it has no Statement\nNext:  studioctl iam deployer   (prints one)\n"
    )
    assert held.out == "The emulator asks this policy for all that you do.\n"
    assert "bob-editor" in status.out
    assert "sagemaker:CreateApp" in start.err
    who = "User: arn:aws:iam::123456789012:user/administrator is not authorized to perform: sagemaker:CreateApp"
    first, *denied = freed.out.splitlines()
    assert first == "You may do everything again. Refused by the policy:"
    assert any(line.strip().startswith(who) for line in denied)
    assert home.shell.studioctl("emulator", "hold", "--off").out == "You may do everything again.\n"


def test_a_plan_in_parts_and_a_part_that_is_not_there(ada: Ada) -> None:
    part = json.loads(ada.home.run("iam", "deployer", "--read-only", "--part", "1").out)
    absent = ada.home.run("iam", "deployer", "--part", "9", expect=64)

    assert part["Statement"][0]["Sid"] == "Look"
    assert "there is no part 9" in absent.err
