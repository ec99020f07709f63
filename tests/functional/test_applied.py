"""One environment on the emulator, made by the real Terraform and provider, looked at from all sides."""

import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from tests.functional.conftest import Applied, Shell
from tests.unit.emulator.emulated import eventually
from tests.unit.emulator.pushing import Registry

from studio_emulator import server
from studioctl.aws.held import READERS, Held, held
from studioctl.aws.session import Session
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform.state_resources import Estate

AWS = str(Path(sysconfig.get_path("scripts")) / "aws")

PLAN = """\
Nothing of this environment exists yet: all of it is created.

People and spaces
  + the domain
      A domain is created.
  + user ada (studio.toml:4)
      A user profile and a space are created.

Editor
  + editor (studio.toml:10)
      2 lifecycle scripts are created.

Network
  + the network
      A VPC, a default security group, 2 subnets, a route table, 2 route table associations, an internet\
 gateway, a route, a security group and a security group rule are created.

Permissions
  + permissions
      A role, 6 policies and 6 policy attachments are created.

Data and encryption
  + the data bucket
      A bucket and 5 settings of the data bucket are created.
  + the image repository
      An image repository and an expiry rule for images are created.
  + secrets.github (studio.toml:8)
      A secret of a GitHub token is created.

In AWS: 38 to create.
How long this takes is not known: no earlier run on this machine did all of it.

Cost in USD a month, by how people work (prices checked between 2026-08-21 and 2026-08-24):
  with no app running:  0.40
  at 8 h a working day: 11.33
  if nobody stops apps: 12.42
  Because of:
    'ada-editor': ml.t3.medium, 20 GB: +10.93 at 8 h a working day, or +12.02 if nobody stops apps  (studio.toml:4)
    secret of a GitHub token: +0.40 a month  (studio.toml:8)
  1 volume does not exist yet: from its space's first start on, it costs 2.24 with no app running, too
  not included: the data bucket, images, home directories, data transfer and logs
"""


def domain_id(applied: Applied) -> str:
    return str(json.loads(applied.shell.studioctl("outputs", "--local", "--json").out)["domain_id"])


def test_plan_shows_everything_by_module(applied: Applied) -> None:
    assert applied.plan.out == PLAN
    assert applied.plan.err == "Initialising Terraform\nPlanning\n"


def test_up_ends_with_the_address_and_what_to_try_next(applied: Applied) -> None:
    assert re.fullmatch(r"https://d-[a-z0-9]{12}\.studio\.us-east-1\.sagemaker\.aws\n", applied.up.out)
    assert applied.up.err.count("✓ created ") == 38
    assert applied.up.err.endswith(
        "\n'acme-ml' is ready.\n"
        "Spaces: ada-editor\n"
        "\nNext:\n"
        "  studioctl status --local   what there is and what runs\n"
        "  studioctl outputs --local  ids, ARNs and addresses for other programs\n"
        "  studioctl plan --local     what a change of the file would do\n"
        "  studioctl down --local     remove it all\n"
    )


def test_other_permissions_change_the_roles_policies_and_nothing_that_people_work_in(applied: Applied) -> None:
    (applied.shell.directory / "managed.toml").write_text(
        (applied.shell.directory / "studio.toml").read_text() + '\n[iam]\npermissions = "managed"\n'
    )
    plan = json.loads(applied.shell.studioctl("plan", "--local", "--json", "-c", "managed.toml", expect=2).out)

    assert {(change["action"], change["address"]) for change in plan["changes"]} == {
        *(("create", f"aws_iam_role_policy_attachment.managed_{name}") for name in ("sagemaker", "ecr", "secrets")),
        *(
            ("delete", f"{kind}.{name}")
            for kind in ("aws_iam_policy", "aws_iam_role_policy_attachment")
            for name in ("studio", "images", "jobs", "secrets")
        ),
    }


