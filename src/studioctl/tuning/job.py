"""The program of a training job: one trial, whose questions go through a mailbox in S3. See `jobs.py`.

It is in the job's channel `code`, beside `runner.py` and `code.tar.gz`, the user's files. It needs Python and boto3,
which AWS's images have; in others it is installed with the user's requirements.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import runner  # type: ignore[import-not-found] # beside it, in the job

HERE = Path(__file__).resolve().parent
CODE = Path("/opt/ml/code")
FAILURE = Path("/opt/ml/output/failure")
ASK_SECONDS = 1.0
STOPPED = 128 + signal.SIGTERM


class Mailbox:
    """The channel to the controller, with the methods of `runner.Channel`."""

    def __init__(self, place: str, number: int) -> None:
        import boto3  # noqa: PLC0415 (it may have been installed just now)

        self._s3: Any = boto3.client("s3")
        self._bucket, _, self._root = place.removeprefix("s3://").partition("/")
        self._number = f"{number:06}"
        self._attempt = f"{int(time.time()):010x}"  # a spot job begins anew, after its earlier messages
        self._sent = 0

    def begun(self) -> dict[str, Any]:
        """The trial."""
        found = self._get(f"begin/{self._number}")
        if found is None:  # its result is known already
            raise SystemExit(0)
        return found

    def tell(self, **message: Any) -> str:
        """Leave a message; its identity."""
        self._sent += 1
        identity = f"{self._number}-{self._attempt}-{self._sent:06}"
        self._s3.put_object(Bucket=self._bucket, Key=self._key(f"out/{identity}"), Body=json.dumps(message).encode())
        return identity

    def call(self, **message: Any) -> dict[str, Any]:
        """Leave a message, and wait for its answer where it has one.

        Raises:
            ValueError: Optuna refused.
        """
        if "should_prune" in message:
            return {"value": self._get(f"in/{self._number}-prune") is not None}
        identity = self.tell(**message, **({"judge": True} if "report" in message else {}))
        if "ask" not in message:
            return {"value": None}
        while (answer := self._get(f"in/{identity}")) is None:
            time.sleep(ASK_SECONDS)
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer

    def _get(self, name: str) -> dict[str, Any] | None:
        try:
            content = self._s3.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        found: dict[str, Any] = json.loads(content)
        return found

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}.json"


def install() -> None:
    """Unpacks the user's files, and installs what they need."""
    with tarfile.open(HERE / "code.tar.gz") as archive:
        archive.extractall(CODE)  # noqa: S202 (it is packed by us; `filter` is not in every image's Python)
    wanted = ["-r", "requirements.txt"] if (CODE / "requirements.txt").is_file() else []
    wanted += [] if importlib.util.find_spec("boto3") else ["boto3"]
    if wanted:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], cwd=CODE, check=True)
        importlib.invalidate_caches()


def main() -> None:
    """Runs the trial."""
    # A container's first process does not notice SIGTERM by itself. No exception: the objective could catch it, and a
    # trial that was stopped is no trial that failed.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(STOPPED))
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as error:
        FAILURE.write_text(f"The user's files could not be installed: {error}", encoding="utf-8")
        raise SystemExit(1) from None
    mailbox = Mailbox(os.environ["STUDIOCTL_MAILBOX"], int(os.environ["STUDIOCTL_TRIAL"]))
    begun = mailbox.begun()
    os.chdir(CODE)
    sys.path.insert(0, str(CODE))
    try:
        function = runner.loaded(CODE / begun["file"])
    except BaseException as error:
        mailbox.tell(broken=f"{type(error).__name__}: {error}"[:1000])
        raise
    kind = runner.of_optunas_kind(runner.AskingTrial)
    mailbox.tell(**runner.result_of(function, kind(mailbox, begun)))


if __name__ == "__main__":
    main()
