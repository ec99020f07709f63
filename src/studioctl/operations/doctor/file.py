"""The file, and where its state is."""

from collections.abc import Iterator
from dataclasses import replace

from studioctl.catalog.images import ending, newest, support, supported_until
from studioctl.config.notes import notes
from studioctl.errors import ConfigError, RefusedError
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.composition import backend_of
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.images import POLICY, advisable
from studioctl.operations.doctor.patient import Patient
from studioctl.terraform import vetting

MISTAKE = Rule(
    "FIL001",
    Severity.ERROR,
    "The file is wrong",
    "studioctl does nothing with an invalid file.",
    "studioctl validate{file_flag}",
    "https://toml.io",
)
SURPRISE = Rule(
    "FIL002",
    Severity.INFO,
    "The file is valid, but part of it may surprise you",
    "AWS allows it, but the same words mean something else elsewhere.",
    "studioctl validate{file_flag}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html",
)
OLD_PIN = Rule(
    "FIL003",
    Severity.WARNING,
    "The file pins an image whose support has ended or ends soon",
    "After that day AWS fixes nothing in it, not even security problems. Editors use another image at their next"
    " start.",
    'write image = "{newest}" there, then: studioctl up{ours}',
    POLICY,
)
NO_STATE_BUCKET = Rule(
    "STA001",
    Severity.ERROR,
    "The bucket of Terraform's state does not exist, or you have no access",
    "Terraform cannot start without its state, and does not create that bucket.",
    "studioctl state bucket create {bucket}{ours}",
    "https://developer.hashicorp.com/terraform/language/backend/s3",
    key=("state", "bucket"),
)
NO_STATE = Rule(
    "STA002",
    Severity.ERROR,
    "The environment exists, but this machine has no state of it",
    "The state is where `up` ran. `up` and `down` refuse an environment that has no record here.",
    "copy it from there: {state_file}; or, if it is yours and its state is lost: studioctl up --adopt {name}{ours}",
    "https://developer.hashicorp.com/terraform/language/state",
)
STRANGE_STATE = Rule(
    "STA003",
    Severity.ERROR,
    "A state in .studioctl/ may not be yours",
    "Its author would decide what is changed and deleted, so every command refuses until you have reviewed it.",
    "studioctl state trust{ours}",
    "https://developer.hashicorp.com/terraform/language/state",
)
STRANGE_FILES = Rule(
    "STA004",
    Severity.ERROR,
    "A file in .studioctl/ was not created by studioctl",
    "It would redirect studioctl's writes, or belongs to somebody else, so every command refuses.",
    "{remedy}",
    "https://developer.hashicorp.com/terraform/cli/init",
)


def _file(patient: Patient) -> Iterator[Finding]:
    if patient.mistake is not None:
        found = MISTAKE.broken(patient.mistake.message, file_flag=patient.file_flag)
        yield found if patient.file.exists() else replace(found, remedy=patient.mistake.hint)  # it is not there
    elif patient.config is not None:
        try:
            patient.blueprint  # noqa: B018 (asked for its failure: the script may be too large)
        except ConfigError as error:
            yield MISTAKE.broken(error.message, file_flag=patient.file_flag)
        else:
            yield MISTAKE.ok(f"{patient.file} is valid: '{patient.wanted.name}' in {patient.target.region}")
            for place, words in notes(patient.config):
                yield SURPRISE.broken(words, at=place, file_flag=patient.file_flag)


def _pins(patient: Patient) -> Iterator[Finding]:
    """Each place that pins a version; where none does, what AWS starts."""
    found, today = list(patient.wanted.pinned_images()), patient.now().date()
    for place, version in found:
        if end := ending(version, today):
            yield OLD_PIN.broken(f"image {version}, which {end}", at=place, newest=advisable(today), ours=patient.flags)
    if not found:
        last = supported_until(newest())
        over = last is not None and last < today
        words = f"{newest()} on {support().as_of}, {'whose support ended on' if over else 'supported until'} {last}"
        yield OLD_PIN.ok(f"no image is pinned: spaces that name none start AWS's newest, {words}")


def _trust(patient: Patient) -> Iterator[Finding]:
    if patient.target.is_local or not patient.workspace.directory.exists():
        return
    try:
        found = vetting.find(patient.workspace, backend_of(patient.wanted))
    except RefusedError as error:
        yield STRANGE_FILES.broken(error.message, remedy=error.hint)
        return
    if found:
        message = f"{vetting.named(patient.workspace, found)} not left there by studioctl as you run it on this machine"
        yield STRANGE_STATE.broken(message, ours=patient.flags)
    else:
        yield STRANGE_STATE.ok(f"{patient.workspace.directory} is as studioctl left it")


def _state(patient: Patient) -> Iterator[Finding]:
    if patient.target.is_local:  # a rehearsal's state is wherever the rehearsal is, and its bucket is made for it
        return
    known = patient.workspace.initialised()
    bucket = known.backend.settings.get("bucket") if known else patient.wanted.state.bucket
    if bucket:
        yield from _state_bucket(patient, bucket)
    elif patient.domain and not patient.workspace.state_file.is_file():
        message = f"'{patient.wanted.name}' exists ({patient.domain.id}), and its state is not on this machine"
        yield NO_STATE.broken(
            message, state_file=patient.workspace.state_file, name=patient.wanted.name, ours=patient.flags
        )
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
        Check("pinned images", _pins, (OLD_PIN,), Needs.FILE),
        Check("what is in .studioctl/", _trust, (STRANGE_STATE, STRANGE_FILES), Needs.FILE),
        Check("Terraform's state", _state, (NO_STATE_BUCKET, NO_STATE), Needs.BOTH),
    ),
)
