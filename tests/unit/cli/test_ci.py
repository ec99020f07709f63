"""Pipelines: what is written and refused, whom their roles trust, and that host and shell understand it."""

import json
import os
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
  studioctl ci trust plan github --repository acme/studio --account 123456789012    whom the role for plans trusts
  studioctl iam deployer --read-only                                                what it may do
  studioctl ci trust deploy github --repository acme/studio --account 123456789012  whom the role that deploys trusts
  studioctl iam deployer                                                            what it may do
  studioctl docs deploy-by-pull-request                                             how to make them
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


@pytest.mark.parametrize(
    "package",
    [
        "studioctl @ https://user:s3cret@pkgs.acme.example/x.whl",
        "studioctl @ git+HTTPS://s3cret@github.com/acme/x@v1",
        "git+ssh://git:s3cret@github.com/acme/x",
    ],
)
def test_a_secret_is_not_written_for_the_repository(
    repository: Path, capsys: pytest.CaptureFixture[str], package: str
) -> None:
    assert run(capsys, "ci", "init", "github", *GIVEN, "--package", package) == (
        4,
        "",
        (
            "Error: --package has a user or a password in its address, and the file is for the repository. Nothing was"
            " written.\n"
            "Next:  write the package without it, and keep the secret at the host, as in:"
            " studioctl docs deploy-by-pull-request\n"
        ),
    )
    assert not (repository / ".github").exists()


@pytest.mark.usefixtures("repository")
def test_the_user_of_git_is_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("git+ssh://git@github.com/acme/x@v1", "https://pkgs.acme.example:8443/x@1.whl"):
        assert run(capsys, "ci", "init", "github", *GIVEN, "--package", package, "--force")[0] == 0


@pytest.mark.parametrize("package", ["-r evil", " -e ."])
def test_an_option_of_pip_is_no_package(repository: Path, capsys: pytest.CaptureFixture[str], package: str) -> None:
    assert run(capsys, "ci", "init", "github", *GIVEN, "--package", package) == (
        64,
        "",
        (
            f"Error: --package: '{package}' is not like studioctl[terraform]==1.0.0. Nothing was written.\n"
            "Next:  write it as in: --package studioctl[terraform]==1.0.0\n"
        ),
    )
    assert not (repository / ".github").exists()


@pytest.mark.parametrize("link", [".github", ".github/workflows", WRITTEN["github"]])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_no_link_is_followed_out_of_the_repository(
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    link: str,
    force: tuple[str, ...],
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    target = elsewhere if link != WRITTEN["github"] else elsewhere / "dangling"
    (repository / link).parent.mkdir(parents=True, exist_ok=True)
    (repository / link).symlink_to(target)

    assert run(capsys, "ci", "init", "github", *GIVEN, "--package", PACKAGE, *force) == (
        4,
        "",
        (
            f"Error: '{link}' is a symbolic link, to '{target}'. studioctl follows none there: a repository could have"
            " brought it. Nothing was changed.\n"
            f"Next:  look at it, then remove the link: rm {link}\n"
        ),
    )
    assert list(elsewhere.iterdir()) == []


def test_a_pipe_in_its_place_is_not_written_to(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = WRITTEN["github"]
    (repository / file).parent.mkdir(parents=True)
    os.mkfifo(file)

    assert run(capsys, "ci", "init", "github", *GIVEN, "--package", PACKAGE, "--force") == (
        4,
        "",
        (
            f"Error: '{file}' is neither a file nor a directory. Nothing was changed.\n"
            f"Next:  look at it, then remove it: rm {file}\n"
        ),
    )


@pytest.mark.usefixtures("repository")
def test_an_account_that_was_named_is_named_again(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "ci", "init", "github", *GIVEN, "--package", PACKAGE, "--branch", "trunk")
    trusts = [line.split("  ")[1] for line in err.splitlines() if "ci trust" in line]

    told = "github --repository acme/studio --branch trunk --account 123456789012"
    assert trusts == [f"studioctl ci trust {role} {told}" for role in ("plan", "deploy")]
    code, out, _ = run(capsys, *trusts[0].split()[1:])
    assert (code, "123456789012" in out) == (0, True)


@pytest.mark.usefixtures("repository")
def test_without_credentials_the_account_can_be_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    code, out, err = run(capsys, "ci", "trust", "plan", "github", "--repository", "acme/studio")

    assert (code, out) == (1, "")
    assert err.endswith("; or name the account: --account ID\n")


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
