"""Libraries that jobs would lack: told before anything starts."""

from pathlib import Path

import optuna
import pytest

from studioctl.errors import StudioctlError
from studioctl.operations.tuning import fitness
from tests.environments import environment

MAJOR = optuna.__version__.split(".")[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "square.py"


@pytest.mark.parametrize(
    "line",
    [
        "optuna<5",
        "optuna==4.2.0",
        "Optuna ~= 4.0  # old",
        "optuna[optional]>=3,<5",
        "optuna (>=4,<5)",
        "optuna!=5.*",
        "optuna===4.2",
        "optuna>5.2,<5.2",
        "optuna==4.2 --hash=sha256:00",
    ],
)
def test_another_optuna_is_refused_before_anything_starts(file: Path, line: str) -> None:
    requirements = file.with_name("requirements.txt")
    requirements.write_text(f"numpy\n{line}\n", encoding="utf-8")
    with pytest.raises(StudioctlError) as raised:
        fitness.refuse_other_optuna(file)
    assert str(raised.value) == (
        f"{requirements} asks for '{line}', and workers that share a database take Optuna {MAJOR}. Nothing was started."
    )
    hint = raised.value.hint or ""
    requirements.write_text(f"{hint.split()[1].rstrip(',')}\n", encoding="utf-8")
    fitness.refuse_other_optuna(file)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-r other.txt",
        "optuna",
        "optuna>=4",
        "optuna-dashboard==0.1",
        "optuna @ https://a/b.whl",
        "optuna<5 ; python_version < '3.9'",
        *(each.replace("5", MAJOR) for each in ("optuna==5.1.0", "optuna!=5.0.0", "optuna<5.2", "optuna>=4,<5.3")),
        *(each.replace("5", MAJOR) for each in ("optuna>5.0,!=5.1.*", "optuna~=5.7", "optuna<=5", "optuna==5.0.0b1")),
        *(each.replace("5", MAJOR) for each in ("optuna>5.2.1,<5.3", "optuna<5.0.1", "optuna>=5.3,!=5.3.0")),
    ],
)
def test_what_may_be_this_optuna_is_left_to_pip(file: Path, line: str) -> None:
    fitness.refuse_other_optuna(file)
    file.with_name("requirements.txt").write_text(f"{line}\n", encoding="utf-8")
    fitness.refuse_other_optuna(file)


def test_without_the_internet_an_image_has_to_be_named(file: Path) -> None:
    closed = environment(network={"access": "vpc-only", "internet": "none"})
    for config in (environment(), environment(network={"access": "vpc-only"})):
        fitness.refuse_without_image(config, file, None, fitness.WORKERS)
    fitness.refuse_without_image(closed, file, "image", fitness.WORKERS)
    fitness.refuse_without_image(closed, file, None, ())
    file.with_name("requirements.txt").write_text("torch\n", encoding="utf-8")
    with pytest.raises(StudioctlError, match="does not have optuna, psycopg2-binary, what requirements"):
        fitness.refuse_without_image(closed, file, None, fitness.WORKERS)
