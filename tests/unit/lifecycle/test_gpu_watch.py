"""The watch over a GPU: what counts as work, and what a space tells the guard."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from studioctl.config.editor import Editor
from studioctl.guard.idle import ALIVE, PREFIX, WORKING
from studioctl.lifecycle import program, script
from studioctl.lifecycle.steps.gpu_watch import Watch

ACCOUNT = "123456789012"
AWS = 'printf "%s\\n" "$*" >>"$TOLD"; [[ "$(wc -l <"$TOLD")" -lt {} ]] || kill "$PPID"'
LOOK = "worked=0; look_for_work; ((worked))"

NETWORK = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo frame compressed
    lo: {}    9    0    0    0     0          0         0 9    9    0    0    0     0       0          0
  eth0: {}    9    0    0    0     0          0         0 9    9    0    0    0     0       0          0
  eth1:1000    9    0    0    0     0          0         0 99999999    9    0    0    0     0       0          0
"""


def put(directory: Path, name: str, text: str) -> None:
    file = directory / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/bash\n{text}\n")
    file.chmod(0o755)


def bash(tmp_path: Path, call: str, *, metadata: str = "/dev/null") -> subprocess.CompletedProcess[str]:
    """Runs functions of the script where programs are what a test put into `bin`, and no load is high."""
    load, network = tmp_path / "loadavg", tmp_path / "network"
    load.exists() or load.write_text("0.10 0.10 0.10 1/99 9\n")
    network.exists() or network.write_text(NETWORK.format(0, 0))
    text = program.text("gpu_watch.sh").replace("/proc/loadavg", str(load)).replace("/dev/pts", str(tmp_path / "pts"))
    text = text.replace("/proc/net/dev", str(network)).replace(" /tmp/.sagemaker", f" {tmp_path}/tmp/.sagemaker")
    text = text.replace("/opt/ml/metadata/resource-metadata.json", metadata)
    head = f"state={tmp_path}\nnote() {{ printf '%s ' \"$*\"; }}\ndetached() {{ printf '<%s>' \"${{@:4}}\"; }}\n"
    told = {"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "TOLD": str(tmp_path / "told")}
    command = ["bash", "-c", f"{head}{text}\nprogram() {{ :; }}\n{call}"]
    return subprocess.run(command, env=told, text=True, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("use", "load", "shown", "works"),
    [
        ("0\n0", "0.10", False, False),
        ("0\n7", "0.10", False, True),
        ("[Not Supported]", "0.10", False, True),
        ("0", "1.02", False, True),
        ("0", "12.00", False, True),
        ("0", "0.10", True, True),
    ],
    ids=["nothing", "second GPU", "unknown", "a program", "many programs", "a terminal"],
)
def test_what_is_work(use: str, load: str, shown: bool, works: bool, tmp_path: Path) -> None:
    put(tmp_path / "bin", "nvidia-smi", f"echo '{use}'")
    (tmp_path / "loadavg").write_text(f"{load} 0.10 0.10 1/99 9\n")
    if shown:
        (tmp_path / "pts").mkdir()
        (tmp_path / "pts/0").touch()
    assert bash(tmp_path, LOOK).returncode == (0 if works else 1)


@pytest.mark.parametrize(
    ("directory", "minutes", "works"),
    [("", 0, True), ("", 2, False), ("tmp", 0, True), ("tmp", 2, False)],
    ids=["at home", "at home, two minutes ago", "in /tmp", "in /tmp, two minutes ago"],
)
def test_the_editors_own_word_is_work(directory: str, minutes: int, works: bool, tmp_path: Path) -> None:
    """AWS's extension and server touch it: https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-use-idle-shutdown.html."""
    put(tmp_path / "bin", "nvidia-smi", "echo 0")
    word = tmp_path / directory / ".sagemaker-last-active-timestamp"
    word.parent.mkdir(exist_ok=True)
    word.touch()
    at = time.time() - 60 * minutes
    os.utime(word, (at, at))
    assert bash(tmp_path, LOOK).returncode == (0 if works else 1)


@pytest.mark.parametrize(
    ("loopback", "received", "works"),
    [(0, 9_999_999, False), (0, 10_000_000, True), (99_999_999, 0, False)],
    ids=["less", "1 MB/s", "this machine's own"],
)
def test_a_download_is_work_from_the_second_look_on(loopback: int, received: int, works: bool, tmp_path: Path) -> None:
    put(tmp_path / "bin", "nvidia-smi", "echo 0")
    (tmp_path / "network").write_text(NETWORK.format(5, 4_000_000_000))
    (tmp_path / "later").write_text(NETWORK.format(5 + loopback, 4_000_000_000 + received))
    call = f"{LOOK}; echo $?; cat {tmp_path}/later >{tmp_path}/network; {LOOK}; echo $?; {LOOK}; echo $?"
    assert bash(tmp_path, call).stdout.split() == ["1", "0" if works else "1", "1"]


def test_it_tells_that_it_works_once_and_then_that_it_lives(tmp_path: Path) -> None:
    put(tmp_path / "bin", "nvidia-smi", "echo 0")
    put(tmp_path / "bin", "sleep", "true")
    put(tmp_path / "bin", "aws", AWS.format(4))
    bash(tmp_path, "gpu_tell us-east-1 acme-data ada-gpu")
    keys = [line.split("--key ")[1].split()[0] for line in (tmp_path / "told").read_text().splitlines()]
    assert keys == [f"{PREFIX}ada-gpu/{what}" for what in (WORKING, ALIVE, ALIVE, ALIVE)]


@pytest.mark.parametrize(
    ("bucket", "found"), [("acme-data", "acme-data"), ("acme-data-", f"acme-data-{ACCOUNT}")], ids=["named", "default"]
)
def test_the_space_and_the_bucket_are_found(bucket: str, found: str, tmp_path: Path) -> None:
    put(tmp_path / "bin", "nvidia-smi", "echo 0")
    metadata = tmp_path / "metadata.json"
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:app/d-1/ada-gpu/codeeditor/default"
    metadata.write_text(json.dumps({"DomainId": "d-1", "SpaceName": "ada-gpu", "ResourceArn": arn}, indent=2))
    done = bash(tmp_path, f"gpu_watch us-east-1 {bucket} 2>&1; wait", metadata=str(metadata))
    assert (done.returncode, done.stdout.strip()) == (0, f"ada-gpu tells s3://{found} whether it is at work")


def test_a_machine_without_a_gpu_is_skipped(tmp_path: Path) -> None:
    done = bash(tmp_path, "gpu_watch us-east-1 acme-data")
    assert (done.returncode, done.stdout.strip()) == (77, "no GPU here")


def test_only_the_limit_brings_it_into_the_script() -> None:
    with_it = script.build(Editor(), watch=Watch("us-east-1", "acme-data")).source
    assert "gpu_watch us-east-1 acme-data" in with_it
    assert "gpu_watch us-east-1" not in script.build(Editor()).source
