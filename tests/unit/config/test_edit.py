"""An image is written into the file, and everything else in it stays as it was."""

import os
import stat
from pathlib import Path

import pytest

from studioctl.config.edit import alone, replace, with_custom_image, with_homes
from studioctl.config.load import parse
from studioctl.errors import ConfigError, RefusedError

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
TOP = 'name = "acme-ml" # ours\nregion = "us-east-1"\n\n# people\n[[users]]\nname = "ada"\n'
ENTRY = f'\n[[images.custom]]\nname = "torch"\ndigest = "{NEW}"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(TOP, TOP + ENTRY, id="no images yet"),
        pytest.param(TOP.rstrip(), TOP + ENTRY, id="no line break at the end"),
        pytest.param(TOP.replace("\n", "\r\n"), (TOP + ENTRY).replace("\n", "\r\n"), id="Windows' line breaks"),
        pytest.param(
            f"{TOP}\n[images]\nkeep_latest = 3 # three\n\n# after\n[editor]\ntools = ['uv']\n",
            f"{TOP}\n[images]\nkeep_latest = 3 # three\n\n# after\n[editor]\ntools = ['uv']\n{ENTRY}",
            id="a table of images in the middle",
        ),
        pytest.param(
            f"{TOP}\n[[images.custom]] # mine\n# why\ndigest = '{OLD}' # old\nname = 'torch'\n\n[editor]\n",
            f"{TOP}\n[[images.custom]] # mine\n# why\ndigest = \"{NEW}\" # old\nname = 'torch'\n\n[editor]\n",
            id="an entry of this name",
        ),
        pytest.param(
            f'{TOP}\n[[images.custom]]\nname = "tf"\ndigest = "{OLD}"\n\n[editor]\n',
            f'{TOP}\n[[images.custom]]\nname = "tf"\ndigest = "{OLD}"\n{ENTRY}\n[editor]\n',
            id="an entry of another name",
        ),
        pytest.param(
            f'{TOP}[images]\ncustom = [{{ name = "tf", digest = "{OLD}" }}] # list\n',
            f'{TOP}[images]\ncustom = [{{ name = "tf", digest = "{OLD}" }}, '
            f'{{ name = "torch", digest = "{NEW}" }}] # list\n',
            id="a list on one line",
        ),
        pytest.param(
            f"images = {{ keep_latest = 3 }} # short\n{TOP}",
            f'images = {{ keep_latest = 3, custom = [{{ name = "torch", digest = "{NEW}" }}] }} # short\n{TOP}',
            id="a table on one line",
        ),
    ],
)
def test_it_is_added_where_it_disturbs_nothing(before: str, after: str) -> None:
    assert with_custom_image(before, "torch", NEW, file="studio.toml") == after
    assert with_custom_image(after, "torch", NEW, file="studio.toml") == after
    assert (parse(after).images.custom[-1].name, parse(after).images.custom[-1].digest) == ("torch", NEW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TOP + ENTRY, f'{TOP}{ENTRY}apps = ["jupyterlab"]\n'),
        (f'{TOP}{ENTRY}apps = ["code-editor"]\n', f'{TOP}{ENTRY}apps = ["jupyterlab"]\n'),
        (
            f'{TOP}[images]\ncustom = [{{ name = "torch", digest = "{OLD}" }}] # list\n',
            f'{TOP}[images]\ncustom = [{{ name = "torch", digest = "{NEW}", apps = ["jupyterlab"] }}] # list\n',
        ),
        (TOP, f'{TOP}{ENTRY}apps = ["jupyterlab"]\n'),
    ],
)
def test_the_apps_of_an_image_are_written_where_they_are_asked_for(before: str, after: str) -> None:
    assert with_custom_image(before, "torch", NEW, file="studio.toml", apps=("jupyterlab",)) == after
    assert with_custom_image(after, "torch", NEW, file="studio.toml") == after


def test_a_sixth_image_is_refused() -> None:
    text = TOP
    for number in range(5):
        text = with_custom_image(text, f"image-{number}", f"sha256:{number:064}", file="studio.toml")

    with pytest.raises(ConfigError, match="has 6 entries, and a user profile takes 5"):
        with_custom_image(text, "torch", NEW, file="studio.toml")


def test_the_same_image_under_two_names_is_refused() -> None:
    with pytest.raises(ConfigError, match="is the digest of another entry"):
        with_custom_image(TOP + ENTRY, "other", NEW, file="studio.toml")


def test_the_file_keeps_its_permissions_and_a_link_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "real.toml", tmp_path / "studio.toml"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    replace(link, "new\r\n")

    assert link.is_symlink()
    assert file.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real.toml", "studio.toml"]


HOMES = '\n[[storage.file_systems]]\nid = "fs-0123abcd"\nhomes = { ada = 200001 }\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(TOP, TOP + HOMES, id="no file systems yet"),
        pytest.param(TOP + HOMES.replace("200001", "200009"), TOP + HOMES, id="another number"),
        pytest.param(
            f'{TOP}[storage]\nfile_systems = [{{ id = "fs-ffffffff" }}]\n',
            f'{TOP}[storage]\nfile_systems = [{{ id = "fs-ffffffff" }},'
            ' { id = "fs-0123abcd", homes = { ada = 200001 } }]\n',
            id="a list on one line",
        ),
    ],
)
def test_homes_that_were_kept_are_added_once(before: str, after: str) -> None:
    assert with_homes(before, "fs-0123abcd", {"ada": 200001}, file="studio.toml") == after
    assert with_homes(after, "fs-0123abcd", {"ada": 200001}, file="studio.toml") == after
    config = parse(after)
    (ada,) = config.users
    assert config.mounted_by(ada)[-1].path == "/200001"
    assert config.posix_of(ada).uid == 200001  # type: ignore[union-attr]


def test_a_file_that_is_marked_as_read_only_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "studio.toml"
    file.write_text(TOP, encoding="utf-8")
    file.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda place, _: bool(place.stat().st_mode & stat.S_IWUSR))  # root may always

    with pytest.raises(RefusedError) as caught, alone(file):
        pass

    assert caught.value.message == f"{file} is read-only. Nothing was changed."
    assert caught.value.hint == f"chmod u+w {file}   (then run the same command again)"
    file.chmod(0o644)
    with alone(file):
        pass
