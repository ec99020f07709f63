"""Pipelines: what is written and refused, whom their roles trust, and that host and shell understand it."""

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.pipelines import FILE, GIVEN, PACKAGE, WRITTEN, read, run, wrote

SCHEMAS = {
    "github": ("vendor.github-workflows",),
    "gitlab": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


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
        (("github", "--repository", "a/b/c"), FILE, "--repository: 'a/b/c' is not like acme/studio."),
        (("gitlab", "--repository", "studio"), FILE, "--repository: 'studio' is not like acme/studio."),
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
