"""What a pipeline goes by: the exit code of `plan --out`, and what `up` says of the plan after the merge."""

import pytest
from tests.functional.conftest import Shell

pytestmark = pytest.mark.life

FILE = """\
name = "acme-ml"
region = "us-east-1"

[[users]]
name = "ada"

[[users]]
name = "bob"
"""


def test_who_has_files_leaves_by_a_persons_command_and_the_request_has_nothing_to_do(shell: Shell) -> None:
    shell.write(FILE)
    shell.studioctl("up", "--local", "--yes")
    shell.studioctl("start", "bob-editor", "--local")
    shell.studioctl("user", "remove", "bob", "--delete-data", "--local", "--yes")

    reviewed = shell.studioctl("plan", "--local", "--markdown", "--out", "reviewed.json", expect=4)
    looked = shell.studioctl("plan", "--local", expect=2)
    merged = shell.studioctl("up", "reviewed.json", "--local", "--yes", expect=4)
    shell.studioctl("up", "--stop-apps", "--delete-data", "--local", "--yes")
    again = shell.studioctl("plan", "--local", "--markdown", "--out", "again.json")
    fresh = shell.studioctl("plan", "--refresh", "--local")

    needed = "studioctl up --local reviewed.json --stop-apps --delete-data"
    assert reviewed.out.splitlines()[2:5] == ["> up refuses this as it stands. To do it now:", ">", f"> {needed}"]
    assert needed in reviewed.err
    assert (
        "up refuses this as it stands. To do it now:\n  studioctl up --local --stop-apps --delete-data\n" in looked.out
    )
    assert needed in merged.err
    assert again.out.endswith("\nNo changes: everything is as the file says.\n")
    assert not (shell.directory / "again.json").exists()
    assert fresh.out.endswith("No changes: everything is as the file says.\n")


def test_a_plan_that_up_refuses_whatever_is_said_is_written_and_refused(shell: Shell) -> None:
    shell.write(FILE)
    shell.studioctl("up", "--local", "--yes")
    shell.write(f'{FILE}\n[network]\ncidr = "10.9.0.0/16"\n')

    done = shell.studioctl("plan", "--local", "--out", "reviewed.json", expect=4)

    assert done.out.startswith("REFUSED: ")
    assert done.err.endswith("Wrote reviewed.json, for who reviews it: up refuses this plan, as said above.\n")
    assert (shell.directory / "reviewed.json").exists()
