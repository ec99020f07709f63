"""The things that people may not start: `[limits]` as Deny statements, which win over whatever allows it.

AWS knows instance types and images of a request (sagemaker:InstanceTypes, sagemaker:ImageArns), and an app's type by
its ARN. It knows neither the size of a volume, which the domain's settings bound, nor an image's version.
"""

from collections.abc import Mapping

from studioctl.config.limits import Limits
from studioctl.config.people_limits import APPS, FREE, app_type
from studioctl.infrastructure.iam.scope import SAGEMAKER_ACTIONS, Scope
from studioctl.infrastructure.iam.statement import Condition, Policy, Statement

SPACES_AND_APPS = ("sagemaker:CreateApp", "sagemaker:CreateSpace", "sagemaker:UpdateSpace")
JOBS = (
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "sagemaker:CreateTransformJob",
)
DISTRIBUTION = "sagemaker-distribution-*"
PURPOSE = "limits"
ADDRESS = f"aws_iam_policy.{PURPOSE}"


def policy(scope: Scope, limits: Limits, custom: Mapping[str, str]) -> Policy | None:
    """The policy of these limits for every user's role; None where none is set.

    Args:
        scope: The environment.
        limits: `[limits]`.
        custom: SageMaker's names of custom images, by the file's.
    """
    found = statements(
        limits,
        custom,
        sagemaker=scope.arn("sagemaker", ""),
        images=f"arn:{scope.partition}:sagemaker:{scope.region}:*:",
    )
    if not found:
        return None
    keys = "[limits] instance_types, images and apps"
    return Policy(PURPOSE, "What nobody may start: what [limits] does not name.", keys, found, "name less, by patterns")


def statements(limits: Limits, custom: Mapping[str, str], *, sagemaker: str, images: str) -> tuple[Statement, ...]:
    """The statements of these limits.

    Args:
        limits: `[limits]`.
        custom: SageMaker's names of custom images, by the file's.
        sagemaker: The prefix of ARNs of this account's SageMaker.
        images: The prefix of ARNs of images, AWS's among them.
    """
    found = []
    if limits.instance_types is not None:
        found.append(
            Statement(
                "InstanceTypes",
                tuple(sorted((*SPACES_AND_APPS, *JOBS))),
                (f"{sagemaker}*",),
                "[limits] instance_types: nobody starts an app or a job, or makes a space, on another type.",
                SAGEMAKER_ACTIONS,
                (Condition("ForAnyValue:StringNotLike", "sagemaker:InstanceTypes", (*limits.instance_types, FREE)),),
                effect="Deny",
            )
        )
    if limits.images is not None:
        found += _images(limits.images, custom, sagemaker, images)
    if limits.apps is not None:
        others = sorted({app_type(app) for app in APPS} - {app_type(app) for app in limits.apps})
        found += (
            [
                Statement(
                    "Apps",
                    ("sagemaker:CreateApp",),
                    tuple(f"{sagemaker}app/*/*/{other.lower()}/*" for other in others),
                    "[limits] apps: nobody starts another app.",
                    SAGEMAKER_ACTIONS,
                    effect="Deny",
                )
            ]
            if others
            else []
        )
    return tuple(found)


def _images(names: tuple[str, ...], custom: Mapping[str, str], sagemaker: str, images: str) -> list[Statement]:
    ours = tuple(custom[name] for name in names if name in custom)
    why = "[limits] images: nobody starts an editor from another custom image. All versions of AWS's image pass."
    return [
        Statement(
            sid,
            SPACES_AND_APPS,
            (f"{sagemaker}*",),
            why,
            SAGEMAKER_ACTIONS,
            (
                Condition(
                    "ForAnyValue:StringNotLike",
                    key,
                    (
                        f"{images}{kind}/{DISTRIBUTION}{end}",
                        *(f"{sagemaker}{kind}/{name}{end}" for name in ours),
                    ),
                ),
            ),
            effect="Deny",
        )
        for sid, key, kind, end in (
            ("Images", "sagemaker:ImageArns", "image", ""),
            ("ImageVersions", "sagemaker:ImageVersionArns", "image-version", "/*"),
        )
    ]
