"""Checkpoints: copied in at the start, mirrored out while the job runs.

Source: Developer Guide, "model-checkpoints".
"""

from pathlib import Path
from typing import Any

from studio_emulator.studio.resource import Settings
from studio_emulator.training import files
from studio_emulator.training.files import Place

DEFAULT_PATH = "/opt/ml/checkpoints"


class Checkpoints:
    """The directory of one container and its place in S3. Several hosts share the place, as on AWS."""

    def __init__(self, config: Settings, root: Path) -> None:
        uri = config["S3Uri"]
        self._there = Place.of(uri if uri.endswith("/") else f"{uri}/")
        self._root = root
        self._place = config.get("LocalPath", DEFAULT_PATH)
        self._known: dict[str, tuple[int, int]] = {}

    def bring(self, client: Any) -> None:
        """Fetch what earlier attempts left. Raises TransferError."""
        directory = self._root / self._place.lstrip("/")
        directory.mkdir(parents=True, exist_ok=True)
        files.download(client, self._there, directory)
        self._known = {name: _mark(state) for name, state, _ in files.below(self._root, self._place)}

    def mirror(self, client: Any) -> None:
        """Upload what was written since the last time; what the program deleted is deleted. Raises TransferError."""
        seen: dict[str, tuple[int, int]] = {}
        for name, state, number in files.below(self._root, self._place):
            seen[name] = _mark(state)
            if self._known.get(name) != seen[name]:
                with open(number, "rb", closefd=False) as content:
                    files.upload(client, self._there.below(name), content, None)
        for name in self._known.keys() - seen.keys():
            files.delete(client, self._there.below(name))
        self._known = seen


def _mark(state: Any) -> tuple[int, int]:
    return state.st_mtime_ns, state.st_size
