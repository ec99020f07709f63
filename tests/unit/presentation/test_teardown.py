"""The output of `down` before it asks."""

import io

import pytest
from rich.console import Console

from studioctl.operations.data.inventory import Holding
from studioctl.operations.provisioning.down import Outcome, Teardown
from studioctl.presentation import views
from studioctl.presentation.console import Terminal

HOME, SPACE, LOST = (
    Holding("home file system", "fs-1", "3 MiB"),
    Holding("space", "ada", "a volume"),
    Holding("bucket", "b", "1 object"),
)


def test_what_becomes_of_data_is_told_and_no_copy_is_promised_that_is_not_made() -> None:
    """Directories of former users are in the home file system, too, and nobody can read them."""
    kinds = frozenset({"home file system", "space", "bucket"})
    copied = frozenset({("home file system", "fs-1"), ("space", "ada")})
    found = Teardown(kinds, (), {}, (), (), (HOME, SPACE, LOST), copied=copied)
    out = io.StringIO()
    views.teardown(found, {}, Console(file=out, width=200))

    assert [line for line in out.getvalue().splitlines() if line.startswith("!")] == [
        "! home file system 'fs-1' is permanently deleted, once the directories of today's users are copied: 3 MiB",
        "! space 'ada' is copied first: a volume",
        "! bucket 'b' is permanently deleted: 1 object",
    ]


def test_what_goes_is_told_by_its_kind_and_terraforms_addresses_by_verbose() -> None:
    space, profile, vpc = "aws_sagemaker_space.ada", "aws_sagemaker_user_profile.ada", "aws_vpc.studio"
    routes = tuple(f"aws_route.{name}" for name in ("one", "two"))
    found = Teardown(frozenset(), (vpc, *routes, space, profile, "aws_of_old.x"), {}, (), (), ())

    def told(*, verbose: bool) -> str:
        out = io.StringIO()
        documents = {profile: "sagemaker.tf.json", space: "sagemaker.tf.json", vpc: "vpc.tf.json"}
        views.teardown(found, documents, Console(file=out, width=200), verbose=verbose)
        return out.getvalue()

    assert told(verbose=False) == (
        "This will be destroyed:\n"
        "\nPeople and spaces\n  - a user profile and a space\n"
        "\nNetwork\n  - a VPC and 2 routes\n"
        "\nData and encryption\n  - an of old\n"
        "\n6 resources to destroy.\n"
    )
    assert f"\nsagemaker.tf.json\n  - {profile}\n  - {space}\n\nvpc.tf.json\n  - {vpc}\n" in told(verbose=True)


@pytest.mark.parametrize(
    ("kinds", "effect"),
    [
        (("bucket", "secret"), "come back: what was kept is taken up again"),
        (
            ("bucket", "home file system"),
            "come back, with empty home directories: the old ones stay in the file system that was kept",
        ),
    ],
)
def test_what_comes_back_is_not_promised_of_home_directories(
    kinds: tuple[str, ...], effect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = Outcome(tuple(Holding(kind, "acme", "1 object", 1) for kind in kinds), (), records=40)

    views.gone(Terminal(), "acme-ml", outcome, flags=" --local", aws_flags="")

    told = capsys.readouterr().err
    assert f"  studioctl up --local                  {effect}\n" in told
    assert "AWS keeps a record of 40 jobs that ended. It costs nothing.\n'acme-ml' is gone: 0 left.\n" in told
