"""The instance types, images and apps that people may start themselves: `[limits]` beside what the guard watches."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, WithJsonSchema

from studioctl.catalog.images import VERSION, newest, support
from studioctl.config.apps import TYPES
from studioctl.config.aws_tables import INSTANCE_TYPES
from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Location, Violation, nearest, quote

PATTERN = r"^ml\.[a-z0-9*-]+(\.[a-z0-9*-]+)?$"
FREE = "system"  # on which AWS runs apps that need no instance

# The two as a space names them, the others in AWS's words.
LimitedApp: TypeAlias = Literal[
    "code-editor",
    "jupyterlab",
    "Canvas",
    "DetailedProfiler",
    "JupyterServer",
    "KernelGateway",
    "RSessionGateway",
    "RStudioServerPro",
    "TensorBoard",
]
APPS: tuple[str, ...] = get_args(LimitedApp)


def instance_pattern(value: str) -> str:
    """An instance type, or several by a pattern such as "ml.t3.*"."""
    if not re.fullmatch(PATTERN, value) or not admitted([value]):
        meant = nearest(value, sorted(INSTANCE_TYPES)) or "ml.t3.*"
        raise ValueError(f"{quote(value)} is no instance type and no pattern of any; write one such as {quote(meant)}")
    return value


InstancePattern: TypeAlias = Annotated[
    str, AfterValidator(instance_pattern), WithJsonSchema({"type": "string", "pattern": PATTERN})
]


def admits(patterns: Iterable[str], instance_type: str) -> bool:
    """Whether one of the patterns is this type, or stands for it."""
    return any(fnmatchcase(instance_type, pattern) for pattern in patterns)


def admitted(patterns: Iterable[str]) -> frozenset[str]:
    """The instance types of Studio that patterns stand for."""
    known = tuple(patterns)
    return frozenset(each for each in INSTANCE_TYPES if admits(known, each))


def app_type(app: str) -> str:
    """AWS's AppType of an app that a limit names."""
    return next((kind for known, kind in TYPES.items() if known == app), app)


def versions(images: Iterable[str]) -> tuple[str, ...]:
    """The versions of AWS's image among images that a limit names; the others are custom ones."""
    return tuple(image for image in images if re.fullmatch(VERSION, image))


def hidden_versions(images: Iterable[str]) -> tuple[str, ...]:
    """Minor versions of AWS's image that are none of these, the newest first; AWS hides no more than 20."""
    wanted = [tuple(map(int, version.split(".")[:2])) for version in versions(images)]
    known = sorted((version for version in support().ends if len(version) == 2), reverse=True)
    hidden = [each for each in known if not any(each[: len(some)] == some for some in wanted)]
    return tuple(".".join(map(str, each)) for each in hidden[:MOST_HIDDEN])


MOST_HIDDEN = 20  # VersionAliasesList of SageMaker's API


def violations(
    data: Mapping[str, Any], users: Iterable[tuple[Location, Mapping[str, Any], str]]
) -> Iterator[Violation]:
    """Things that the file gives people and that its own limits let nobody start."""
    limits, studio = table_in(data, "limits"), table_in(data, "studio")
    tables: list[tuple[Location, Mapping[str, Any]]] = [(("studio",), studio)]
    for place, user, _ in users:
        tables.append((place, user))
        for index, space in enumerate(list_in(user, "spaces")):
            tables += [((*place, "spaces", index), space)] if isinstance(space, dict) else []
    types, apps, images = (_listed(limits, key) for key in ("instance_types", "apps", "images"))
    for place, table in tables:
        wanted, app, image = (table.get(key) for key in ("instance_type", "app", "image"))
        for each in wanted if isinstance(wanted, list | tuple) else [wanted]:
            if types and isinstance(each, str) and not admits(types, each):
                yield (*place, "instance_type"), _beyond(each, "instance_types")
        if apps and isinstance(app, str) and app not in apps:
            yield (*place, "app"), _beyond(app, "apps")
        if images and isinstance(image, str) and not _has_version(images, image):
            words = "is not in [limits] images, and so hidden from people; add it there, or write another"
            yield (*place, "image"), f"{quote(image)} {words}"
    yield from _images(images, _custom(data))


def _custom(data: Mapping[str, Any]) -> set[str]:
    listed = list_in(table_in(data, "images"), "custom")
    return {str(each.get("name")) for each in listed if isinstance(each, dict)}


def _images(images: Sequence[str], custom: Collection[str]) -> Iterator[Violation]:
    if images and not versions(images):
        yield (
            ("limits", "images"),
            'names no version of AWS\'s image, which spaces start when nobody chooses; add one, such as "4"',
        )
    for index, image in enumerate(images):
        if not re.fullmatch(VERSION, image) and image not in custom:
            words = "is neither a version of AWS's image nor the name of one below [[images.custom]]; delete it"
            yield ("limits", "images", index), f"{quote(image)} {words}"
        elif re.fullmatch(VERSION, image) and not support().is_known(image):
            words = f'does not exist: SageMaker Distribution skipped it; write one such as "{newest()}"'
            yield ("limits", "images", index), f"{quote(image)} {words}"


def _listed(table: Mapping[str, Any], key: str) -> list[str]:
    return [each for each in list_in(table, key) if isinstance(each, str)]


def _has_version(images: Iterable[str], wanted: str) -> bool:
    return any(wanted == each or wanted.startswith(f"{each}.") for each in versions(images))


def _beyond(value: str, key: str) -> str:
    return f"{quote(value)} is not in [limits] {key}, so nobody could start it; add it there, or write another"
