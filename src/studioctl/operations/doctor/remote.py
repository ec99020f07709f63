"""Whether a local editor could connect to the file's spaces, and whether the region has their instances."""

from collections.abc import Iterator

from studio_emulator.facts import TOO_SMALL_FOR_REMOTE_ACCESS
from studioctl.aws.values import SETTINGS
from studioctl.config.text import listed
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor import instances
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.images import with_newest
from studioctl.operations.doctor.patient import Patient
from studioctl.operations.spaces import remote_requirements

TOO_SMALL = Rule(
    "RMT001",
    Severity.WARNING,
    "A space's instance type has too little memory for a local editor",
    "AWS requires 8 GB and refuses remote access on this type. The editor in the browser works.",
    'write it in {file}: for everybody below [studio]: instance_type = "{better}"; for one user below that [[users]]:'
    ' spaces = [{{ name = "{space}", instance_type = "{better}" }}]',
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html",
)
OLD_IMAGE = Rule(
    "RMT002",
    Severity.WARNING,
    "A space's image is too old for a local editor",
    "Remote access needs SageMaker Distribution 2.7 or newer.",
    "aws sagemaker update-space --domain-id {domain} --space-name {space} --space-settings"
    " '{settings}={{DefaultResourceSpec={{{spec}}}}}'{flags}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html",
)
NOT_OFFERED = Rule(
    "TYP001",
    Severity.ERROR,
    "The region does not offer an instance type of the file",
    "No zone of the region has such instances, so a space of this type never starts.",
    'write another instance_type in {file}, such as "{better}"',
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html",
)


def _severity(patient: Patient) -> Severity:
    """Remote access is on unless the file says otherwise: only who wrote it down is warned."""
    written = "remote_access" in patient.wanted.studio.model_fields_set
    return Severity.WARNING if written else Severity.INFO


def _memory(patient: Patient) -> Iterator[Finding]:
    if not patient.wanted.studio.remote_access:
        return
    small: dict[str, list[str]] = {}
    for space in patient.wanted.resolved_spaces():
        if space.instance_type in TOO_SMALL_FOR_REMOTE_ACCESS:
            small.setdefault(space.instance_type, []).append(space.name)
    for instance_type, names in small.items():
        message = f"{instance_type} is too small for a local editor: {listed(names)}"
        better = TOO_SMALL_FOR_REMOTE_ACCESS[instance_type]
        yield TOO_SMALL.broken(
            message,
            severity=_severity(patient),
            at=patient.wanted.place_of(names[0], "instance_type"),
            better=better,
            space=names[0],
            file=patient.file,
        )
    if not small:
        yield TOO_SMALL.ok("every space has the memory that a local editor needs")


def _images(patient: Patient) -> Iterator[Finding]:
    if not patient.wanted.studio.remote_access or patient.domain is None:
        return
    pinned = {space.name for space in patient.wanted.resolved_spaces() if space.image}
    for space in patient.examined_spaces:
        if not remote_requirements.is_too_old(space.spec):
            continue
        message = f"Space '{space.name}' starts image {space.spec.image_alias}, and a local editor needs 2.7"
        if space.name in pinned:  # the next `up` puts back what is changed elsewhere
            at = patient.wanted.place_of(space.name, "image")
            remedy = remote_requirements.in_file(space.name, patient.flags)
            yield OLD_IMAGE.broken(message, severity=_severity(patient), at=at, remedy=remedy)
        else:
            yield OLD_IMAGE.broken(
                message,
                severity=_severity(patient),
                domain=patient.domain.id,
                space=space.name,
                spec=with_newest(space.spec),
                settings=SETTINGS[space.editor_type],
                flags=patient.target.aws_flags,
            )


def _offers(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws.surroundings import offered  # noqa: PLC0415

    wanted = {space.instance_type for space in patient.wanted.resolved_spaces()}
    missing = sorted(wanted - offered(patient.session, wanted)) if wanted else []
    for instance_type in missing:
        message = f"{patient.target.region} does not offer {instance_type}"
        better = instances.better(patient, lambda types: offered(patient.session, types))
        at = instances.first_of(patient.wanted, instance_type)
        yield NOT_OFFERED.broken(message, at=at, file=patient.file, better=better)
    if wanted and not missing:
        yield NOT_OFFERED.ok(f"{patient.target.region} offers {', '.join(sorted(wanted))}")


GROUP = Group(
    "Instances and remote access",
    (
        Check("instance types", _offers, (NOT_OFFERED,), Needs.BOTH),
        Check("memory for local editors", _memory, (TOO_SMALL,), Needs.FILE),
        Check("images for local editors", _images, (OLD_IMAGE,), Needs.BOTH),
    ),
)
