"""The right to write, own and install: as in the image, for root and for an ordinary user of this machine."""

import sys
from pathlib import Path

import pytest

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.programs import missing
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run
from tests.fakes.ordinary_user import as_ordinary_user
from tests.unit.sandbox.conftest import Say

WRITING = """
for place in /usr/sbin /etc /opt /var/lib / /root; do touch $place/mine 2>/dev/null && echo "wrote $place"; done
for place in $HOME /tmp /var/tmp /opt/conda /opt/amazon/sagemaker /var/log/apps; do touch $place/mine && echo mine; done
sudo sh -c 'echo "exit 0" > /usr/sbin/policy-rc.d' && cat /usr/sbin/policy-rc.d
sudo mkdir -p /var/tmp/roots; touch /var/tmp/roots/x
echo x | sudo tee -a /etc/environment >/dev/null; echo x >> /etc/environment
sudo mkdir /opt/tool; touch /opt/tool/x; sudo chown -R sagemaker-user:users /opt/tool; touch /opt/tool/x && echo given
sudo chown root:root /opt/tool/x; echo x > /opt/tool/x
touch own; chown root own; chown sagemaker-user own && echo own; sudo chown nobody-here own; chown root nothing
"""
WRITTEN = [
    *["mine"] * 6,
    "exit 0",
    "touch: cannot touch '/var/tmp/roots/x': Permission denied",
    "/run/room/OnStart.sh: line 6: /etc/environment: Permission denied",
    "touch: cannot touch '/opt/tool/x': Permission denied",
    "given",
    "/run/room/OnStart.sh: line 8: /opt/tool/x: Permission denied",
    "chown: changing ownership of 'own': Operation not permitted",
    "own",
    "chown: invalid user: 'nobody-here'",
    "chown: cannot access 'nothing': No such file or directory",
]


def written(place: Path) -> list[str]:
    room = Room(place / "root", Image(4, 0))
    room.lay_out()
    with Run(room, WRITING, room.environment(), seconds=60) as run:
        return [line.text for line in run.lines()]


def test_the_system_is_roots_and_the_home_is_the_users(tmp_path: Path) -> None:
    assert written(tmp_path) == WRITTEN


def test_for_an_ordinary_user_of_this_machine_it_is_the_same() -> None:
    code = "from tests.unit.sandbox import test_system as t; import tempfile, pathlib;"
    code += "assert t.written(pathlib.Path(tempfile.mkdtemp())) == t.WRITTEN"
    as_ordinary_user(sys.executable, "-c", code)


def test_sudo_is_root_with_a_clean_environment(say: Say) -> None:
    said = say(
        "export MINE=1; sudo sh -c 'id -un; echo $HOME $MINE; pwd'; sudo -E sh -c 'echo $MINE'\n"
        "sudo MINE=2 printenv MINE\n"
        "sudo -u sagemaker-user id -u; sudo -u nobody-here id; sudo conda; echo $?; sudo sh -c 'exit 7'; echo $?\n"
        "echo through | sudo cat; sudo -n true && echo yes"
    )
    assert said == [
        "root",
        "/root",
        "/home/sagemaker-user",
        "1",
        "2",
        "1000",
        "sudo: unknown user nobody-here",
        "sudo: error initializing audit plugin sudoers_audit",
        "sudo: conda: command not found",
        "1",
        "7",
        "through",
        "yes",
    ]


def test_packages_are_roots_to_install(say: Say) -> None:
    said = say(
        "apt-get update; apt-get install -y cowsay; echo $?; sudo apt-get install -y cowsay; cowsay\n"
        "dpkg-query -W --showformat='${db:Status-Status}' cron; echo; dpkg-query -W none\n"
        "service cron restart; sudo service cron restart; service nothing start"
    )
    assert said == [
        "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)",
        "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)",
        "100",
        "cowsay 1.0.0 (stand-in)",
        "installed",
        "dpkg-query: no packages found matching none",
        "cron: can't restart: Permission denied",
        " * Restarting periodic command scheduler cron",
        "   ...done.",
        "nothing: unrecognized service",
    ]


def test_a_crontab_is_kept_and_checked(say: Say) -> None:
    said = say(
        "echo '*/2 * * * * true' | sudo crontab -; sudo crontab -l; crontab -l; echo nonsense | crontab -; echo $?\n"
        "echo '@daily true' | crontab - && crontab -l; sudo crontab -r; sudo crontab -l"
    )
    assert said == [
        "*/2 * * * * true",
        "no crontab for sagemaker-user",
        '"-":0: bad minute',
        "errors in crontab file, can't install.",
        "1",
        "@daily true",
        "no crontab for root",
    ]


def test_what_this_machine_lacks_is_named_and_nothing_ends_in_a_traceback(room: Room, say: Say) -> None:
    room.add_program("envsubst", missing("envsubst"), "usr/bin")
    said = say(
        "envsubst </dev/null; echo $?; sagemaker-code-editor --install-extension no.vsix --extensions-dir /tmp/e\n"
        "echo x > bad.vsix; sagemaker-code-editor --install-extension bad.vsix --extensions-dir /tmp/e\n"
        "dpkg-deb -x no d"
    )
    assert said == [
        "envsubst: the image has this program, and this machine does not: install it (in Debian, gettext-base)",
        "127",
        "Installing extensions...",
        "sagemaker-code-editor: no.vsix: No such file or directory",
        "Installing extensions...",
        "sagemaker-code-editor: File is not a zip file",
        "dpkg-deb: no: No such file or directory",
    ]


@pytest.mark.parametrize(
    "place", ["home/sagemaker-user/linked", "home/sagemaker-user/way/file", "home/sagemaker-user/pipe"]
)
def test_what_a_script_left_is_read_without_leaving_the_room(room: Room, say: Say, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("hunter2")
    say(f"ln -s {tmp_path}/file linked; ln -s {tmp_path} way; mkfifo pipe; echo mine > real")
    assert room.read(f"home/sagemaker-user/{place}") is None
    assert room.read("home/sagemaker-user/real") == "mine\n"