def test_a_change_of_one_value_changes_exactly_that(applied: Applied) -> None:
    (applied.shell.directory / "bigger.toml").write_text(
        (applied.shell.directory / "studio.toml").read_text() + "\n[studio]\nidle_timeout_minutes = 90\n"
    )
    done = applied.shell.studioctl("plan", "--local", "--json", "-c", "bigger.toml", expect=2)
    plan = json.loads(done.out)
    idle = "code_editor_app_settings[0].app_lifecycle_management[0].idle_settings[0].idle_timeout_in_minutes"
    of_jupyterlab = idle.replace("code_editor", "jupyter_lab")

    assert plan["counts"] == {"create": 0, "update": 3, "replace": 0, "delete": 0}
    assert {
        (change["address"], change["action"], a["path"], a["before"], a["after"])
        for change in plan["changes"]
        for a in change["attributes"]
    } == {
        ("aws_sagemaker_domain.studio", "update", f"default_user_settings[0].{idle}", 60, 90),
        ("aws_sagemaker_user_profile.ada", "update", f"user_settings[0].{idle}", 60, 90),
        ("aws_sagemaker_domain.studio", "update", f"default_user_settings[0].{of_jupyterlab}", 60, 90),
        ("aws_sagemaker_user_profile.ada", "update", f"user_settings[0].{of_jupyterlab}", 60, 90),
        ("aws_sagemaker_space.ada-editor", "update", f"space_settings[0].{idle}", 60, 90),
    }
    assert [(entry["subject"], entry["where"], entry["before"], entry["after"]) for entry in plan["entries"]] == [
        ("studio.idle_timeout_minutes", "bigger.toml:14", "60", "90")
    ]


def test_another_instance_type_is_compared_with_the_quotas(applied: Applied) -> None:
    (applied.shell.directory / "larger.toml").write_text(
        (applied.shell.directory / "studio.toml").read_text() + '\n[studio]\ninstance_type = "ml.g5.12xlarge"\n'
    )
    before = applied.shell.inventory()

    planned = applied.shell.studioctl("plan", "--local", "--json", "-c", "larger.toml", expect=2)
    unasked = applied.shell.studioctl("up", "--local", "-c", "larger.toml", expect=4)

    told = [(each["what"], each["needed"], each["limit"]) for each in json.loads(planned.out)["shortages"]]
    assert told == [("Code Editors on ml.g5.12xlarge, all running", 1, 0)]
    assert "Quota: Code Editors on ml.g5.12xlarge, all running: 1 needed, and the account may have 0.\n" in unasked.err
    assert applied.shell.inventory() == before


def test_a_real_plan_of_many_changes_names_every_key_and_nothing_else(applied: Applied) -> None:
    """The words are tried on plans that no Terraform made; here on one that it did."""
    text = (applied.shell.directory / "studio.toml").read_text().replace('tools = ["uv"]', 'tools = ["uv", "ruff"]')
    more = """
[[users]]
name = "eve"

[network]
availability_zones = 3
flow_logs = true

[studio]
instance_type = "ml.t3.large"
volume_gb = 50
max_volume_gb = 200
idle_timeout_minutes = "never"
docker = false
remote_access = false

[storage]
versioning = false
keep_old_versions_days = 9

[images]
keep_latest = 9
expire_untagged_days = 9
immutable_tags = true
scan_on_push = false

[iam]
permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
extra_statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::acme-lake/*"] }]
"""
    (applied.shell.directory / "many.toml").write_text(f"{text}{more}")
    done = applied.shell.studioctl("plan", "--local", "--markdown", "-c", "many.toml", expect=2)
    told = dict(re.findall(r"^- (?:\*\*[A-Z, ]+\*\* )?\*\*(.+?)\*\*(.*?)(?: \(many|: )", done.out, re.MULTILINE))

    assert told.pop("COSTS MORE", None) is not None
    assert {subject.replace("\\", ""): values.strip().replace("\\", "") for subject, values in told.items()} == {
        "user eve": "",
        "network.availability_zones": "2 -> 3",
        "network.flow_logs": "false -> true",
        "studio.instance_type": '"ml.t3.medium" -> "ml.t3.large"',
        "studio.volume_gb": "20 -> 50",
        "studio.max_volume_gb": "100 -> 200",
        "studio.idle_timeout_minutes": '60 -> "never"',
        "studio.docker": "true -> false",
        "studio.remote_access": "true -> false",
        "storage.versioning": "true -> false",
        "storage.keep_old_versions_days": "30 -> 9",
        "images.keep_latest": "5 -> 9",
        "images.expire_untagged_days": "14 -> 9",
        "images.immutable_tags": "false -> true",
        "images.scan_on_push": "true -> false",
        "iam.permissions_boundary": '(not set) -> "arn:aws:iam::aws:policy/PowerUserAcc...',
        "iam.extra_statements": "",
        "editor.tools": "",
    }


