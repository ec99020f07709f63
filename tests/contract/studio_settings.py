"""User and space settings with every argument that Terraform's provider has for them, in two states each.

Written from SageMaker's API model and the provider's documentation. `step` is 0 when a thing is made, and 1 after its
update.
"""

from typing import Any

Block = dict[str, Any]
REPOSITORIES = ("https://github.com/acme/models.git", "https://github.com/acme/lake.git")


def scripts(kind: str, step: int) -> list[str]:
    """The lifecycle configurations of one type of app; an update adds one."""
    return [f"${{aws_sagemaker_studio_lifecycle_config.{kind}_{number}.arn}}" for number in range(step + 1)]


def image(step: int, attribute: str, resource: str = "image") -> str:
    """An attribute of the first or the second custom image."""
    return f"${{aws_sagemaker_{resource}.{'first' if step == 0 else 'second'}.{attribute}}}"


def spec(step: int, script: str | None = None) -> Block:
    """A ResourceSpec with an image of the account's own."""
    filled: Block = {
        "instance_type": ("ml.t3.medium", "ml.t3.large")[step],
        "sagemaker_image_arn": image(step, "arn"),
        "sagemaker_image_version_arn": image(step, "arn", "image_version"),
        "sagemaker_image_version_alias": ("1.0", "1.1")[step],
    }
    return filled | ({"lifecycle_config_arn": scripts(script, step)[step]} if script else {})


def on_system(step: int, script: str | None = None) -> Block:
    """The same for JupyterServer and RStudio, which run on `system` and have AWS's images alone."""
    path = f"arn:aws:sagemaker:us-east-1:081325390199:KIND/jupyter-server-{step + 2}"
    images = {
        "instance_type": "system",
        "sagemaker_image_arn": path.replace("KIND", "image"),
        "sagemaker_image_version_arn": f"{path.replace('KIND', 'image-version')}/1",
    }
    return spec(step, script) | images


def custom_image(step: int) -> Block:
    """One custom image: a version by its number, and then the newest one, which has none."""
    config = ("plain", "editor")[step]
    named: Block = {
        "app_image_config_name": f"${{aws_sagemaker_app_image_config.{config}.app_image_config_name}}",
        "image_name": image(step, "image_name", "image_version"),
    }
    return named if step else named | {"image_version_number": 1}


def idle(step: int) -> Block:
    """Idle shutdown, as domains and profiles have it."""
    return {
        "idle_settings": {
            "lifecycle_management": ("ENABLED", "DISABLED")[step],
            "idle_timeout_in_minutes": (60, 90)[step],
            "min_idle_timeout_in_minutes": (60, 70)[step],
            "max_idle_timeout_in_minutes": (120, 180)[step],
        }
    }


def repositories(step: int) -> list[Block]:
    """Code repositories that JupyterServer and JupyterLab offer."""
    return [{"repository_url": url} for url in REPOSITORIES[: step + 1]]


def lab(step: int) -> Block:
    """JupyterLab, but for repositories."""
    return {
        "built_in_lifecycle_config_arn": scripts("lab", step)[step],
        "lifecycle_config_arns": scripts("lab", step),
        "app_lifecycle_management": idle(step),
        "custom_image": custom_image(step),
        "default_resource_spec": spec(step, "lab"),
        "emr_settings": {
            "assumable_role_arns": [("${aws_iam_role.first.arn}", "${aws_iam_role.second.arn}")[step]],
            "execution_role_arns": [("${aws_iam_role.first.arn}", "${aws_iam_role.second.arn}")[step]],
        },
    }


def server(step: int) -> Block:
    """JupyterServer, but for repositories."""
    return {
        "lifecycle_config_arns": scripts("server", step),
        "default_resource_spec": on_system(step, "server"),
    }


def kernel(step: int) -> Block:
    """KernelGateway."""
    return {
        "lifecycle_config_arns": scripts("kernel", step),
        "custom_image": custom_image(step),
        "default_resource_spec": spec(step, "kernel"),
    }


def volumes(step: int) -> Block:
    """Sizes of the disks of spaces."""
    sizes = {"default_ebs_volume_size_in_gb": (10, 15)[step], "maximum_ebs_volume_size_in_gb": (100, 150)[step]}
    return {"default_ebs_storage_settings": sizes}


def file_system(step: int) -> Block:
    """A custom file system; an update mounts another part of it."""
    return {
        "efs_file_system_config": {
            "file_system_id": f"${{aws_efs_mount_target.{('first', 'second')[step]}.file_system_id}}",
            "file_system_path": ("/", "/shared")[step],
        }
    }


def posix(step: int) -> Block:
    """The POSIX user of file system operations."""
    return {"uid": (10000, 20000)[step], "gid": (1001, 2001)[step]}


