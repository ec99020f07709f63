"""What spaces are set to, as far as the listing of all spaces does not say it."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

AT_A_TIME = 8


@dataclass(frozen=True)
class SpaceSettings:
    """A space's own settings for Code Editor.

    Args:
        name: The space's.
        remote_access: AWS's word, or "DISABLED" when AWS says nothing.
        instance_type: Of its next app; None for the owner's default.
        lifecycle_config_arn: The script that its next app runs; None for none.
        image_arn: Of the image that its next app runs; None for AWS's choice.
        image_version: Alias of SageMaker Distribution's version, such as "3.2.0"; None for the newest.
    """

    name: str
    remote_access: str
    instance_type: str | None
    lifecycle_config_arn: str | None
    image_arn: str | None
    image_version: str | None

    def spec_with_image(self, version: str) -> str:
        """Its default resources with another version of the image, as the AWS CLI takes them."""
        members = {
            "InstanceType": self.instance_type,
            "LifecycleConfigArn": self.lifecycle_config_arn,
            "SageMakerImageArn": self.image_arn,
            "SageMakerImageVersionAlias": version,
        }
        return ",".join(f"{key}={value}" for key, value in members.items() if value)


def space_settings(session: Session, domain_id: str, names: Collection[str]) -> tuple[SpaceSettings, ...]:
    """The settings of these spaces, by name; of those that exist. Asked side by side."""
    sagemaker = session.client("sagemaker")

    def look(name: str) -> SpaceSettings | None:
        try:
            with translated():
                settings = sagemaker.describe_space(DomainId=domain_id, SpaceName=name).get("SpaceSettings", {})
        except MissingError:
            return None
        spec = settings.get("CodeEditorAppSettings", {}).get("DefaultResourceSpec", {})
        return SpaceSettings(
            name=name,
            remote_access=settings.get("RemoteAccess", "DISABLED"),
            instance_type=spec.get("InstanceType"),
            lifecycle_config_arn=spec.get("LifecycleConfigArn"),
            image_arn=spec.get("SageMakerImageArn"),
            image_version=spec.get("SageMakerImageVersionAlias"),
        )

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return tuple(found for found in pool.map(look, sorted(names)) if found is not None)
