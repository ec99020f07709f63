"""GitHub's pipeline: each step does what it says, in a shell as GitHub runs it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.pipelines import shell, wrote

GH = """\
#!/bin/sh
echo "gh $*" >> asked
case "$*" in
  api*) printf '%s' "$HEAD_SHA" ;;
  "run list"*) printf '%s' "$RUN_ID" ;;
  "run download"*) mkdir -p reviewed && { [ -z "$EMPTY" ] || touch reviewed/no-changes; } ;;
  "issue list"*) printf '%s' "$OPEN_ISSUE" ;;
esac
"""


@pytest.fixture
def job(repository: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs steps of one job, by their names, in an empty directory."""
    jobs = wrote(capsys, "github")["jobs"]
    place = repository / "work"

    def steps(job: str, *names: str, **variables: str) -> tuple[int, str, list[str]]:
        shutil.rmtree(place, ignore_errors=True)
        shown = {"GITHUB_REPOSITORY": "acme/studio", "GITHUB_SHA": "abc", "TITLE": "AWS differs", **variables}
        done: tuple[int, str, list[str]] = (0, "", [])
        for name in names:
            script = next(step["run"] for step in jobs[job]["steps"] if step.get("name") == name)
            done = shell(repository, {"gh": GH}, "bash", "-e", "-o", "pipefail", "-c", script, **shown)
            if done[0]:
                break
        return done

    return steps


def test_a_plan_with_and_without_changes_and_one_that_fails(job: Any, repository: Path) -> None:
    kept = repository / "work/reviewed"

    assert job("plan", "Plan", "Fail where up would refuse", CODE="2")[0] == 0
    assert [file.name for file in kept.iterdir()] == ["plan.json"]
    assert job("plan", "Plan", "Fail where up would refuse", CODE="0")[0] == 0
    assert [file.name for file in kept.iterdir()] == ["no-changes"]
    assert job("plan", "Plan", CODE="1")[0] == 1


def test_a_plan_that_up_would_refuse_is_commented_and_then_fails(job: Any) -> None:
    steps = ("Plan", "Comment", "Fail where up would refuse")
    code, told, asked = job("plan", *steps, CODE="4", GH_TOKEN="t", NUMBER="5", HEAD_SHA="")

    assert (code, asked[-1]) == (1, "gh api repos/acme/studio/issues/5/comments --silent -F body=@plan.md")
    assert told == (
        "::error::After the merge up would refuse this plan. The comment says why, and what to do."
        " Then run this job again.\n"
    )
    assert job("plan", "Plan", CODE="4", NO_PLAN="yes")[0] == 4


def test_nothing_is_applied_that_nobody_reviewed(job: Any) -> None:
    direct = job("apply", "Get the reviewed plan", HEAD_SHA="", RUN_ID="")
    unplanned = job("apply", "Get the reviewed plan", HEAD_SHA="def", RUN_ID="")
    reviewed = job("apply", "Get the reviewed plan", HEAD_SHA="def", RUN_ID="7")

    assert direct[0] == 1
    assert direct[1].startswith("::error::abc came without a pull request")
    assert unplanned[0] == 1
    assert unplanned[1].startswith("::error::The pull request has no plan for def")
    assert reviewed[0] == 0
    assert reviewed[2][-1] == "gh run download 7 --repo acme/studio --name studioctl-acme-ml-def --dir reviewed"


def test_exactly_the_reviewed_plan_is_applied(job: Any) -> None:
    assert job("apply", "Apply")[2] == ["studioctl up reviewed/plan.json --yes"]
    assert job("apply", "Apply", CODE="4")[0] == 4


CHANGED = (
    "::error::The reviewed plan has no changes, but now AWS differs from studio.toml. Nothing is applied."
    " Open a pull request that changes nothing, review its plan, and merge it.\n"
)


@pytest.mark.parametrize(("code", "told"), [("0", ""), ("2", CHANGED), ("1", "")])
def test_a_reviewed_plan_without_changes_fails_where_there_is_something_to_do_by_now(
    job: Any, code: str, told: str
) -> None:
    """A revert that was planned before the other merge was applied has no changes: its plan is not of what is there."""
    steps = ("Get the reviewed plan", "Apply")
    ended, said, asked = job("apply", *steps, HEAD_SHA="def", RUN_ID="7", EMPTY="yes", CODE=code)

    assert (ended, said, asked[-1]) == (int(code), told, "studioctl plan --refresh")


def test_drift_opens_one_issue_keeps_it_fresh_and_closes_it(job: Any) -> None:
    same = job("drift", "Compare", CODE="0", OPEN_ISSUE="")
    first = job("drift", "Compare", CODE="2", OPEN_ISSUE="")
    later = job("drift", "Compare", CODE="2", OPEN_ISSUE="12")
    gone = job("drift", "Compare", CODE="0", OPEN_ISSUE="12")
    broken = job("drift", "Compare", CODE="1")

    assert [words.split()[:3] for words in same[2]] == [
        ["studioctl", "plan", "--refresh"],
        ["gh", "issue", "list"],
    ]
    assert first[2][-1] == "gh issue create --repo acme/studio --title AWS differs --body-file plan.md"
    assert later[2][-1] == "gh issue edit 12 --repo acme/studio --body-file plan.md"
    assert gone[2][-1] == "gh issue close 12 --repo acme/studio --comment AWS is as the file says again."
    assert (same[0], first[0], later[0], gone[0]) == (0, 0, 0, 0)
    assert (broken[0], len(broken[2])) == (1, 1)
