"""Custom images: a name for container images in ECR, one version for each."""

import re
from dataclasses import dataclass, field

from moto.ecr.models import ecr_backends

from studio_emulator.studio.exceptions import ResourceInUse, ResourceNotFound, ValidationException, already_exists
from studio_emulator.studio.paging import between, page
from studio_emulator.studio.references import check_role, custom_images_of
from studio_emulator.studio.resource import Resource, Settings, now, present, read_tags
from studio_emulator.studio.store import StudioStore

SORTS = {"CREATION_TIME": "CreationTime", "LAST_MODIFIED_TIME": "LastModifiedTime"}
ECR_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<name>[^:@]+)[:@](?P<reference>.+)"
)
DESCRIBED = ("VendorGuidance", "JobType", "MLFramework", "ProgrammingLang", "Processor", "Horovod", "ReleaseNotes")


@dataclass(kw_only=True)
class ImageVersion(Resource):
    """One container image. It is copied from ECR once, so a tag that moves on there changes nothing here."""

    number: int
    image_arn: str
    base_image: str
    container_image: str | None
    about: Settings
    aliases: list[str] = field(default_factory=list)

    def summary(self) -> Settings:
        """The shape ImageVersion."""
        return present(
            {
                "CreationTime": self.creation_time,
                "FailureReason": self.failure_reason,
                "ImageArn": self.image_arn,
                "ImageVersionArn": self.arn,
                "ImageVersionStatus": self.status,
                "LastModifiedTime": self.last_modified_time,
                "Version": self.number,
            }
        )

    def describe(self) -> Settings:
        """The shape DescribeImageVersionResponse."""
        return present(
            self.summary() | {"BaseImage": self.base_image, "ContainerImage": self.container_image} | self.about
        )


@dataclass(kw_only=True)
class CustomImage(Resource):
    """One image with its versions by number. Numbers are not used again."""

    name: str
    role_arn: str
    display_name: str | None
    description: str | None
    versions: dict[int, ImageVersion] = field(default_factory=dict)
    last_number: int = 0

    def version_called(self, alias: str) -> ImageVersion | None:
        """The version that has this alias."""
        return next((version for version in self.versions.values() if alias in version.aliases), None)

    def name_version(self, version: ImageVersion, aliases: list[str]) -> None:
        """Give a version aliases. Each is the name of one version: that another one loses it is assumed."""
        for alias in aliases:
            for other in self.versions.values():
                other.aliases = [name for name in other.aliases if name != alias]
        version.aliases += [alias for alias in dict.fromkeys(aliases) if alias not in version.aliases]

    def summary(self) -> Settings:
        """The shape Image."""
        return present(
            {
                "CreationTime": self.creation_time,
                "Description": self.description,
                "DisplayName": self.display_name,
                "FailureReason": self.failure_reason,
                "ImageArn": self.arn,
                "ImageName": self.name,
                "ImageStatus": self.status,
                "LastModifiedTime": self.last_modified_time,
            }
        )

    def describe(self) -> Settings:
        """The shape DescribeImageResponse."""
        return self.summary() | {"RoleArn": self.role_arn}


