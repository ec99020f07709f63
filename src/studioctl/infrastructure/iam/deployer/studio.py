"""Studio's part of the deployer's policy: domain, profiles, spaces, apps, scripts and images."""

from collections.abc import Iterator

from studioctl.config.access import SSO
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.scope import ACTIONS, SAGEMAKER_ACTIONS
from studioctl.infrastructure.iam.statement import Statement


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for Studio."""
    domain, name = deployment.domain, deployment.config.name
    things = deployment.arns("sagemaker", f"domain/{domain}", f"user-profile/{domain}/*", f"space/{domain}/*")
    new = deployment.arns("sagemaker", "domain/*", f"user-profile/{domain}/*", f"space/{domain}/*")
    named = deployment.arns("sagemaker", f"studio-lifecycle-config/{name}-editor-*")
    if deployment.config.images.custom:
        kinds = ("app-image-config", "image", "image-version")
        named += deployment.arns("sagemaker", *(f"{kind}/{name}-image-*" for kind in kinds))
    yield Statement(
        "StudioLook",
        (
            "sagemaker:DescribeApp",
            "sagemaker:DescribeDomain",
            "sagemaker:DescribeSpace",
            "sagemaker:DescribeUserProfile",
            "sagemaker:ListTags",
        ),
        (*things, *deployment.arns("sagemaker", f"app/{domain}/*")),
        "The environment's domain is the one with its tag: which that is can only be seen by looking.",
        SAGEMAKER_ACTIONS,
    )
    yield Statement(
        "StudioNew",
        ("sagemaker:AddTags", "sagemaker:CreateDomain", "sagemaker:CreateSpace", "sagemaker:CreateUserProfile"),
        new,
        "Domain, profiles and spaces are created with the environment's tag.",
        SAGEMAKER_ACTIONS,
        deployment.becomes_ours,
    )
    yield Statement(
        "StudioOwn",
        (
            "sagemaker:AddTags",
            "sagemaker:DeleteDomain",
            "sagemaker:DeleteSpace",
            "sagemaker:DeleteTags",
            "sagemaker:DeleteUserProfile",
            "sagemaker:UpdateDomain",
            "sagemaker:UpdateSpace",
            "sagemaker:UpdateUserProfile",
        ),
        things,
        "They are changed and removed.",
        SAGEMAKER_ACTIONS,
        deployment.ours,
    )
    if deployment.config.access.auth == SSO:
        yield _identity_center()
    yield Statement(
        "StopApps",
        ("sagemaker:DeleteApp",),
        deployment.arns("sagemaker", f"app/{domain}/*"),
        "down and up --stop-apps stop what runs. Apps that people start have no tag of the environment.",
        SAGEMAKER_ACTIONS,
    )
    yield Statement(
        "EditorScripts",
        (
            "sagemaker:AddTags",
            "sagemaker:CreateStudioLifecycleConfig",
            "sagemaker:DeleteStudioLifecycleConfig",
            "sagemaker:DescribeStudioLifecycleConfig",
            "sagemaker:DeleteTags",
            "sagemaker:ListTags",
            *(_image_actions() if deployment.config.images.custom else ()),
        ),
        named,
        "Scripts that set editors up, and images of one's own: AWS takes the names that studioctl gives.",
        SAGEMAKER_ACTIONS,
    )


def _image_actions() -> tuple[str, ...]:
    made = ("AppImageConfig", "Image", "ImageVersion")
    return (
        *(f"sagemaker:{verb}{kind}" for verb in ("Create", "Delete", "Describe", "Update") for kind in made),
        "sagemaker:ListImageVersions",
    )


def _identity_center() -> Statement:
    """AWS does not say what CreateDomain needs for its application. Assumed: what other services' managed ones need."""
    return Statement(
        "IdentityCenter",
        (
            "identitystore:DescribeUser",
            "identitystore:GetUserId",
            "sso:CreateApplicationAssignment",
            "sso:CreateManagedApplicationInstance",
            "sso:DeleteApplicationAssignment",
            "sso:DeleteManagedApplicationInstance",
            "sso:DescribeRegisteredRegions",
            "sso:GetManagedApplicationInstance",
            "sso:ListApplicationAssignments",
            "sso:ListInstances",
        ),
        ("*",),
        "The domain's users are people of IAM Identity Center, and are assigned to the domain's application. AWS makes"
        " that with the domain, under an id that nobody knows before.",
        f"{ACTIONS}/list_awsiamidentitycenter.html",
    )
