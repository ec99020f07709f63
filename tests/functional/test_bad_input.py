"""Bad input: a message that says what to do, an exit code, and nothing changed."""

import dataclasses
import json
import os
import random
import re
import tomllib
from pathlib import Path

import pytest
from tests.functional.conftest import Shell

GOOD = 'name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n'
INCOMPRESSIBLE = random.Random(0).randbytes(20_000).hex()
BAD = {
    "name": (GOOD.replace('"ada"', '"ada_l"'), "5: users[0].name: "),
    "same user": (GOOD + '\n[[users]]\nname = "ADA"\n', "8: users[1].name: "),
    "bucket": (GOOD + '\n[storage]\nbucket = "Acme"\n', "8: storage.bucket: "),
    "instance type": (GOOD + '\n[studio]\ninstance_type = "t3.medium"\n', "8: studio.instance_type: "),
    "refused by the provider": (GOOD + '\n[studio]\ninstance_type = "ml.g7e.2xlarge"\n', "8: studio.instance_type: "),
    "volume": (GOOD + "\n[studio]\nvolume_gb = 4\n", "8: studio.volume_gb: "),
    "volume over maximum": (GOOD + "\n[studio]\nvolume_gb = 200\n", "8: studio.volume_gb: "),
    "idle time": (GOOD + "\n[studio]\nidle_timeout_minutes = 30\n", "8: studio.idle_timeout_minutes: "),
    "public range": (GOOD + '\n[network]\ncidr = "8.8.0.0/16"\n', "8: network.cidr: "),
    "image count": (GOOD + "\n[images]\nkeep_latest = 0\n", "8: images.keep_latest: "),
    "unknown key": (GOOD + "\n[studio]\nidle_timeout = 90\n", "8: studio.idle_timeout: "),
    "a secret": (
        GOOD + '\n[secrets.github]\nusername = "ada"\ntoken = "ghp_0123456789"\n',
        "9: secrets.github.token: ",
    ),
    "not TOML": ("name = \n", "1:"),
    "script too large": (GOOD + f'\n[editor.settings]\na = "{INCOMPRESSIBLE}"\n', ""),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_file_starts_nothing(case: str, shell: Shell) -> None:
    text, where = BAD[case]
    shell.write(text)
    done = shell.studioctl("up", "--local", "--yes", expect=3)

    assert done.out == ""
    problem, *_, hint = done.err.splitlines()
    assert problem.startswith(f"Error: studio.toml:{where}" if where else "Error: [editor] makes a lifecycle script of")
    assert hint.startswith("Next:  ")
    assert hint.endswith("studioctl validate")
    assert "ghp_" not in done.err
    assert "Traceback" not in done.err
    assert sorted(path.name for path in shell.directory.iterdir()) == ["studio.toml"]


@pytest.mark.parametrize(
    ("arguments", "lines", "message", "hint", "code"),
    [
        ((), 'backend = "s3"\n', "[state] names no bucket.", "studioctl state bucket create NAME", 3),
        ((), "", "[state] names no bucket.", "studioctl state bucket create NAME", 3),
        (
            ("Acme_TF",),
            "",
            'The bucket\'s name "Acme_TF" contains "A"; write "acme-tf".',
            "run the same command again with a name that S3 takes",
            64,
        ),
    ],
)
def test_a_states_bucket_is_named_before_anything_is_asked(
    arguments: tuple[str, ...], lines: str, message: str, hint: str, code: int, shell: Shell
) -> None:
    shell.write(f"{GOOD}\n[state]\n{lines}")

    done = shell.studioctl("state", "bucket", "create", *arguments, expect=code)

    assert done.err == f"Error: {message}\nNext:  {hint}\n"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["upp"], "No such command 'upp'", "studioctl --help"),
        (["up", "--lokal"], "No such option: --lokal", "studioctl up --help"),
        (["synth"], "Missing argument 'DIR'", "studioctl synth --help"),
        (["emulator", "start", "--port", "x"], "--port", "studioctl emulator start --help"),
    ],
)
def test_wrong_usage_points_to_the_help(arguments: list[str], message: str, hint: str, shell: Shell) -> None:
    done = shell.studioctl(*arguments, expect=64)

    assert message in done.err
    assert done.err.splitlines()[-1] == f"Next:  {hint}"


def test_the_help_lists_what_people_type_in_the_order_of_an_environments_life(shell: Shell) -> None:
    lines = [line.strip("│╭╮─ ") for line in shell.studioctl("--help").out.splitlines() if line[:1] in "│╭"]
    panels = ["File", "Environment", "Every day", "Look", "Secrets, images and copies", "More"]

    assert [line for line in lines if line in panels] == panels
    assert not any(line.startswith("ssh-proxy") for line in lines)
    wide = Shell(shell.directory, {**shell.variables, "TERMINAL_WIDTH": "200"}).studioctl("connect", "--help").out
    assert "which needs a new start, and starts what is stopped" in wide


