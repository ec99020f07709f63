"""Explain a setting: the layers of the file and of AWS that have a say, and the one that decides."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studioctl.aws.held import Held
from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.config.text import Location
from studioctl.config.text import path as key_path
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.naming import Naming
from studioctl.operations.why.question import OF_DOMAIN_ALONE, Question, field_of, paths, places
from studioctl.review import causes, words
from studioctl.terraform.state_resources import Estate

DEFAULT = "default"
ACCOUNT = "ACCOUNT"  # in a name, before anybody asked AWS who we are
_SETTINGS = {"domain": "DefaultUserSettings", "profile": "UserSettings", "space": "SpaceSettings"}
STATE = "Terraform's state"
# Keys that say something only while another key has this value.
_NEEDED: Mapping[Location, tuple[Location, str]] = {
    **dict.fromkeys((("network", "internet"), ("network", "endpoints")), (("network", "access"), "vpc-only")),
    **dict.fromkeys(
        (("studio", "trusted_accounts"), ("studio", "rootless_docker")), (("network", "access"), "vpc-only")
    ),
    ("network", "public_ips"): (("network", "access"), "public"),
    **{("tuning", key): (("tuning", "database"), "aurora-postgresql") for key in ("min_acu", "max_acu", "backup_days")},
    **{("state", key): (("state", "backend"), "s3") for key in ("bucket", "key", "region")},
}


@dataclass(frozen=True)
class Layer:
    """One place that says something.

    Args:
        name: "studio.toml:14", "default", "space ada-editor", "user profile ada", "domain", "Terraform's state".
        value: Its value, as the file would write it; None if it says nothing.
        decides: Whether this is the one that counts.
    """

    name: str
    value: str | None
    decides: bool = False


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    Args:
        title: The key, with whom it is about.
        means: The purpose of the key.
        wanted: The value that the file asks for.
        file: Its layers, the nearest first. The last is the default.
        aws: AWS's layers, the nearest first, or Terraform's record; empty where AWS was not asked, or has no such
            setting.
        unseen: Why AWS was not asked.
        remedy: The remedy for that.
        without_effect: Why it does nothing here, in a sentence; empty where it does.
        others: The same of the user's other spaces, where the question names only the user.
    """

    title: str
    means: str
    wanted: str
    file: tuple[Layer, ...]
    aws: tuple[Layer, ...] = ()
    unseen: str = ""
    remedy: str = ""
    without_effect: str = ""
    others: tuple["Answer", ...] = ()

    @property
    def is_recorded(self) -> bool:
        """Whether the values are not AWS's answer, but Terraform's record of it."""
        return any(layer.name == STATE for layer in self.aws)

    @property
    def by(self) -> str:
        """The part of the file that makes it so, in words: "by default", "because of studio.toml:14"."""
        decides = next(layer.name for layer in self.file if layer.decides)
        return "by default" if decides == DEFAULT else f"because of {decides}"

    @property
    def holds(self) -> str | None:
        """The value that counts in AWS; None where that is not known."""
        return next((layer.value for layer in self.aws if layer.decides), None)

    @property
    def differs(self) -> bool:
        """Whether AWS has something else than the file asks for."""
        wanted = re.escape(self.wanted).replace(ACCOUNT, r"\d{12}")
        return self.holds is not None and re.fullmatch(wanted, self.holds) is None

    def to_json(self) -> dict[str, Any]:
        """The stable shape behind `studioctl why --json`."""

        def layers(those: tuple[Layer, ...]) -> list[dict[str, Any]]:
            return [{"name": it.name, "value": it.value, "decides": it.decides} for it in those]

        return {
            "key": self.title,
            "means": self.means,
            "wanted": self.wanted,
            "file": layers(self.file),
            "aws": layers(self.aws),
            "holds": self.holds,
            "differs": self.differs,
            "unseen": self.unseen,
            "remedy": self.remedy,
            "without_effect": self.without_effect,
            "others": [other.to_json() for other in self.others],
        }


@dataclass(frozen=True)
class World:
    """AWS's own descriptions, each as the API gives it; empty where there is none.

    Args:
        domain: DescribeDomain.
        profile: DescribeUserProfile of the user whom the question is about.
        space: DescribeSpace of the space.
        state: Terraform's state.
        held: The settings of the key that other services than SageMaker hold.
    """

    domain: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    held: tuple[Held, ...] = ()


def answer(question: Question, config: EnvironmentConfig, source: Source, world: World | None, unseen: str) -> Answer:
    """The answer to a question about a key.

    Args:
        question: The question.
        config: The file's values.
        source: The file's text.
        world: The descriptions of AWS; None if it was not asked.
        unseen: Why it was not.
    """
    field_ = field_of(question.key)
    file = tuple(_file_layers(question, config, source))
    wanted = next(layer.value for layer in file if layer.decides) or "none"
    if question.key[-1] == "instance_type":  # of several, the space is set to the first
        wanted = words.shown(wanted.partition(", ")[0].strip('"'))
    idle = _without_effect(question.key, config)
    aws = tuple(_aws_layers(question, world, can_differ=not idle)) if world else ()
    return Answer(question.title, field_.description or "", wanted, file, aws, unseen, without_effect=idle)


