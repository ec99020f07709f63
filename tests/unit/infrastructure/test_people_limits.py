"""The starts that `[limits]` denies, by the evaluator of the rehearsal and by one that knows nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.environments import environment
from tests.unit.infrastructure.rendered import REGION, Role, roles_of
from tests.unit.infrastructure.test_permissions import Keys, arn, ours, session_keys, space_keys, theirs

from studio_emulator.iam.policy import Asked
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.iam import limits, own_identity
from studioctl.infrastructure.naming import Naming

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
LIMITS = {"instance_types": ["ml.t3.*", "ml.m5.large"], "images": ["4.3", "torch"], "apps": ["code-editor"]}
CUSTOM = [{"name": "torch", "digest": DIGEST}, {"name": "other", "digest": DIGEST.replace("0", "1")}]
TYPES, IMAGES, VERSIONS = "sagemaker:InstanceTypes", "sagemaker:ImageArns", "sagemaker:ImageVersionArns"
NAMING = Naming("acme-ml")
TORCH, OTHER = (NAMING.custom_image(each["digest"]) for each in CUSTOM)
OF_AWS = f"arn:aws:sagemaker:{REGION}:885854791233:image/sagemaker-distribution-gpu"
SPACE = arn("sagemaker", "space/d-mlmlmlmlmlml/ada-new")


def app(kind: str = "codeeditor") -> str:
    return arn("sagemaker", f"app/d-mlmlmlmlmlml/ada-editor/{kind}/default")


JOB = arn("sagemaker", f"training-job/{NAMING.job_prefix()}x")
# The action, on what, what the request says, and whether it may be done.
CASES: dict[str, tuple[str, str, Keys, bool]] = {
    "an app on a listed type": ("CreateApp", app(), {TYPES: ("ml.m5.large",)}, True),
    "an app on a type of a pattern": ("CreateApp", app(), {TYPES: ("ml.t3.2xlarge",)}, True),
    "an app that names no type": ("CreateApp", app(), {}, True),
    "an app on another type": ("CreateApp", app(), {TYPES: ("ml.g5.xlarge",)}, False),
    "a space on another type": ("CreateSpace", SPACE, {TYPES: ("ml.g5.xlarge",)}, False),
    "a space that changes to another type": ("UpdateSpace", SPACE, {TYPES: ("ml.g5.xlarge",)}, False),
    "a space on a listed type": ("CreateSpace", SPACE, {TYPES: ("ml.t3.medium",)}, True),
    "a job on a listed type": ("CreateTrainingJob", JOB, {TYPES: ("ml.m5.large",)}, True),
    "a job on another type": ("CreateTrainingJob", JOB, {TYPES: ("ml.p5.48xlarge",)}, False),
    "a job on one of each": ("CreateTrainingJob", JOB, {TYPES: ("ml.m5.large", "ml.p5.48xlarge")}, False),
    "another app": ("CreateApp", app("jupyterlab"), {TYPES: ("ml.t3.medium",)}, False),
    "an app of another kind altogether": ("CreateApp", app("canvas"), {}, False),
    "the end of another app": ("DeleteApp", app("jupyterlab"), {}, True),
    "AWS's image": ("CreateApp", app(), {IMAGES: (OF_AWS,)}, True),
    "a custom image that is listed": ("CreateApp", app(), {IMAGES: (arn("sagemaker", f"image/{TORCH}"),)}, True),
    "a version of it": ("CreateApp", app(), {VERSIONS: (arn("sagemaker", f"image-version/{TORCH}/1"),)}, True),
    "a custom image that is not": ("CreateApp", app(), {IMAGES: (arn("sagemaker", f"image/{OTHER}"),)}, False),
    "a version of that": ("CreateSpace", SPACE, {VERSIONS: (arn("sagemaker", f"image-version/{OTHER}/1"),)}, False),
}


def may(evaluator: Callable[[Role, Asked], bool], role: Role, case: tuple[str, str, Keys, bool]) -> bool:
    action, resource, said, _ = case
    keys = {**session_keys("ada"), **space_keys(["acme-ml", "ada"]), **said}
    context = {key.lower(): value for key, value in keys.items()} if evaluator is ours else keys
    return evaluator(role, Asked(f"sagemaker:{action}", resource, context))


@pytest.mark.parametrize("evaluator", [ours, theirs])
@pytest.mark.parametrize("iam", [{}, {"per_user_roles": True}, {"permissions": "managed"}], ids=str)
def test_nobody_starts_what_the_limits_do_not_name(evaluator: Callable[[Role, Asked], bool], iam: Any) -> None:
    given = {"iam": iam, "images": {"custom": CUSTOM}}
    limited = roles_of(environment(**given, limits=LIMITS))["ada"]
    free = roles_of(environment(**given))["ada"]
    # With a role for each, a job's name is its user's. Principal Mapper takes one listed value of several for all.
    left_out = ("job",) if iam.get("per_user_roles") else ("one of each",) if evaluator is theirs else ()
    cases = {title: case for title, case in CASES.items() if not any(words in title for words in left_out)}

    assert {title: may(evaluator, limited, case) for title, case in cases.items()} == {
        title: case[3] for title, case in cases.items()
    }
    assert all(may(evaluator, free, case) for case in cases.values())


def test_a_laptop_is_denied_the_same() -> None:
    config = environment(limits=LIMITS, images={"custom": CUSTOM})
    custom = {"torch": TORCH, "other": OTHER}
    denied = limits.statements(
        config.limits, custom, sagemaker=arn("sagemaker", ""), images=f"arn:aws:sagemaker:{REGION}:*:"
    )
    statements = own_identity.statements(
        partition="aws",
        region=REGION,
        account="123456789012",
        domain_id="d-mlmlmlmlmlml",
        user="ada",
        remote_access=True,
        denied=denied,
    )
    document = own_identity.document(statements)
    role = Role("arn:aws:iam::123456789012:role/ada", {"own": document})
    of_laptop = {title: case for title, case in CASES.items() if case[0] in {"CreateApp", "UpdateSpace"}}

    assert {title: may(theirs, role, case) for title, case in of_laptop.items()} == {
        title: case[3] for title, case in of_laptop.items()
    }


def pages(**sections: Any) -> dict[str, Any]:
    made = {resource.address: resource for resource in blueprint.build(environment(**sections)).resources()}
    found = made["aws_sagemaker_domain.studio"].api_alone["default_user_settings"]["studio_web_portal_settings"]
    return dict(found)


def test_studio_shows_only_what_may_be_started() -> None:
    found = pages(limits=LIMITS | {"images": ["4.3", "3", "torch"]}, images={"custom": CUSTOM}, studio={"image": "4.3"})

    assert "ml.g5.xlarge" in found["hidden_instance_types"]
    assert not {"ml.t3.medium", "ml.m5.large"} & set(found["hidden_instance_types"])
    assert found["hidden_app_types"] == [
        "Canvas",
        "DetailedProfiler",
        "JupyterLab",
        "JupyterServer",
        "KernelGateway",
        "RSessionGateway",
        "RStudioServerPro",
        "TensorBoard",
    ]
    (of_aws,) = found["hidden_sagemaker_image_version_aliases"]
    assert of_aws["sagemaker_image_name"] == "sagemaker_distribution"
    assert len(of_aws["version_aliases"]) == 20
    assert "4.2" in of_aws["version_aliases"]
    assert not {"4.3", "3.9"} & set(of_aws["version_aliases"])


def test_without_limits_nothing_is_hidden_for_them() -> None:
    assert pages() == {"hidden_instance_types": [], "hidden_sagemaker_image_version_aliases": []}
    assert pages(studio={"hidden_apps": ["Canvas"]}, limits={"apps": ["code-editor", "jupyterlab", "Canvas"]})[
        "hidden_app_types"
    ] == [
        "Canvas",
        "DetailedProfiler",
        "JupyterServer",
        "KernelGateway",
        "RSessionGateway",
        "RStudioServerPro",
        "TensorBoard",
    ]
