"""Pipelines: what is written, whom their roles trust, and that their scripts do what they say."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from studioctl.cli import main

FILE = """\
name = "acme-ml"
region = "eu-west-1"
users = [{ name = "ada" }]

[state]
backend = "s3"
bucket = "acme-tfstate"
"""
PACKAGE = "studioctl[terraform] @ https://pkgs.acme.example/studioctl.whl"
GIVEN = ("--repository", "acme/studio", "--account", "123456789012")
# A tag can be moved to other code by whoever may push there; a commit is what it is.
PINNED = re.compile(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", re.MULTILINE)
WRITTEN = {"github": ".github/workflows/studioctl-acme-ml.yml", "gitlab": ".gitlab/studioctl-acme-ml.yml"}
SCHEMAS = {
    "github": ("vendor.github-workflows",),
    "gitlab": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository's root with a file, on a machine without a network."""
    monkeypatch.chdir(tmp_path)
    Path("studio.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main.run([*words])
    return (code, *capsys.readouterr())


def wrote(capsys: pytest.CaptureFixture[str], host: str) -> Any:
    code, out, err = run(capsys, "ci", "init", host, *GIVEN, "--package", PACKAGE)
    assert (code, out) == (0, ""), err
    text = Path(WRITTEN[host]).read_text(encoding="utf-8")
    filled = PINNED.sub("", text.replace(PACKAGE, "").replace("@plan.md", "").replace('"$@"', ""))
    assert "@" not in filled
    return read(WRITTEN[host])


def read(file: str) -> Any:
    return yaml.safe_load(Path(file).read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]


def test_what_is_written_and_what_is_left_to_do(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    code, _, err = run(capsys, "ci", "init", "github", *GIVEN, "--package", PACKAGE)

    assert code == 0
    assert (
        err
        == """\
Wrote .github/workflows/studioctl-acme-ml.yml.
It needs two roles in account 123456789012: acme-ml-ci-plan, acme-ml-ci-deploy.
In the repository's settings, restrict the environment acme-ml to the branch main.

Next:
  studioctl ci trust plan github --repository acme/studio    whom the role for plans trusts
  studioctl iam deployer --read-only                         what it may do
  studioctl ci trust deploy github --repository acme/studio  whom the role that deploys trusts
  studioctl iam deployer                                     what it may do
  studioctl docs deploy-by-pull-request                      how to make them
"""
    )
    jobs = read(WRITTEN["github"])["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "plan": {"contents": "read", "id-token": "write", "pull-requests": "write"},
        "apply": {"actions": "read", "contents": "read", "id-token": "write", "pull-requests": "read"},
        "drift": {"contents": "read", "id-token": "write", "issues": "write"},
    }
    roles = [step["with"]["role-to-assume"] for job in jobs.values() for step in job["steps"] if "role" in str(step)]
    deploy, plan = (f"arn:aws:iam::123456789012:role/acme-ml-ci-{job}" for job in ("deploy", "plan"))
    assert roles == [plan, deploy, plan]

    again, _, refusal = run(capsys, "ci", "init", "github", *GIVEN, "--package", PACKAGE)
    assert (again, refusal.splitlines()[0]) == (
        4,
        "Error: .github/workflows/studioctl-acme-ml.yml is there already. Nothing was changed.",
    )


@pytest.mark.usefixtures("repository")
def test_a_pipeline_that_is_there_is_replaced_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    wrote(capsys, "gitlab")
    written = Path(WRITTEN["gitlab"]).read_text(encoding="utf-8")
    Path(WRITTEN["gitlab"]).write_text("mine", encoding="utf-8")
    words = ("ci", "init", "gitlab", *GIVEN, "--package", PACKAGE)

    assert run(capsys, *words)[0] == 4
    assert Path(WRITTEN["gitlab"]).read_text(encoding="utf-8") == "mine"
    assert run(capsys, *words, "--force")[0] == 0
    assert Path(WRITTEN["gitlab"]).read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("words", "file", "told"),
    [
        (("githup", *GIVEN), FILE, "'githup' is neither github nor gitlab.\nNext:  did you mean github?"),
        (("github", "--repository", "studio"), FILE, "--repository: 'studio' is not like acme/studio."),
        (("github", *GIVEN, "--branch", "a b"), FILE, "--branch: 'a b' is not like main."),
        (("github", *GIVEN, "--account", "12"), FILE, "--account: '12' is not like 123456789012."),
        (("github", *GIVEN, "-c", "../studio.toml"), FILE, "--config: ../studio.toml is not below this directory."),
        (("github", *GIVEN), FILE.partition("[state]")[0], "the state is on this machine, and each job has another."),
        (("github", *GIVEN), 'profile = "acme"\n' + FILE, "profile 'acme' is on this machine, and jobs have none."),
    ],
)
def test_what_a_job_cannot_use_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], file: str, told: str
) -> None:
    (repository / "studio.toml").write_text(file, encoding="utf-8")
    code, _, err = run(capsys, "ci", "init", *words, "--package", PACKAGE)

    assert code in {3, 4, 64}
    assert told in err
    assert sorted(path.name for path in repository.iterdir()) == ["studio.toml"]