def canvas(step: int) -> Block:
    """SageMaker Canvas."""
    role = ("${aws_iam_role.first.arn}", "${aws_iam_role.second.arn}")[step]
    status = ("DISABLED", "ENABLED")[step]
    return {
        "direct_deploy_settings": {"status": status},
        "emr_serverless_settings": {"execution_role_arn": role, "status": status},
        "generative_ai_settings": {"amazon_bedrock_role_arn": role},
        "identity_provider_oauth_settings": {
            "data_source_name": ("SalesforceGenie", "Snowflake")[step],
            "secret_arn": f"${{aws_secretsmanager_secret.{('first', 'second')[step]}.arn}}",
            "status": status,
        },
        "kendra_settings": {"status": status},
        "model_register_settings": {"status": status},
        "time_series_forecasting_settings": {"amazon_forecast_role_arn": role, "status": status},
        "workspace_settings": {
            "s3_artifact_path": f"s3://${{aws_s3_bucket.world.bucket}}/{('one', 'two')[step]}",
            "s3_kms_key_id": f"${{aws_kms_key.{('first', 'second')[step]}.key_id}}",
        },
    }


def user_settings(step: int) -> Block:
    """All that a user can be given: the same for the users of a domain and for one profile."""
    return {
        "execution_role": ("${aws_iam_role.first.arn}", "${aws_iam_role.second.arn}")[step],
        "security_groups": [f"${{aws_security_group.{name}.id}}" for name in ("first", "elsewhere")[: step + 1]],
        "auto_mount_home_efs": ("Enabled", "Disabled")[step],
        "default_landing_uri": ("studio::", "app:JupyterServer:")[step],
        "studio_web_portal": ("ENABLED", "DISABLED")[step],
        "canvas_app_settings": canvas(step),
        "code_editor_app_settings": {
            "built_in_lifecycle_config_arn": scripts("editor", step)[step],
            "lifecycle_config_arns": scripts("editor", step),
            "app_lifecycle_management": idle(step),
            "custom_image": custom_image(step),
            "default_resource_spec": spec(step, "editor"),
        },
        "custom_file_system_config": file_system(step),
        "custom_posix_user_config": posix(step),
        "jupyter_lab_app_settings": {**lab(step), "code_repository": repositories(step)},
        "jupyter_server_app_settings": {**server(step), "code_repository": repositories(step)},
        "kernel_gateway_app_settings": kernel(step),
        "r_session_app_settings": {"custom_image": custom_image(step), "default_resource_spec": spec(step)},
        "r_studio_server_pro_app_settings": {
            "access_status": ("ENABLED", "DISABLED")[step],
            "user_group": "R_STUDIO_ADMIN",
        },
        "sharing_settings": {
            "notebook_output_option": ("Allowed", "Disabled")[step],
            "s3_kms_key_id": f"${{aws_kms_key.{('first', 'second')[step]}.key_id}}",
            "s3_output_path": f"s3://${{aws_s3_bucket.world.bucket}}/{('one', 'two')[step]}",
        },
        "space_storage_settings": volumes(step),
        "studio_web_portal_settings": {
            "hidden_app_types": ("Canvas", "RSessionGateway")[: step + 1],
            "hidden_instance_types": ("ml.g5.xlarge", "ml.p4d.24xlarge")[: step + 1],
            "hidden_ml_tools": ("DataWrangler", "FeatureStore")[: step + 1],
        },
        "tensor_board_app_settings": {"default_resource_spec": spec(step)},
    }


def analyst(step: int) -> Block:
    """A user of RStudio who gets another group, which the provider sends only while access is enabled."""
    return {
        "execution_role": "${aws_iam_role.first.arn}",
        "r_studio_server_pro_app_settings": {
            "access_status": "ENABLED",
            "user_group": ("R_STUDIO_USER", "R_STUDIO_ADMIN")[step],
        },
    }


def strange(step: int) -> Block:
    """Scripts of one type of app in the settings of another: nothing in AWS's reference forbids it."""
    named = scripts("server", step)
    chosen = {"instance_type": "ml.t3.medium", "lifecycle_config_arn": named[step]}
    return {"kernel_gateway_app_settings": {"lifecycle_config_arns": named, "default_resource_spec": chosen}}


def space_settings(step: int) -> Block:
    """All that shared spaces can be given by their domain, but for repositories, which AWS refuses."""
    return {
        "execution_role": ("${aws_iam_role.first.arn}", "${aws_iam_role.second.arn}")[step],
        "security_groups": [f"${{aws_security_group.{name}.id}}" for name in ("first", "elsewhere")[: step + 1]],
        "custom_file_system_config": file_system(step),
        "custom_posix_user_config": posix(step),
        "jupyter_lab_app_settings": lab(step),
        "jupyter_server_app_settings": server(step),
        "kernel_gateway_app_settings": kernel(step),
        "space_storage_settings": volumes(step),
    }
