"""The user's files as an archive, while something else writes and deletes beside them."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from studioctl.tuning import package


def test_files_that_go_while_they_are_packed_and_pipes_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("objective.py", "gone.txt"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "objective.py")
    listed = list(package._files(tmp_path))
    (tmp_path / "gone.txt").unlink()
    monkeypatch.setattr(package, "_files", lambda _: listed)

    packed = package.packed(tmp_path / "objective.py")

    with tarfile.open(fileobj=io.BytesIO(packed.objects["code.tar.gz"])) as archive:
        assert archive.getnames() == ["objective.py"]
    assert (packed.files, packed.size) == (1, 2)
