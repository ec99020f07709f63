"""A replaced resource that is in use gets another address in the state."""

from typing import Any

from studioctl.terraform import state

IMAGE, VERSION = "aws_sagemaker_image.torch", "aws_sagemaker_image_version.torch"


def recorded(address: str, *instances: dict[str, Any]) -> dict[str, Any]:
    type_, _, name = address.partition(".")
    return {"mode": "managed", "type": type_, "name": name, "provider": "aws", "instances": list(instances)}


def instance(identity: str, *needed: str, **others: str) -> dict[str, Any]:
    return {"attributes": {"id": identity}, "dependencies": list(needed), **others}


def content(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 4, "serial": 7, "lineage": "it", "resources": list(resources)}


def test_it_keeps_what_it_needs_in_order() -> None:
    """Terraform deletes a version before its image because the state says that it depends on it."""
    before = content(
        recorded(IMAGE, instance("old", "aws_iam_role.execution")), recorded(VERSION, instance("old", IMAGE))
    )
    after, (image, version) = state.park(before, [(IMAGE, "old"), (VERSION, "old")])

    assert (image, version) == (f"{IMAGE}_until_cba06b57", f"{VERSION}_until_cba06b57")
    assert after == content(
        recorded(image, instance("old", "aws_iam_role.execution")), recorded(version, instance("old", image))
    ) | {"serial": 8}
    assert before["serial"] == 7


def test_one_that_waits_beside_its_successor_goes_alone() -> None:
    before = content(recorded(IMAGE, instance("new"), instance("old", deposed="1234")))
    after, (image,) = state.park(before, [(IMAGE, "old")])

    assert after["resources"] == [recorded(IMAGE, instance("new")), recorded(image, instance("old"))]


def test_several_on_their_way_out_do_not_meet() -> None:
    first, _ = state.park(content(recorded(IMAGE, instance("old"))), [(IMAGE, "old")])
    first["resources"].append(recorded(IMAGE, instance("newer")))
    second, (image,) = state.park(first, [(IMAGE, "newer")])

    assert len(second["resources"]) == 2
    assert image not in {f"{r['type']}.{r['name']}" for r in first["resources"]}


def test_what_goes_with_it_still_goes_first() -> None:
    """A user who leaves in the same plan uses the script until then; one who stays has the new one."""
    gone, stays = "aws_sagemaker_user_profile.grace", "aws_sagemaker_user_profile.ada"
    before = content(
        recorded(IMAGE, instance("old")),
        recorded(gone, instance("grace", IMAGE)),
        recorded(stays, instance("ada", IMAGE)),
    )
    after, (image,) = state.park(before, [(IMAGE, "old")], {gone})

    assert {f"{r['type']}.{r['name']}": r["instances"][0]["dependencies"] for r in after["resources"]} == {
        gone: [IMAGE, image],
        stays: [IMAGE],
        image: [],
    }