def test_a_package_that_would_leave_its_quotes_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "ci", "init", "github", *GIVEN, "--package", 'x"\nrun: curl evil')

    assert code != 0
    assert "--package" in err
    assert not (repository / ".github").exists()


@pytest.mark.usefixtures("repository")
def test_each_role_trusts_its_jobs_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def trusted(role: str, host: str) -> Any:
        (statement,) = json.loads(run(capsys, "ci", "trust", role, host, *GIVEN)[1])["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        return statement["Principal"]["Federated"].partition("/")[2], statement["Condition"]

    issuer = "token.actions.githubusercontent.com"
    assert trusted("deploy", "github") == (
        issuer,
        {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": "repo:acme/studio:environment:acme-ml",
            }
        },
    )
    assert trusted("plan", "github")[1]["StringEquals"][f"{issuer}:sub"] == [
        "repo:acme/studio:pull_request",
        "repo:acme/studio:ref:refs/heads/main",
    ]
    assert trusted("deploy", "gitlab")[1] == {
        "StringEquals": {
            "gitlab.com:aud": "https://gitlab.com",
            "gitlab.com:sub": "project_path:acme/studio:ref_type:branch:ref:main",
        }
    }


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_host_knows_all_that_is_written(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrote(capsys, host)
    checker = str(Path(sys.executable).with_name("check-jsonschema"))
    given = [checker, "--builtin-schema", *SCHEMAS[host], WRITTEN[host]]
    done = subprocess.run(given, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_scripts_have_nothing_that_a_shell_reads_otherwise(
    host: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for number, script in enumerate(scripts(wrote(capsys, host))):
        file = tmp_path / f"{number}.sh"
        file.write_text(script, encoding="utf-8")
        checker = str(Path(sys.executable).with_name("shellcheck"))
        given = [checker, "--shell", "bash" if host == "github" else "sh", "--exclude", "SC2154,SC2034", str(file)]
        done = subprocess.run(given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def scripts(pipeline: Mapping[Any, Any]) -> list[str]:
    """The scripts of GitHub's steps, or of GitLab's jobs."""
    if "jobs" in pipeline:
        return [step["run"] for job in pipeline["jobs"].values() for step in job["steps"] if "run" in step]
    return ["\n".join([*job.get("before_script", []), *job.get("script", [])]) for job in pipeline.values()]


GH = """\
#!/bin/sh
echo "gh $*" >> asked
case "$*" in
  api*) printf '%s' "$HEAD_SHA" ;;
  "run list"*) printf '%s' "$RUN_ID" ;;
  "run download"*) mkdir -p reviewed ;;
  "issue list"*) printf '%s' "$OPEN_ISSUE" ;;
esac
"""
STUDIOCTL = """\
#!/bin/sh
echo "studioctl $*" >> asked
case "$*" in
  *--out*) [ "$CODE" != 2 ] || echo reviewed > reviewed/plan.json ;;
esac
exit "${CODE:-0}"
"""


@pytest.fixture
def job(repository: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs one step of GitHub's, by its name, with programs that only note what they are asked."""
    steps = [(name, step) for name, job in wrote(capsys, "github")["jobs"].items() for step in job["steps"]]
    programs = repository / "programs"
    programs.mkdir()
    for name, text in {"gh": GH, "studioctl": STUDIOCTL}.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o700)
    place = repository / "work"

    def step(job: str, name: str, **variables: str) -> tuple[int, str, list[str]]:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        script = next(each["run"] for of, each in steps if (of, each.get("name")) == (job, name))
        shown = {"GITHUB_REPOSITORY": "acme/studio", "GITHUB_SHA": "abc", "TITLE": "AWS differs", **variables}
        environment = {"PATH": f"{programs}:{os.environ['PATH']}", **shown}
        given = ["bash", "-e", "-o", "pipefail", "-c", script]  # as GitHub runs it
        done = subprocess.run(given, cwd=place, env=environment, capture_output=True, text=True, check=False)
        asked = place / "asked"
        return done.returncode, done.stdout, asked.read_text().splitlines() if asked.exists() else []

    return step


def test_a_plan_with_and_without_changes_and_one_that_fails(job: Any, repository: Path) -> None:
    kept = repository / "work/reviewed"

    assert job("plan", "Plan", CODE="2")[0] == 0
    assert [file.name for file in kept.iterdir()] == ["plan.json"]
    assert job("plan", "Plan", CODE="0")[0] == 0
    assert [file.name for file in kept.iterdir()] == ["no-changes"]
    assert job("plan", "Plan", CODE="1")[0] == 1


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


@pytest.fixture
def gitlab(repository: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the script of one of GitLab's jobs with programs that only note what they are asked."""
    jobs = wrote(capsys, "gitlab")
    programs, place = repository / "programs", repository / "work"
    for directory in (programs, place):
        directory.mkdir()
    python = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
    for name, text in {"curl": CURL, "studioctl": STUDIOCTL, "python": python}.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o700)
    (place / "studio.toml").write_text("ours", encoding="utf-8")

    def run_job(name: str, **variables: str) -> tuple[int, str, list[str]]:
        script = "\n".join(jobs[f"studioctl-acme-ml-{name}"]["script"])
        shown = {
            "CI_COMMIT_SHA": "abc",
            "STUDIOCTL_CONFIG": "studio.toml",
            "STUDIOCTL_GITLAB_TOKEN": "t0ken",
            "api": "https://gitlab.example/api/v4/projects/1",
        }
        environment = {"PATH": f"{programs}:{os.environ['PATH']}", **shown, **variables}
        given = ["sh", "-e", "-c", script]
        (place / "asked").unlink(missing_ok=True)
        done = subprocess.run(given, cwd=place, env=environment, capture_output=True, text=True, check=False)
        asked = (place / "asked").read_text().splitlines()
        assert "t0ken" not in "".join(asked)
        assert (place / "studio.toml").read_text(encoding="utf-8") == "ours"
        return done.returncode, done.stdout + done.stderr, asked

    return run_job


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


@pytest.mark.parametrize(
    ("requests", "pipelines", "told"),
    [
        ("[]", "[]", "abc came without a merge request, so nobody has reviewed a plan. Nothing is applied."),
        ('[{"iid": 5}]', f"[{STRANGE}]", "The merge request has no plan. Open one that changes nothing, and merge it."),
        ('[{"iid": 5}]', f"[{STRANGE}, {REVIEWED}]", ""),
    ],
)
def test_gitlab_applies_the_plan_of_the_commit_that_was_merged(
    repository: Path, gitlab: Any, requests: str, pipelines: str, told: str
) -> None:
    with zipfile.ZipFile(repository / "artifact.zip", "w") as artifact:
        artifact.writestr("reviewed/plan.json", "{}")
        artifact.writestr("studio.toml", "theirs")

    code, said, asked = gitlab("apply", REQUESTS=requests, PIPELINES=pipelines)

    assert (code, said.strip()) == ((1, told) if told else (0, ""))
    assert (asked[-1] == "studioctl up reviewed/plan.json --yes") is not bool(told)


def test_drift_on_gitlab_opens_one_issue_keeps_it_fresh_and_closes_it(gitlab: Any) -> None:
    issues = "https://gitlab.example/api/v4/projects/1/issues"
    ours = '{"iid": 12, "title": "AWS differs from studio.toml (acme-ml)"}'
    others = '{"iid": 3, "title": "AWS differs from studio.toml (acme-ml), says Bob"}'
    same = gitlab("drift", CODE="0", ISSUES=f"[{others}]")
    first = gitlab("drift", CODE="2", ISSUES=f"[{others}]")
    later = gitlab("drift", CODE="2", ISSUES=f"[{others}, {ours}]")
    gone = gitlab("drift", CODE="0", ISSUES=f"[{others}, {ours}]")
    broken = gitlab("drift", CODE="1")
    nobody = gitlab("drift", CODE="2", STUDIOCTL_GITLAB_TOKEN="")

    looked = ["studioctl plan --refresh --markdown", f"curl {issues}"]
    assert same == (0, "", looked)
    assert first == (0, "", [*looked, f"curl {issues} description@plan.md"])
    assert later == (0, "", [*looked, f"curl {issues}/12 description@plan.md"])
    assert gone == (0, "", [*looked, f"curl {issues}/12 state_event=close"])
    assert broken == (1, "", looked[:1])
    assert nobody == (1, "No issue is opened: STUDIOCTL_GITLAB_TOKEN is not set.\n", looked[:1])
