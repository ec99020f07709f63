"""A question such as `ada.idle_timeout_minutes`, as a place in studio.toml and whom it is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, all_nearest, listed
from studioctl.config.users import Space, User
from studioctl.errors import ConfigError
from studioctl.infrastructure import studio_api
from studioctl.review import causes

OF_SPACE = {"app", "image", "instance_type", "volume_gb"}  # the file may say these of a single space
HELD_BY_SPACE = {*OF_SPACE, "idle_timeout_minutes"}  # AWS holds these for each space
OF_SPACE_ALONE = "spaces"  # stands in for the section of keys that only a space has
OF_STUDIO = "studio"
OF_DOMAIN_ALONE = ("app_network_access_type", "auth_mode", "domain_settings", "domain_name", studio_api.HOME)
# Keys that only a user, or a group, has -> what holds for everybody else.
OF_USER: Mapping[str, tuple[str, ...] | None] = {
    "push_images": None,
    "github": ("secrets", "github"),
    "editor": ("editor",),
    "sso_user": None,
    "file_systems": ("storage", "file_systems"),
    "posix": None,
}


@dataclass(frozen=True)
class Question:
    """A key, and whom the question is about.

    Args:
        key: The section and the key: `("studio", "docker")`; one part for keys at the top of the file.
        user: About which user; None for the environment.
        space: About which of their spaces; None for none.
    """

    key: tuple[str, ...]
    user: str | None = None
    space: str | None = None

    @property
    def title(self) -> str:
        """The key with whom it is about: "studio.docker", "studio.volume_gb of space ada-editor"."""
        about = f" of space {self.space}" if self.space else f" of user {self.user}" if self.user else ""
        is_persons = self.key[0] in {"users", OF_SPACE_ALONE} and self.user
        return ".".join(self.key[1:] if is_persons else self.key) + about


def keys() -> Mapping[tuple[str, ...], FieldInfo]:
    """Every key of the file but those inside lists and tables of the user's own."""
    return dict(_keys(EnvironmentConfig, ()))


def field_of(key: tuple[str, ...]) -> FieldInfo:
    """The field behind a key, which may be one that only users, or spaces, have."""
    if key[0] == OF_SPACE_ALONE:
        return Space.model_fields[key[1]]
    return User.model_fields[key[1]] if key[0] == "users" and len(key) > 1 else keys()[key]


