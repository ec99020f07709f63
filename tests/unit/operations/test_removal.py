"""A deletion is asked for again when AWS failed, once; then AWS's reason is told."""

from dataclasses import dataclass

import pytest

from studioctl.errors import AwsError
from studioctl.operations.studio.delete import Deletion


@dataclass
class FakeSpace:
    """A space that counts how often AWS was asked to delete it."""

    asked: int = 0

    def delete(self) -> None:
        self.asked += 1

    def reason(self) -> str:
        return "a volume is still attached"

    def deletion(self) -> Deletion:
        return Deletion("space 'editor'", self.delete, self.reason)


@pytest.mark.parametrize(
    ("statuses", "asked"),
    [
        (("InService", "Deleting", "Deleting"), 1),
        (("InService", "InService", "Deleting"), 1),  # what is read may be a moment old
        (("Deleting", "Deleting"), 0),
        (("Pending", "Updating", "InService"), 1),
        (("Delete_Failed", "Deleting"), 1),
        (("Failed", "Failed", "Deleting"), 1),
        (("InService", "Deleting", "Delete_Failed", "Delete_Failed", "Deleting"), 2),
    ],
)
def test_it_is_asked_for_when_it_can_be(statuses: tuple[str, ...], asked: int) -> None:
    space = FakeSpace()
    deletion = space.deletion()
    for status in statuses:
        deletion.advance(status)
    assert space.asked == asked


def test_a_second_failure_is_the_end() -> None:
    space = FakeSpace()
    deletion = space.deletion()
    for status in ("InService", "Deleting", "Delete_Failed", "Deleting"):
        deletion.advance(status)
    with pytest.raises(AwsError) as failed:
        deletion.advance("Delete_Failed")
    assert failed.value.message == ("AWS could not delete space 'editor': a volume is still attached (Delete_Failed)")
    assert space.asked == 2
