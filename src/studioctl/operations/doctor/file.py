"""The file, and where its state is."""

from collections.abc import Iterator

from studioctl.config.notes import notes
from studioctl.config.text import path
from studioctl.errors import ConfigError
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.finding import Finding, Rule, Severity
from studioctl.operations.doctor.patient import Patient

MISTAKE = Rule(
    "FIL001",
    Severity.ERROR,
    "The file is wrong",
    "Nothing is started from a file with a mistake in it.",
    "studioctl validate{file_flag}",
    "https://toml.io",
)
SURPRISE = Rule(
    "FIL002",
    Severity.INFO,
    "The file is valid, and part of it may surprise",
    "It is what AWS allows, but not what the same words mean elsewhere.",
    "studioctl validate{file_flag}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html",
)
NO_STATE_BUCKET = Rule(
    "STA001",
    Severity.ERROR,
    "The bucket of Terraform's state is not there, or closed to you",
    "Terraform cannot start without its state, and does not make that bucket.",
    "studioctl state bucket create {bucket}{ours}",
    "https://developer.hashicorp.com/terraform/language/backend/s3",
)
NO_STATE = Rule(
    "STA002",
    Severity.ERROR,
    "The environment exists, and this machine has no state of it",
    "The state is where `up` ran. `up` and `down` refuse an environment of which there is no record here.",
    "copy it from there: {state_file}; or, if it is yours and its state is lost: studioctl up --adopt {name}",
    "https://developer.hashicorp.com/terraform/language/state",
)


def _file(patient: Patient) -> Iterator[Finding]:
    if patient.mistake is not None:
        yield MISTAKE.broken(patient.mistake.message, file_flag=patient.file_flag)
    elif patient.config is not None:
        try:
            patient.blueprint  # noqa: B018 (asked for its failure: the script may be too large)
        except ConfigError as error:
            yield MISTAKE.broken(error.message, file_flag=patient.file_flag)
        else:
            yield MISTAKE.ok(f"{patient.file} is valid: '{patient.wanted.name}' in {patient.target.region}")
            for place, words in notes(patient.config):
                yield SURPRISE.broken(f"{path(place)}: {words}", file_flag=patient.file_flag)


def _state(patient: Patient) -> Iterator[Finding]:
    if patient.target.is_local:  # a rehearsal's state is wherever the rehearsal is, and its bucket is made for it
        return
    known = patient.workspace.initialised()
    bucket = known.backend.settings.get("bucket") if known else patient.wanted.state.bucket
    if bucket:
        yield from _state_bucket(patient, bucket)
    elif patient.domain and not patient.workspace.state_file.is_file():
        message = f"'{patient.wanted.name}' exists ({patient.domain.id}), and its state is not on this machine"
        yield NO_STATE.broken(message, state_file=patient.workspace.state_file, name=patient.wanted.name)
    else:
        yield NO_STATE.ok("Terraform's state is on this machine")


def _state_bucket(patient: Patient, bucket: str) -> Iterator[Finding]:
    from studioctl.aws.claims import can_use_bucket  # noqa: PLC0415

    if can_use_bucket(patient.session, bucket):
        yield NO_STATE_BUCKET.ok(f"the state's bucket {bucket} is there")
    else:
        message = f"The state's bucket '{bucket}' is not there, or closed to you"
        yield NO_STATE_BUCKET.broken(message, bucket=bucket, ours=patient.flags)


GROUP = Group(
    "File and state",
    (
        Check("the file", _file, (MISTAKE, SURPRISE)),
        Check("Terraform's state", _state, (NO_STATE_BUCKET, NO_STATE), Needs.BOTH),
    ),
)