def test_a_reviewed_plan_is_applied_as_it_was_or_not_at_all(applied: Applied) -> None:
    shell = applied.shell
    text = (shell.directory / "studio.toml").read_text()
    (shell.directory / "later.toml").write_text(f"{text}\n[studio]\nidle_timeout_minutes = 90\n")
    words = ("-c", "later.toml", "--local")
    before = shell.inventory()
    shell.studioctl("plan", *words, "--out", "reviewed.json", expect=2)
    secret = shell.studioctl("emulator", "env", "--json").out
    content = (shell.directory / "reviewed.json").read_text()
    same = shell.studioctl("up", "reviewed.json", *words, expect=4)
    (shell.directory / "later.toml").write_text(f"{text}\n[studio]\nidle_timeout_minutes = 91\n")
    other = shell.studioctl("up", "reviewed.json", *words, "--yes", expect=4)

    assert json.loads(content)["plan"]["entries"][0]["after"] == "90"
    assert json.loads(secret)["AWS_SECRET_ACCESS_KEY"] not in content
    assert "There is no terminal to ask on. Nothing was changed." in same.err
    assert "'reviewed.json' is not what would be done now:\n  studio.toml, or a file that it names, has" in other.err
    assert shell.inventory() == before


def test_status_shows_what_is_there(applied: Applied) -> None:
    identity = domain_id(applied)
    done = applied.shell.studioctl("status", "--local")

    # ada's editor has a volume once another test has started it.
    assert [line.rstrip().replace("none yet", "20 GB") for line in done.out.splitlines()] == [
        "acme-ml  us-east-1 on the emulator",
        f"domain  {identity}  InService",
        f"url     https://{identity}.studio.us-east-1.sagemaker.aws",
        "users   ada (InService)",
        "cost    nothing runs, no instance is paid for",
        "",
        "space       owner  state    volume",
        "ada-editor  ada    Stopped  20 GB",
    ]


def test_status_as_json_is_for_programs(applied: Applied) -> None:
    status = json.loads(applied.shell.studioctl("status", "--local", "--json").out)

    assert status["domain"].pop("id") == domain_id(applied)
    assert status["domain"]["status"] == "InService"
    assert isinstance(status["spaces"][0].pop("has_volume"), bool), "true once another test has started it"
    assert {key: status[key] for key in ("name", "region", "target", "users", "spaces")} == {
        "name": "acme-ml",
        "region": "us-east-1",
        "target": "local",
        "users": [{"name": "ada", "status": "InService"}],
        "spaces": [
            {
                "name": "ada-editor",
                "owner": "ada",
                "status": "InService",
                "volume_gb": 20,
                "app_status": "Stopped",
                "instance_type": None,
                "image": None,
                "since": None,
                "idle_timeout_minutes": None,
                "usd_per_hour": None,
                "app_type": "CodeEditor",
                "in_recovery": False,
            }
        ],
    }


def test_one_output_is_printed_bare(applied: Applied) -> None:
    one = applied.shell.studioctl("outputs", "--local", "domain_id")
    unknown = applied.shell.studioctl("outputs", "--local", "domain", expect=1)

    assert one.out == f"{domain_id(applied)}\n"
    assert unknown.err.startswith("Error: There is no output 'domain'.\nNext:  there are: bucket, domain_id, ")


