"""Studio's pages, and people's own spaces and apps: AWS's own isolation statements, bound to user and domain."""

from studioctl.infrastructure.iam.scope import DOMAIN, FULL_ACCESS, GUIDE, PROFILE, SAGEMAKER_ACTIONS, Scope
from studioctl.infrastructure.iam.statement import Condition, Policy, Statement


def studio(scope: Scope) -> Policy:
    """Studio's pages, and people's own apps and private spaces."""
    mine = _owned_by_the_user(scope)
    return Policy(
        "studio",
        "Studio's pages, and people's own apps and private spaces in this environment's domain.",
        "[studio]",
        (
            *_reading(scope),
            Statement(
                "OwnProfile",
                ("sagemaker:CreatePresignedDomainUrl", "sagemaker:ListTags"),
                scope.sagemaker(f"user-profile/{DOMAIN}/{PROFILE}"),
                "Studio opens as the user's own profile, never as another's.",
                "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedDomainUrl.html",
            ),
            Statement(
                "OwnSpaces",
                ("sagemaker:CreateSpace", "sagemaker:DeleteSpace", "sagemaker:UpdateSpace"),
                scope.sagemaker(f"space/{DOMAIN}/*"),
                "Users create and change their own private spaces, never another user's or a shared one.",
                FULL_ACCESS,
                mine,
            ),
            *(() if scope.remote_access else (_no_remote_access(scope),)),
            Statement(
                "OwnApps",
                ("sagemaker:CreateApp", "sagemaker:DeleteApp"),
                scope.sagemaker(f"app/{DOMAIN}/*"),
                "People start and stop the editors in their own private spaces.",
                FULL_ACCESS,
                mine,
            ),
            Statement(
                "TagsOfNewSpacesAndApps",
                ("sagemaker:AddTags",),
                scope.sagemaker(f"space/{DOMAIN}/*", f"app/{DOMAIN}/*"),
                "What Studio makes it tags, and AWS refuses to make it otherwise. Only while it is made: whoever could"
                " tag another's space could open a session to it.",
                f"{GUIDE}/studio-updated-spaces.html",
                (Condition("StringEquals", "sagemaker:TaggingAction", ("CreateApp", "CreateSpace")),),
            ),
        ),
    )


def _reading(scope: Scope) -> tuple[Statement, ...]:
    own = scope.environment
    return (
        Statement(
            "StudioLists",
            ("sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"),
            ("*",),
            "Studio's pages list the domain, its users, spaces and apps.",
            FULL_ACCESS,
        ),
        Statement(
            "StudioReads",
            ("sagemaker:DescribeApp", "sagemaker:DescribeDomain", "sagemaker:DescribeSpace"),
            scope.sagemaker(f"domain/{DOMAIN}", f"space/{DOMAIN}/*", f"app/{DOMAIN}/*"),
            "Studio's pages, and SageMaker's SDK when it asks for the role (get_execution_role), look these up.",
            FULL_ACCESS,
        ),
        Statement(
            "ProfilesOfTheDomain",
            ("sagemaker:DescribeUserProfile",),
            scope.sagemaker(f"user-profile/{DOMAIN}/*"),
            "Studio reads the user's settings there.",
            FULL_ACCESS,
        ),
        Statement(
            "ImagesAndScripts",
            (
                "sagemaker:DescribeAppImageConfig",
                "sagemaker:DescribeImage",
                "sagemaker:DescribeImageVersion",
                "sagemaker:DescribeStudioLifecycleConfig",
                "sagemaker:ListImageVersions",
            ),
            scope.sagemaker(
                f"app-image-config/{own}-image-*",
                f"image/{own}-image-*",
                f"image-version/{own}-image-*",
                f"studio-lifecycle-config/{own}-editor-*",
            ),
            "Studio shows the images and the lifecycle script that a space can start with.",
            SAGEMAKER_ACTIONS,
        ),
    )


def _no_remote_access(scope: Scope) -> Statement:
    return Statement(
        "NoRemoteAccess",
        ("sagemaker:CreateSpace", "sagemaker:UpdateSpace"),
        scope.sagemaker(f"space/{DOMAIN}/*"),
        "remote_access = false in the file: nobody lets a local editor into a space.",
        f"{GUIDE}/remote-access-remote-setup-abac.html",
        (Condition("StringEquals", "sagemaker:RemoteAccess", ("ENABLED",)),),
        effect="Deny",
    )


def _owned_by_the_user(scope: Scope) -> tuple[Condition, ...]:
    owner = scope.arn("sagemaker", f"user-profile/{DOMAIN}/{PROFILE}")
    return (
        Condition("StringEquals", "sagemaker:SpaceSharingType", ("Private",)),
        Condition("ArnLike", "sagemaker:OwnerUserProfileArn", (owner,)),
    )


def remote_access(scope: Scope) -> Policy:
    """Remote sessions to people's own spaces."""
    owner = scope.arn("sagemaker", f"user-profile/{DOMAIN}/{PROFILE}")
    return Policy(
        "remote-access",
        "A local VS Code connects to people's own spaces.",
        "[studio] remote_access",
        (
            Statement(
                "OwnSessions",
                ("sagemaker:StartSession",),
                scope.sagemaker(f"space/{DOMAIN}/*"),
                "Studio's button opens a local VS Code on a space that the user owns: AWS goes by the space's tag.",
                f"{GUIDE}/remote-access-remote-setup.html",
                (Condition("ArnLike", "sagemaker:ResourceTag/sagemaker:user-profile-arn", (owner,)),),
            ),
        ),
    )
