"""The script in a space, start after start: what it creates, what it leaves alone, where it puts things."""

from pathlib import Path

import pytest
from tests.fakes.space import Space

from studioctl.lifecycle.steps.git import Token

EDITOR = {
    "conda_packages": ["tree"],
    "tools": ["uv", "poetry==2.1.1"],
    "extensions": ["eamodio.gitlens", "charliermarsh.ruff@2024.32.0"],
    "settings": {"editor.fontSize": 12, "[python]": {"editor.tabSize": 4}},
    "keybindings": [{"key": "cmd+enter", "command": "jupyter.execSelectionInteractive"}],
    "git": {"init.defaultBranch": "main", "user.name": "Ada Lovelace"},
    "conda": {"auto_activate_base": False, "proxy_servers.http": "http://proxy:3128"},
    "environment": {"GREETING": "it's $HOME"},
}


def test_a_first_start_does_everything_and_a_second_nothing(tmp_path: Path) -> None:
    space = Space(tmp_path)

    first = space.start(EDITOR)

    assert (first.exit_code, {state for name, state in first.states.items() if name != "extensions"}) == (
        0,
        {"done", "background"},
    )
    assert first.states["extensions"] == "background"
    assert first.output.splitlines()[-1].endswith("8 steps: 7 done, 1 background")
    assert space.status() == dict.fromkeys(first.states.keys() - {"summary"}, "done")
    assert space.json("settings.json") == {"extensions.autoUpdate": False} | EDITOR["settings"]  # type: ignore[operator]
    assert space.json("keybindings.json") == EDITOR["keybindings"]
    assert (space.home / ".condarc").read_text() == (
        'auto_activate_base: false\nproxy_servers: {"http": "http://proxy:3128"}\n'
    )
    said = space.shell('git config user.name; echo "$GREETING"; poetry; type -P tree python3')
    assert said.splitlines() == [
        "Ada Lovelace",
        "it's $HOME",
        "poetry 2.1.1",
        "/home/sagemaker-user/.local/share/studioctl/conda/bin/tree",
        "/opt/conda/bin/python3",
    ]

    second = space.start(EDITOR)

    assert set(second.states.values()) == {"unchanged", "done"}
    assert second.output.splitlines()[-1].endswith("8 steps: 8 unchanged")
    changing = {"install", "create", "--install-extension"}
    assert sum(bool(changing & set(call.arguments)) for call in space.room.calls()) == 3


@pytest.mark.parametrize("image", ["2.2", "3.0", "4.0"])
def test_each_image_has_its_own_places(image: str, tmp_path: Path) -> None:
    space = Space(tmp_path, image)

    space.start({"settings": {"editor.fontSize": 12}, "extensions": ["eamodio.gitlens"]})

    assert space.json("settings.json")["editor.fontSize"] == 12
    there = {entry.name for entry in space.room.extensions.iterdir()}
    assert any(name.startswith("eamodio.gitlens-") for name in there)
    assert any(name.startswith("ms-python.python-") for name in there), "the bundled ones have gone"
    if not space.room.image.settings_persist:
        assert not (space.home / "sagemaker-code-editor-server-data").exists()


