"""The lifecycle scripts of an environment: the domain's, and one for each user whose editor differs."""

from dataclasses import dataclass

from studioctl.config.model import Editor, EnvironmentConfig
from studioctl.infrastructure.naming import Naming
from studioctl.lifecycle import script
from studioctl.lifecycle.script import Script
from studioctl.lifecycle.steps.git import Token


@dataclass(frozen=True)
class EditorScripts:
    """What each editor is set up with.

    Args:
        domain: The script of [editor].
        users: By name, the scripts of the users for whom it would be another.
    """

    domain: Script
    users: dict[str, Script]

    def of(self, user: str | None) -> Script:
        """The script of a user's editors; None means the domain's."""
        return self.users.get(user or "", self.domain)


def build(config: EnvironmentConfig) -> EditorScripts:
    """Every script of the environment.

    Raises:
        ConfigError: One outgrows what SageMaker takes.
    """
    domain = _script(config, config.editor, "[editor]")
    differing = {
        user.name: _script(config, config.editor_of(user), f"The editor of '{user.name}'")
        for user in config.users
        if user.editor is not None
    }
    return EditorScripts(domain, {name: made for name, made in differing.items() if made != domain})


def _script(config: EnvironmentConfig, editor: Editor, whose: str) -> Script:
    github = config.secrets.github
    secret = Naming(config.name).github_secret
    token = Token(github.host, github.username, secret, config.region) if github else None
    return script.build(editor, is_docker=config.studio.docker, token=token, whose=whose)
