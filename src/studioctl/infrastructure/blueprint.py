"""All the wiring on one page: from what the user wants to everything that should exist."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from studioctl.config.apps import TYPES
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import ConfigError
from studioctl.infrastructure import (
    custom_images,
    database,
    ecr,
    editor_scripts,
    endpoints,
    flow_logs,
    guard,
    iam,
    kms,
    s3,
    sagemaker,
    secrets_manager,
    security_groups,
    vpc,
)
from studioctl.infrastructure.block import Block, Blueprint, Data, Module, Resource
from studioctl.infrastructure.naming import BIRTH_TAG, Naming

# Types of which one has a name that `[names]` may give, and the key there.
OWN_NAMES = {"aws_iam_role": "role", "aws_secretsmanager_secret": "secret"}
# Another resource in a template; what is only looked up, "data.aws_...", waits for nothing.
REFERENCE = r"(?<!\$)\$\{[^}]*(?<![.\w])aws_\w+\."


def build(config: EnvironmentConfig, lacking_zones: Mapping[str, Collection[str]] | None = None) -> Blueprint:
    """Everything that should exist for this configuration.

    Args:
        config: The content of the file.
        lacking_zones: AWS's names of services, and zones in which they have no endpoints, as AWS tells when asked.

    Raises:
        ConfigError: The lifecycle script outgrows what SageMaker takes, or a policy what IAM takes; or `[names]` gives
            a name twice.
    """
    naming = Naming.of(config)
    account = Data("aws_caller_identity", "current")
    partition = Data("aws_partition", "current")
    lookups = Module("account", "The account that this is applied in.", (account, partition))

    network = vpc.build(config.network, naming)
    with_endpoints = bool(endpoints.interfaces(config))
    groups = security_groups.build(config, vpc=network, with_endpoints=with_endpoints, naming=naming)
    ways = endpoints.build(
        config,
        vpc=network,
        groups=groups,
        account=account,
        partition=partition,
        naming=naming,
        lacking=lacking_zones or {},
    )
    traffic = flow_logs.build(config, vpc=network, account=account, partition=partition, naming=naming)
    key = kms.build(config.encryption, account=account, partition=partition, naming=naming)
    studies = database.build(config, vpc=network, groups=groups, kms=key, naming=naming)
    secrets = secrets_manager.build(config.secrets, config.users, key, naming)
    storage = s3.build(config, account, partition, key, naming)
    images = ecr.build(config.images, config.repository, key)
    places = iam.Places(
        account,
        partition,
        storage.bucket_arn,
        images.repository_arn,
        secrets.github_arn,
        secrets.user_arns,
        key.key_arn,
        studies.resource_id,
        studies.arn,
    )
    access = iam.build(config, places, naming)
    custom = custom_images.build(config.images.custom, repository_url=images.repository_url, iam=access, naming=naming)
    studio = sagemaker.build(
        config,
        vpc=network,
        groups=groups,
        iam=access,
        kms=key,
        scripts={app: editor_scripts.build(config, app) for app in TYPES},
        custom_images=custom.offered,
        naming=naming,
    )
    watch = guard.build(
        config,
        guard.Watched(account, partition, storage.bucket, storage.bucket_arn, studio.domain_id, access, key, studies),
        naming,
    )
    parts = (network, groups, ways, traffic, key, studies, secrets, storage, access, images, custom, studio, watch)
    blueprint = Blueprint(
        name=config.name,
        region=config.region,
        profile=config.profile,
        tags=naming.tags(config.tags),
        modules=(lookups, *(_after(access.first, part.module) for part in parts if part.module.blocks)),
        provider=config.terraform.versions,
        files={**studio.files, **watch.files},
    )
    _refuse_twins(blueprint)
    return blueprint


def _refuse_twins(blueprint: Blueprint) -> None:
    """Refuse two things of one name, which only `[names]` can bring about. IAM does not tell capitals apart."""
    seen: set[tuple[str, str]] = set()
    for resource in blueprint.resources():
        if resource.type not in OWN_NAMES:
            continue
        name = str(resource.arguments["name"])
        if (resource.type, name.casefold()) in seen:
            key = OWN_NAMES[resource.type]
            raise ConfigError(
                f'[names] {key}: the environment has another {key} of the name "{name}".',
                hint=f"write another {key} under [names], then run: studioctl validate",
            )
        seen.add((resource.type, name.casefold()))


def _after(first: Resource, module: Module) -> Module:
    """The module, in which nothing is begun before the role whose name AWS gives to one environment only.

    Of two first `up` of one name at once, the second fails on it with nothing made: no second VPC, no second key.
    """

    def last(block: Block) -> Block:
        if not isinstance(block, Resource) or block == first or _needs_another(block.arguments):
            return block
        return replace(block, arguments={**block.arguments, "depends_on": [first.address]})

    return replace(module, blocks=tuple(last(block) for block in module.blocks))


def _needs_another(arguments: Mapping[str, Any]) -> bool:
    text = json.dumps(arguments, default=str)
    return "depends_on" in arguments or re.search(REFERENCE, text) is not None


def with_studies(blueprint: Blueprint, snapshot: str) -> Blueprint:
    """The blueprint whose database is made from a snapshot: what an earlier `down` kept."""
    modules = (database.restored(m, snapshot) if m.name == "database" else m for m in blueprint.modules)
    return replace(blueprint, modules=tuple(modules))


def born(blueprint: Blueprint, birth: str) -> Blueprint:
    """The blueprint with the mark of the `up` that makes the environment on the role that is made first.

    One that exists keeps the mark that it has, or has not: see `ignore_changes` there.
    """
    if not birth:
        return blueprint

    def marked(block: Block) -> Block:
        if not isinstance(block, Resource) or block.address != iam.FIRST:
            return block
        return replace(block, arguments={**block.arguments, "tags": {BIRTH_TAG: birth}})

    modules = (replace(m, blocks=tuple(marked(block) for block in m.blocks)) for m in blueprint.modules)
    return replace(blueprint, modules=tuple(modules))
