"""The reasons why a domain fails after AWS has accepted the request: its key, or a licence that nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio_emulator import keys

if TYPE_CHECKING:
    from studio_emulator.studio.models.domain import Domain
    from studio_emulator.studio.store import StudioStore

RSTUDIO = "RStudioServerProDomainSettings"


def why_without_home(store: StudioStore, domain: Domain) -> str | None:
    """The words for a key that is not there are AWS's own (aws/aws-cdk#34818); the others have their form."""
    why = keys.why_unusable(store.account_id, store.region_name, domain.kms_key_id)
    if why is None:
        return None
    return (
        f"ResourceNotFoundError: Unable to create Amazon EFS for domain '{domain.domain_id}' because KMS key"
        f" '{domain.kms_key_id}' {why.fault}. {why.advice}."
    )


def why_without_rstudio(store: StudioStore, domain: Domain) -> str | None:
    """RStudio is an app of the whole domain. AWS's own words: hashicorp/terraform-provider-aws#39774, to "exist"."""
    if RSTUDIO not in domain.domain_settings or store.settings.rstudio_licence:
        return None
    app = store.studio_arn(f"app/{domain.domain_id}/domain-shared/RStudioServerPro/default")
    return (
        f"ConfigurationError: Domain-level App [{app}] failed to start: [ResourceNotFoundError: No available licenses"
        " were found. Validate that a license for RStudio Workbench exists.]"
    )
