"""The tricks of AWS's published lifecycle scripts, in our own: an idle shutdown by cron, and a backup of the home.

https://github.com/aws-samples/sagemaker-studio-apps-lifecycle-config-examples
"""

import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.room import App, Room
from studio_emulator.sandbox.run import Run
from tests.fakes.ordinary_user import as_ordinary_user

# Cron is there or is installed, a package goes to a directory of root's, root's crontab runs it.
IDLE_SHUTDOWN = """\
#!/bin/bash
set -eu
place=/var/tmp/watch log=/var/log/apps/app_container.log
sudo apt-get update -y
if [ "$(dpkg-query -W -f '${db:Status-Status}' cron)" = installed ]; then
  sudo service cron restart
else
  sudo bash -c 'printf "#!/bin/sh\\nexit 0" > /usr/sbin/policy-rc.d'
  sudo apt-get install -y cron
fi
sudo mkdir -p $place
wheel=/tmp/watcher-1.0-py3-none-any.whl
sudo /opt/conda/bin/pip install --quiet --no-index --disable-pip-version-check -U -t $place $wheel
touch /opt/amazon/sagemaker/sagemaker-code-editor-server-data/data/User/History/started
sudo bash -c "echo AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI >> /etc/environment"
line="*/5 * * * * /bin/bash -ic '/opt/conda/bin/python $place/watcher.py --region $AWS_DEFAULT_REGION >> $log'"
echo "$line" | sudo crontab -
sudo crontab -l
tail -n 1 /etc/environment
touch $place/more 2>/dev/null || echo "the directory is root's"
nohup /opt/conda/bin/python $place/watcher.py --region $AWS_DEFAULT_REGION >> $log 2>&1 &
"""
WATCHER = """\
import sys, time
print("watching", *sys.argv[1:], flush=True)
time.sleep(0.5)
print("idle", flush=True)
time.sleep(600)
"""
# What the space is called is asked of the image, a program is written from a template, runs now and by root's crontab.
BACKUP = """\
#!/bin/bash
set -eu
metadata=/opt/ml/metadata/resource-metadata.json log=/var/log/apps/app_container.log
sudo apt-get install -y jq >/dev/null
export KEEP_DOMAIN=$(jq -r .DomainId $metadata) KEEP_SPACE=$(jq -r .SpaceName $metadata) KEEP_HOME=$HOME
echo "$(jq -r .AppType $metadata) $(jq -r .ResourceName $metadata) $(jq -r .ResourceArn $metadata)"
mkdir -p $HOME/.keep
cat > $HOME/.keep/template <<'END'
#!/bin/bash
stamp=`date +%F`
echo "keeping ${KEEP_HOME} as ${KEEP_DOMAIN}/${KEEP_SPACE}/${stamp:+today}"
END
envsubst "$(printf '${%s} ' ${!KEEP_*})" < $HOME/.keep/template > $HOME/.keep/run
chmod +x $HOME/.keep/run
nohup $HOME/.keep/run >> $log 2>&1 &
wait
sudo rm -f /var/tmp/keep
cp $HOME/.keep/run /var/tmp/keep
sudo chown root:root /var/tmp/keep
sudo chmod +x /var/tmp/keep
echo x >> /var/tmp/keep || echo "the program is root's"
echo "0 */6 * * * /bin/bash -ic '/var/tmp/keep >> $log'" | sudo crontab -
sudo crontab -l
"""
LOG = "var/log/apps/app_container.log"
Kind = Callable[[Path], tuple[list[str], str]]


def idle_shutdown(place: Path) -> tuple[list[str], str]:
    """The lines of the script, and those that its daemon wrote to the app's log while it ran."""
    room = Room(place / "root", Image(4, 0))
    room.lay_out()
    with zipfile.ZipFile(room.root / "tmp/watcher-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("watcher.py", WATCHER)
        wheel.writestr("watcher-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: watcher\nVersion: 1.0\n")
        wheel.writestr("watcher-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("watcher-1.0.dist-info/RECORD", "")
    with Run(room, IDLE_SHUTDOWN, room.environment(), seconds=120) as run:
        said = [line.text for line in run.lines()]
        deadline = time.monotonic() + 60
        while "idle" not in (told := room.read(LOG) or "") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert run.wait_for_background(0) is False
    assert run.exit_code == 0, said
    return said, told


def backup(place: Path) -> tuple[list[str], str]:
    room = Room(place / "root", Image(4, 0), App("d-abc", "ada-editor", "eu-central-1", "111122223333"))
    room.lay_out()
    with Run(room, BACKUP, room.environment(), seconds=120) as run:
        said = [line.text for line in run.lines()]
    assert run.exit_code == 0, said
    return said, room.read(LOG) or ""


EXPECTED: dict[Kind, tuple[list[str], str]] = {
    idle_shutdown: (
        [
            " * Restarting periodic command scheduler cron",
            "   ...done.",
            f"*/5 * * * * /bin/bash -ic '/opt/conda/bin/python /var/tmp/watch/watcher.py --region us-east-1 >> /{LOG}'",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/_sagemaker-instance-credentials/rehearsal",
            "the directory is root's",
        ],
        "watching --region us-east-1\nidle\n",
    ),
    backup: (
        [
            "CodeEditor default arn:aws:sagemaker:eu-central-1:111122223333:app/d-abc/ada-editor/codeeditor/default",
            "/run/room/OnStart.sh: line 21: /var/tmp/keep: Permission denied",
            "the program is root's",
            "0 */6 * * * /bin/bash -ic '/var/tmp/keep >> /var/log/apps/app_container.log'",
        ],
        "keeping /home/sagemaker-user as d-abc/ada-editor/today\n",
    ),
}


@pytest.mark.parametrize("kind", [idle_shutdown, backup])
def test_what_published_scripts_do_works_in_a_rehearsal(kind: Kind, tmp_path: Path) -> None:
    assert kind(tmp_path) == EXPECTED[kind]


def test_for_an_ordinary_user_of_this_machine_it_is_the_same() -> None:
    code = "from tests.unit.sandbox.test_published_kinds import *; import tempfile\n"
    code += "for kind, expected in EXPECTED.items():\n    assert kind(Path(tempfile.mkdtemp())) == expected"
    as_ordinary_user(sys.executable, "-c", code)
