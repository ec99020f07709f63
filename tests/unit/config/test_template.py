"""The file that `studioctl init` writes."""

import re
import tomllib
from pathlib import Path

import pytest

from studioctl.config.load import parse
from studioctl.config.model import EnvironmentConfig
from studioctl.config.template import render_template, toml_value
from studioctl.config.users import User


def test_it_begins_with_what_is_required() -> None:
    assert render_template(name="acme-ml", region="us-east-1", users=["ada"], profile="admin").startswith("""\
# One Amazon SageMaker Studio environment. Only name, region and one user are required; every other line
# shows a default or an example, and has no effect until you remove the # before it.
#
# Completion in an editor: studioctl schema > studio.schema.json, and a first line #:schema ./studio.schema.json

# Prefix of every resource's name. A different name means a different environment.
name = "acme-ml"
# AWS region.
region = "us-east-1"
# Profile of your AWS configuration. If left out: AWS's usual order of credentials.
profile = "admin"
# Tags for every resource.
# tags = { team = "ml" }
# A CSV file with more users, beside this file. Its first line names the columns, which are keys of [[users]]:
# name, group, instance_type, image, volume_gb, push_images, github, sso_user.
# users_file = "people.csv"
# Values that several users share: a table [groups.NAME] for each group.
# groups = { vision = { instance_type = "ml.g5.xlarge", users = ["grace"] } }

# The users: one [[users]] table for each.
[[users]]
# Name of the user profile. It must be unique, ignoring case.
name = "ada"
""")


def test_it_sets_only_what_it_was_told() -> None:
    text = render_template(name="acme-ml", region="us-east-1", users=["ada"])

    assert parse(text) == EnvironmentConfig(name="acme-ml", region="us-east-1", users=(User(name="ada"),))


def test_its_commented_lines_are_right_too(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_text("true\n")
    (tmp_path / "people.csv").write_text("name,group\nmary,vision\n")
    text = render_template(name="acme-ml", region="us-east-1", users=["ada"])

    # A script of one's own takes the place of everything else below [editor].
    uncommented = re.sub(r"^# (?!script = )([a-z_]+ = )", r"\1", text, flags=re.MULTILINE)
    for default, needed in (
        ('backend = "local"', 'backend = "s3"'),
        ("per_user_roles = false", "per_user_roles = true"),
        ('sso_user = "ada@example.com"', ""),  # of a domain of IAM Identity Center, and this one is not
        ('hidden_apps = ["Canvas", "RStudioServerPro"]', ""),  # left out, Studio's own setting stays
        ('session_names = "user"', ""),
        ('hidden_tools = ["JumpStart", "AutoMl"]', ""),
        ('image = "4.3"', ""),
        ('instance_types = ["ml.t3.*", "ml.g5.xlarge"]', ""),  # the other examples are beyond these
        ('images = ["4.3", "4.4"]', ""),
        ("subnet_prefix = 20", ""),  # of a VPC that is made, and the lines name one that exists
    ):
        uncommented = uncommented.replace(default, needed)
    config = parse(uncommented, directory=tmp_path)

    assert uncommented.count("\n# ") < text.count("\n# ")
    assert all(f"{key} = " in uncommented or f"[{key}]" in uncommented for key in EnvironmentConfig.model_fields)
    assert config.editor.tools == ("uv", "poetry==2.1.1", "pdm")
    assert config.studio == EnvironmentConfig.model_fields["studio"].default


@pytest.mark.parametrize(
    "value",
    ["", 'a"b', "a\\b", "a\nname = 'x'", "\x00\x1b\x7f\x85\u2028\u202e", "é 🎉", "'''", '"""', "#", "]"],
)
def test_any_text_is_quoted(value: str) -> None:
    assert tomllib.loads(render_template(name=value, region=value, users=[value], profile=value)) | {} == {
        "name": value,
        "region": value,
        "profile": value,
        "users": [{"name": value}],
        **{
            key: {}
            for key in (
                "access",
                "names",
                "network",
                "studio",
                "storage",
                "iam",
                "images",
                "secrets",
                "encryption",
                "editor",
                "state",
                "audit",
                "cost",
                "limits",
                "tuning",
                "terraform",
            )
        },
    }


def test_half_a_surrogate_pair_is_no_character() -> None:
    assert toml_value("\ud800") == '"\N{REPLACEMENT CHARACTER}"'


def test_values_of_every_type_are_written() -> None:
    value = {"a b": [1, 2.5, True], "c": {"d": ("e",)}}

    assert toml_value(value) == '{ "a b" = [1, 2.5, true], c = { d = ["e"] } }'
