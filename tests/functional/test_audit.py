"""`studioctl audit` as people and programs run it; what it finds is tested in tests/unit/audit."""

import json

from tests.functional.conftest import Applied, Shell

FILE = """\
name = "acme-ml"
region = "us-east-1"

[studio]
idle_timeout_minutes = 600

[[users]]
name = "ada"
{more}
"""
ACCEPT = """
[audit]
accept = { STUDIO-005 = "training runs overnight", STUDIO-091 = "no checkov on this machine" }
"""


def test_findings_are_lines_in_a_pipe_and_exit_with_2(shell: Shell) -> None:
    shell.write(FILE.format(more=""))

    done = shell.studioctl("audit", "--offline", expect=2)

    assert (
        "low\tSTUDIO-005\tstudio.toml:5: studio.idle_timeout_minutes\t-\tan idle app is stopped after 600 minutes"
        "\tidle_timeout_minutes = 60 under [studio]\n"
    ) in done.out
    assert done.out.splitlines()[-1].endswith(" accepted.")
    assert done.err == ""


def test_what_the_file_accepts_exits_with_0(shell: Shell) -> None:
    shell.write(FILE.format(more=ACCEPT))

    done = shell.studioctl("audit", "--offline")

    assert done.out.startswith("No findings, ")


def test_json_and_sarif_are_whole_and_not_both(shell: Shell) -> None:
    shell.write(FILE.format(more=""))
    found = json.loads(shell.studioctl("audit", "--offline", "--json", expect=2).out)
    log = json.loads(shell.studioctl("audit", "--offline", "--sarif", expect=2).out)

    assert found["account_id"] is None
    assert found["counts"]["low"] == 1
    assert {"id": "STUDIO-005", "line": 5, "key": ["studio", "idle_timeout_minutes"]}.items() <= next(
        each for each in found["findings"] if each["id"] == "STUDIO-005"
    ).items()
    assert log["version"] == "2.1.0"
    forms = shell.studioctl("audit", "--json", "--sarif", "--local", expect=64).err
    assert forms.endswith("two forms of one output.\nNext:  studioctl audit --local --sarif\n")


def test_a_wrong_file_is_told_as_everywhere(shell: Shell) -> None:
    shell.write('name = "acme-ml"\n')

    assert "region: is missing" in shell.studioctl("audit", "--offline", expect=3).err


def test_what_up_made_is_as_the_file_says(applied: Applied) -> None:
    found = json.loads(applied.shell.studioctl("audit", "--local", "--json", expect=2).out)
    of_account = {each["id"] for each in found["findings"] if each["subject"] == "account"}

    assert found["target"] == "local"
    assert of_account == {"STUDIO-101", "STUDIO-102", "STUDIO-104"}  # a new account's; the role has nothing foreign