def test_a_missing_file_says_how_to_begin(shell: Shell) -> None:
    done = shell.studioctl("up", expect=3)

    assert done.err == "Error: There is no studio.toml.\nNext:  write one with: studioctl init\n"


def test_a_first_file_is_never_written_over(shell: Shell) -> None:
    shell.write("mine")
    done = shell.studioctl("init", "--defaults", expect=4)

    assert done.err.startswith("Error: studio.toml is there already. Nothing was changed.\n")
    assert (shell.directory / "studio.toml").read_text() == "mine"


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
@pytest.mark.parametrize("kind", ["pipe", "directory", "link to itself"])
def test_init_writes_a_file_or_nothing(kind: str, force: tuple[str, ...], shell: Shell) -> None:
    place = shell.directory / "studio.toml"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        place.symlink_to(place)
    done = shell.studioctl("init", "--defaults", *force, expect=1 if kind == "link to itself" else 4)

    said = {(): "is there already.", ("--force",): "is there, and is no file."}[force]
    said = "Too many levels of symbolic links" if kind == "link to itself" else f"{said} Nothing was changed."
    assert said in done.err
    assert not place.is_file()


def test_init_on_a_terminal_asks_for_what_has_no_default(shell: Shell) -> None:
    answers = {"Name of the environment": "acme-lab", "AWS region": "eu-west-1", "First user": "grace"}
    code, shown = shell.typed("init", answers=answers)

    assert code == 0, shown
    text = (shell.directory / "studio.toml").read_text()
    assert 'name = "acme-lab"' in text
    assert 'region = "eu-west-1"' in text
    assert 'name = "grace"' in text
    shell.studioctl("validate")


def test_init_takes_what_it_is_told_and_what_awss_tools_read(shell: Shell) -> None:
    (shell.directory / ".aws").mkdir()
    (shell.directory / ".aws/config").write_text("[profile acme]\nregion = eu-central-1\n")

    told = shell.studioctl("init", "--name", "acme-ml", "--region", "eu-west-1", "--user", "grace", "-c", "a.toml")
    by_profile = shell.studioctl("init", "--defaults", "--name", "acme-ml", "--profile", "acme", "-c", "b.toml")
    variables = {**shell.variables, "AWS_REGION": "ap-southeast-2", "USER": "José García"}
    Shell(shell.directory, variables).studioctl("init", "--defaults", "-c", "c.toml")
    silent = shell.studioctl("init", "--name", "acme-ml", "-c", "d.toml", expect=64)
    wrong = shell.studioctl("init", "--defaults", "--user", "ada_l", "-c", "d.toml", expect=64)

    assert told.err.startswith("Wrote a.toml:\n  name     acme-ml\n  region   eu-west-1\n  user     grace\n\nNext:\n")
    assert "  region   eu-central-1\n" in by_profile.err
    assert "  profile  acme\n\n" in by_profile.err
    texts = {file: tomllib.loads((shell.directory / file).read_text()) for file in ("a.toml", "b.toml", "c.toml")}
    said = {key: value for key, value in texts["a.toml"].items() if value}
    assert said == {"name": "acme-ml", "region": "eu-west-1", "users": [{"name": "grace"}]}
    assert texts["b.toml"]["profile"] == "acme"
    assert (texts["c.toml"]["region"], texts["c.toml"]["users"]) == ("ap-southeast-2", [{"name": "jose-garcia"}])
    assert silent.err == (
        "Error: There is no terminal to ask on, and nothing says: region, user. Nothing was written.\n"
        "Next:  say them, or take what is proposed with --defaults: studioctl init --config d.toml --name acme-ml"
        " --region us-east-1 --user me\n"
    )
    assert wrong.err.startswith('Error: --user: "ada_l" contains "_"; write "ada-l". Nothing was written.\n')
    assert not (shell.directory / "d.toml").exists()


def test_synth_does_not_write_between_other_peoples_files(shell: Shell) -> None:
    shell.write(GOOD)
    done = shell.studioctl("synth", ".", expect=4)

    assert "is not empty" in done.err
    assert sorted(path.name for path in shell.directory.iterdir()) == ["studio.toml"]


def test_without_an_engine_it_says_how_to_get_one(shell: Shell) -> None:
    shell.write(GOOD)
    missing = Shell(shell.directory, {**shell.variables, "STUDIOCTL_TERRAFORM": str(shell.directory / "nowhere")})
    done = missing.studioctl("plan", "--local", expect=1)

    assert "Error: " in done.err
    assert "nowhere" in done.err
    assert "Traceback" not in done.err


