"""Custom images where Terraform is no good: that they can be made, and that the last of them can go."""

from studioctl.aws.errors import MissingError
from studioctl.aws.registry import Registry
from studioctl.aws.wait import until
from studioctl.errors import StudioctlError
from studioctl.events import Stage, Work
from studioctl.operations.environment import Environment

TIMEOUT = 1200.0  # seconds; what the provider allows a domain


def refuse_missing(environment: Environment) -> None:
    """Refuses when the file offers images that are not in the repository: SageMaker would fail minutes later.

    Raises:
        StudioctlError: It names the first one that is missing.
    """
    config = environment.config
    repository = config.repository
    try:
        there = {image.digest for image in Registry(environment.session).images(repository)}
    except MissingError:
        there = set()
    for image in config.images.custom:
        if image.digest not in there:
            raise StudioctlError(
                f"Repository '{repository}' has no image {image.digest}, which [[images.custom]] '{image.name}' offers."
                " Nothing was changed.",
                hint="take the entry out of the file, then: studioctl up, studioctl image push, studioctl image attach",
            )


def detach_from_users(environment: Environment) -> Work[None]:
    """Makes the user profiles offer no custom image.

    The provider never sends an empty list, and then AWS keeps the old one, whose images it does not let go.
    https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-detach.html
    """
    domain = environment.domain()
    if domain is None:
        return
    studio = environment.studio
    yield Stage("Detaching images")
    profiles = studio.user_profiles(domain.id)
    for profile in profiles:
        studio.offer_no_images(domain.id, profile.name)
    yield from until(
        lambda: all(profile.status == "InService" for profile in studio.user_profiles(domain.id)),
        subject=f"{len(profiles)} user profile{'s' if len(profiles) != 1 else ''}",
        action="update",
        timeout=TIMEOUT,
    )
