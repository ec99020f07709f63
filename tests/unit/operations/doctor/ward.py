"""Patients, and the ways to make them ill."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio_emulator.server import RunningEmulator
from studioctl.aws.session import HURRIED, Session
from studioctl.config.model import EnvironmentConfig
from studioctl.findings import Finding
from studioctl.infrastructure.naming import Naming
from studioctl.operations import emulation
from studioctl.operations.doctor.catalogue import GROUPS
from studioctl.operations.doctor.check import Group
from studioctl.operations.doctor.diagnosis import Diagnosis
from studioctl.operations.doctor.examination import examine
from studioctl.operations.doctor.patient import Once, Patient
from studioctl.target import Target
from tests.unit.emulator.emulated import Studio, client, new_studio

REGION = "us-east-1"
NUMBERS = itertools.count(1)


@dataclass
class Ward:
    """An account in the emulator, and a directory of the test's own."""

    emulator: RunningEmulator
    directory: Path
    programs: Path = field(init=False)

    def __post_init__(self) -> None:
        self.programs = self.directory / "bin"
        self.programs.mkdir()

    def patient(self, *, region: str = REGION, real: bool = False, **sections: Any) -> Patient:
        """An environment of a new name. A `real` one takes the emulator's answers for AWS's."""
        wanted = {"name": f"acme-{next(NUMBERS)}", "region": region, "users": [{"name": "ada"}], **sections}
        local = emulation.target(self.emulator, region)
        patient = Patient(
            Target(region) if real else local,
            self.directory / "studio.toml",
            EnvironmentConfig.model_validate(wanted),
            environ={"PATH": str(self.programs)},
        )
        return knowing(patient, session=Session(local, HURRIED)) if real else patient

    @property
    def flags(self) -> str:
        """With which the AWS CLI means this account and nobody's real one."""
        return f" --region {REGION} --endpoint-url {self.emulator.endpoint_url}"

    def client(self, service: str, patient: Patient) -> Any:
        return client(self.emulator, service, patient.target.region)

    def program(self, name: str, says: str) -> Path:
        """A program on the patient's PATH that says its version, whatever it is asked."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\necho '{says}'\n")
        path.chmod(0o755)
        return path

    def domain(self, patient: Patient, **space: Any) -> tuple[Studio, str]:
        """The patient's domain, with the profile of ada and her space; and what to change it with."""
        studio = new_studio(self.emulator, patient.target.region)
        tag = {"Key": patient.tag[0], "Value": patient.tag[1]}
        domain_id = studio.domain(DomainName=patient.wanted.name, Tags=[tag])
        studio.profile(domain_id)
        studio.space(domain_id, "ada-editor", **space)
        return studio, domain_id

    def tag(self, patient: Patient, studio: Studio, domain_id: str) -> None:
        """Give ada's profile and space the tags that `up` gives them."""
        tags: Any = [{"Key": k, "Value": v} for k, v in Naming.of(patient.wanted).tags(patient.wanted.tags).items()]
        domain = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
        for it in ("user-profile", "space"):
            name = "ada" if it == "user-profile" else "ada-editor"
            arn = domain.replace(":domain/", f":{it}/") + f"/{name}"
            studio.sagemaker.add_tags(ResourceArn=arn, Tags=tags)


def knowing(patient: Patient, **answers: Any) -> Patient:
    """The patient with these answers known already."""
    patient.known.update({name: Once(lambda value=value: value) for name, value in answers.items()})  # type: ignore[misc]
    return patient


def examined(patient: Patient, rule_id: str, *, seconds: float = 10) -> tuple[Finding, ...]:
    """The findings of the checks behind this rule, and of no others."""
    checks = tuple(c for group in GROUPS for c in group.checks if any(rule.id == rule_id for rule in c.rules))
    return examine(patient, [Group("examined", checks)], seconds=seconds).findings


def everything(patient: Patient) -> Diagnosis:
    """The findings of all checks."""
    return examine(patient, GROUPS)


def spec(**members: Any) -> Mapping[str, Any]:
    """Settings of a space whose editor has this default."""
    return {"CodeEditorAppSettings": {"DefaultResourceSpec": members}}