def test_no_colour_and_no_live_rows_in_a_pipe(shell: Shell) -> None:
    shell.write(GOOD)
    done = shell.studioctl("validate")

    assert done.err == "studio.toml is valid: 'acme-ml' in us-east-1, 1 user, 1 space, 35 resources.\n"
    assert "\x1b" not in shell.studioctl("--help").out


def test_no_color_is_honoured_on_a_terminal(shell: Shell) -> None:
    plain = Shell(shell.directory, {**shell.variables, "NO_COLOR": "1"})
    _, shown = plain.typed("up", answers={})

    assert "There is no studio.toml." in shown
    assert "\x1b[31m" not in shown
    assert "\x1b[1;31m" not in shown


def test_the_shell_completes_commands(shell: Shell) -> None:
    asking = Shell(
        shell.directory, {"_STUDIOCTL_COMPLETE": "complete_bash", "COMP_WORDS": "studioctl s", "COMP_CWORD": "1"}
    )
    done = asking.studioctl()

    named = ["schema", "synth", "state", "start", "stop", "status", "ssh", "secret"]
    assert sorted(done.out.split()) == sorted(named)


def test_the_shell_completes_names_of_the_file(shell: Shell) -> None:
    shell.write(GOOD)
    for words, offered in (
        ("start ", ["ada-editor"]),
        ("secret get github --user a", ["ada"]),
        ("restart --instance-type ml.t3.l", ["ml.t3.large"]),
        ("outputs b", ["bucket"]),
        ("start --config nowhere.toml ", []),
    ):
        count = str(len(words.split(" ")))
        variables = {"_STUDIOCTL_COMPLETE": "complete_bash", "COMP_WORDS": f"studioctl {words}", "COMP_CWORD": count}
        assert Shell(shell.directory, variables).studioctl().out.split() == offered, words


@pytest.mark.parametrize("words", [(), ("state",), ("state", "bucket"), ("emulator", "faults"), ("help",)])
def test_a_group_alone_shows_its_help(words: tuple[str, ...], shell: Shell) -> None:
    done = shell.studioctl(*words)

    assert " Usage: studioctl " in done.out
    assert done.err == ""


def test_help_of_a_command_and_the_bare_version(shell: Shell) -> None:
    assert shell.studioctl("help", "state", "restore").out == shell.studioctl("state", "restore", "--help").out
    assert re.fullmatch(r"studioctl \d+\.\d+\.\d+\S*\n", shell.studioctl("--version").out)
    assert shell.studioctl("help", "stat", expect=64).err.startswith("Error: No such command 'stat'.")


def test_the_documentation_is_read_without_a_checkout(shell: Shell) -> None:
    listed = shell.studioctl("docs").out
    page = shell.studioctl("docs", "live-in-it").out
    reader = dataclasses.replace(shell, variables={**shell.variables, "PAGER": "cat"})  # less would wait for a key
    _, laid_out = reader.typed("docs", "live-in-it", answers={})

    assert re.search(r"^how-to:$.*^  live-in-it +Live in it$", listed, re.MULTILINE | re.DOTALL)
    assert page == (Path(__file__).parents[2] / "docs/how-to/live-in-it.md").read_text(encoding="utf-8")
    assert "Live in it" in laid_out
    assert "```" not in laid_out


def test_version_names_every_part(shell: Shell) -> None:
    versions = json.loads(shell.studioctl("version", "--json").out)

    assert sorted(versions) == ["engine", "provider", "python", "studioctl"]
    assert versions["provider"] == "hashicorp/aws 5.100.0"


def test_version_answers_without_an_engine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from studioctl.cli import main

    monkeypatch.setenv("STUDIOCTL_TERRAFORM", "no-such-program")

    assert main.run(["version"]) == 0

    shown = capsys.readouterr()
    assert [line.split()[0] for line in shown.out.splitlines()] == ["studioctl", "python", "engine", "provider"]
    assert "engine     none\n" in shown.out
    assert shown.err == (
        'STUDIOCTL_TERRAFORM names "no-such-program", which is no program.\n'
        "Next:  correct STUDIOCTL_TERRAFORM, or unset it: then terraform or tofu is taken from PATH\n"
    )

    assert main.run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["engine"] is None


def test_a_bug_of_ours_shows_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from studioctl.cli import main

    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(main, "tree", lambda: broken)
    monkeypatch.delitem(os.environ, "STUDIOCTL_DEBUG", raising=False)

    assert main.run(["up"]) == 1
    assert capsys.readouterr().err == (
        "Error: studioctl has a bug: RuntimeError: out of luck\n"
        "Next:  run it again with --debug, and report what it shows as an issue of studioctl\n"
    )