def _without_effect(key: Location, config: EnvironmentConfig) -> str:
    other, value = _NEEDED.get(key, ((), ""))
    if not other or _value(config, other) == value:
        return ""
    return f"It has no effect here: {key_path(other)} is {_shown(_value(config, other))}."


def _file_layers(question: Question, config: EnvironmentConfig, source: Source) -> Iterator[Layer]:
    decided = False
    for place in places(question, config):
        where, written, value = source.exactly(*place), source.written(place), _value(config, place)
        if where is not None and value is not None:
            group = f" (group {written[1]})" if written[:1] == ("groups",) else ""
            yield Layer(f"{where}{group}", _shown(value), decides=not decided)
            decided = True
    default = field_of(question.key)
    value = None if default.is_required() else default.get_default(call_default_factory=True)
    yield Layer(DEFAULT, _shown(_given(question.key, config) if value is None else value), decides=not decided)


def _given(key: tuple[str, ...], config: EnvironmentConfig) -> str | None:
    """The name that studioctl gives where the file gives none."""
    naming = Naming(config.name)
    names: Mapping[tuple[str, ...], str] = {
        ("names", "domain"): naming.domain,
        ("names", "role"): naming.execution_role,
        ("names", "secret"): naming.github_secret,
        ("images", "repository"): config.name,
        ("storage", "bucket"): f"{config.name}-data-{ACCOUNT}",
    }
    return names.get(key)


def _value(config: EnvironmentConfig, place: Location) -> Any:
    found: Any = config
    for part in place:
        found = found[part] if isinstance(part, int) else getattr(found, part)
    return found


def _shown(value: Any) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        return words.shortened(", ".join(f"{key} = {words.shown(it)}" for key, it in value.items()) or "none")
    if isinstance(value, tuple) and value and hasattr(value[0], "model_dump"):
        return words.entries(value)
    return words.shown(value)


def _aws_layers(question: Question, world: World, *, can_differ: bool) -> Iterator[Layer]:
    if world.held:
        yield from _held_layers(world.held, can_differ=can_differ)
        return
    found = list(_studio_layers(question, world)) or list(_recorded(question, world.state))
    decided = False
    for name, value in found:
        yield Layer(name, value, decides=value is not None and not decided)
        decided = decided or value is not None


def _held_layers(held: tuple[Held, ...], *, can_differ: bool) -> Iterator[Layer]:
    """Things beside each other: the first speaks for all where they agree, and none where the key does nothing."""
    comparable = [it for it in held if it.is_value and not it.is_gone]
    agree = can_differ and len({words.shown(it.value) for it in comparable}) == 1
    for it in held:
        value = None if it.is_gone else words.shown(it.value)
        yield Layer(it.name, value, decides=agree and it is comparable[0])


def _studio_layers(question: Question, world: World) -> Iterator[tuple[str, str | None]]:
    """AWS takes the space's setting before the profile's, and that before the domain's."""
    known = paths(question.key)
    if known and known[0].startswith(OF_DOMAIN_ALONE):
        if world.domain:
            yield "domain", _told(question.key, known[0], _member(world.domain, known[0]))
        return
    about = (
        ("space", f"space {question.space}", world.space),
        ("profile", f"user profile {question.user}", world.profile),
        ("domain", "domain", world.domain),
    )
    app_type = world.space.get(_SETTINGS["space"], {}).get(studio_api.api_name(causes.APP))
    for kind, called, described in about:
        path = next((it for it in known if _belongs(it, kind)), None)
        if path is not None and described:
            settings = described if path == causes.TITLE else described.get(_SETTINGS[kind], {})
            value = _member(settings, causes.of_app(path, app_type))
            switch = causes.of_app(causes.IDLE_SWITCH, app_type)
            if path == causes.IDLE and _member(settings, switch) == "DISABLED":
                value = LONGEST_IDLE
            yield called, None if value is None else _told(question.key, path, value)


def _told(key: tuple[str, ...], path: str, value: Any) -> str | None:
    """A value of AWS as the file would have it, also where a plan has no room for it."""
    if key == ("images", "custom"):
        return words.entries(value)
    if key == ("studio", "domain_security_group"):
        return words.shown(bool(value))
    return words.in_file(key, path, value)


def _belongs(path: str, kind: str) -> bool:
    """Whether a layer has this path: a space has an app and a volume, the others a default for volumes."""
    if path in {causes.APP, causes.VOLUME, *causes.OF_SPACE_ALONE}:
        return kind == "space"
    return not (kind == "space" and ".default_ebs_storage_settings." in path)


def _member(described: Mapping[str, Any], path: str) -> Any:
    found: Any = described
    for part in path.split("."):
        found = found.get(studio_api.api_name(part)) if isinstance(found, Mapping) else None
    return found


def _recorded(question: Question, state: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The value in Terraform's state, as of its last run."""
    estate = Estate(state)
    for (kind, path), key in causes.OTHERS.items():
        if key == question.key:
            values = [_attribute(attributes, path) for attributes in estate.attributes(kind)]
            told = words.in_file(question.key, path, values[0]) if values else None
            if told is not None:
                yield STATE, told
                return


def _attribute(attributes: Mapping[str, Any], path: str) -> Any:
    found: Any = attributes
    for part in path.split("."):
        found = found[0] if isinstance(found, list) and found else found
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
