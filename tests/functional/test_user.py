"""`studioctl user`: the file changes at once, AWS with the next `up`, and nobody's data goes unasked."""

import json
import os
import random
import signal
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import STUDIOCTL, Shell
from tests.functional.living import Living, living

FILE = """\
# Ours.
name = "acme-ml"
region = "us-east-1"

# Leads the team.
[[users]]
name = "ada"

# Needs more room.
[[users]]
name = "bob"
volume_gb = 50
github = { username = "bob-acme" }
posix = { uid = 200001 }
[users.editor]
tools = ["ruff==0.14.5"]
git = { "user.name" = "Bob", "init.defaultBranch" = "main" }

[groups.vision]
instance_type = "ml.g5.xlarge"
users = [
  "grace", # since May
]

[iam]
per_user_roles = true # each their own
"""


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write(FILE)
    return shell


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    users = {"ada": ("ada-editor",), "bob": ("bob-editor", "bob-gpu")}
    with living(tmp_path_factory.mktemp("team"), users=users) as made:
        yield made


def text(shell: Shell) -> str:
    return (shell.directory / "studio.toml").read_text()


def test_who_is_in_the_file(here: Shell) -> None:
    here.edit("\n# Leads", '\nusers_file = "people.csv"\n\n# Leads')
    here.write("name,group\neve,vision\n", "people.csv")

    listed = [line.split() for line in here.studioctl("user", "list").out.splitlines()]
    assert [(words[0], words[-1]) for words in listed] == [
        ("USER", "WHERE"),
        ("ada", "studio.toml:8"),
        ("bob", "studio.toml:12"),
        ("eve", "people.csv:2"),
        ("grace", "studio.toml:24"),
    ]
    assert json.loads(here.studioctl("user", "list", "--json").out)[2] == {
        "name": "eve",
        "group": "vision",
        "place": "people.csv:2",
        "spaces": [
            {
                "name": "eve-editor",
                "app": "code-editor",
                "instance_type": "ml.g5.xlarge",
                "alternatives": [],
                "volume_gb": 20,
            }
        ],
    }


def test_a_copy_of_somebody_with_nothing_that_is_theirs_alone(here: Shell) -> None:
    shown = here.studioctl("user", "add", "eve", "--copy-from", "bob", "--dry-run")
    assert text(here) == FILE
    done = here.studioctl("user", "add", "eve", "--copy-from", "bob")

    assert shown.out == done.out
    assert [line for line in done.out.splitlines() if line[:1] in {"+", "-"}] == [
        "--- studio.toml",
        "+++ studio.toml",
        "+[[users]]",
        '+name = "eve"',
        "+volume_gb = 50",
        "+",
        "+[users.editor]",
        '+tools = ["ruff==0.14.5"]',
        '+git = { "init.defaultBranch" = "main" }',
        "+",
    ]
    assert (
        done.err
        == """\
Added 'eve' to studio.toml.
Not copied, as it is one person's alone: github, posix, editor.git.user.name.

Next:
  studioctl plan  what it makes
  studioctl up    make it
"""
    )
    assert shown.err.startswith("Would add 'eve' to studio.toml.\n")


def test_a_copy_of_a_member_becomes_one(here: Shell) -> None:
    done = here.studioctl("user", "add", "eve", "zoe", "--copy-from", "grace", "--json")

    assert text(here) == FILE.replace("# since May\n", '# since May\n  "eve",\n  "zoe",\n')
    told = json.loads(done.out)
    assert (told["added"], told["not_copied"], told["is_written"]) == (["eve", "zoe"], [], True)
    here.studioctl("user", "add", "kim", "--copy-from", "GRACE", "--volume-gb", "90")
    assert tomllib.loads(text(here))["users"][-1] == {"name": "kim", "volume_gb": 90}


