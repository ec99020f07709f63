"""The versions of AWS's image: the table, and how it is renewed."""

from datetime import date
from pathlib import Path

import pytest

from studio_emulator.distribution import Support, image_arn, support
from studioctl.catalog import images
from tests import distribution as renewal

PAGE = """\
| Image Version | Last minor version release | Supported until |
| :---:         | :---:                      | :---:           |
| 4.x.x         | Apr 7th, 2027              |  Oct 7th, 2027  |

| Image Version | ECR Image URI | Planned End of Support Date |
| 4.10.x        | public.ecr.aws/sagemaker/sagemaker-distribution:4.10-cpu  |  Sept 1st, 2027 |
| 4.9.x         | public.ecr.aws/sagemaker/sagemaker-distribution:4.9-cpu  |  June 28th, 2027  |
| 1.5.x         | public.ecr.aws/sagemaker/sagemaker-distribution:1.5-cpu  | Oct 31st 2024    |
| 4.10.x        | public.ecr.aws/sagemaker/sagemaker-distribution:4.10-gpu |  Aug 31st, 2027  |
"""


def test_awss_page_is_read_and_the_earlier_end_of_two_images_counts() -> None:
    assert renewal.read(PAGE) == {
        "4": date(2027, 10, 7),
        "4.10": date(2027, 8, 31),
        "4.9": date(2027, 6, 28),
        "1.5": date(2024, 10, 31),
    }


def test_the_table_is_renewed_and_keeps_what_the_page_has_forgotten(tmp_path: Path) -> None:
    table, page = tmp_path / "distribution.toml", tmp_path / "page.md"
    page.write_text(PAGE)
    table.write_text('[major]\n"3" = 2026-09-29\n[minor]\n"3.9" = 2026-09-29\n"4.9" = 2027-06-01\n')

    renewal.main(["--from", str(page), "--as-of", "2027-03-01"], table)

    assert table.read_text() == (
        f'{renewal.HEAD}as_of = 2027-03-01\nsource = "{renewal.SOURCE}"\n\n'
        '[major]\n"4" = 2027-10-07\n"3" = 2026-09-29\n\n'
        '[minor]\n"4.10" = 2027-08-31\n"4.9" = 2027-06-28\n"3.9" = 2026-09-29\n"1.5" = 2024-10-31\n'
    )


def test_a_page_without_versions_changes_nothing(tmp_path: Path) -> None:
    table, page = tmp_path / "distribution.toml", tmp_path / "page.md"
    page.write_text("404\n")
    table.write_text("as it was")

    with pytest.raises(SystemExit, match="nothing was changed"):
        renewal.main(["--from", str(page)], table)

    assert table.read_text() == "as it was"


def test_the_committed_table_is_as_the_script_writes_it() -> None:
    ends = {".".join(map(str, version)): end for version, end in support().ends.items()}

    assert renewal.TABLE.read_text() == renewal.written(ends, support().as_of)


TABLE = Support(
    date(2026, 8, 19),
    "page",
    {(4,): date(2027, 10, 7), (4, 4): date(2027, 2, 12), (4, 2): date(2026, 11, 30), (3,): date(2026, 9, 29)},
)


@pytest.mark.parametrize(
    ("version", "end", "is_known"),
    [
        ("4.2", date(2026, 11, 30), True),
        ("4.2.6", date(2026, 11, 30), True),
        ("4", date(2027, 10, 7), True),
        ("4.3", None, False),
        ("4.5", None, True),
        ("5", None, True),
        ("3.9", None, False),
        ("2", None, False),
    ],
)
def test_the_end_of_a_version_and_whether_there_is_one(version: str, end: date | None, is_known: bool) -> None:
    """Of a minor version that the table does not have its major one's end says nothing: it may not exist."""
    assert (TABLE.until(version), TABLE.is_known(version)) == (end, is_known)
    assert TABLE.newest == (4, 4)


def test_an_image_is_for_the_kind_of_instance() -> None:
    place = "arn:aws:sagemaker:eu-west-1:819792524951:image/sagemaker-distribution"

    assert images.pinned("eu-west-1", "ml.t3.medium", "4.3") == {
        "sagemaker_image_arn": f"{place}-cpu",
        "sagemaker_image_version_alias": "4.3",
    }
    assert images.pinned("eu-west-1", "ml.g5.xlarge", "4.3")["sagemaker_image_arn"] == f"{place}-gpu"
    assert images.pinned("eu-west-1", "ml.t3.medium", None) == {}
    assert image_arn("af-south-1", gpu=False) is None
