"""Terraform or OpenTofu, and the AWS provider."""

from collections.abc import Iterator

from studioctl.catalog.provider import NAME, USUAL
from studioctl.errors import ConfigError, TerraformError
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor.check import Check, Group
from studioctl.operations.doctor.patient import Patient
from studioctl.terraform import executable, provider
from studioctl.terraform.environment import CACHE, CONFIG_FILES, place_of

ENGINE = Rule(
    "TF001",
    Severity.ERROR,
    f"There is no Terraform or OpenTofu from {executable.NEEDED}",
    "Without it, nothing can be planned, created or removed.",
    "{engine}",
    "https://developer.hashicorp.com/terraform/install",
)
DOWNLOAD = Rule(
    "TF002",
    Severity.INFO,
    "The AWS provider is not on this machine",
    "Terraform downloads it from its registry on its first run, which needs a network and some minutes.",
    "terraform providers mirror {directory}",
    "https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation",
)
MIRROR = Rule(
    "TF003",
    Severity.ERROR,
    "The place that you set does not contain the provider, or is a relative path",
    "Terraform must take the provider from there, and does not start without it.",
    "unset {variable}",
    "https://developer.hashicorp.com/terraform/cli/commands/providers/mirror",
)


def _engine(patient: Patient) -> Iterator[Finding]:
    try:
        yield ENGINE.ok(str(executable.find(patient.environ)))
    except (ConfigError, TerraformError) as error:
        yield ENGINE.broken(error.message, engine=error.hint)


def _provider(patient: Patient) -> Iterator[Finding]:
    try:
        registry = executable.find(patient.environ).registry
    except (ConfigError, TerraformError):
        registry = provider.TERRAFORM_REGISTRY
    for name in (*CONFIG_FILES, CACHE):
        try:
            place_of(name, patient.environ)
        except ConfigError as error:
            yield MIRROR.broken(error.message, variable=name)
            return
    versions = patient.config.terraform.versions if patient.config else USUAL
    try:
        place = provider.place(patient.environ, registry, wanted=versions, homes=patient.homes)
    except ConfigError as error:
        yield MIRROR.broken(error.message, variable=provider.MIRROR_VARIABLE)
        return
    wanted = f"{NAME} {versions.text}"
    if place:
        yield DOWNLOAD.ok(f"{wanted} ({place})")
    else:
        yield DOWNLOAD.broken(f"{wanted} will be downloaded from {registry}", directory="~/.terraform.d/plugins")


GROUP = Group(
    "Terraform",
    (
        Check("Terraform", _engine, (ENGINE,)),
        Check("the AWS provider", _provider, (DOWNLOAD, MIRROR)),
    ),
)
