"""The container that a job's program sees: SageMaker's directories, this machine's Python, the image's packages.

Sources: Developer Guide, "your-algorithms-training-algo-running-container" (the layout below /opt/ml and its JSON).
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio_emulator.sandbox import machine, trees
from studio_emulator.sandbox.inside import init
from studio_emulator.sandbox.programs import link_real_programs, write_program
from studio_emulator.sandbox.room import INIT, give_away
from studio_emulator.training.image_python import packages_of
from studio_emulator.training.inside import toolkit

HOME = "/root"
PATH = "/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DIRECTORIES = """
usr/bin usr/sbin usr/local/bin usr/local/sbin root tmp var/tmp var/log run srv mnt media home etc opt/ml/code
opt/ml/input/config opt/ml/input/data opt/ml/model opt/ml/output/data opt/ml/output/intermediate opt/ml/checkpoints
"""
PACKAGES = "/usr/lib/image-packages"
"""The path of the image's packages: beside its environment, so that pip puts what it installs before them."""
HERE = "/usr/lib/room-packages"
TOOLKIT = "/usr/lib/sagemaker-training/toolkit.py"
PASSWD = f"root:x:0:0:root:{HOME}:/bin/bash\nsagemaker-user:x:1000:100::{HOME}:/bin/bash\n"
MOST_OUTPUT = 256 * 1024 * 1024


@dataclass(frozen=True)
class Host:
    """One instance of a job's cluster: `algo-1` and so on."""

    number: int
    count: int
    instance_type: str

    @property
    def name(self) -> str:
        """SageMaker's name for it."""
        return f"algo-{self.number}"

    @property
    def resource_config(self) -> dict[str, Any]:
        """`resourceconfig.json`."""
        hosts = [f"algo-{number}" for number in range(1, self.count + 1)]
        group = {"instance_group_name": "homogeneousCluster", "instance_type": self.instance_type, "hosts": hosts}
        return {
            "current_host": self.name,
            "current_instance_type": self.instance_type,
            "current_group_name": "homogeneousCluster",
            "hosts": hosts,
            "instance_groups": [group],
            "network_interface_name": "lo",  # on AWS eth0: here it is the only one
        }


@dataclass(frozen=True)
class Container:
    """A directory that is the root of what a job's program sees. `run.Run` runs it.

    Args:
        root: Absolute; all of it is laid out anew for each attempt.
        host: The instance of the cluster that it stands for.
        distributions: The Python packages in the image.
        has_toolkit: Whether SageMaker's training toolkit is in the image.
    """

    root: Path
    host: Host
    distributions: tuple[str, ...] = ()
    has_toolkit: bool = False
    home_place: str = HOME
    most_output: int = MOST_OUTPUT

    @property
    def hostname(self) -> str:
        """The host name of its machine."""
        return self.host.name

    @property
    def log_path(self) -> Path:
        """The file of its program's output."""
        return self.root.with_name(f"{self.root.name}.log")

    @property
    def shown(self) -> Mapping[str, Path]:
        """This machine's directories with the image's packages."""
        return dict(self._shelves())

    @property
    def mounts(self) -> Mapping[str, Path]:
        """None: input is copied, whatever it comes from."""
        return {}

    def lay_out(self, hyperparameters: Mapping[str, str], channels: Sequence[Mapping[str, Any]]) -> None:
        """A new container, without input data; `give_away` afterwards makes it its program's own."""
        self.remove()
        self.root.mkdir(parents=True)
        for directory in DIRECTORIES.split():
            (self.root / directory).mkdir(parents=True, exist_ok=True)
        self.put("etc/passwd", PASSWD)
        self.put("etc/group", "root:x:0:\nusers:x:100:\n")
        self.put("etc/hosts", f"127.0.0.1 localhost {self.host.name}\n")
        machine.lay_libraries(self.root)
        machine.lay_base(self.root)
        link_real_programs(self.root / "usr/bin")
        for name in ("python", "python3"):
            (self.root / "usr/bin" / name).symlink_to(f"/opt/conda/bin/{name}")
        self._lay_packages()
        self._lay_program(Path(init.__file__), INIT)
        if self.has_toolkit:
            self._lay_program(Path(toolkit.__file__), TOOLKIT)
            write_program(self.root / "usr/local/bin/train", f'#!/bin/sh\nexec /opt/conda/bin/python3 {TOOLKIT} "$@"\n')
        config = "opt/ml/input/config"
        self.put(f"{config}/hyperparameters.json", json.dumps(dict(hyperparameters)))
        self.put(f"{config}/inputdataconfig.json", json.dumps({each["ChannelName"]: _told(each) for each in channels}))
        self.put(f"{config}/resourceconfig.json", json.dumps(self.host.resource_config))

    def give_away(self) -> None:
        """Make all of it belong to whom its program runs as."""
        give_away(self.root)

    def put(self, place: str, text: str) -> None:
        """A file of the container."""
        file = self.root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def remove(self) -> None:
        """Take all of it away, but for its output."""
        trees.remove(self.root)

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The image's variables and the job's: nothing of the person who started the emulator."""
        return {
            "PATH": PATH,
            "HOME": HOME,
            "LANG": "C.UTF-8",
            "HOSTNAME": self.host.name,
            "PYTHONUNBUFFERED": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            **variables,
        }

    def _shelves(self) -> dict[str, Path]:
        parents = dict.fromkeys(place.parent for place in packages_of(self.distributions).values())
        return {f"{HERE}/{number}": parent for number, parent in enumerate(parents)}

    def _lay_packages(self) -> None:
        shelf = self.root / PACKAGES[1:]
        shelf.mkdir(parents=True)
        shelves = {parent: place for place, parent in self._shelves().items()}
        for place in shelves.values():
            (self.root / place[1:]).mkdir(parents=True)
        for name, there in packages_of(self.distributions).items():
            (shelf / name).symlink_to(f"{shelves[there.parent]}/{there.name}")
        site = next((self.root / "opt/conda/lib").glob("python*/site-packages"))
        (site / "image.pth").write_text(f"{PACKAGES}\n")

    def _lay_program(self, source: Path, place: str) -> None:
        file = self.root / place[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, file)


def _told(channel: Mapping[str, Any]) -> dict[str, str]:
    """The entry in `inputdataconfig.json` for a channel. FastFile is told as File."""
    source = channel["DataSource"].get("S3DataSource", {})
    told = {
        "TrainingInputMode": "File",
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    return told | ({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {})
