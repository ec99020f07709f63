"""Custom-image steps that Terraform cannot do: check that they exist, detach the last one."""

from collections.abc import Sequence

from studioctl.aws.errors import MissingError
from studioctl.aws.registry import Registry
from studioctl.aws.studio import Studio
from studioctl.aws.wait import until
from studioctl.catalog.kinds import APP_IMAGE_CONFIG, IMAGE
from studioctl.config.apps import TYPES
from studioctl.errors import StudioctlError
from studioctl.events import Stage, Work
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import PlanSummary

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


def emptied(environment: Environment, summary: PlanSummary) -> tuple[str, ...]:
    """The AppTypes that offer no custom image any more, where images go."""
    if not any(change.destroys and change.type in {IMAGE, APP_IMAGE_CONFIG} for change in summary.changes):
        return ()
    offering = {app for image in environment.config.images.custom for app in image.apps}
    return tuple(app_type for app, app_type in TYPES.items() if app not in offering)


def detach_from_users(environment: Environment, app_types: Sequence[str]) -> Work[None]:
    """Makes the user profiles offer no custom image for apps of these types.

    The provider never sends an empty list, and then AWS keeps the old one, whose images it does not let go.
    https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-detach.html
    """
    domain = environment.domain()
    if domain is None:
        return
    studio = environment.studio
    yield Stage("Detaching images")
    yield from _settled(studio, domain.id)  # AWS refuses to change what is being changed
    for profile in studio.user_profiles(domain.id):
        studio.offer_no_images(domain.id, profile.name, app_types)
    yield from _settled(studio, domain.id)


def _settled(studio: Studio, domain_id: str) -> Work[None]:
    """Wait until no user profile is being changed."""
    yield from until(
        lambda: all(profile.status == "InService" for profile in studio.user_profiles(domain_id)),
        subject="user profiles",
        action="update",
        timeout=TIMEOUT,
    )