class ImageBackend(StudioStore):
    """CreateImage, CreateImageVersion and their siblings."""

    def create_image(self, request: Settings) -> CustomImage:
        """Raises ResourceInUse for a name that is taken, ValidationException for a role that does not exist."""
        name = request["ImageName"]
        if name in self.images:
            raise already_exists("Image", self.images[name].arn)
        check_role(self, request["RoleArn"])
        image = CustomImage(
            arn=self.studio_arn(f"image/{name}"),
            tags=read_tags(request.get("Tags")),
            name=name,
            role_arn=request["RoleArn"],
            display_name=request.get("DisplayName"),
            description=request.get("Description"),
        )
        self.images[name] = image
        self.pass_through(image, "CREATING", lambda: image.turn("CREATED"))
        return image

    def get_image(self, name: str) -> CustomImage:
        """Raises ResourceNotFound; the provider looks for these words (internal/service/sagemaker/image.go)."""
        if name not in self.images:
            raise ResourceNotFound(f"No Image with the name [{name}]: it does not exist.")
        return self.images[name]

    def update_image(self, request: Settings) -> CustomImage:
        """Changes what it is called and described as, and its role."""
        image = self.get_image(request["ImageName"])
        self._require_created("update", image)
        if "RoleArn" in request:
            check_role(self, request["RoleArn"])
        cleared = request.get("DeleteProperties", [])
        image.role_arn = request.get("RoleArn", image.role_arn)
        image.display_name = request.get("DisplayName", None if "DisplayName" in cleared else image.display_name)
        image.description = request.get("Description", None if "Description" in cleared else image.description)
        self.pass_through(image, "UPDATING", lambda: image.turn("CREATED"))
        return image

    def list_images(self, request: Settings) -> tuple[list[CustomImage], str | None]:
        """Filters: NameContains, and dates."""
        contained = request.get("NameContains", "")
        return page(
            [image for image in self.images.values() if contained in image.name and _passes(image, request)],
            _order(request),
            name=lambda image: image.name,
        )

    def delete_image(self, name: str) -> None:
        """Its versions go with it. That domains, profiles and running apps which name it block this is assumed."""
        image = self.get_image(name)
        if image.status == "DELETING":
            return
        self._refuse_while_used(image.arn, self._users_of(name, image.versions))

        def finish() -> None:
            del self.images[name]

        self.pass_through(image, "DELETING", finish)

    def create_image_version(self, request: Settings) -> ImageVersion:
        """AWS looks for the container image after it has answered: one that is not there makes a failed version."""
        image = self.get_image(request["ImageName"])
        self._require_created("create a version of", image)
        image.last_number += 1
        version = ImageVersion(
            arn=self.studio_arn(f"image-version/{image.name}/{image.last_number}"),
            tags={},
            number=image.last_number,
            image_arn=image.arn,
            base_image=request["BaseImage"],
            container_image=None,
            about={key: request[key] for key in DESCRIBED if key in request},
        )
        image.name_version(version, request.get("Aliases", []))
        image.versions[version.number] = version
        self.pass_through(version, "CREATING", lambda: self._settle(version))
        return version

    def _settle(self, version: ImageVersion) -> None:
        version.container_image = self._container_image(version.base_image)
        if version.container_image:
            version.turn("CREATED")
        else:  # text assumed
            missing = f"Image [{version.base_image}] does not exist, or cannot be pulled with the role."
            version.turn("CREATE_FAILED", missing)

    def _container_image(self, uri: str) -> str | None:
        """The container image by its digest, if it is in the account's ECR; others are taken on trust."""
        found = ECR_URI.fullmatch(uri)
        if found is None or found["account"] != self.account_id:
            return uri
        repository = ecr_backends[self.account_id][found["region"]].repositories.get(found["name"])
        for image in repository.images if repository else ():
            if found["reference"] in {image.get_image_digest(), *image.image_tags}:
                return f"{uri[: found.end('name')]}@{image.get_image_digest()}"
        return None

    def get_image_version(self, request: Settings) -> ImageVersion:
        """The version of this number or alias, else the newest. Raises ResourceNotFound."""
        image = self.get_image(request["ImageName"])
        alias: str | None = request.get("Alias")
        if alias is not None and "Version" in request:  # text assumed
            raise ValidationException("Only one of Version and Alias can be provided")
        number = request.get("Version", max(image.versions, default=0))
        version = image.versions.get(number) if alias is None else image.version_called(alias)
        if version is None:
            raise ResourceNotFound(f"ImageVersion [{image.name}/{alias or number}] does not exist.")  # text assumed
        return version

    def update_image_version(self, request: Settings) -> ImageVersion:
        """Changes what it is described as, and its aliases; never the container image."""
        image, version = self.get_image(request["ImageName"]), self.get_image_version(request)
        if version.status != "CREATED":  # text assumed
            raise ResourceInUse(
                f"Unable to update ImageVersion [{version.arn}] because its status is {version.status}."
            )
        version.about = version.about | {key: request[key] for key in DESCRIBED if key in request}
        gone = request.get("AliasesToDelete", [])
        version.aliases = [alias for alias in version.aliases if alias not in gone]
        image.name_version(version, request.get("AliasesToAdd", []))
        version.last_modified_time = now()
        return version

    def list_aliases(self, request: Settings) -> list[str]:
        """The aliases of one version, or of all of an image's. More than a page of them is not supported."""
        if "Version" in request or "Alias" in request:
            return list(self.get_image_version(request).aliases)
        versions = self.get_image(request["ImageName"]).versions.values()
        return [alias for version in versions for alias in version.aliases]

    def list_image_versions(self, request: Settings) -> tuple[list[ImageVersion], str | None]:
        """The versions of an image. Filters: dates."""
        every = self.get_image(request["ImageName"]).versions.values()
        versions = [version for version in every if _passes(version, request)]
        return page(versions, _order(request), name=lambda version: f"{version.number:09}")

    def delete_image_version(self, request: Settings) -> None:
        """Delete a version, unless something names it, or the newest and it is that: this limit is assumed."""
        image, version = self.get_image(request["ImageName"]), self.get_image_version(request)
        if version.status == "DELETING":
            return
        self._refuse_while_used(version.arn, self._users_of(image.name, {version.number: version}))

        def finish() -> None:
            image.versions.pop(version.number, None)

        self.pass_through(version, "DELETING", finish)

    def _users_of(self, name: str, versions: dict[int, ImageVersion]) -> list[str]:
        """Return the resources that use the image with one of these versions, or with none, which means the newest."""
        newest = max(self.images[name].versions, default=0)
        settings = [
            (domain.arn, settings) for domain in self.studio_domains.values() for settings in domain.all_settings()
        ]
        settings += [(profile.arn, profile.user_settings) for profile in self.profiles.values()]
        users = [
            arn
            for arn, user_settings in settings
            for custom in custom_images_of(user_settings)
            if custom["ImageName"] == name
            and (not versions or (custom.get("ImageVersionNumber") or newest) in versions)
        ]
        arns = {self.images[name].arn, *(version.arn for version in versions.values())}
        images = ("SageMakerImageArn", "SageMakerImageVersionArn")
        users += [app.arn for app in self.apps_where(lambda app: any(app.resource_spec.get(k) in arns for k in images))]
        return list(dict.fromkeys(users))

    def _refuse_while_used(self, arn: str, users: list[str]) -> None:
        if users:  # text assumed
            raise ResourceInUse(f"Unable to delete [{arn}] because it is in use by [{', '.join(users)}].")

    def _require_created(self, verb: str, image: CustomImage) -> None:
        if image.status != "CREATED":  # text assumed
            raise ResourceInUse(f"Unable to {verb} Image [{image.arn}] because its status is {image.status}.")


def _passes(resource: Resource, request: Settings) -> bool:
    times = {"CreationTime": resource.creation_time, "LastModifiedTime": resource.last_modified_time}
    return all(between(moment, request, field) for field, moment in times.items())


def _order(request: Settings) -> Settings:
    """These two listings write their sorting in capitals, and show the newest first (API reference, ListImages)."""
    sort_by = SORTS.get(request.get("SortBy", "CREATION_TIME"), "Name")
    order = request.get("SortOrder", "DESCENDING").capitalize()
    return request | {"SortBy": sort_by, "SortOrder": order}
