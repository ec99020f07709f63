"""An image is written into the file, and everything else in it stays as it was."""

import stat
from pathlib import Path

import pytest

from studioctl.config.edit import replace, with_custom_image
from studioctl.config.load import parse
from studioctl.errors import ConfigError

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