def _keys(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    for name, field in model.model_fields.items():
        section = _model_of(field.annotation)
        if section is None or above:
            yield (*above, name), field
        else:
            yield from _keys(section, (*above, name))


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is UnionType:
        return next(filter(None, map(_model_of, get_args(annotation))), None)
    return None


def asked(text: str, config: EnvironmentConfig) -> Question:
    """The question that a person typed.

    Args:
        text: `network.endpoints`, `ada.instance_type`, `ada-editor.volume_gb` or just `docker`.
        config: The file: it knows the users and spaces.

    Raises:
        ConfigError: There is no such key, or nobody of that name.
    """
    known = keys()
    first, _, rest = text.partition(".")
    whole = tuple(text.split("."))
    if whole in known:
        return Question(whole)
    about = _about(first, config)
    if about is not None and rest:
        user, space = about
        if rest in OF_USER:
            return Question(("users", rest), user.name)
        if rest in causes.OF_SPACE_ALONE.values():
            return Question((OF_SPACE_ALONE, rest), user.name, space or _first_space(user))
        key = _key(rest, known, preferred=OF_STUDIO)
        if own := _also_of_users(key):
            return Question(("users", own), user.name)
        if not _is_of_each(key):
            raise ConfigError(
                f"{'.'.join(key)} holds for the whole environment, not for {first} alone.",
                hint=f"studioctl why {'.'.join(key)}",
            )
        if space is None and key[-1] in HELD_BY_SPACE:
            space = _first_space(user)
        return Question(key, user.name, space)
    if about is None and rest and not any(key[0] == first for key in known):
        raise _nobody(first, config)
    return Question(_key(text, known))


def _also_of_users(key: tuple[str, ...]) -> str:
    """The key under which a user says the same; empty where none has it."""
    return next((name for name, shared in OF_USER.items() if shared and key[: len(shared)] == shared), "")


def _is_of_each(key: tuple[str, ...]) -> bool:
    """Whether the file, or AWS, may hold another value for each user or space."""
    where = paths(key)
    return bool(where) and not where[0].startswith(OF_DOMAIN_ALONE)


def others(question: Question, text: str, config: EnvironmentConfig) -> tuple[Question, ...]:
    """The same question about the user's other spaces, where it names the user and each space may answer otherwise."""
    user = next((user for user in config.users if text.partition(".")[0] == user.name == question.user), None)
    spaces = [space.name for space in user.effective_spaces()] if user and question.space else []
    return tuple(replace(question, space=name) for name in spaces if name != question.space)


def _key(text: str, known: Mapping[tuple[str, ...], FieldInfo], *, preferred: str = "") -> tuple[str, ...]:
    """The key of this name; of several, that of the preferred section. `idle_timeout` is enough where it is plain."""
    words = tuple(text.split("."))
    found = [key for key in known if key[-len(words) :] == words] or [
        key for key in known if len(words) == 1 and key[-1].startswith(words[0])
    ]
    best = [key for key in found if key[0] == preferred] or found
    if len(best) == 1:
        return best[0]
    if best:
        several = ", ".join(".".join(key) for key in best)
        raise ConfigError(f"There are several keys '{text}': {several}.", hint=f"studioctl why {'.'.join(best[0])}")
    near = all_nearest(text, [".".join(key) for key in known]) or all_nearest(words[-1], [key[-1] for key in known])
    meant = f" Did you mean {near[0]}?" if near else ""
    raise ConfigError(f"studio.toml has no key '{text}'.{meant}", hint="see all keys: studioctl docs studio-toml")


def _about(name: str, config: EnvironmentConfig) -> tuple[User, str | None] | None:
    for user in config.users:
        if user.name == name:
            return user, None
        if any(space.name == name for space in user.effective_spaces()):
            return user, name
    return None


def _first_space(user: User) -> str | None:
    return next((space.name for space in user.effective_spaces()), None)


def _nobody(name: str, config: EnvironmentConfig) -> ConfigError:
    names = [user.name for user in config.users] + [s.name for user in config.users for s in user.effective_spaces()]
    near = all_nearest(name, [*EnvironmentConfig.model_fields, *names])
    meant = f" Did you mean {near[0]}?" if near else ""
    return ConfigError(
        f"There is no user, no space and no section '{name}'.{meant}", hint=f"there are: {listed(names)}"
    )


def places(question: Question, config: EnvironmentConfig) -> tuple[Location, ...]:
    """The locations at which the file may set the key, the nearest first."""
    name = question.key[-1]
    for number, user in enumerate(config.users):
        if user.name != question.user:
            continue
        if question.key[0] == "users":
            shared = OF_USER[name]
            return (("users", number, name), *([shared] if shared else []))
        spaces = enumerate(user.effective_spaces())
        own: list[Location] = [
            ("users", number, "spaces", index, name) for index, space in spaces if space.name == question.space
        ]
        if question.key[0] == OF_SPACE_ALONE:
            return tuple(own) if user.spaces is not None else ()
        of_space = own if name in OF_SPACE and user.spaces is not None else []
        of_user = [("users", number, name)] if name in user.model_fields_set else []
        return (*of_space, *of_user, question.key)
    return (question.key,)


def paths(key: tuple[str, ...]) -> tuple[str, ...]:
    """The attributes in which AWS keeps a key of [studio] and similar sections, by the provider's names."""
    if key[0] == OF_SPACE_ALONE:
        return tuple(path for path, name in causes.OF_SPACE_ALONE.items() if name == key[1])
    first = tuple(path for path, name in causes.OF_SPACE.items() if key == ("studio", name))
    return (*first, *(path for path, found in causes.STUDIO.items() if found == key))
