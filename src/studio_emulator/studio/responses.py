"""The wire: each Studio action parses nothing but names, asks the backend and shapes the answer."""

import json
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from studio_emulator.studio.exceptions import SerializationException
from studio_emulator.studio.models import StudioBackend
from studio_emulator.studio.validation import validate


class StudioResponse(SageMakerResponse):
    """moto's SageMaker with Studio. Every request, moto's own actions too, is validated before it is parsed."""

    _refusal: SagemakerClientError | None = None

    @property
    def studio(self) -> StudioBackend:
        """The backend of the request's account and region."""
        backend = sagemaker_backends[self.current_account][self.region]
        assert isinstance(backend, StudioBackend)  # noqa: S101 - install.py sees to it
        return backend

    def parse_parameters(self, request: Any) -> None:
        """Validate first: moto's parser drops unknown members, and stumbles over wrong types."""
        try:
            shape = get_service_model("sagemaker").operation_model(self._get_action()).input_shape
            validate(shape, _json(request.data))
        except SagemakerClientError as refusal:
            self._refusal, self.params = refusal, {}
        else:
            super().parse_parameters(request)

    def call_action(self) -> TYPE_RESPONSE:
        """Answer with the refusal, if the request was refused."""
        if self._refusal is not None:
            return self.serialized(ActionResult(self._refusal))
        return super().call_action()

    def create_domain(self) -> ActionResult:
        domain = self.studio.create_domain(self.params)
        return ActionResult({"DomainArn": domain.arn, "DomainId": domain.domain_id, "Url": domain.url})

    def describe_domain(self) -> ActionResult:
        return ActionResult(self.studio.get_domain(self.params["DomainId"]).describe())

    def list_domains(self) -> ActionResult:
        return _listing("Domains", *self.studio.list_domains(self.params))

    def update_domain(self) -> ActionResult:
        return ActionResult({"DomainArn": self.studio.update_domain(self.params).arn})

    def delete_domain(self) -> ActionResult:
        self.studio.delete_domain(self.params["DomainId"], self.params.get("RetentionPolicy"))
        return EmptyResult()

    def create_user_profile(self) -> ActionResult:
        return ActionResult({"UserProfileArn": self.studio.create_user_profile(self.params).arn})

    def describe_user_profile(self) -> ActionResult:
        profile = self.studio.get_profile(self.params["DomainId"], self.params["UserProfileName"])
        return ActionResult(profile.describe())

    def list_user_profiles(self) -> ActionResult:
        return _listing("UserProfiles", *self.studio.list_user_profiles(self.params))

    def update_user_profile(self) -> ActionResult:
        return ActionResult({"UserProfileArn": self.studio.update_user_profile(self.params).arn})

    def delete_user_profile(self) -> ActionResult:
        self.studio.delete_user_profile(self.params["DomainId"], self.params["UserProfileName"])
        return EmptyResult()

    def create_space(self) -> ActionResult:
        return ActionResult({"SpaceArn": self.studio.create_space(self.params).arn})

    def describe_space(self) -> ActionResult:
        return ActionResult(self.studio.get_space(self.params["DomainId"], self.params["SpaceName"]).describe())

    def list_spaces(self) -> ActionResult:
        return _listing("Spaces", *self.studio.list_spaces(self.params))

    def update_space(self) -> ActionResult:
        return ActionResult({"SpaceArn": self.studio.update_space(self.params).arn})

    def delete_space(self) -> ActionResult:
        self.studio.delete_space(self.params["DomainId"], self.params["SpaceName"])
        return EmptyResult()

    def create_app(self) -> ActionResult:
        return ActionResult({"AppArn": self.studio.create_app(self.params).arn})

    def describe_app(self) -> ActionResult:
        return ActionResult(self.studio.describe_app(self.params).describe())

    def list_apps(self) -> ActionResult:
        return _listing("Apps", *self.studio.list_apps(self.params))

    def delete_app(self) -> ActionResult:
        self.studio.delete_app(self.params)
        return EmptyResult()

    def create_studio_lifecycle_config(self) -> ActionResult:
        config = self.studio.create_studio_lifecycle_config(self.params)
        return ActionResult({"StudioLifecycleConfigArn": config.arn})

    def describe_studio_lifecycle_config(self) -> ActionResult:
        name = self.params["StudioLifecycleConfigName"]
        return ActionResult(self.studio.describe_studio_lifecycle_config(name).describe())

    def list_studio_lifecycle_configs(self) -> ActionResult:
        return _listing("StudioLifecycleConfigs", *self.studio.list_studio_lifecycle_configs(self.params))

    def delete_studio_lifecycle_config(self) -> ActionResult:
        self.studio.delete_studio_lifecycle_config(self.params["StudioLifecycleConfigName"])
        return EmptyResult()

    def create_image(self) -> ActionResult:
        return ActionResult({"ImageArn": self.studio.create_image(self.params).arn})

    def describe_image(self) -> ActionResult:
        return ActionResult(self.studio.get_image(self.params["ImageName"]).describe())

    def update_image(self) -> ActionResult:
        return ActionResult({"ImageArn": self.studio.update_image(self.params).arn})

    def list_images(self) -> ActionResult:
        return _listing("Images", *self.studio.list_images(self.params))

    def delete_image(self) -> ActionResult:
        self.studio.delete_image(self.params["ImageName"])
        return EmptyResult()

    def create_image_version(self) -> ActionResult:
        return ActionResult({"ImageVersionArn": self.studio.create_image_version(self.params).arn})

    def describe_image_version(self) -> ActionResult:
        return ActionResult(self.studio.get_image_version(self.params).describe())

    def list_image_versions(self) -> ActionResult:
        return _listing("ImageVersions", *self.studio.list_image_versions(self.params))

    def update_image_version(self) -> ActionResult:
        return ActionResult({"ImageVersionArn": self.studio.update_image_version(self.params).arn})

    def list_aliases(self) -> ActionResult:
        return ActionResult({"SageMakerImageVersionAliases": self.studio.list_aliases(self.params)})

    def delete_image_version(self) -> ActionResult:
        self.studio.delete_image_version(self.params)
        return EmptyResult()

    def create_app_image_config(self) -> ActionResult:
        return ActionResult({"AppImageConfigArn": self.studio.create_app_image_config(self.params).arn})

    def describe_app_image_config(self) -> ActionResult:
        return ActionResult(self.studio.get_app_image_config(self.params["AppImageConfigName"]).summary())

    def update_app_image_config(self) -> ActionResult:
        return ActionResult({"AppImageConfigArn": self.studio.update_app_image_config(self.params).arn})

    def list_app_image_configs(self) -> ActionResult:
        return _listing("AppImageConfigs", *self.studio.list_app_image_configs(self.params))

    def delete_app_image_config(self) -> ActionResult:
        self.studio.delete_app_image_config(self.params["AppImageConfigName"])
        return EmptyResult()

    def create_presigned_domain_url(self) -> ActionResult:
        return ActionResult({"AuthorizedUrl": self.studio.create_presigned_domain_url(self.params)})

    def start_session(self) -> ActionResult:
        return ActionResult(self.studio.start_session(self.params["ResourceIdentifier"]))

    def create_training_job(self) -> ActionResult:
        return ActionResult({"TrainingJobArn": self.studio.create_training_job(self.params).arn})

    def describe_training_job(self) -> ActionResult:
        return ActionResult(self.studio.get_training_job(self.params["TrainingJobName"]).describe())

    def list_training_jobs(self) -> ActionResult:
        return _listing("TrainingJobSummaries", *self.studio.list_training_jobs(self.params))

    def stop_training_job(self) -> ActionResult:
        self.studio.stop_training_job(self.params["TrainingJobName"])
        return EmptyResult()

    def update_training_job(self) -> ActionResult:
        return ActionResult({"TrainingJobArn": self.studio.update_training_job(self.params).arn})

    def delete_training_job(self) -> ActionResult:
        self.studio.delete_training_job(self.params["TrainingJobName"])
        return EmptyResult()


def _listing(name: str, items: list[Any], next_token: str | None) -> ActionResult:
    answer: dict[str, Any] = {name: [item.summary() for item in items]}
    return ActionResult(answer | ({"NextToken": next_token} if next_token else {}))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        raise SerializationException("The request's body is not JSON.") from None  # text assumed
