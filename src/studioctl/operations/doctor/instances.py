"""Find an instance type to write in the file instead of one that is not available."""

from collections.abc import Callable, Collection

from studio_emulator.facts import TOO_SMALL_FOR_REMOTE_ACCESS
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.operations.doctor.patient import Patient

CANDIDATES = ("ml.t3.medium", "ml.t3.large", "ml.m5.large", "ml.m5.xlarge", "ml.c5.xlarge")


def better(patient: Patient, fitting: Callable[[Collection[str]], Collection[str]]) -> str:
    """A type that fits, or one that the file does not name yet where none of these does.

    Args:
        patient: The environment; if its file asks for remote access, the type has the memory for it.
        fitting: Those of the types that can be had.
    """
    studio = patient.wanted.studio
    connects = studio.remote_access and "remote_access" in studio.model_fields_set
    candidates = [each for each in CANDIDATES if not (connects and each in TOO_SMALL_FOR_REMOTE_ACCESS)]
    named = {each for space in patient.wanted.resolved_spaces() for each in space.types}
    found = fitting(candidates)
    return next((each for each in candidates if each in found), next(each for each in candidates if each not in named))


def first_of(config: EnvironmentConfig, instance_type: str | None) -> Location:
    """The first location in the file that gives a space this type."""
    spaces = (space for space in config.resolved_spaces() if instance_type in space.types)
    return next((config.place_of(space.name, "instance_type") for space in spaces), ("studio", "instance_type"))