KNOWN = "Error: 'bob' is in studio.toml:10 already. Nothing was changed.\nNext:  studioctl user list\n"
NOBODY = "Error: There is no user 'kat' in studio.toml.\nNext:  studioctl user list\n"
MEANT = "Error: There is no user 'graec' in studio.toml; did you mean grace?\nNext:  studioctl user list\n"
NAME = """\
Error: 'e_e': name: "e_e" contains "_"; write "e-e"
Nothing was changed.
Next:  run the same command again with that corrected
"""
GROUP = """\
Error: 'eve': group: there is no group "lab"; write [groups.lab], or one of: vision
Nothing was changed.
Next:  run the same command again with that corrected
"""
TYPO = """\
Error: 'eve': group: there is no group "visoin"; did you mean vision?
Nothing was changed.
Next:  run the same command again with that corrected
"""
NAMELESS = """\
Error: nameless.csv:2: group: there is no group "lab"; write [groups.lab], or one of: vision
nameless.csv:3: has no name; write one, or delete the line
nameless.csv:11: volume_gb: "x" is not a whole number; write digits, such as 50
Next:  correct nameless.csv, then run the same command again
"""
ROOM = """\
Error: studio.toml: network.cidr: "10.0.0.0/16" has 8180 addresses in 2 zones for 8203 spaces; write subnet_prefix = 19
Next:  correct studio.toml, then run the same command again
"""
ROWS = """\
Error: wrong.csv:2: name: "e e" contains " "; write "e-e"
wrong.csv:3: volume_gb: 900 is above [studio] max_volume_gb, 100; write at most 100, or raise the maximum
Next:  correct wrong.csv, then run the same command again
"""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("add", "Bob"), 4, KNOWN),
        (("add", "eve", "--copy-from", "graec"), 64, MEANT),
        (("add", "e_e"), 64, NAME),
        (("add", "eve", "--group", "lab"), 64, GROUP),
        (("add", "eve", "--group", "visoin"), 64, TYPO),
        (("remove", "kat", "--offline", "--yes"), 64, NOBODY),
        (("import", "no.csv"), 3, 'Error: There is no no.csv.\nNext:  name a CSV file with a column "name"\n'),
        (("import", "wrong.csv"), 3, ROWS),
        (("import", "nameless.csv"), 3, NAMELESS),
        (("import", "many.csv"), 3, ROOM),
    ],
    ids=str,
)
def test_what_is_refused_changes_nothing(here: Shell, words: tuple[str, ...], code: int, told: str) -> None:
    here.write("name,volume_gb\ne e,\nzoe,900\n", "wrong.csv")
    here.write("name,volume_gb,group\nzoe,,lab\n,50,\n\n\n\n\n\n\n\neve,x,\n", "nameless.csv")
    here.write("name\n" + "".join(f"user-{number}\n" for number in range(8200)), "many.csv")

    done = here.studioctl("user", *words, expect=code)

    assert done.err == told
    assert text(here) == FILE


def test_a_list_is_taken_over_once(here: Shell) -> None:
    here.write("name;group;volume_gb\nzoe;vision;\nBOB;;\neve;;30\n", "people.csv")

    done = here.studioctl("user", "import", "people.csv")

    assert text(here) == FILE.replace(
        "\n[groups", '\n[[users]]\nname = "zoe"\ngroup = "vision"\n\n[[users]]\nname = "eve"\nvolume_gb = 30\n\n[groups'
    )
    assert done.err.startswith("Added 'zoe', 'eve' to studio.toml.\nIn it already, and left as they are: 'bob'.\n")
    again = here.studioctl("user", "import", "people.csv")
    assert (again.out, again.err) == ("", "studio.toml has everybody already.\n")


def test_a_list_of_nobody_is_told_as_such(here: Shell) -> None:
    here.write("name\n", "people.csv")

    done = here.studioctl("user", "import", "people.csv")

    assert (done.out, done.err, text(here)) == ("", "people.csv names nobody.\n", FILE)


