"""The visible behaviour of programs that are not really here."""

import json
import zipfile

import pytest

from studio_emulator.sandbox.room import Call, Room
from tests.unit.sandbox.conftest import Say


def test_conda_keeps_its_configuration_in_the_home(room: Room, say: Say) -> None:
    said = say(
        "conda config --set auto_activate_base false --append channels 'a: b' --prepend channels conda-forge\n"
        "cat $HOME/.condarc; conda config --get channels; conda config --remove-key channels; cat $HOME/.condarc\n"
        "conda config --remove-key channels; echo $?"
    )
    assert said == [
        "auto_activate_base: false",
        "channels:",
        "  - conda-forge",
        '  - "a: b"',
        "--set channels ['conda-forge', 'a: b']",
        "auto_activate_base: false",
        "CondaKeyError: 'channels': key is not in the config file",
        "1",
    ]


def test_conda_installs_into_base_or_an_environment(room: Room, say: Say) -> None:
    said = say(
        "conda install --yes --quiet --name base 'conda-forge::Tree=2' && tree\n"
        "micromamba create -y -q --prefix $HOME/own ripgrep 'jq>=1' && ls $HOME/own/bin\n"
        "conda create -n mine fd && ls $HOME/.conda/envs/mine/bin; conda list; conda info --base"
    )
    assert said == ["tree 1.0.0 (stand-in)", "jq", "ripgrep", "fd", "tree 1.0.0", "/opt/conda"]
    assert room.calls()[0] == Call("conda", ("install", "--yes", "--quiet", "--name", "base", "conda-forge::Tree=2"))


def test_the_editor_installs_extensions_as_it_keeps_them(room: Room, say: Say) -> None:
    code = "sagemaker-code-editor --extensions-dir $HOME/e"
    said = say(
        f"{code} --install-extension Eamodio.GitLens --install-extension a.b@2.1\n"
        f"{code} --install-extension eamodio.gitlens; {code} --install-extension a.b@3.0; {code} --list-extensions "
        "--show-versions; ls $HOME/e"
    )
    assert said == [
        "Installing extensions...",
        "Extension 'Eamodio.GitLens' v1.0.0 was successfully installed.",
        "Extension 'a.b' v2.1 was successfully installed.",
        "Installing extensions...",
        "Extension 'eamodio.gitlens' v1.0.0 is already installed. Use '--force' option to update to latest version.",
        "Installing extensions...",
        "Extension 'a.b' v3.0 was successfully installed.",
        "eamodio.gitlens@1.0.0",
        "a.b@3.0",
        "a.b-2.1",
        "a.b-3.0",
        "eamodio.gitlens-1.0.0",
        "extensions.json",
    ]


def test_the_editor_installs_from_a_file(room: Room, say: Say) -> None:
    with zipfile.ZipFile(room.root / "tmp/own.vsix", "w") as archive:
        manifest = {"publisher": "acme", "name": "own", "version": "7.0.1"}
        archive.writestr("extension/package.json", json.dumps(manifest))
    said = say("sagemaker-code-editor --install-extension /tmp/own.vsix --extensions-dir $HOME/e; ls $HOME/e")
    assert said[1:] == ["Extension 'acme.own' v7.0.1 was successfully installed.", "acme.own-7.0.1", "extensions.json"]


def test_the_system_has_what_was_installed(room: Room, say: Say) -> None:
    said = say(
        "dpkg -s cowsay; echo $?; sudo -n DEBIAN_FRONTEND=noninteractive apt-get -qq -o A=B install -y cowsay=3\n"
        "cowsay; dpkg -s cowsay; echo $?\n"
        "cd $HOME; sudo apt-get -qq update; apt-get download docker-ce-cli=5:20; dpkg-deb -x *.deb d; d/usr/bin/docker"
    )
    assert said == ["1", "cowsay 1.0.0 (stand-in)", "0", "docker 1.0.0 (stand-in)"]
    assert room.calls()[1] == Call(
        "sudo", ("-n", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "A=B", "install", "-y", "cowsay=3")
    )
    assert room.calls()[2].tool == "apt-get"


@pytest.mark.parametrize(
    "call", ["conda frobnicate", "sagemaker-code-editor --status", "apt-get source x", "dpkg -i x"]
)
def test_what_is_not_known_is_told(say: Say, call: str) -> None:
    tool, _, rest = call.partition(" ")
    assert say(f"{call}; echo $?") == [f"{tool} is a stand-in here and does not know: {rest}", "64"]
