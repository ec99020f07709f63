"""All the wiring on one page: from what the user wants to everything that should exist."""

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import (
    custom_images,
    ecr,
    editor_scripts,
    endpoints,
    flow_logs,
    iam,
    kms,
    s3,
    sagemaker,
    secrets_manager,
    security_groups,
    vpc,
)
from studioctl.infrastructure.block import Blueprint, Data, Module
from studioctl.infrastructure.naming import Naming


def build(config: EnvironmentConfig) -> Blueprint:
    """Everything that should exist for this configuration.

    Raises:
        ConfigError: The lifecycle script outgrows what SageMaker takes, or a policy what IAM takes.
    """
    naming = Naming.of(config)
    account = Data("aws_caller_identity", "current")
    partition = Data("aws_partition", "current")
    lookups = Module("account", "The account that this is applied in.", (account, partition))

    network = vpc.build(config.network, naming)
    with_endpoints = bool(endpoints.interfaces(config))
    groups = security_groups.build(config, vpc=network, with_endpoints=with_endpoints, naming=naming)
    ways = endpoints.build(config, vpc=network, groups=groups, account=account, partition=partition, naming=naming)
    traffic = flow_logs.build(config, vpc=network, account=account, partition=partition, naming=naming)
    key = kms.build(config.encryption, account=account, partition=partition, naming=naming)
    secrets = secrets_manager.build(config.secrets, config.users, key, naming)
    storage = s3.build(config.storage, account.ref("account_id"), key, naming)
    images = ecr.build(config.images, config.repository, key)
    places = iam.Places(
        account,
        partition,
        storage.bucket_arn,
        images.repository_arn,
        secrets.github_arn,
        secrets.user_arns,
        key.key_arn,
    )
    access = iam.build(config, places, naming)
    custom = custom_images.build(config.images.custom, repository_url=images.repository_url, iam=access, naming=naming)
    studio = sagemaker.build(
        config,
        vpc=network,
        groups=groups,
        iam=access,
        kms=key,
        scripts=editor_scripts.build(config),
        custom_images=custom.offered,
        naming=naming,
    )
    parts = (network, groups, ways, traffic, key, secrets, storage, access, images, custom, studio)
    return Blueprint(
        name=config.name,
        region=config.region,
        profile=config.profile,
        tags=naming.tags(config.tags),
        modules=(lookups, *(part.module for part in parts if part.module.blocks)),
        files=studio.files,
    )
