"""GitLab's pipeline: each job does what it says, in a shell as GitLab runs it."""

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.pipelines import shell, wrote

CURL = """\
#!/bin/sh
cat > /dev/null
for word in "$@"; do
  case "$word" in http*) address=$word ;; description@* | state_event=*) said="$said $word" ;; esac
done
echo "curl $address$said" >> asked
case "$address" in
  */commits/abc/merge_requests*) echo "$REQUESTS" ;;
  */merge_requests/5) echo '{"sha": "def"}' ;;
  */merge_requests/5/pipelines) echo "$PIPELINES" ;;
  */pipelines/7/jobs*) echo '[{"id": 1, "name": "other"}, {"id": 9, "name": "studioctl-acme-ml-plan"}]' ;;
  */pipelines/*/jobs*) echo '[]' ;;
  */issues) [ -n "$said" ] || echo "$ISSUES" ;;
  */jobs/9/artifacts) cp ../artifact.zip reviewed.zip ;;
esac
"""
STRANGE = '{"id": 8, "sha": "bad", "source": "merge_request_event"}'  # pushed beside the commit that was merged
REVIEWED = '{"id": 7, "sha": "def", "source": "merge_request_event"}'


PYTHON = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
OURS = '{"iid": 5, "target_branch": "main"}'
RELEASE = '{"iid": 4, "target_branch": "release"}'  # the same commit, merged into another branch
WITHOUT_REQUEST = "abc came without a merge request, so nobody has reviewed a plan. Nothing is applied."
WITHOUT_PLAN = "The merge request has no plan. Open one that changes nothing, and merge it."
CHANGED = (
    "The reviewed plan has no changes, but now AWS differs from studio.toml. Nothing is applied."
    " Open a merge request that changes nothing, review its plan, and merge it."
)


@pytest.fixture
def job(repository: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the script of one job."""
    jobs = wrote(capsys, "gitlab")
    place = repository / "work"
    place.mkdir()
    (place / "studio.toml").write_text("ours", encoding="utf-8")

    def script(name: str, **variables: str) -> tuple[int, str, list[str]]:
        shown = {
            "CI_COMMIT_SHA": "abc",
            "CI_MERGE_REQUEST_IID": "5",
            "STUDIOCTL_CONFIG": "studio.toml",
            "STUDIOCTL_GITLAB_TOKEN": "t0ken",
            "api": "https://gitlab.example/api/v4/projects/1",
            **variables,
        }
        (place / "asked").unlink(missing_ok=True)
        text = "\n".join(jobs[f"studioctl-acme-ml-{name}"]["script"])
        done = shell(repository, {"curl": CURL, "python": PYTHON}, "sh", "-e", "-c", text, **shown)
        assert "t0ken" not in "".join(done[2])
        assert (place / "studio.toml").read_text(encoding="utf-8") == "ours"
        return done

    return script


@pytest.mark.parametrize(
    ("requests", "pipelines", "kept", "code", "told"),
    [
        ("[]", "[]", "plan.json", "0", WITHOUT_REQUEST),
        (f"[{RELEASE}]", "[]", "plan.json", "0", WITHOUT_REQUEST),
        (f"[{OURS}]", f"[{STRANGE}]", "plan.json", "0", WITHOUT_PLAN),
        (f"[{OURS}]", f"[{STRANGE}, {REVIEWED}]", "plan.json", "0", ""),
        (f"[{RELEASE}, {OURS}]", f"[{STRANGE}, {REVIEWED}]", "plan.json", "0", ""),
        (f"[{OURS}]", f"[{REVIEWED}]", "no-changes", "0", ""),
        (f"[{OURS}]", f"[{REVIEWED}]", "no-changes", "2", CHANGED),
    ],
)
def test_the_plan_of_the_commit_that_was_merged_is_applied(
    repository: Path, job: Any, requests: str, pipelines: str, kept: str, code: str, told: str
) -> None:
    with zipfile.ZipFile(repository / "artifact.zip", "w") as artifact:
        artifact.writestr(f"reviewed/{kept}", "{}")
        artifact.writestr("studio.toml", "theirs")

    ended, said, asked = job("apply", REQUESTS=requests, PIPELINES=pipelines, CODE=code)

    assert (bool(ended), said.strip()) == (bool(told), told)
    if told in {WITHOUT_REQUEST, WITHOUT_PLAN}:
        assert [line for line in asked if line.startswith("studioctl")] == []
    else:
        done = {"plan.json": "studioctl up reviewed/plan.json --yes", "no-changes": "studioctl plan --refresh"}
        assert asked[-1] == done[kept]


@pytest.mark.usefixtures("repository")
def test_a_merge_request_into_another_branch_and_one_from_a_fork_have_no_plan(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert wrote(capsys, "gitlab")["studioctl-acme-ml-plan"]["rules"] == [
        {
            "if": '$CI_PIPELINE_SOURCE == "merge_request_event"'
            " && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"
            ' && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == "main"'
        }
    ]


@pytest.mark.parametrize(
    ("given", "ended", "kept"),
    [
        ({"CODE": "0"}, 0, ["no-changes"]),
        ({"CODE": "2"}, 0, ["plan.json"]),
        ({"CODE": "4"}, 1, ["plan.json"]),
        ({"CODE": "4", "NO_PLAN": "yes"}, 4, []),
        ({"CODE": "1"}, 1, []),
    ],
)
def test_a_plan_is_noted_and_fails_where_up_would_refuse_it(
    repository: Path, job: Any, given: dict[str, str], ended: int, kept: list[str]
) -> None:
    code, said, asked = job("plan", **given)

    assert code == ended
    assert [file.name for file in (repository / "work/reviewed").iterdir()] == kept
    noted = "curl https://gitlab.example/api/v4/projects/1/merge_requests/5/notes"
    assert (asked[-1] == noted) is bool(kept)
    refusal = "After the merge up would refuse this plan. It says why, and what to do. Then run this job again.\n"
    assert said == (refusal if given == {"CODE": "4"} else "")


def test_drift_opens_one_issue_keeps_it_fresh_and_closes_it(job: Any) -> None:
    issues = "https://gitlab.example/api/v4/projects/1/issues"
    ours = '{"iid": 12, "title": "AWS differs from studio.toml (acme-ml)"}'
    others = '{"iid": 3, "title": "AWS differs from studio.toml (acme-ml), says Bob"}'
    same = job("drift", CODE="0", ISSUES=f"[{others}]")
    first = job("drift", CODE="2", ISSUES=f"[{others}]")
    later = job("drift", CODE="2", ISSUES=f"[{others}, {ours}]")
    gone = job("drift", CODE="0", ISSUES=f"[{others}, {ours}]")
    broken = job("drift", CODE="1")
    nobody = job("drift", CODE="2", STUDIOCTL_GITLAB_TOKEN="")

    looked = ["studioctl plan --refresh --markdown", f"curl {issues}"]
    assert same == (0, "", looked)
    assert first == (0, "", [*looked, f"curl {issues} description@plan.md"])
    assert later == (0, "", [*looked, f"curl {issues}/12 description@plan.md"])
    assert gone == (0, "", [*looked, f"curl {issues}/12 state_event=close"])
    assert broken == (1, "", looked[:1])
    assert nobody == (1, "No issue is opened: STUDIOCTL_GITLAB_TOKEN is not set.\n", looked[:1])