def test_what_the_user_did_stays(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.start(EDITOR)
    settings = space.user_files / "settings.json"
    settings.write_text(settings.read_text().replace("12", "20 // mine"))
    (space.user_files / "keybindings.json").write_text("[]")
    space.shell("git config --global user.name Countess; git config --global --unset init.defaultBranch")
    (space.home / ".condarc").write_text("auto_activate_base: true\n")
    (space.home / ".bashrc").write_text("")
    for extension in space.room.extensions.glob("eamodio*"):
        (extension / "package.json").unlink()
        extension.rmdir()

    space.room.lay_out()
    space.start(EDITOR | {"git": {"init.defaultBranch": "trunk", "user.name": "Ada"}})

    assert '"editor.fontSize": 20 // mine' in settings.read_text()
    assert (space.user_files / "keybindings.json").read_text() == "[]"
    assert space.shell("git config user.name; git config init.defaultBranch") == "Countess\n"
    assert (space.home / ".condarc").read_text() == "auto_activate_base: true\n"
    assert (space.home / ".bashrc").read_text() == ""
    assert not list(space.room.extensions.glob("eamodio*"))


def test_another_pin_and_another_python_reinstall_a_tool(tmp_path: Path) -> None:
    space = Space(tmp_path)
    own = space.home / ".local/bin/ruff"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\necho mine\n")
    linked = own.with_name("pdm")
    linked.symlink_to("/home/sagemaker-user/.local/bin/ruff")  # as pipx does it

    space.start({"tools": ["poetry==2.1.1", "ruff", "pdm"]})
    assert space.shell("poetry") == "poetry 2.1.1\n"
    space.start({"tools": ["poetry==2.1.2"]})

    assert space.shell("poetry") == "poetry 2.1.2\n"
    assert len(list((space.home / ".local/share/studioctl/tools").glob("poetry@*"))) == 1
    assert own.read_text() == "#!/bin/sh\necho mine\n"
    assert linked.readlink() == Path("/home/sagemaker-user/.local/bin/ruff")


def test_an_extension_is_not_taken_for_another_whose_name_begins_like_it(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.open_editor()
    for name in ("ms-toolsai.jupyter-keymap-1.1.2", "acme.lint-1.20.0", "acme.fmt-2.0.0-linux-x64"):
        (space.room.extensions / name).mkdir()
    next(space.room.extensions.glob("ms-toolsai.jupyter-2*")).unlink()

    space.start({"extensions": ["ms-toolsai.jupyter", "acme.lint@1.2", "acme.fmt@2.0.0"]})

    installed = [call.arguments[1] for call in space.room.calls() if "--install-extension" in call.arguments]
    assert installed == ["ms-toolsai.jupyter", "acme.lint@1.2"]


def test_links_to_bundled_extensions_are_mended_after_an_update_of_the_image(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.start({"extensions": ["eamodio.gitlens"]})
    link = next(space.room.extensions.glob("ms-python.python-*"))
    target = space.inside(link.readlink())
    target.rename(target.with_name("ms-python.python-2099.1.0"))

    done = space.start({"extensions": ["eamodio.gitlens"]})

    assert done.details["extensions"] == "ms-python.python"
    assert space.inside((space.room.extensions / "ms-python.python-2099.1.0").readlink()).is_dir()
    assert not link.is_symlink()
    assert not (space.room.extensions / "extensions.json").exists()


def test_the_token_is_read_when_git_asks_and_kept_nowhere(tmp_path: Path) -> None:
    space = Space(tmp_path)
    token = Token("git.acme.com:8443", "ada", "acme-ml/github", "eu-west-1")
    space.give("aws", 'printf "%s\\n" "$*" >> /tmp/asked; printf "hunter2\\n"')

    space.start({"git": {"pull.rebase": "true"}}, token=token)
    fill = "printf 'protocol={}\\nhost={}\\n\\n' | GIT_ASKPASS= GIT_TERMINAL_PROMPT=0 git credential fill"
    answer = space.shell(fill.format("https", "git.acme.com:8443"))

    assert answer.splitlines()[-2:] == ["username=ada", "password=hunter2"]
    assert "hunter2" not in space.shell(fill.format("https", "github.com"))
    assert "hunter2" not in space.shell(fill.format("http", "git.acme.com:8443"))
    assert (space.room.root / "tmp/asked").read_text() == (
        "secretsmanager get-secret-value --secret-id acme-ml/github --region eu-west-1 --query SecretString"
        " --output text --cli-connect-timeout 10 --cli-read-timeout 20\n"
    )
    assert space.holds("hunter2") == []

    space.give("aws", "exit 254")
    assert "studioctl: no token for git.acme.com:8443 in the secret acme-ml/github" in space.shell(
        fill.format("https", "git.acme.com:8443")
    )


def test_a_store_of_the_users_does_not_get_the_token(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.give("aws", "printf 'hunter2\\n'")
    (space.home / ".gitconfig").write_text("[credential]\n\thelper = store\n")

    space.start({}, token=Token("github.com", "ada", "acme-ml/github", "us-east-1"))
    space.shell(
        "printf 'protocol=https\\nhost=github.com\\nusername=ada\\npassword=hunter2\\n\\n' | git credential approve"
    )

    assert space.holds("hunter2") == []


def test_dockers_client_is_unpacked_into_the_home_once(tmp_path: Path) -> None:
    space = Space(tmp_path)
    key = "pub:-:4096:1::::::\\nfpr:::::::::9DC858229FC7DD38854AE2D88D81803C0EBFCD88:\\nsub:-:4096:1\\nfpr:::::::::D3:"
    space.give("curl", "exit 0")
    space.give("gpg", f"printf '{key}\\n'")

    first = space.start({}, docker=True)

    assert first.details["docker"] == "docker 20.10.24, docker compose 2.17.3"
    assert space.inside((space.home / ".local/bin/docker").readlink()).is_file()
    assert space.shell('echo "$DOCKER_HOST"') == "unix:///docker/proxy.sock\n"
    assert space.start({}, docker=True).states["docker"] == "unchanged"


def test_a_key_that_is_not_dockers_is_refused(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.give("curl", "exit 0")
    space.give("gpg", "printf 'pub:::::::::\\nfpr:::::::::0000000000000000000000000000000000000000:\\n'")

    done = space.start({}, docker=True)

    assert (done.states["docker"], done.details["docker"]) == ("failed", "this is not the key of Docker")
    assert not (space.home / ".local/bin/docker").exists()


def test_the_users_own_script_runs_last_with_its_own_interpreter(tmp_path: Path) -> None:
    space = Space(tmp_path)
    text = "#!/usr/bin/env python3\nimport os\nprint(os.environ['GREETING'])\nopen('made', 'w').write('it')"

    done = space.start({"environment": {"GREETING": "hello"}, "extra_script": {"path": "x.py", "text": text}})

    assert done.states["extra-script"] == "done"
    assert (space.home / "made").read_text() == "it"
    assert (space.home / ".local/state/studioctl/logs/extra-script.log").read_text() == "hello\n"


def test_tools_come_from_the_index_that_pip_is_told_to_use(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.give("uv", 'printf "%s\\n" "$UV_DEFAULT_INDEX" >>/tmp/indexes; exit 1')
    file = space.home / ".config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nindex-url = https://acme.example/simple/\n")

    space.start({"tools": ["poetry"]})
    space.start({"tools": ["poetry"], "environment": {"PIP_INDEX_URL": "https://other.example/simple/"}})

    assert (space.room.root / "tmp/indexes").read_text().split() == [
        "https://acme.example/simple/",
        "https://other.example/simple/",
    ]


def test_studio_setup_starts_again_what_failed(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.room.misbehave("micromamba", message="no network")
    space.start({"conda_packages": ["tree"]})
    assert space.status()["conda-packages"] == "failed"
    space.room.behave()

    said = space.shell("studio-setup start")

    assert "conda-packages done" in said
    assert space.status()["conda-packages"] == "done"


def test_a_branch_is_cloned_once_and_a_repository_that_was_deleted_stays_away(tmp_path: Path) -> None:
    space = Space(tmp_path)
    # Git itself only knows URLs of the network here; this one leads to a repository of the test's.
    origin = "/home/sagemaker-user/origin"
    commands = (
        f"git init -q -b main {origin} && cd {origin} && git commit -q --allow-empty -m one && git checkout -qb dev"
    )
    space.shell(f"git config --global user.name a && git config --global user.email a@b.c && {commands}")
    space.shell(f"git config --global url.{origin}.insteadOf https://git.acme.example/m.git")
    editor = {"repositories": ["https://git.acme.example/m.git#dev"]}

    assert space.start(editor).states["repositories"] == "done"
    assert space.shell("git -C m branch --show-current").strip() == "dev"
    assert space.start(editor).states["repositories"] == "unchanged"
    space.shell("rm -r m")
    assert space.start({"repositories": ["https://git.acme.example/m.git#main"]}).states["repositories"] == "unchanged"
    assert not (space.home / "m").exists()


def test_variables_of_the_file_reach_terminals_and_break_no_step(tmp_path: Path) -> None:
    space = Space(tmp_path)
    (space.home / "json.py").write_text("raise SystemExit(3)")
    names = ["own", "bin", "state", "steps", "strict", "name", "PYTHONSTARTUP", "PYTHONWARNINGS"]
    editor = {**EDITOR, "environment": {"PYTHONPATH": str(space.home), **dict.fromkeys(names, "of the file")}}

    report = space.start(editor)

    assert "failed" not in report.states.values(), report.output
    assert space.shell('echo "$state $PYTHONPATH"').strip() == f"of the file {space.home}"
