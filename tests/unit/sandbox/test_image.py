"""The versions of SageMaker Distribution, and where each keeps what."""

import pytest

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox.image import Image

HOME = "home/sagemaker-user/sagemaker-code-editor-server-data"
OPT = "opt/amazon/sagemaker/sagemaker-code-editor-server-data"


@pytest.mark.parametrize(
    ("version", "settings", "extensions", "ubuntu"),
    [
        ("2.0", OPT, OPT, "22.04"),
        ("2.2", OPT, OPT, "22.04"),
        ("2.3", HOME, OPT, "22.04"),
        ("2.4.1", HOME, OPT, "22.04"),
        ("2.5", HOME, HOME, "22.04"),
        ("v2.14", HOME, HOME, "22.04"),
        ("3", HOME, OPT, "22.04"),
        ("3.1", HOME, HOME, "22.04"),
        ("4.4", HOME, HOME, "24.04"),
    ],
)
def test_each_version_keeps_things_where_it_does(version: str, settings: str, extensions: str, ubuntu: str) -> None:
    image = Image.of(version)
    assert (image.server_data, image.extensions, image.ubuntu[0]) == (settings, f"{extensions}/extensions", ubuntu)


@pytest.mark.parametrize("text", ["", "1.9", "5.0", "four", "2.x", "4.0.0.0", "-2", "2.7 "])
def test_what_is_no_version_is_told(text: str) -> None:
    with pytest.raises(SandboxError) as refused:
        Image.of(text)
    assert (
        refused.value.message == f"'{text}' is no version of SageMaker Distribution that studioctl knows: 2.0 to 4.x."
    )
    assert refused.value.usage
