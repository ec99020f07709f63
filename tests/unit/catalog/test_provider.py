"""The versions of the provider that a constraint admits."""

import re

import pytest

from studioctl.catalog.provider import CHECKED, DEFAULT, DEFECTS, constraint


@pytest.mark.parametrize(
    ("text", "terraform", "admits", "refuses"),
    [
        (DEFAULT, DEFAULT, ["5.100.0"], ["5.100.1", "6.69.1"]),
        ("= 6.69.1", "= 6.69.1", ["6.69.1"], ["6.69.0", "6.69.2"]),
        (">= 6.40, < 7", ">= 6.40, < 7", ["6.40.0", "6.999.0"], ["6.39.9", "7.0.0"]),
        (">= 6.40, < 6.60", ">= 6.40, < 6.60", ["6.59.9"], ["6.60.0"]),
        ("~> 6.40", "~> 6.40", ["6.69.1"], ["7.0.0"]),
        ("~> 6.69.1", "~> 6.69.1", ["6.69.9"], ["6.70.0"]),
        (" >6.69.1 , !=6.70.0,<7", " >6.69.1 , !=6.70.0,<7", ["6.69.2", "6.70.1"], ["6.69.1", "6.70.0"]),
        ("!= 6.40.0, >= 6.40, <= 6.41", "!= 6.40.0, >= 6.40, <= 6.41", ["6.40.1", "6.41.0"], ["6.40.0", "6.41.1"]),
        (">= 5.100, < 6", ">= 5.100, < 6", ["5.100.0"], ["6.40.0"]),
        (
            ">= 5.100.0, < 7",
            ">= 5.100.0, < 7",
            ["5.100.0", "6.40.0", "6.69.1"],
            ["6.0.0", "6.1.0", "6.21.9", "6.22.0", "6.39.9", "7.0.0"],
        ),
    ],
)
def test_a_constraint_admits_what_terraform_would(
    text: str, terraform: str, admits: list[str], refuses: list[str]
) -> None:
    found = constraint(text)

    assert found.text == terraform
    assert [version for version in (*admits, *refuses, "6.69", "no", "6.69.1-beta") if found.admits(version)] == admits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5.99.0", "is one of the versions before 5.100.0, which"),
        ("6.39.0", "is one of the versions from 6.0.0 to before 6.40.0 (each plan"),
        ("6.5.0", "is one of the versions from 6.0.0 to before 6.40.0;"),
        (">= 5.100, < 6.40", "admits versions from 6.0.0 to before 6.40.0 (each plan"),
        (">= 6.10, < 7", "admits versions from 6.0.0 to before 6.40.0 (each plan"),
        (">= 5.100, < 8", "admits versions from 6.0.0 to before 6.40.0"),
        *((text, "has no end, and takes major versions that nobody has tried") for text in (">= 5.100.0", "> 6.40")),
        *((text, "has no end, and takes major versions that nobody has tried") for text in ("~> 6", "!= 6.41.0")),
        ("7.0.0", "is one of the versions from 7.0.0, which nobody has tried"),
        (">= 6.40, < 8", "admits versions from 7.0.0"),
        ("<7", "admits versions before 5.100.0, which do not know all that studioctl writes; versions from 6.0.0"),
        ("6.40.0, 6.41.0", "admits no version at all"),
        ("!= 6.40.0, 6.40.0", "admits no version at all"),
        *((text, "is not a version or a range of versions") for text in ("", ",", "6.", "v6.69.1", "six", "6.69.1.0")),
    ],
)
def test_others_are_refused_with_the_reason(text: str, words: str) -> None:
    remedy = 'write "5.100.0", "6.69.1" or a range such as ">= 5.100, < 7"'

    with pytest.raises(ValueError, match=f"^{re.escape(words)}.*{re.escape(remedy)}$"):
        constraint(text)


def test_the_defects_that_are_worked_around_are_in_every_version_that_may_be_used() -> None:
    """One that ends in a version that may be used takes its work-around with it."""
    allowed = [constraint(text) for text in (DEFAULT, CHECKED, ">= 6.40, < 7")]

    assert {defect.issue for defect in DEFECTS if all(defect.is_in(each) for each in allowed)} == {
        defect.issue for defect in DEFECTS if defect.instead != "refused"
    }
    assert not [d for d in DEFECTS if d.instead == "refused" and any(d.is_in(each) for each in allowed)]


def test_from_version_6_images_have_numbered_versions() -> None:
    assert [constraint(text).names_versions_of_images for text in (DEFAULT, CHECKED, ">= 6.40, < 7")] == [
        False,
        True,
        True,
    ]