def test_outputs_name_everything_that_other_programs_need(applied: Applied) -> None:
    outputs = json.loads(applied.shell.studioctl("outputs", "--local", "--json").out)

    assert sorted(outputs) == [
        "bucket",
        "domain_id",
        "domain_url",
        "execution_role_arn",
        "github_secret_arn",
        "job_prefixes",
        "repository_url",
        "spaces",
        "user_profiles",
    ]
    assert outputs["bucket"] == "acme-ml-data-123456789012"
    assert outputs["job_prefixes"] == {"ada": "acme-ml--"}
    assert list(outputs["spaces"]) == ["ada-editor"]


def test_why_tells_what_other_services_hold(applied: Applied) -> None:
    where, given = applied.shell.emulator, applied.variables
    local = LocalEndpoint(where.endpoint_url, given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
    session = Session(Target("us-east-1", local=local))
    states = applied.shell.directory.glob(".studioctl/**/terraform.tfstate")
    (state,) = (it for it in states if it.parent.name != ".terraform")
    things = dict(Estate(json.loads(state.read_text())).addresses())
    told = {".".join(key): [(it.value, it.is_gone) for it in held(session, key, things)] for key in READERS}

    assert {key: layers[0] for key, layers in told.items() if layers} == {
        "storage.bucket": ("acme-ml-data-123456789012", False),
        "storage.versioning": (True, False),
        "storage.keep_old_versions_days": (30, False),
        "storage.access_logs": (None, False),
        "encryption.customer_key": (False, False),
        "encryption.key": (None, False),
        "network.cidr": ("10.0.0.0/16", False),
        "network.flow_logs": (False, False),
        "network.internet": ("none", False),
        "network.public_ips": (False, False),
        "network.subnet_prefix": (20, False),
        "network.availability_zones": (2, False),
        "names.role": ("acme-ml-execution", False),
        "iam.role_path": ("/", False),
        "iam.permissions_boundary": (None, False),
        "iam.permissions": ("scoped", False),
        "images.repository": ("acme-ml", False),
        "images.immutable_tags": (False, False),
        "images.scan_on_push": (True, False),
        "images.keep_latest": (5, False),
        "images.expire_untagged_days": (14, False),
        "names.secret": ("acme-ml/github", False),
    }
    gone = {"aws_s3_bucket.data": {**things["aws_s3_bucket.data"], "bucket": "acme-gone"}}
    assert held(session, ("storage", "versioning"), gone) == (
        Held("data bucket acme-gone, which is gone", None, is_gone=True),
    )
    bucket = things["aws_s3_bucket.data"]["bucket"]
    s3 = applied.shell.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    try:
        changed = applied.shell.studioctl("why", "storage.versioning", "--local")
    finally:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert changed.out.endswith(
        "\nAWS, the nearest first\n"
        "  data bucket acme-ml-data-123456789012  false  <- this one decides\n"
        "\nAWS has false, and the file says true.\nNext: studioctl plan --local\n"
    )


def test_the_aws_cli_finds_the_domain_the_profile_and_the_space(applied: Applied) -> None:
    def ask(*words: str) -> Any:
        environment = {**applied.shell.environment, **applied.variables}
        return json.loads(subprocess.check_output([AWS, "sagemaker", *words, "--output", "json"], env=environment))

    assert [domain["DomainName"] for domain in ask("list-domains")["Domains"]] == ["acme-ml"]
    assert [profile["UserProfileName"] for profile in ask("list-user-profiles")["UserProfiles"]] == ["ada"]
    assert [space["SpaceName"] for space in ask("list-spaces")["Spaces"]] == ["ada-editor"]


def test_boto3_finds_what_the_file_says(applied: Applied) -> None:
    sagemaker = applied.shell.client("sagemaker")
    domain = sagemaker.describe_domain(DomainId=domain_id(applied))
    space = sagemaker.describe_space(DomainId=domain_id(applied), SpaceName="ada-editor")
    editor = domain["DefaultUserSettings"]["CodeEditorAppSettings"]

    assert domain["AuthMode"] == "IAM"
    assert domain["AppNetworkAccessType"] == "PublicInternetOnly"
    assert domain["DomainSettings"]["DockerSettings"] == {"EnableDockerAccess": "ENABLED"}
    assert editor["DefaultResourceSpec"]["LifecycleConfigArn"] in editor["LifecycleConfigArns"]
    assert editor["AppLifecycleManagement"]["IdleSettings"]["IdleTimeoutInMinutes"] == 60
    assert space["OwnershipSettings"] == {"OwnerUserProfileName": "ada"}
    assert space["SpaceSharingSettings"] == {"SharingType": "Private"}
    assert space["SpaceSettings"]["SpaceStorageSettings"]["EbsStorageSettings"] == {"EbsVolumeSizeInGb": 20}


def test_everything_that_takes_tags_carries_ours(applied: Applied) -> None:
    client = applied.shell.client
    ours = {"studioctl:environment": "acme-ml", "studioctl:managed-by": "studioctl"}
    identity = domain_id(applied)
    sagemaker, ecr = client("sagemaker"), client("ecr")
    configurations = sagemaker.list_studio_lifecycle_configs()["StudioLifecycleConfigs"]
    assert len(configurations) == 2
    arns = [
        sagemaker.describe_domain(DomainId=identity)["DomainArn"],
        sagemaker.describe_user_profile(DomainId=identity, UserProfileName="ada")["UserProfileArn"],
        sagemaker.describe_space(DomainId=identity, SpaceName="ada-editor")["SpaceArn"],
        *(configuration["StudioLifecycleConfigArn"] for configuration in configurations),
    ]
    repository = ecr.describe_repositories()["repositories"][0]["repositoryArn"]
    (secret,) = client("secretsmanager").list_secrets()["SecretList"]
    network = client("ec2").describe_tags(Filters=[{"Name": "tag:studioctl:environment", "Values": ["acme-ml"]}])
    tagged = [
        *(sagemaker.list_tags(ResourceArn=arn)["Tags"] for arn in arns),
        ecr.list_tags_for_resource(resourceArn=repository)["tags"],
        secret["Tags"],
        client("s3").get_bucket_tagging(Bucket="acme-ml-data-123456789012")["TagSet"],
        client("iam").list_role_tags(RoleName="acme-ml-execution")["Tags"],
    ]

    assert all(ours.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items() for tags in tagged)
    assert {tag["ResourceType"] for tag in network["Tags"]} >= {
        "vpc",
        "subnet",
        "internet-gateway",
        "route-table",
        "security-group",
    }


GOING = """
People and spaces
  - a domain, a user profile and a space

Editor
  - 2 lifecycle scripts

Network
  - a VPC, a default security group, 2 subnets, a route table, 2 route table associations, a route, an internet \
gateway, a security group and a security group rule

Permissions
  - a role, 6 policies and 6 policy attachments

Data and encryption
  - an image repository and an expiry rule for images
"""


def test_down_refuses_while_a_space_holds_files_and_says_what_is_kept(applied: Applied) -> None:
    s3, ecr, secrets = (applied.shell.client(service) for service in ("s3", "ecr", "secretsmanager"))
    bucket = "acme-ml-data-123456789012"
    version = s3.put_object(Bucket=bucket, Key="data.csv", Body=b"a,b\n")["VersionId"]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    ecr.put_image(repositoryName="acme-ml", imageManifest=manifest, imageTag="latest")
    secrets.put_secret_value(SecretId="acme-ml/github", SecretString="t0ken")
    key = {"DomainId": domain_id(applied), "SpaceName": "ada-editor", "AppType": "CodeEditor", "AppName": "default"}
    applied.shell.client("sagemaker").create_app(**key)
    home = applied.shell.client("sagemaker").describe_domain(DomainId=domain_id(applied))["HomeEfsFileSystemId"]
    before = applied.shell.inventory()
    try:
        done = applied.shell.studioctl("down", "--local", "--delete-data=images", "--yes", expect=4)

        assert done.err == (
            "Looking for what there is\n"
            "Error: AWS destroys a space's volume together with the space, and these hold files:\n"
            "  space 'ada-editor': a volume of 20 GB\n"
            "Nothing was changed.\n"
            "Next:  studioctl down --local --delete-data=spaces"
            "   (a rehearsal: these volumes, and any copy of them, last only as long as the emulator)\n"
        )
        asked = applied.shell.studioctl("down", "--local", "--delete-data=images,spaces", expect=4)
        assert asked.err.partition("\n! ")[0].split("This will be destroyed:\n")[1] == GOING
        assert asked.err.partition("\n! ")[2] == (
            "repository 'acme-ml' is permanently deleted: 1 image\n"
            "\n! space 'ada-editor' is permanently deleted: a volume of 20 GB\n"
            "\nKept, with the data in it:\n"
            f"  bucket '{bucket}': 1 object, 4 bytes  (less than 0.01 USD a month)\n"
            "  secret 'acme-ml/github': a value  (about 0.40 USD a month)\n"
            f"  home file system '{home}': apps have run; 0 bytes when AWS last measured"
            "  (less than 0.01 USD a month)\n"
            "  together about 0.40 USD a month\n"
            "\n31 resources to destroy.\n"
            "\nIn us-east-1 on the emulator.\n"
            "Error: There is no terminal to ask on. Nothing was changed.\n"
            "Next:  add --yes to go on unasked\n"
        )
        nowhere = applied.shell.studioctl("down", "--local", "--backup=s3://acme-nowhere", "--yes", expect=4)
        assert "Error: There is no bucket 'acme-nowhere'. Nothing was changed.\n" in nowhere.err
        assert applied.shell.inventory() == before
    finally:
        s3.delete_object(Bucket=bucket, Key="data.csv", VersionId=version)
        ecr.batch_delete_image(repositoryName="acme-ml", imageIds=[{"imageTag": "latest"}])
        sagemaker = applied.shell.client("sagemaker")
        sagemaker.delete_app(**key)
        eventually(lambda: sagemaker.describe_app(**key)["Status"], lambda status: status == "Deleted")


def test_a_kind_of_data_that_there_is_not_is_wrong_usage(applied: Applied) -> None:
    done = applied.shell.studioctl("down", "--local", "--delete-data=volumes", "--yes", expect=64)

    assert "'volumes' is no kind of data: write bucket, homes, images, secrets, spaces, studies, or all" in done.err


def test_down_asks_for_the_environments_name(applied: Applied) -> None:
    before = applied.shell.inventory()
    question = "Type the environment's name (acme-ml) to remove all this"
    code, shown = applied.shell.typed("down", "--local", "--delete-data", answers={question: "acme"})

    assert code == 4
    assert "That was not 'acme-ml'. Nothing was changed." in shown
    assert applied.shell.inventory() == before


def test_without_a_terminal_and_yes_nothing_is_applied(applied: Applied) -> None:
    (applied.shell.directory / "more.toml").write_text(
        (applied.shell.directory / "studio.toml").read_text() + '\n[[users]]\nname = "grace"\n'
    )
    before = applied.shell.inventory()
    done = applied.shell.studioctl("up", "--local", "-c", "more.toml", expect=4)

    assert re.search(
        r"In AWS: 2 to create \(a user profile and a space\)\.\n"
        r"(?:This takes about [\dms ]+, judging by earlier runs\.|How long this takes is not known: .*)\n"
        r"\nCost in USD a month, by how people work \(prices checked between 2026-08-21 and 2026-08-24\):\n"
        # ada's editor has a volume once another test has started it.
        r"  with no app running:  (?:0\.40|2\.64), unchanged\n"
        r"  at 8 h a working day: 11\.33 -> 22\.26 \(\+10\.93\)\n"
        r"  if nobody stops apps: 12\.42 -> 24\.44 \(\+12\.02\)\n"
        r"  Because of:\n"
        r"    'grace-editor': ml\.t3\.medium, 20 GB: \+10\.93 at 8 h a working day,"
        r" or \+12\.02 if nobody stops apps"
        r"  \(more\.toml:13\)\n"
        r"  1 volume does not exist yet: from its space's first start on, it costs 2\.24 with no app running, too\n"
        r"  not included: the data bucket, images, home directories, data transfer and logs\n"
        r"\nIn us-east-1 on the emulator\.\n"
        r"Error: There is no terminal to ask on\. Nothing was changed\.\nNext:  add --yes to go on unasked\n$",
        done.err,
    )
    assert applied.shell.inventory() == before


def test_another_directory_does_not_take_the_environment_over(applied: Applied) -> None:
    """Somebody who hit on the same name, with other users and another idle time."""
    elsewhere = applied.shell.directory / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    other = Shell(elsewhere, applied.shell.variables)
    other.write(
        'name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "carol"\n[studio]\nidle_timeout_minutes = 600\n'
    )
    before = applied.shell.inventory()
    up = other.studioctl("up", "--local", "--yes", expect=4)
    down = other.studioctl("down", "--local", "--yes", "--delete-data", expect=4)

    assert "\nUsers that the file lacks: ada\nSpaces that the file lacks: ada-editor\n" in up.err
    assert up.err.endswith(
        "Nothing was changed.\n"
        'Next:  if it is somebody else\'s, write another name: name = "acme-ml-2"; if it is yours and its record is'
        " lost: studioctl up --local --adopt acme-ml\n"
    )
    assert down.err.endswith(": studioctl down --local --adopt acme-ml\n")
    assert applied.shell.inventory() == before


def test_a_new_name_does_not_make_the_old_environment_forgotten(applied: Applied) -> None:
    applied.shell.edit('name = "acme-ml"', 'name = "acme-lab"')
    try:
        done = applied.shell.studioctl("plan", "--local", expect=4)
    finally:
        applied.shell.edit('name = "acme-lab"', 'name = "acme-ml"')
        shutil.rmtree(applied.shell.directory / ".studioctl" / "acme-lab", ignore_errors=True)

    assert done.err == (
        "Initialising Terraform\n"
        "Error: The file now says name = \"acme-lab\", but 'acme-ml', which it made before, still exists.\n"
        'Next:  write name = "acme-ml" again; to start anew, run studioctl down --local first, then change the name\n'
    )


def test_another_region_does_not_make_the_environment_forgotten(applied: Applied) -> None:
    text = (applied.shell.directory / "studio.toml").read_text()
    (applied.shell.directory / "moved.toml").write_text(text.replace("us-east-1", "us-west-2"))
    for verb in ("plan", "down"):
        done = applied.shell.studioctl(verb, "--local", "-c", "moved.toml", expect=4)

        assert "'acme-ml' exists in us-east-1, and the file now says us-west-2." in done.err


def test_a_change_that_replaces_the_domain_is_refused(applied: Applied) -> None:
    text = (applied.shell.directory / "studio.toml").read_text()
    (applied.shell.directory / "moved.toml").write_text(text + '\n[network]\ncidr = "10.9.0.0/16"\n')
    before = applied.shell.inventory()
    told = applied.shell.studioctl("plan", "--local", "-c", "moved.toml", expect=2)
    done = applied.shell.studioctl("up", "--local", "--yes", "-c", "moved.toml", expect=4)

    assert told.out == (
        "REFUSED: moved.toml:14: network.cidr: This would replace the domain. Every home directory and every space's"
        " volume would be lost.\n"
        'Next:  write cidr = "10.0.0.0/16" again; to start anew, copy what you need, then: studioctl down'
        " --config moved.toml --local, then studioctl up --config moved.toml --local\n"
        "\n"
        "The file asks for this, and none of it is done:\n"
        '  network.cidr "10.0.0.0/16" -> "10.9.0.0/16" (moved.toml:14)\n'
    )
    assert "Error: moved.toml:14: network.cidr: This would replace the domain. Every home" in done.err
    assert done.err.endswith(
        'Next:  write cidr = "10.0.0.0/16" again; to start anew, copy what you need,'
        " then: studioctl down --config moved.toml --local, then studioctl up --config moved.toml --local\n"
    )
    assert applied.shell.inventory() == before


def test_git_leaves_the_working_directory_alone(applied: Applied) -> None:
    assert (applied.shell.directory / ".studioctl/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("document", ["vpc", "security_groups", "secrets_manager", "s3", "iam", "ecr", "sagemaker"])
def test_the_working_directory_holds_a_document_for_each_module(applied: Applied, document: str) -> None:
    path = applied.shell.directory / ".studioctl/acme-ml/local" / f"{document}.tf.json"

    assert json.loads(path.read_text())["//"].endswith(".")


def test_the_doctor_knows_what_up_made_for_the_environments(applied: Applied) -> None:
    """By their tags, which the provider must have put on each of them."""
    found = json.loads(applied.shell.studioctl("doctor", "--local", "--json").out)["findings"]
    messages = [f"{finding['severity']} {finding['message']}" for finding in found]

    for name in (
        "bucket acme-ml-data-123456789012",
        "secret acme-ml/github",
        "repository acme-ml",
        "role acme-ml-execution",
        "policy acme-ml-s3",
        "policy acme-ml-remote-access",
        "domain acme-ml",
    ):
        assert f"ok {name}: this environment's" in messages
    assert "ok user profiles: 1 of 2" in messages
    assert [message for message in messages if message.startswith(("error", "warning"))] == []
    assert any(message.startswith("ok every space selects script acme-ml-editor-") for message in messages)
    assert "info Remote access is not allowed yet, as the file wants it: ada-editor" in messages


def images_of_ada(applied: Applied) -> tuple[Any, Any]:
    """The images that Code Editor and JupyterLab offer her besides AWS's."""
    sagemaker = applied.shell.client("sagemaker")
    told = sagemaker.describe_user_profile(DomainId=domain_id(applied), UserProfileName="ada")["UserSettings"]
    code, lab = (told[f"{app}AppSettings"].get("CustomImages", []) for app in ("CodeEditor", "JupyterLab"))
    return code, lab


def test_an_attached_image_is_offered_and_the_last_one_goes_again(applied: Applied) -> None:
    """With the real provider, which waits a minute before it makes an image, and sends no empty list."""
    shell, sagemaker = applied.shell, applied.shell.client("sagemaker")
    running = server.find(shell.directory / "emulator")
    assert running
    before, file = shell.inventory(), (shell.directory / "studio.toml").read_text()
    pushed = Registry.of(running, "us-east-1").push("acme-ml", "torch-1")
    try:
        shell.studioctl("image", "attach", "torch-1", "--local", "--app", "code-editor", "--app", "jupyterlab")
        shell.studioctl("up", "--local", "--yes")
        (offered,), (in_lab,) = images_of_ada(applied)
        version = sagemaker.describe_image_version(ImageName=offered["ImageName"])
        assert version["ContainerImage"].endswith(f"/acme-ml@{pushed}")
        assert in_lab["ImageName"] == offered["ImageName"]
        config = sagemaker.describe_app_image_config(AppImageConfigName=in_lab["AppImageConfigName"])
        assert config["JupyterLabAppImageConfig"]["ContainerConfig"] == {
            "ContainerEntrypoint": ["entrypoint-jupyter-server"]
        }
        shell.studioctl("image", "attach", "torch-1", "--local", "--app", "code-editor")
        assert "Detaching images\n" in shell.studioctl("up", "--local", "--yes").err
        assert images_of_ada(applied) == ([offered], [])
    finally:
        shell.write(file)
        done = shell.studioctl("up", "--local", "--yes")
        shell.client("ecr").batch_delete_image(repositoryName="acme-ml", imageIds=[{"imageDigest": pushed}])

    assert "Detaching images\n" in done.err
    assert shell.inventory() == before