def test_killed_at_any_moment_and_run_again_nobody_is_there_twice(here: Shell) -> None:
    names = [f"user-{number}" for number in range(200)]
    here.write("name\n" + "".join(f"{name}\n" for name in names), "people.csv")
    moments = random.Random(17)
    for _ in range(20):
        process = subprocess.Popen(
            [STUDIOCTL, "user", "import", "people.csv"],
            cwd=here.directory,
            env=here.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.1, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        there = [user["name"] for user in tomllib.loads(text(here))["users"]]
        assert there in (["ada", "bob"], ["ada", "bob", *names])

    here.studioctl("user", "import", "people.csv")
    assert [user["name"] for user in tomllib.loads(text(here))["users"]] == ["ada", "bob", *names]


def test_several_at_once_lose_nobody(here: Shell) -> None:
    names = ["eve", "kim", "zoe", "lin"]
    started = [
        subprocess.Popen([STUDIOCTL, "user", "add", name], cwd=here.directory, env=here.environment) for name in names
    ]

    assert [process.wait() for process in started] == [0, 0, 0, 0]
    assert sorted(user["name"] for user in tomllib.loads(text(here))["users"]) == sorted(["ada", "bob", *names])


LISTED = 'name = "acme-ml"\nregion = "us-east-1"\nusers_file = "p.csv"\n'


def test_who_is_in_a_list_is_known_by_its_line(here: Shell) -> None:
    here.write(LISTED)
    here.write("name\nzoe\neve\n", "p.csv")

    known = here.studioctl("user", "add", "Eve", expect=4)

    assert known.err == "Error: 'eve' is in p.csv:3 already. Nothing was changed.\nNext:  studioctl user list\n"


def test_the_only_user_stays(here: Shell) -> None:
    here.write(LISTED)
    here.write("name\neve\n", "p.csv")

    alone = here.studioctl("user", "remove", "eve", "--offline", "--yes", expect=4)

    assert alone.err == (
        "Error: 'eve' is the only user of 'acme-ml'. Nothing was changed.\n"
        "Next:  studioctl down   (removes the environment)\n"
    )


def test_somebody_of_a_list_goes_from_the_list(here: Shell) -> None:
    people = here.directory / "p.csv"
    here.write(LISTED + '\n[groups.vision]\nusers = ["zoe"]\n')
    people.write_bytes("\ufeffname;group\r\n\r\nEve;vision\r\nzoe;\r\nkim;vision\r\n".encode())

    done = here.studioctl("user", "remove", "eve", "--offline", "--yes")
    in_both = here.studioctl("user", "remove", "zoe", "--offline", "--yes", expect=4)

    assert [line for line in done.out.splitlines() if line[:1] in {"-", "+"}] == [
        "--- p.csv",
        "+++ p.csv",
        "-Eve;vision",
    ]
    assert done.err.startswith("Removed 'Eve' from p.csv.\n")
    assert in_both.err == (
        "Error: 'zoe' stands in p.csv:3, and in the users of [groups.vision] in studio.toml. Nothing was changed.\n"
        "Next:  delete 'zoe' from the users of [groups.vision], then run the same command again\n"
    )
    assert people.read_bytes() == "\ufeffname;group\r\n\r\nzoe;\r\nkim;vision\r\n".encode()


def test_who_has_files_is_not_removed_unasked(team: Living) -> None:
    shell, before = team.shell, text(team.shell)
    team.run("start", "bob-editor")
    team.run("stop", "bob-editor")

    refused = team.run("user", "remove", "bob", "--yes", expect=4)
    unasked = team.run("user", "remove", "bob", "--delete-data", expect=4)

    lines = [" ".join(line.split()) for line in refused.err.splitlines()]
    assert lines[:2] == ["'bob' has in AWS:", "space bob-editor: a volume of 5 GB (deleted by the next up)"]
    assert lines[2].startswith("home directory /")
    assert lines[2].endswith(": kept as long as the environment (stays)")
    assert lines[3:6] == [
        "Error: AWS deletes these with the user 'bob', and they hold data:",
        "space 'bob-editor': a volume of 5 GB",
        "Nothing was changed.",
    ]
    remove = "studioctl user remove --local bob"
    copied, deleted = f"copy the volumes first: {remove} --backup s3://BUCKET", f"{remove} --delete-data"
    assert lines[6:] == [f"Next: {copied}; or, to delete all that permanently: {deleted}"]
    assert "There is no terminal to ask on. Nothing was changed." in unasked.err
    assert text(shell) == before

    code, shown = shell.typed("user", "remove", "bob", "--delete-data", "--local", answers={"from studio.toml?": "n"})
    assert (code, text(shell)) == (4, before), shown
    done = team.run("user", "remove", "bob", "--delete-data", "--yes")
    assert text(shell) == before.replace(before[before.index('\n[[users]]\nname = "bob"') :], "")
    assert done.err.endswith(
        "Removed 'bob' from studio.toml.\n\nNext:\n"
        "  studioctl plan --local              what it deletes\n"
        "  studioctl up --local --delete-data  delete the user profile\n"
    )
    assert "bob" in {profile["UserProfileName"] for profile in profiles(team)}
    shell.write(before)


def test_who_has_nothing_goes(team: Living) -> None:
    before = text(team.shell)
    team.shell.write(before + '\n[[users]]\nname = "eve"\n')

    done = team.run("user", "remove", "EVE", "--yes")

    assert text(team.shell) == before
    assert "'eve' has no data in AWS.\n" in done.err
    assert "studioctl up --local  " in done.err


def test_a_removal_for_programs(team: Living) -> None:
    before = text(team.shell)
    team.shell.write(before + '\n[[users]]\nname = "eve"\n')
    team.client("s3").create_bucket(Bucket="acme-copies")

    done = team.run("user", "remove", "eve", "--yes", "--backup", "s3://acme-copies", "--json")

    assert text(team.shell) == before
    assert "There is nothing to copy: no space holds files.\n" in done.err
    told = json.loads(done.out)
    assert told.pop("diff").endswith('-\n-[[users]]\n-name = "eve"\n')
    assert told == {"file": "studio.toml", "removed": ["eve"], "data": [], "copies": [], "is_written": True}


def test_a_home_directory_is_copied_from_a_space_that_never_ran(team: Living) -> None:
    before = text(team.shell)
    programs = team.shell.directory / "programs"
    programs.mkdir()
    plugin = programs / "session-manager-plugin"
    plugin.write_text("#!/bin/sh\necho 1.2.700.0\n")
    plugin.chmod(0o755)
    path = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    shell = Shell(team.shell.directory, {**team.shell.variables, **path})
    team.client("s3").create_bucket(Bucket="acme-homes")
    remove = ("user", "remove", "ada", "--local", "--backup", "s3://acme-homes")

    unasked = shell.studioctl(*remove, expect=4)
    team.studio.sagemaker.delete_space(DomainId=team.domain_id, SpaceName="ada-editor")
    nowhere = shell.studioctl(*remove, "--yes", expect=4)

    assert (
        "Copied to s3://acme-homes:\n"
        "  what is in 'ada-editor', and the home directory of 'ada'  (started on ml.t3.large)\n"
    ) in unasked.err
    assert nowhere.err.endswith(
        "Error: These cannot be copied:\n"
        "  home file system 'ada': the user has no space to read it in; give 'ada' a space in the file,"
        " then: studioctl up\n"
        "Nothing was changed.\n"
        "Next:  do that; or, to leave it where it is: studioctl user remove --local ada\n"
    )
    assert text(team.shell) == before


def profiles(team: Living) -> list[dict[str, str]]:
    found = team.studio.sagemaker.list_user_profiles(DomainIdEquals=team.domain_id)["UserProfiles"]
    return [dict(profile) for profile in found]  # type: ignore[arg-type]


def test_a_group_of_identity_center_is_taken_over(team: Living) -> None:
    before = text(team.shell)
    (instance,) = team.client("sso-admin").list_instances()["Instances"]
    store = {"IdentityStoreId": instance["IdentityStoreId"]}
    identities = team.client("identitystore")
    group = identities.create_group(**store, DisplayName="ml-people")["GroupId"]
    for name in ("bob@acme.example", "Bob@other.example", "José.Ruiz@acme.example"):
        person = {"UserName": name, "DisplayName": name, "Name": {"GivenName": "J", "FamilyName": "R"}}
        user = identities.create_user(**store, **person)["UserId"]
        identities.create_group_membership(**store, GroupId=group, MemberId={"UserId": user})

    done = team.run("user", "import", "--identity-center-group", "ml-people")
    again = team.run("user", "import", "--identity-center-group", "ml-people", "--json")
    nobody = team.run("user", "import", "--identity-center-group", "ml-poeple", expect=64)
    neither = team.run("user", "import", expect=64)

    assert text(team.shell) == before + '\n[[users]]\nname = "Bob-2"\n\n[[users]]\nname = "Jose-Ruiz"\n'
    assert done.err.startswith(
        "Added 'Bob-2', 'Jose-Ruiz' to studio.toml.\nIn it already, and left as they are: 'bob'.\n"
        "'Bob-2' is 'Bob@other.example': another user has the name without the number.\n"
    )
    assert (json.loads(again.out)["added"], json.loads(again.out)["known"]) == ([], ["bob", "Bob-2", "Jose-Ruiz"])
    assert nobody.err == (
        "Error: IAM Identity Center has no group 'ml-poeple'; did you mean ml-people?\nNext:  name one of: ml-people\n"
    )
    assert neither.err.startswith("Error: Name a CSV file, or a group.\n")
    team.shell.write(before)
