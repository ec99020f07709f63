"""Whether jobs will have the libraries that they take: refused before anything starts and costs."""

import re
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from studioctl.config.model import EnvironmentConfig
from studioctl.errors import ExitCode, StudioctlError
from studioctl.tuning.environments import REQUIREMENTS

WORKERS = ("optuna", "psycopg2-binary")  # beside Python and boto3, which AWS's images have
_OPTIONS = re.compile(r"(?:^|\s)(?:#|--)")  # where pip's options or a comment begin
_LAST = 9999  # a minor or micro version beyond all


def refuse_without_image(config: EnvironmentConfig, file: Path, image: str | None, libraries: tuple[str, ...]) -> None:
    """Goes on where jobs can install what they need, or an image was named that may have it.

    Raises:
        StudioctlError: Jobs reach no package index, and AWS's image lacks something.
    """
    has_requirements = file.with_name(REQUIREMENTS).is_file()
    needed = [*libraries, *([f"what {REQUIREMENTS} names"] if has_requirements else [])]
    if image is None and needed and config.network.is_closed and config.network.internet == "none":
        raise StudioctlError(
            f"Jobs of '{config.name}' reach no package index ([network] internet is \"none\"), and AWS's image for"
            f" scikit-learn does not have {', '.join(needed)}. Nothing was started.",
            hint="build an image that has them, and name it with --image: studioctl docs build-images",
            exit_code=ExitCode.USAGE,
        )


def refuse_other_optuna(file: Path) -> None:
    """Goes on unless requirements.txt asks for an Optuna that workers do not take.

    Raises:
        StudioctlError: It does.
    """
    requirements = file.with_name(REQUIREMENTS)
    if not requirements.is_file():
        return
    ours = version("optuna")
    for line in requirements.read_text(encoding="utf-8", errors="replace").splitlines():
        text = _OPTIONS.split(line)[0].strip()
        try:
            wanted = Requirement(text)
        except InvalidRequirement:  # an option, or pip says what is wrong
            continue
        # Whether a marker holds in the job, is known there.
        if canonicalize_name(wanted.name) == "optuna" and not wanted.marker and not _allows(wanted.specifier, ours):
            raise StudioctlError(
                f"{requirements} asks for '{line.strip()}', and workers that share a database take Optuna"
                f" {ours.partition('.')[0]}. Nothing was started.",
                hint=f"write optuna=={ours} there, or leave it out",
                exit_code=ExitCode.USAGE,
            )


def _allows(wanted: SpecifierSet, ours: str) -> bool:
    """Whether there may be a version of our major that is wanted.

    What is wanted changes at the versions that are named alone, so it is enough to try each, and those next to it.
    """
    major = Version(ours).major
    tried = [ours, f"{major}.0.0", f"{major}.{_LAST}.{_LAST}"]
    for each in wanted:
        try:
            named = Version(each.version.removesuffix(".*"))
        except InvalidVersion:  # `===` takes any text
            continue
        minor, micro = named.minor, named.micro
        if named.major == major:
            before = f"{minor}.{micro - 1}" if micro else f"{minor - 1}.{_LAST}"
            tried += [str(named), f"{major}.{minor}.{micro + 1}", f"{major}.{minor}.{_LAST}", f"{major}.{minor + 1}.0"]
            tried += [f"{major}.{before}"] if minor or micro else []
    return any(wanted.contains(each, prereleases=True) for each in tried)
